// The order of samples against a plain sort, over rounds in which series come, go and come again.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { SeriesIndex } from '../series-index.ts';
import { SampleOrder } from './sample-order.ts';

const id = fc.oneof(fc.bigInt({ min: 0n, max: 0xffff_ffff_ffff_ffffn }), fc.constantFrom(0n, 1n, 0xffff_ffffn, 0x1_0000_0000n, 0xffff_ffff_0000_0000n));
const anySeries = fc.uniqueArray(fc.record({ metric: fc.constantFrom(0, 1, 7, 0xffff_ffff), id }), {
  selector: (series) => series.id,
  minLength: 1,
  maxLength: 40,
});

test('rows stand by metric and id, those of one series as they came', () => {
  fc.assert(
    fc.property(anySeries, fc.array(fc.array(fc.nat(), { maxLength: 60 }), { maxLength: 6 }), (all, rounds) => {
      const index = new SeriesIndex();
      const order = new SampleOrder(index);
      for (const round of rounds) {
        const given = round.map((n) => all[n % all.length] as (typeof all)[number]);
        const series = Int32Array.from(given, (one) => index.atId(one.id));
        const rows =
          order.rowsOf(
            series,
            Uint32Array.from(given, ({ metric }) => metric),
          ) ?? Int32Array.from(given.keys());
        const compare = (a: number, b: number): number => {
          const [x, y] = [given[a], given[b]] as [(typeof all)[number], (typeof all)[number]];
          return x.metric - y.metric || (x.id < y.id ? -1 : x.id > y.id ? 1 : a - b);
        };
        expect([...rows]).toEqual([...given.keys()].toSorted(compare));
      }
    }),
  );
});

test('rows that are in order are left', () => {
  const index = new SeriesIndex();
  const series = Int32Array.from([1n, 1n, 2n, 9n], (one) => index.atId(one));
  expect(new SampleOrder(index).rowsOf(series, new Uint32Array(4))).toBeUndefined();
});

test('as many series as a partition may meet find their place', () => {
  const index = new SeriesIndex();
  const order = new SampleOrder(index);
  const ids = Array.from({ length: 20_000 }, (_, i) => BigInt.asUintN(64, BigInt(i) * 0x9e37_79b9_7f4a_7c15n));
  const rows = order.rowsOf(
    Int32Array.from(ids, (one) => index.atId(one)),
    new Uint32Array(ids.length),
  );
  expect(Array.from(rows ?? [], (row) => ids[row])).toEqual(ids.toSorted((a, b) => (a < b ? -1 : 1)));
});
