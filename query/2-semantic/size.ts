// How large a text is once every `let` and sub-query stands in its place, and the bounds on it: a short text may stand for a long one, and
// what is shared here is written out as often as it is used in plans and in what stores are asked.
import type { Expression, Span } from '../1-syntax/ast.ts';
import { MAX_DEPTH, MAX_OPERATORS } from '../1-syntax/bounds.ts';
import type { Diagnostic } from '../1-syntax/diagnostic.ts';
import type { Reporter } from './report.ts';
import type { Typed } from './type.ts';

/** Names, literals and calls of expressions, each column as what earlier steps made it of, and columns of the rows behind each step. */
export const MOST_PARTS = 20_000;
/** Sources and pipes, and what makes several nodes of one. */
export const MOST_STEPS = 400;
/** Expressions in each other as they are written: a chain of operators with brackets and signs about it. */
const DEEPEST_TEXT = MAX_OPERATORS + 2 * MAX_DEPTH;

/** Of a planned query. */
export interface QuerySize {
  readonly steps: number;
  readonly parts: number;
}
export const NO_SIZE: QuerySize = { steps: 0, parts: 0 };

interface Extent {
  readonly parts: number;
  readonly depth: number;
}
const extents = new WeakMap<Typed, Extent>();

const partsOf = (t: Typed): readonly Typed[] => {
  switch (t.op) {
    case 'call':
      return t.arguments;
    case 'list':
      return t.items;
    case 'case':
      return [...t.branches.flatMap((b) => [b.when, b.then]), t.otherwise];
    default:
      return [];
  }
};

const isChain = (t: Typed, part: Typed): boolean =>
  t.op === 'call' && (t.function === 'and' || t.function === 'or') && part.op === 'call' && part.function === t.function;

/** As a tree; all that `and` or `or` joins is one level. Each part is looked at once, however often it is used. */
const extentOf = (t: Typed): Extent => {
  if (t.op === 'column' && t.made !== undefined) return extentOf(t.made);
  const known = extents.get(t);
  if (known !== undefined) return known;
  let parts = 1;
  let depth = 0;
  for (const part of partsOf(t)) {
    const inner = extentOf(part);
    parts += inner.parts;
    depth = Math.max(depth, isChain(t, part) ? inner.depth - 1 : inner.depth);
  }
  const extent = { parts, depth: depth + 1 };
  extents.set(t, extent);
  return extent;
};

/** Counts the expressions of one text; over a bound that is told once, and nothing more is made. */
export class TextSize {
  /** Of all expressions so far. */
  parts = 0;
  readonly #reporter: Reporter;
  #depth = 0;
  #told: Diagnostic | undefined;

  constructor(reporter: Reporter) {
    this.#reporter = reporter;
  }

  /** Before an expression is checked; false: it may not be. */
  begin(e: Expression): boolean {
    if (this.#depth >= DEEPEST_TEXT) {
      this.#tooDeep(e.span);
      return false;
    }
    this.parts += 1;
    this.#depth += 1;
    return true;
  }
  /** What it was checked to be, if that stays within the bounds; `before`: the parts there were. */
  end(e: Expression, t: Typed | undefined, before: number): Typed | undefined {
    this.#depth -= 1;
    const extent = t && extentOf(t);
    // An aggregate's argument is counted though only its result stands here.
    this.parts = Math.max(this.parts, before + (extent?.parts ?? 0));
    if (this.parts > MOST_PARTS) return this.#tooLarge('parts', this.parts, MOST_PARTS, e.span);
    return extent !== undefined && extent.depth > MAX_DEPTH ? this.#tooDeep(e.span) : t;
  }
  /** What was made otherwise than of an expression, if it stays within the bounds. */
  counted(t: Typed | undefined, span: Span): Typed | undefined {
    if (t === undefined) return undefined;
    this.parts += extentOf(t).parts;
    return this.parts > MOST_PARTS ? this.#tooLarge('parts', this.parts, MOST_PARTS, span) : t;
  }

  /** Whether a `let` value may be read within so many others. */
  mayExpand(within: number, span: Span): boolean {
    if (this.parts > MOST_PARTS) this.#tooLarge('parts', this.parts, MOST_PARTS, span);
    else if (within >= MAX_DEPTH) this.#tooDeep(span);
    else return true;
    return false;
  }
  /** Whether a query may be read within so many others. */
  mayEnter(within: number, span: Span): boolean {
    if (within >= MAX_DEPTH) this.#tooDeep(span);
    return within < MAX_DEPTH;
  }

  /** Whether a query of that size may be planned. */
  fits({ steps, parts }: QuerySize, span: Span): boolean {
    if (steps > MOST_STEPS) this.#tooLarge('steps', steps, MOST_STEPS, span);
    else if (parts > MOST_PARTS) this.#tooLarge('parts', parts, MOST_PARTS, span);
    else return true;
    return false;
  }

  #tooDeep(span: Span): undefined {
    return this.#tell(() => this.#reporter.error('iql.too-deep', { limit: MAX_DEPTH }, span));
  }
  #tooLarge(what: string, amount: number, limit: number, span: Span): undefined {
    return this.#tell(() => this.#reporter.error('iql.too-large', { what, amount, limit }, span));
  }
  #tell(error: () => void): undefined {
    if (this.#told === undefined) this.#told = this.#reporter.firstOf(error);
    else this.#reporter.again(this.#told);
    return undefined;
  }
}
