// What a label costs goes by the series that have it, however many others there are and whenever they came.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { LabelCodes } from './label-codes.ts';

test('any series in any order have the value that was put first', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.nat(2000), fc.nat(9)), { maxLength: 300 }), (puts) => {
      const codes = new LabelCodes();
      const known = new Map<number, number>();
      let size = 0;
      for (const [series, code] of puts) {
        size = Math.max(size, series + 1);
        codes.put(series, code, size);
        if (!known.has(series)) known.set(series, code);
      }
      expect(codes.count).toBe(known.size);
      for (let series = 0; series <= size; series++) expect(codes.at(series)).toBe(known.get(series) ?? -1);
    }),
  );
});

test('a label of the first series and of a late one costs little', () => {
  const codes = new LabelCodes();
  for (let series = 0; series < 10; series++) codes.put(series, 1, series + 1);
  codes.put(999_999, 1, 1_000_000);
  expect(codes.bytes).toBeLessThan(10_000);
  expect([codes.at(0), codes.at(10), codes.at(999_999)]).toEqual([1, -1, 1]);
});

test('one of most series costs four bytes of each', () => {
  const codes = new LabelCodes();
  for (let series = 0; series < 100_000; series += 2) codes.put(series, 1, series + 1);
  expect(codes.bytes).toBeLessThan(8 * 100_000);
});
