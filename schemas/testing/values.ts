// Values of samples into columns and back, all at once: what rests on disk is made and read with it, for tests and benches. No part of the product.
import { safeIntegerAt, wordsOf } from '../../core/batch/words.ts';
import { EXPONENT_STALE, encodeValue, MOST_EXPONENT, POWERS, STALE_HIGH, STALE_LOW, type ValueColumns, valueWriter } from '../sample-value.ts';

/** Writes all values, to the rows of the same numbers; `series` by row. */
export const encodeValues = (values: Float64Array, series: Int32Array, sticky: Int8Array, out: ValueColumns): void => {
  const bits = wordsOf(values);
  const writer = valueWriter(out);
  for (let i = 0; i < values.length; i++) encodeValue(values, bits, i, series[i] as number, sticky, writer, i);
};

/** The inverse of `encodeValues`, over all rows of `columns`; `out` has at least as many. */
export const decodeValues = (columns: ValueColumns, out: Float64Array): void => {
  const words = wordsOf(columns.mantissa);
  const bits = wordsOf(out);
  for (let i = 0; i < columns.exponent.length; i++) {
    const exponent = columns.exponent[i] as number;
    if (exponent <= MOST_EXPONENT) {
      out[i] = safeIntegerAt(words, i) / (POWERS[exponent] as number);
    } else if (exponent === EXPONENT_STALE) {
      bits[i * 2] = STALE_LOW;
      bits[i * 2 + 1] = STALE_HIGH;
    } else out[i] = columns.float[i] as number;
  }
};
