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

/** Row numbers in their order. */
const orderOf = (order: SampleOrder, series: Int32Array, hour: Uint8Array, ranges = [{ from: 0, to: series.length }]): readonly number[] => {
  const rows = ranges.flatMap(({ from, to }) => Array.from({ length: to - from }, (_, i) => from + i));
  const places = order.placesOf({ seriesIndex: series, hour }, ranges);
  if (places === undefined) return rows;
  const out = new Array<number>(rows.length);
  for (const [i, place] of places.entries()) out[place] = rows[i] as number;
  return out;
};

test('rows stand by metric, hour and id, those of one series as they came', () => {
  const row = fc.record({ which: fc.nat(), hour: fc.integer({ min: 0, max: 23 }) });
  fc.assert(
    fc.property(anySeries, fc.array(fc.tuple(fc.array(row, { maxLength: 60 }), fc.nat(), fc.nat()), { maxLength: 6 }), (all, rounds) => {
      const index = new SeriesIndex();
      const order = new SampleOrder(index);
      for (const [round, a, b] of rounds) {
        const given = round.map(({ which, hour }) => ({ ...(all[which % all.length] as (typeof all)[number]), hour }));
        const series = Int32Array.from(given, (one) => index.atId(one.id, one.metric));
        const hour = Uint8Array.from(given, (one) => one.hour);
        const [first, second] = [a % (given.length + 1), b % (given.length + 1)].toSorted((x, y) => x - y) as [number, number];
        const ranges = [
          { from: 0, to: first },
          { from: second, to: given.length },
        ];
        const expected = [...given.keys()].filter((at) => at < first || at >= second);
        expected.sort((x, y) => {
          const [p, q] = [given[x], given[y]] as [(typeof given)[number], (typeof given)[number]];
          return p.metric - q.metric || p.hour - q.hour || (p.id < q.id ? -1 : p.id > q.id ? 1 : x - y);
        });
        expect(orderOf(order, series, hour, ranges)).toEqual(expected);
      }
    }),
  );
});

test('rows that are in order are left', () => {
  const index = new SeriesIndex();
  const series = Int32Array.from([1n, 1n, 2n, 9n], (one) => index.atId(one, 0));
  expect(new SampleOrder(index).placesOf({ seriesIndex: series, hour: new Uint8Array(4) }, [{ from: 0, to: 4 }])).toBeUndefined();
});

test('as many series as a partition may meet find their place', () => {
  const index = new SeriesIndex();
  const ids = Array.from({ length: 20_000 }, (_, i) => BigInt.asUintN(64, BigInt(i) * 0x9e37_79b9_7f4a_7c15n));
  const series = Int32Array.from(ids, (one) => index.atId(one, 0));
  const rows = orderOf(new SampleOrder(index), series, new Uint8Array(ids.length));
  expect(rows.map((row) => ids[row])).toEqual(ids.toSorted((a, b) => (a < b ? -1 : 1)));
});
