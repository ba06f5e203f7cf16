// Diagnostics as every phase returns them; phases collect and return, they never throw.
import { type ErrorCode, type ErrorParameters, errorMessage } from '../../core/coded-error.ts';
import type { Span } from './ast.ts';

export interface Edit {
  readonly span: Span;
  readonly text: string;
}
export interface Fix {
  /** In the imperative, for a button: `Write 90%`. */
  readonly label: string;
  readonly edits: readonly Edit[];
}
/** A place that led to a mistake elsewhere: the call of a function in whose body it is. */
export interface Related {
  readonly span: Span;
  readonly message: string;
}
export interface Diagnostic {
  /** A key of the catalogue in `core/errors.ts` that begins with `iql.`. */
  readonly code: string;
  readonly severity: 'error' | 'warning' | 'info';
  readonly message: string;
  readonly span: Span;
  readonly fix: Fix | undefined;
  /** The nearest first; left out where there are none. */
  readonly related?: readonly Related[];
}

/** The user's words may be long; a sentence is not. What is written instead are words of ours. */
const MAX_SHOWN = 60;
const shown = <P extends object>(parameters: P): P =>
  Object.fromEntries(
    Object.entries(parameters).map(([k, v]) => [k, typeof v === 'string' && k !== 'instead' && v.length > MAX_SHOWN ? `${v.slice(0, MAX_SHOWN - 1)}…` : v]),
  ) as P;

/** An error with the catalogue's sentence. */
export const syntaxError = <C extends ErrorCode>(code: C, parameters: ErrorParameters<C>, span: Span, fix?: Fix): Diagnostic => ({
  code,
  severity: 'error',
  message: errorMessage(code, shown(parameters)),
  span,
  fix,
});

/** A fix of one edit; an empty span inserts. */
export const fixOf = (label: string, start: number, end: number, text: string): Fix => ({ label, edits: [{ span: { start, end }, text }] });

/** Errors of one text in the order of their place, at most `limit`; of several at one place the first stands. */
export class Diagnostics {
  readonly #limit: number;
  readonly #found: Diagnostic[] = [];
  constructor(limit: number) {
    this.#limit = limit;
  }
  get full(): boolean {
    return this.#found.length >= this.#limit;
  }
  add(diagnostic: Diagnostic): void {
    if (!this.full) this.#found.push(diagnostic);
  }
  /** One mistake that says all from `start` on: what was found there is not told. */
  instead(start: number, diagnostic: Diagnostic): void {
    const before = this.#found.filter((d) => d.span.start < start);
    this.#found.splice(0, this.#found.length, ...before);
    this.add(diagnostic);
  }
  sorted(): Diagnostic[] {
    return this.#found
      .toSorted((a, b) => a.span.start - b.span.start)
      .filter((d, i, all) => d.span.start !== all[i - 1]?.span.start || d.span.end !== all[i - 1]?.span.end);
  }
}
