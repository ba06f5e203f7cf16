// A text's parts for those who change it or draw beside it: its source, its pipes, the ranges that decide its rows' times, the numbers
// that its last condition compares with. Read from the tree, so that texts, comments and brackets never lead astray; changes nothing.
import type { Definition, Expression, Name, Query, Range, Span } from './1-syntax/ast.ts';
import { parse } from './1-syntax/parser.ts';
import { definitionsOf, queryOf } from './1-syntax/statements.ts';
import { timeLiteralNanos } from './1-syntax/time-literal.ts';
import { PIPE_SYNTAXES } from './pipes/index.ts';

export interface Outline {
  /** Of the outer query, its range included; definitions may stand before it. */
  readonly source: Span;
  /** What the source is called; undefined where it has no name. */
  readonly sourceName: string | undefined;
  /** `span` is from the `|`; `speaks` are the names in it, in the order of the text. */
  readonly pipes: readonly { readonly name: string; readonly span: Span; readonly speaks: readonly string[] }[];
  /** Ranges in the text that say when its rows are of, the outer source's before those of the queries that it names; in the order of the text. */
  readonly ranges: readonly Range[];
}

const isTimed = (range: Range | undefined): range is Range =>
  range !== undefined && (range.last !== undefined || range.between !== undefined || range.offset !== undefined);

/** A source without a range of its own has those of the queries it is made of. */
const rangesOf = ({ source }: Query, definitions: readonly Definition[]): readonly Range[] => {
  if (isTimed(source.range)) return [source.range];
  if (source.node === 'combine') return source.parts.flatMap(({ query }) => rangesOf(query, definitions));
  if (source.node !== 'source') return [];
  const at = definitions.findIndex(({ name }) => name.name === source.name.name);
  const value = definitions[at];
  // A definition knows only those before it.
  return value?.node === 'let' && value.value.node === 'query-expression' ? rangesOf(value.value.query, definitions.slice(0, at)) : [];
};

/** Each name in a tree, whatever it is the name of. */
const namesIn = (tree: unknown): readonly { readonly name: string; readonly span: Span }[] => {
  if (typeof tree !== 'object' || tree === null) return [];
  if (Array.isArray(tree)) return tree.flatMap(namesIn);
  const node = tree as Partial<Name>;
  return node.node === 'name' ? [node as Name] : Object.values(tree).flatMap(namesIn);
};

/** undefined where there is no query. Of broken texts as far as they can be read. */
export const outline = (text: string): Outline | undefined => {
  const parsed = parse(text, PIPE_SYNTAXES).text;
  const query = queryOf(parsed);
  if (query === undefined) return undefined;
  // Two parts may name one query.
  const ranges = [...new Set(rangesOf(query, definitionsOf(parsed)))].toSorted((a, b) => a.span.start - b.span.start);
  const { source } = query;
  return {
    source: source.span,
    sourceName: source.node === 'source' ? source.name.name : undefined,
    pipes: query.pipes.map((pipe) => ({
      name: pipe.name,
      span: pipe.span,
      speaks: namesIn([pipe.arguments, pipe.clauses])
        .toSorted((a, b) => a.span.start - b.span.start)
        .map(({ name }) => name),
    })),
    ranges,
  };
};

const NANOS = 1e9;

/** undefined where there are more seconds than a number can say. */
const spanNanos = (seconds: number): bigint | undefined => (Number.isFinite(seconds * NANOS) ? BigInt(Math.round(seconds * NANOS)) : undefined);

const nanos = (e: Expression, at: bigint, zone: string): bigint | undefined => {
  if (e.node === 'now') return at;
  if (e.node === 'time') return timeLiteralNanos(e.text, zone);
  if (e.node !== 'binary' || (e.operator !== '-' && e.operator !== '+') || e.right.node !== 'quantity' || e.right.kind !== 'duration') return undefined;
  const moment = nanos(e.left, at, zone);
  const by = spanNanos(e.right.value);
  return moment === undefined || by === undefined ? undefined : e.operator === '-' ? moment - by : moment + by;
};

/** From and to in nanoseconds, `now` being `at`; undefined where it hangs on the request (`offset`) or on parameters, or is none. */
export const rangeNanos = ({ last, between, offset }: Range, at: bigint, zone: string): { readonly from: bigint; readonly to: bigint } | undefined => {
  if (offset !== undefined) return undefined;
  if (last?.node === 'quantity' && last.kind === 'duration') {
    const span = spanNanos(last.value);
    return span === undefined ? undefined : { from: at - span, to: at };
  }
  const from = between && nanos(between.from, at, zone);
  const to = between && nanos(between.to, at, zone);
  return from === undefined || to === undefined || from >= to ? undefined : { from, to };
};

/** A number in the base of its unit (bytes, seconds, a ratio), and how it stands in the text. */
export interface Compared {
  readonly name: string;
  readonly operator: '<' | '<=' | '>' | '>=';
  readonly value: number;
  readonly kind: 'number' | 'duration' | 'size' | 'ratio' | 'rate';
  readonly written: string;
}

const comparedIn = (text: string, e: Expression): readonly Compared[] => {
  if (e.node !== 'binary') return [];
  const { operator, left, right } = e;
  if (operator === 'and' || operator === 'or') return [...comparedIn(text, left), ...comparedIn(text, right)];
  if (left.node !== 'name' || !(operator === '<' || operator === '<=' || operator === '>' || operator === '>=')) return [];
  const minus = right.node === 'unary' && right.operator === '-';
  const number = minus ? right.operand : right;
  if (number.node !== 'number' && number.node !== 'quantity') return [];
  const kind = number.node === 'number' ? 'number' : number.kind;
  const written = text.slice(right.span.start, right.span.end);
  return [{ name: left.name, operator, value: Number(number.value) * (minus ? -1 : 1), kind, written }];
};

/** What a `where` that is the last pipe compares names with, `and` and `or` alike. */
export const lastComparisons = (text: string): readonly Compared[] => {
  const pipe = queryOf(parse(text, PIPE_SYNTAXES).text)?.pipes.at(-1);
  return pipe?.name === 'where' ? pipe.arguments.flatMap(({ words }) => words.flatMap((e) => comparedIn(text, e))) : [];
};
