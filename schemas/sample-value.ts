// How the value of a sample rests on disk: a whole mantissa with a decimal exponent where that is exact, a float otherwise.
// Decimal readings take a third of the bytes that way. Loss-free to the bit, except that NaNs become one (the stale marker stays itself).
// Nothing is allocated per sample: 64-bit integers are written as two words, never as a bigint.
import { putSafeInteger, wordsOf } from '../core/batch/words.ts';

/** In `exponent`: the value is in `float`. */
export const EXPONENT_FLOAT = 127;
/** In `exponent`: Prometheus' stale marker, a NaN with the bits 0x7ff0000000000002; `float` holds a NaN. */
export const EXPONENT_STALE = 126;
/** Above it a value goes to `float`. */
export const MOST_EXPONENT = 6;

/** Numbers at rest hardly ever lie beyond ±this: within it products, sums and squares of them can be represented. */
export const EXTREME = 1e140;

/**
 * Hours in which a metric has samples that want care are named in the ledger `marks` before the samples stand: `double` (one time of a series
 * may have two values: the one inserted later counts), `not-finite` (NaN, ±Inf; missing when read, and counted), `extreme` (beyond
 * ±`EXTREME`), `stale` (stale markers), `start` (of which it is said when their counter began).
 */
export const SAMPLE_MARKS = ['double', 'not-finite', 'extreme', 'stale', 'start'] as const;
export type SampleMark = (typeof SAMPLE_MARKS)[number];

/** What is written into the ledger after samples stand in an hour that is over: what was worked out from it is to be worked out again. */
export const LATE = 'late';

/** Of values[i], whose words are `bits`. */
export const markOf = (values: Float64Array, bits: Uint32Array, i: number): SampleMark | undefined => {
  const value = values[i] as number;
  if (Math.abs(value) <= EXTREME) return undefined;
  if (Number.isFinite(value)) return 'extreme';
  return isStale(bits, i) ? 'stale' : 'not-finite';
};

/** Columns of one length; where `exponent` is 0 to 6 the value is mantissa / 10^exponent and `float` is 0, else `mantissa` is 0. */
export interface ValueColumns {
  readonly mantissa: BigInt64Array;
  readonly exponent: Int8Array;
  readonly float: Float64Array;
}

/** The two words of a stale marker. */
export const STALE_HIGH = 0x7ff00000;
export const STALE_LOW = 2;
/** By exponent, what a value of it is times, where it is whole. */
export const POWERS = Float64Array.from({ length: MOST_EXPONENT + 1 }, (_, e) => 10 ** e);

/** Where values are written: `words` are those of `mantissa`. */
export interface ValueWriter extends ValueColumns {
  readonly words: Uint32Array;
}

export const valueWriter = (columns: ValueColumns): ValueWriter => ({ ...columns, words: wordsOf(columns.mantissa) });

/**
 * Writes values[i], whose words are `bits`, to a row of `out`. `series` is the dense index of the sample's series and `sticky` the exponent
 * used last by each: it only grows, which keeps the mantissas of a series near each other; its owner zeroes it once a day.
 */
export const encodeValue = (values: Float64Array, bits: Uint32Array, i: number, series: number, sticky: Int8Array, out: ValueWriter, row: number): void => {
  const value = values[i] as number;
  const last = sticky[series] as number;
  let exponent = exponentOf(value, last);
  let mantissa = 0;
  let float = 0;
  if (exponent === EXPONENT_FLOAT) {
    float = value;
    if (isStale(bits, i)) exponent = EXPONENT_STALE;
  } else {
    mantissa = Math.round(value * (POWERS[exponent] as number));
    if (exponent > last) sticky[series] = exponent;
  }
  putSafeInteger(out.words, row, mantissa);
  out.exponent[row] = exponent;
  out.float[row] = float;
};

const isStale = (bits: Uint32Array, i: number): boolean => bits[i * 2 + 1] === STALE_HIGH && bits[i * 2] === STALE_LOW;

/** The first exponent from `last` upwards that is exact; a smaller one only where `last` makes the mantissa unsafe. */
const exponentOf = (value: number, last: number): number => {
  if (value === 0) return Object.is(value, -0) ? EXPONENT_FLOAT : last;
  for (let e = last; e <= MOST_EXPONENT; e++) {
    const power = POWERS[e] as number;
    const scaled = value * power;
    if (!(Math.abs(scaled) <= Number.MAX_SAFE_INTEGER)) break;
    if (Math.round(scaled) / power === value) return e;
  }
  if (Math.abs(value) * (POWERS[last] as number) <= Number.MAX_SAFE_INTEGER) return EXPONENT_FLOAT;
  for (let e = last - 1; e >= 0; e--) {
    const power = POWERS[e] as number;
    const scaled = value * power;
    if (Math.abs(scaled) <= Number.MAX_SAFE_INTEGER) return Math.round(scaled) / power === value ? e : EXPONENT_FLOAT;
  }
  return EXPONENT_FLOAT;
};
