// How the checker says what is wrong: a code of the catalogue with its parameters at a span; in what order, and how much of it.
import { type ErrorCode, type ErrorParameters, errorMessage } from '../../core/coded-error.ts';
import type { Span } from '../1-syntax/ast.ts';
import type { Diagnostic, Edit, Fix, Related } from '../1-syntax/diagnostic.ts';
import { isUnit } from '../1-syntax/number-literal.ts';
import { printName, quoteName } from '../1-syntax/print-expression.ts';

export const fix = (label: string, ...edits: readonly Edit[]): Fix => ({ label, edits });
/** Writes a name in the place of another, one that may be a unit so that it is none there; undefined where there is none. */
export const writeName = (span: Span, name: string): Fix | undefined => {
  const written = isUnit(name) ? quoteName(name) : printName(name);
  return name === '' ? undefined : fix(`Write ${written}`, replace(span, written));
};
export const replace = (span: Span, text: string): Edit => ({ span, text });

/** Diagnostics told of one text; one more says where the rest was cut. */
export const MOST_TOLD = 100;
/** Diagnostics kept of one text before they are put in order. */
const MOST_KEPT = 10 * MOST_TOLD;

/** Places that led to a mistake, the nearest first. */
const MOST_RELATED = 5;

/** Collects diagnostics of one text. */
export class Reporter {
  readonly diagnostics: Diagnostic[] = [];
  /** Calls in each other that are being checked. */
  readonly #places: Related[] = [];
  /** Errors so far, those that are no longer kept among them. */
  errors = 0;

  error<C extends ErrorCode>(code: C, parameters: ErrorParameters<C>, span: Span, mend?: Fix): void {
    this.errors += 1;
    this.#add('error', code, parameters, span, mend);
  }
  warning<C extends ErrorCode>(code: C, parameters: ErrorParameters<C>, span: Span, mend?: Fix): void {
    this.#add('warning', code, parameters, span, mend);
  }
  info<C extends ErrorCode>(code: C, parameters: ErrorParameters<C>, span: Span): void {
    this.#add('info', code, parameters, span, undefined);
  }

  /** What another reading has found, the parser's of a part of the text. */
  add(found: readonly Diagnostic[]): void {
    this.errors += found.filter((d) => d.severity === 'error').length;
    for (const d of found) if (this.diagnostics.length < MOST_KEPT) this.diagnostics.push(d);
  }
  /** What the parser has told of a view, with the places that led to it. */
  ofView(told: readonly Diagnostic[]): readonly Diagnostic[] {
    this.errors += told.length;
    return told.map((d) => ({ ...d, ...this.#related }));
  }
  get #related(): Pick<Diagnostic, 'related'> {
    const places = this.#places;
    if (places.length === 0) return {};
    // The last one is where the text at hand leads to it.
    const shown = places.length > MOST_RELATED ? [...places.slice(0, 1), ...places.slice(1 - MOST_RELATED)] : places;
    return { related: shown.toReversed() };
  }
  /** What is told in it is told with the place that led there. */
  within<T>(place: Related, check: () => T): T {
    this.#places.push(place);
    const found = check();
    this.#places.pop();
    return found;
  }

  #add<C extends ErrorCode>(severity: Diagnostic['severity'], code: C, parameters: ErrorParameters<C>, span: Span, mend: Fix | undefined): void {
    if (this.diagnostics.length >= MOST_KEPT) return;
    // A fix can only be made in the text at hand.
    const own = span.view === undefined ? mend : undefined;
    this.diagnostics.push({ code, severity, message: errorMessage(code, parameters), span, fix: own, ...this.#related });
  }

  /** The first error that is told in it; of one that is no longer kept nothing. */
  firstOf(check: () => void): Diagnostic | undefined {
    const from = this.diagnostics.length;
    check();
    return this.diagnostics.find((d, i) => i >= from && d.severity === 'error');
  }
  /** The same mistake met again: it counts, and is told once. */
  again(told: Diagnostic): void {
    this.errors += 1;
    if (this.diagnostics.length < MOST_KEPT) this.diagnostics.push(told);
  }

  /** More is told than anybody reads: near names are no longer looked for. */
  get full(): boolean {
    return this.diagnostics.length >= MOST_TOLD;
  }
  get failed(): boolean {
    return this.errors > 0;
  }
}

/** In the text at hand. */
const placeOf = ({ span, related }: Diagnostic): Span => (span.view === undefined ? span : (related?.at(-1)?.span ?? span));

/** In the order of the text, each thing once (a `let` is checked where it is used), and no more than anybody reads: errors before others. */
export const inTextOrder = (found: readonly Diagnostic[]): readonly Diagnostic[] => {
  const seen = new Set<string>();
  const told = found
    .filter(({ code, span }) => {
      const key = `${code} ${span.view?.name ?? ''} ${span.start} ${span.end}`;
      return !seen.has(key) && seen.add(key);
    })
    .toSorted((a, b) => placeOf(a).start - placeOf(b).start || placeOf(b).end - placeOf(a).end);
  if (told.length <= MOST_TOLD) return told;
  const isError = (d: Diagnostic): boolean => d.severity === 'error';
  const shown = new Set([...told.filter(isError), ...told.filter((d) => !isError(d))].slice(0, MOST_TOLD));
  const left = told.filter((d) => !shown.has(d));
  const [first] = left as [Diagnostic];
  const cut: Diagnostic = {
    code: 'iql.more-mistakes',
    severity: left.some(isError) ? 'error' : 'info',
    message: errorMessage('iql.more-mistakes', { count: left.length, told: MOST_TOLD }),
    span: first.span,
    fix: undefined,
  };
  return told.flatMap((d) => (shown.has(d) ? [d] : d === first ? [cut] : []));
};
