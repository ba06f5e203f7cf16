// Diagnostics with lines and columns in the place of offsets, each in the text that it lies in.
import type { Span } from '../query/1-syntax/ast.ts';
import type { Diagnostic } from '../query/1-syntax/diagnostic.ts';
import { type Place, placesIn } from './positions.ts';

export interface PlacedEdit {
  readonly span: Place;
  readonly text: string;
}
export interface PlacedFix {
  readonly label: string;
  readonly edits: readonly PlacedEdit[];
}
export interface PlacedRelated {
  readonly message: string;
  readonly view: string | undefined;
  readonly span: Place;
}
export interface PlacedDiagnostic {
  readonly code: string;
  readonly severity: Diagnostic['severity'];
  readonly message: string;
  readonly view: string | undefined;
  readonly span: Place;
  readonly fix: PlacedFix | undefined;
  readonly related: readonly PlacedRelated[];
}

export const placed = (diagnostics: readonly Diagnostic[], text: string): readonly PlacedDiagnostic[] => {
  const place = placesIn(text);
  const placeOf = (span: Span): Place => (span.view === undefined ? place : placesIn(span.view.text))(span);
  return diagnostics.map(({ code, severity, message, span, fix, related = [] }) => ({
    code,
    severity,
    message,
    view: span.view?.name,
    span: placeOf(span),
    related: related.map((r) => ({ message: r.message, view: r.span.view?.name, span: placeOf(r.span) })),
    fix: fix === undefined ? undefined : { label: fix.label, edits: fix.edits.map((e) => ({ span: place(e.span), text: e.text })) },
  }));
};
