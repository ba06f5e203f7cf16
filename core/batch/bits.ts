// Bitmaps as Arrow has them (least significant bit first): count, copy, fill.
// Never looks at what the bits stand for; ranges are the caller's to keep inside the arrays.

/** Bytes that `count` bits need. */
export const bitmapBytes = (count: number): number => (count + 7) >>> 3;

/** Number of ones among the first `count` bits. */
export const countOnes = (bits: Uint8Array, count: number): number => {
  let ones = 0;
  const whole = count >>> 3;
  for (let i = 0; i < whole; i++) ones += ONES[bits[i] as number] as number;
  const rest = count & 7;
  return rest === 0 ? ones : ones + (ONES[(bits[whole] as number) & ((1 << rest) - 1)] as number);
};

const ONES = Uint8Array.from({ length: 256 }, (_, byte) => {
  let ones = 0;
  for (let b = byte; b !== 0; b &= b - 1) ones++;
  return ones;
});

/** Copies `count` bits from `source` at bit `from` to `target` at bit `to`; other bits of `target` stay. */
export const copyBits = (source: Uint8Array, from: number, target: Uint8Array, to: number, count: number): void => {
  let done = 0;
  const toBoundary = Math.min(count, (8 - (to & 7)) & 7);
  for (; done < toBoundary; done++) copyBit(source, from + done, target, to + done);
  const bytes = (count - done) >>> 3;
  const shift = (from + done) & 7;
  const first = (from + done) >>> 3;
  const start = (to + done) >>> 3;
  if (shift === 0) target.set(source.subarray(first, first + bytes), start);
  else for (let i = 0; i < bytes; i++) target[start + i] = ((source[first + i] as number) >> shift) | ((source[first + i + 1] as number) << (8 - shift));
  for (done += bytes * 8; done < count; done++) copyBit(source, from + done, target, to + done);
};

const copyBit = (source: Uint8Array, from: number, target: Uint8Array, to: number): void => {
  const mask = 1 << (to & 7);
  const byte = target[to >>> 3] as number;
  target[to >>> 3] = ((source[from >>> 3] as number) & (1 << (from & 7))) === 0 ? byte & ~mask : byte | mask;
};

/** Sets `count` bits of `target` from bit `to` on. */
export const fillBits = (target: Uint8Array, to: number, count: number): void => {
  let at = to;
  const end = to + count;
  for (; at < end && (at & 7) !== 0; at++) setBit(target, at);
  const bytes = (end - at) >>> 3;
  target.fill(255, at >>> 3, (at >>> 3) + bytes);
  for (at += bytes * 8; at < end; at++) setBit(target, at);
};

export const setBit = (bits: Uint8Array, at: number): void => {
  bits[at >>> 3] = (bits[at >>> 3] as number) | (1 << (at & 7));
};

export const clearBit = (bits: Uint8Array, at: number): void => {
  bits[at >>> 3] = (bits[at >>> 3] as number) & ~(1 << (at & 7));
};

/** Bits `from` … `to` as a bitmap of their own; a view where they begin at a byte. */
export const sliceBits = (bits: Uint8Array, from: number, to: number): Uint8Array => {
  if ((from & 7) === 0) return bits.subarray(from >>> 3, bitmapBytes(to));
  const out = new Uint8Array(bitmapBytes(to - from));
  copyBits(bits, from, out, 0, to - from);
  return out;
};
