// Packed samples come back to the bit, whatever their values; bytes that are damaged are refused, however many rows they are said to have.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { packSamples, type SampleColumns, unpackSamples } from './packed-samples.ts';

const bitsOf = ({ time, value, start }: SampleColumns) => ({
  start: start === undefined ? undefined : [...start],
  time: [...time],
  value: [...new BigUint64Array(value.buffer, value.byteOffset, value.length)],
});

/** Of everything that a sample may be: readings of few decimals, counters, and any bits at all. */
const value = fc.oneof(
  fc.integer({ min: -100_000, max: 100_000 }).map((n) => n / 10),
  fc.tuple(fc.maxSafeInteger(), fc.integer({ min: 0, max: 9 })).map(([n, e]) => n / 10 ** e),
  fc.constantFrom(
    0,
    -0,
    Number.NaN,
    Number.POSITIVE_INFINITY,
    Number.NEGATIVE_INFINITY,
    2 ** 51,
    2 ** 51 + 1,
    -(2 ** 51),
    2 ** 53 + 2,
    Number.MIN_VALUE,
    1e300,
  ),
  fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }).map((bits) => new Float64Array(BigUint64Array.of(bits).buffer)[0] as number),
);
const time = fc.oneof(fc.constant(1_700_000_000_000), fc.integer({ min: -(2 ** 51), max: 2 ** 51 }));
const start = fc.oneof(fc.constantFrom(0, 1_690_000_000_000, 1_695_000_000_000), fc.integer({ min: 0, max: 2 ** 51 }));
const columns = fc.tuple(fc.array(fc.tuple(time, value, start), { maxLength: 200 }), fc.boolean()).map(
  ([rows, hasStarts]): SampleColumns => ({
    time: BigInt64Array.from(rows, ([t]) => BigInt(t)),
    value: Float64Array.from(rows, ([, v]) => v),
    ...(hasStarts ? { start: BigInt64Array.from(rows, ([, , s]) => BigInt(s)) } : {}),
  }),
);

test('what is packed comes back, to the bit', () => {
  fc.assert(
    fc.property(columns, (given) => {
      const packed = packSamples(given) as Uint8Array;
      expect(bitsOf(unpackSamples(packed, given.value.length))).toEqual(bitsOf(given));
    }),
    { numRuns: 2000 },
  );
});

test('every width of whole numbers comes back', () => {
  for (let width = 0; width <= 52; width++) {
    const most = 2 ** width - 1;
    const given = {
      time: new BigInt64Array(70).fill(5n),
      value: Float64Array.from({ length: 70 }, (_, i) => Math.floor((most * i) / 69) - Math.floor(most / 2)),
    };
    expect(bitsOf(unpackSamples(packSamples(given) as Uint8Array, 70))).toEqual(bitsOf(given));
  }
});

test('a thousand readings with one decimal take less than a byte and a half each', () => {
  const value = Float64Array.from({ length: 1000 }, (_, i) => ((i * 7919) % 1001) / 10);
  const packed = packSamples({ time: new BigInt64Array(1000).fill(1_764_000_000_123n), value }) as Uint8Array;
  expect(packed.length / 1000).toBeLessThan(1.5);
});

test('starts that many rows have in common take next to nothing', () => {
  const value = new Float64Array(1000);
  const time = new BigInt64Array(1000).fill(1_764_000_000_123n);
  const size = (start?: BigInt64Array): number => (packSamples({ time, value, start }) as Uint8Array).length;
  const mixed = BigInt64Array.from({ length: 1000 }, (_, i) => (i % 3 === 0 ? 0n : 1_763_000_000_000n));
  expect(size(mixed) - size()).toBeLessThan(150);
});

test('a time that is not safe is not packed', () => {
  expect(packSamples({ time: BigInt64Array.of(2n ** 60n), value: Float64Array.of(1) })).toBeUndefined();
});

test('bytes that are damaged are refused or give as many rows, and nothing else', () => {
  fc.assert(
    fc.property(columns, fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 4 }), fc.integer({ min: -40, max: 40 }), (given, changes, more) => {
      const packed = (packSamples(given) as Uint8Array).slice();
      for (const [at, byte] of changes) packed[at % packed.length] = byte;
      const rows = Math.max(0, given.value.length + more);
      try {
        const found = unpackSamples(packed, rows);
        expect([found.time.length, found.value.length]).toEqual([rows, rows]);
      } catch (error) {
        expect(error).toBeInstanceOf(RangeError);
      }
    }),
    { numRuns: 2000 },
  );
});

test('bytes of any kind are refused, however many rows are asked for', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), fc.nat(2 ** 31), (bytes, rows) => {
      try {
        unpackSamples(bytes, rows);
      } catch (error) {
        expect(error).toBeInstanceOf(RangeError);
      }
    }),
    { numRuns: 2000 },
  );
});
