// Diagnostics as every phase returns them; phases collect and return, they never throw.
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
export interface Diagnostic {
  /** A key of the catalogue in `core/errors.ts` that begins with `iql.`. */
  readonly code: string;
  readonly severity: 'error' | 'warning' | 'info';
  readonly message: string;
  readonly span: Span;
  readonly fix: Fix | undefined;
}
