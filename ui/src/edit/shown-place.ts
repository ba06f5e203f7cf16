// Where in the text at hand a diagnostic stands: one in a saved query that the text reads stands where it reads it.
import type { Diagnostic, TextSpan } from '../data/types.ts';

export interface ShownPlace {
  /** null: nowhere in particular. */
  readonly span: TextSpan | null;
  readonly message: string;
  /** What led to it, for a reader: `half is called here, line 3`. */
  readonly ways: readonly string[];
}

export const shownPlace = ({ span, message, view, related = [] }: Diagnostic): ShownPlace => {
  const ways = related.map((r) => `${r.message}, ${r.view === null ? '' : `${r.view} `}line ${r.span.start.line}`);
  if (view === undefined || view === null) return { span, message, ways };
  const own = related.findLast((r) => r.view === null);
  return { span: own?.span ?? null, message: `in ${view}${span === null ? '' : `, line ${span.start.line}`}: ${message}`, ways };
};
