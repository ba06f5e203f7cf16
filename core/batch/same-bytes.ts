// Whether two pieces of bytes, or two texts of columns, are the same, without a view or a text made for it.
import type { TextColumn } from './batch.ts';

/** From, and up to, not including, to. */
export const sameBytes = (a: Uint8Array, aFrom: number, aTo: number, b: Uint8Array, bFrom: number, bTo: number): boolean => {
  const size = aTo - aFrom;
  if (size !== bTo - bFrom) return false;
  for (let i = 0; i < size; i++) if (a[aFrom + i] !== b[bFrom + i]) return false;
  return true;
};

/** Entry a of `x` and entry b of `y`. */
export const sameText = (x: TextColumn, a: number, y: TextColumn, b: number): boolean =>
  sameBytes(x.data, x.offsets[a] as number, x.offsets[a + 1] as number, y.data, y.offsets[b] as number, y.offsets[b + 1] as number);
