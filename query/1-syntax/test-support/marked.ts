// Texts with the places of their diagnostics marked: `from logs | where x > «»`. A mark holds the span, and the codes follow in order of place.
import type { Diagnostic } from '../diagnostic.ts';

export interface Marked {
  readonly text: string;
  readonly spans: readonly { readonly start: number; readonly end: number }[];
}

/** Takes `«` and `»` out of a text. */
export const unmark = (marked: string): Marked => {
  const spans: { start: number; end: number }[] = [];
  let text = '';
  let start = 0;
  for (const c of marked) {
    if (c === '«') start = text.length;
    else if (c === '»') spans.push({ start, end: text.length });
    else text += c;
  }
  return { text, spans };
};

/** The text with the diagnostics' spans marked, for comparison with what a test says. */
export const mark = (text: string, diagnostics: readonly Diagnostic[]): string =>
  [...diagnostics].reverse().reduce((t, { span }) => `${t.slice(0, span.start)}«${t.slice(span.start, span.end)}»${t.slice(span.end)}`, text);

/** The text after a diagnostic's fix. */
export const fixed = (text: string, diagnostics: readonly Diagnostic[]): string =>
  diagnostics
    .flatMap((d) => d.fix?.edits ?? [])
    .toSorted((a, b) => b.span.start - a.span.start)
    .reduce((t, { span, text: put }) => t.slice(0, span.start) + put + t.slice(span.end), text);
