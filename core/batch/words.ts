// 64-bit numbers as two 32-bit words each, low first: read and written in place, so that nothing is allocated for a row.

const HIGH = 2 ** 32;

/** Platforms with the other byte order are refused: Arrow's buffers are little-endian too. */
if (new Uint8Array(Uint32Array.of(1).buffer)[0] !== 1) throw new Error('InfraMirror needs a little-endian machine');

/** A view of `values`: the low word of row i at 2i, the high one at 2i + 1. */
export const wordsOf = (values: BigInt64Array | BigUint64Array | Float64Array): Uint32Array =>
  new Uint32Array(values.buffer, values.byteOffset, values.length * 2);

/** The signed number at a row of `wordsOf`, exact below 2^53: times of the product in ms are. */
export const safeIntegerAt = (words: Uint32Array, row: number): number => ((words[row * 2 + 1] as number) | 0) * HIGH + (words[row * 2] as number);

/** Writes a whole number that is safe, as a signed one. */
export const putSafeInteger = (words: Uint32Array, row: number, value: number): void => {
  words[row * 2] = value;
  words[row * 2 + 1] = Math.floor(value / HIGH);
};

/** A signed 64-bit number, ordered by `high`, then `low`. */
export interface Words {
  readonly high: number;
  readonly low: number;
}

export const split = (value: bigint): Words => ({ high: highOf(value) | 0, low: lowOf(value) });
export const lowOf = (value: bigint): number => Number(value & 0xffff_ffffn);
/** Unsigned. */
export const highOf = (value: bigint): number => Number((value >> 32n) & 0xffff_ffffn);

/** The unsigned number of two words. */
export const joined = (low: number, high: number): bigint => (BigInt(high) << 32n) | BigInt(low);
