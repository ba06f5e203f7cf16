// Every float64 comes back to the bit, decimal ones through the mantissa, and the exponent of a series never shrinks.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { EXPONENT_FLOAT, EXPONENT_STALE, encodeValue, type ValueColumns, valueWriter } from './sample-value.ts';
import { decodeValues, encodeValues } from './testing/values.ts';

const columns = (length: number): ValueColumns => ({ mantissa: new BigInt64Array(length), exponent: new Int8Array(length), float: new Float64Array(length) });
const encoded = (values: readonly number[], sticky = new Int8Array(1)): ValueColumns => {
  const out = columns(values.length);
  encodeValues(Float64Array.from(values), new Int32Array(values.length), sticky, out);
  return out;
};
const decoded = (from: ValueColumns): number[] => {
  const out = new Float64Array(from.exponent.length);
  decodeValues(from, out);
  return [...out];
};

const decimal = fc.tuple(fc.integer(), fc.integer({ min: 0, max: 6 })).map(([m, e]) => m / 10 ** e);

test('every double comes back the same', () => {
  fc.assert(
    fc.property(
      fc.array(fc.oneof(fc.double(), decimal, fc.maxSafeInteger(), fc.constantFrom(-0, 0, Number.MAX_VALUE, Number.MIN_VALUE, 2 ** 53, -(2 ** 53), 2 ** 63))),
      fc.integer({ min: 0, max: 6 }),
      (values, e) => {
        const back = decoded(encoded(values, Int8Array.of(e)));
        for (const [i, value] of values.entries()) expect(Object.is(back[i], value), `${value} came back as ${back[i]}`).toBe(true);
      },
    ),
    { numRuns: 1000 },
  );
});

test('what has up to six decimals rests as a mantissa', () => {
  fc.assert(
    fc.property(decimal, (value) => {
      const out = encoded([value]);
      if (Object.is(value, -0)) expect(out.exponent[0]).toBe(EXPONENT_FLOAT);
      else {
        expect(out.exponent[0]).toBeLessThanOrEqual(6);
        expect(out.float[0]).toBe(0);
        expect(Number(out.mantissa[0]) / 10 ** (out.exponent[0] as number)).toBe(value);
      }
    }),
  );
});

test('the exponent of a series grows with what it meets and stays', () => {
  const out = encoded([20, 20.5, 21, 21.25, 22, 0]);
  expect([...out.exponent]).toEqual([0, 1, 1, 2, 2, 2]);
  expect([...out.mantissa]).toEqual([20n, 205n, 210n, 2125n, 2200n, 0n]);
});

test('series do not disturb each other', () => {
  const out = columns(4);
  const sticky = new Int8Array(2);
  encodeValues(Float64Array.of(1.5, 7, 2, 8), Int32Array.of(0, 1, 0, 1), sticky, out);
  expect([...out.exponent]).toEqual([1, 0, 1, 0]);
  expect([...sticky]).toEqual([1, 0]);
});

test('a value too large for the sticky exponent takes the largest that holds it', () => {
  const out = encoded([0.000001, 12_345_678_901_234, 5], new Int8Array(1));
  expect([...out.exponent]).toEqual([6, 2, 6]);
  expect(decoded(out)).toEqual([0.000001, 12_345_678_901_234, 5]);
});

test('what is not a decimal goes to the float column and leaves the exponent alone', () => {
  const sticky = new Int8Array(1);
  const values = [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, -0, Math.PI, 1e300, 2 ** 60];
  const out = encoded(values, sticky);
  expect([...out.exponent]).toEqual(values.map(() => EXPONENT_FLOAT));
  expect([...out.mantissa]).toEqual(values.map(() => 0n));
  expect([...out.float]).toEqual(values);
  expect(sticky[0]).toBe(0);
});

test('the stale marker is told from other NaNs and keeps its bits', () => {
  const values = new Float64Array(2);
  const bits = new BigUint64Array(values.buffer);
  bits[0] = 0x7ff0000000000002n;
  bits[1] = 0x7ff8000000000002n;
  const out = columns(2);
  encodeValues(values, new Int32Array(2), new Int8Array(1), out);
  expect([...out.exponent]).toEqual([EXPONENT_STALE, EXPONENT_FLOAT]);
  expect(out.float[0]).toBeNaN();
  const back = new Float64Array(2);
  decodeValues(out, back);
  expect(new BigUint64Array(back.buffer)[0]).toBe(0x7ff0000000000002n);
});

test('rows go where they are told', () => {
  const out = columns(3);
  const values = Float64Array.of(1, 2);
  for (const i of [0, 1]) encodeValue(values, new Uint32Array(values.buffer), i, 0, new Int8Array(1), valueWriter(out), 2 - i);
  expect([...out.mantissa]).toEqual([0n, 2n, 1n]);
});
