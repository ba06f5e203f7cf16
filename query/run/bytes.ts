// Text ordered and cut as UTF-8 bytes: the order of the bytes is the order of the code points, so nothing is decoded.
import type { TextColumn } from '../../core/batch/batch.ts';

/** Negative, 0 or positive: entry a of `x` against entry b of `y` by code point. */
export const compareText = (x: TextColumn, a: number, y: TextColumn, b: number): number => {
  const xFrom = x.offsets[a] as number;
  const yFrom = y.offsets[b] as number;
  const xSize = (x.offsets[a + 1] as number) - xFrom;
  const ySize = (y.offsets[b + 1] as number) - yFrom;
  const size = Math.min(xSize, ySize);
  for (let i = 0; i < size; i++) {
    const d = (x.data[xFrom + i] as number) - (y.data[yFrom + i] as number);
    if (d !== 0) return d;
  }
  return xSize - ySize;
};

/** Code points of an entry. */
export const codePoints = (x: TextColumn, entry: number): number => {
  let count = 0;
  const end = x.offsets[entry + 1] as number;
  for (let i = x.offsets[entry] as number; i < end; i++) if (((x.data[i] as number) & 0xc0) !== 0x80) count++;
  return count;
};
