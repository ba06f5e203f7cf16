// Offsets of a text as lines and columns, both from 1, columns in UTF-16 units, the end exclusive.
import type { Span } from '../query/1-syntax/ast.ts';

export interface Position {
  readonly line: number;
  readonly column: number;
}
export interface Place {
  readonly start: Position;
  readonly end: Position;
}

/** Lines end at \n; a \r before it belongs to its line. */
export const placesIn = (text: string): ((span: Span) => Place) => {
  const starts = [0];
  for (let i = text.indexOf('\n'); i >= 0; i = text.indexOf('\n', i + 1)) starts.push(i + 1);
  const position = (offset: number): Position => {
    const at = Math.max(0, Math.min(offset, text.length));
    let low = 0;
    let high = starts.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((starts[middle] as number) <= at) low = middle;
      else high = middle - 1;
    }
    return { line: low + 1, column: at - (starts[low] as number) + 1 };
  };
  return (span) => ({ start: position(span.start), end: position(span.end) });
};
