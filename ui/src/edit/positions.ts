// Between the server's positions (1-based lines and columns in UTF-16 units) and offsets into the text of the editor.
// Positions beyond the text are moved to its end: the text may have changed since it was checked.
import type { Fix, Position, TextSpan } from '../data/types.ts';

export const offsetOf = (text: string, position: Position): number => {
  let start = 0;
  for (let line = 1; line < position.line; line++) {
    const end = text.indexOf('\n', start);
    if (end === -1) return text.length;
    start = end + 1;
  }
  const end = text.indexOf('\n', start);
  return Math.min(start + position.column - 1, end === -1 ? text.length : end);
};

const positionOf = (text: string, offset: number): Position => {
  const before = text.slice(0, offset);
  const lineStart = before.lastIndexOf('\n') + 1;
  let line = 1;
  for (let i = before.indexOf('\n'); i !== -1; i = before.indexOf('\n', i + 1)) line++;
  return { line, column: offset - lineStart + 1 };
};

/** The way back: from offsets, end exclusive, to the server's positions. */
export const spanOf = (text: string, start: number, end: number): TextSpan => ({ start: positionOf(text, start), end: positionOf(text, end) });

export interface OffsetSpan {
  readonly from: number;
  readonly to: number;
}

/** A span of the text; where the diagnostic has none, the first line. */
export const offsetsOf = (text: string, span: TextSpan | null): OffsetSpan => {
  if (span === null) return { from: 0, to: (text.indexOf('\n') + text.length + 1) % (text.length + 1) };
  const from = offsetOf(text, span.start);
  return { from, to: Math.max(from, offsetOf(text, span.end)) };
};

/** The edits of a fix in the order of the text, as offsets. */
export const editsOf = (text: string, fix: Fix): { readonly from: number; readonly to: number; readonly insert: string }[] =>
  fix.edits.map((edit) => ({ ...offsetsOf(text, edit.span), insert: edit.text })).sort((a, b) => a.from - b.from);

/** The text after the fix. */
export const applyFix = (text: string, fix: Fix): string => {
  let result = '';
  let at = 0;
  for (const { from, to, insert } of editsOf(text, fix)) {
    if (from < at) continue;
    result += text.slice(at, from) + insert;
    at = to;
  }
  return result + text.slice(at);
};
