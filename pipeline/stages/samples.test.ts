// Samples as they rest decode to what came, and an hour becomes dirty exactly when a sample of it may not be the newest of its series.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { columnOf, type FixedColumn } from '../../core/batch/batch.ts';
import { batchOf, columnFrom } from '../../core/batch/build.ts';
import { decodeValues } from '../../schemas/sample-value.ts';
import { SIGNAL_FIELDS, TABLE_FIELDS } from '../../schemas/tables.ts';
import { SeriesIndex } from '../series-index.ts';
import { HOUR_MS, markDirty, sampleBlock, ValueMarks } from './samples.ts';

type Sample = readonly [id: bigint, time: number, value: number];

const batch = (samples: readonly Sample[]) => {
  const columns = [samples.map(() => 7), samples.map(([id]) => id), samples.map(([, time]) => BigInt(time)), samples.map(([, , value]) => value)];
  return batchOf(SIGNAL_FIELDS.metrics.map(({ name, type }, i) => [name, columnFrom(type, columns[i] ?? [])] as const));
};

const BASE = 1_795_000_000_000 - (1_795_000_000_000 % HOUR_MS);
const sample = fc.tuple(
  fc.bigInt({ min: 0n, max: 5n }),
  fc.integer({ min: 0, max: 40 }).map((n) => BASE + n * 600_000),
  fc.oneof(
    fc.double(),
    fc.integer({ min: -1000, max: 1000 }).map((n) => n / 10),
  ),
);

test('values come back to the bit, in the table’s columns', () => {
  fc.assert(
    fc.property(fc.array(sample, { maxLength: 50 }), (samples) => {
      const { batch: block } = sampleBlock(batch(samples), new SeriesIndex());
      expect(block.fields).toEqual(TABLE_FIELDS.samples.slice(0, -1));
      const values = (name: string): FixedColumn['values'] => (columnOf(block, name) as FixedColumn).values;
      const out = new Float64Array(samples.length);
      decodeValues({ mantissa: values('mantissa') as BigInt64Array, exponent: values('exponent') as Int8Array, float: values('float') as Float64Array }, out);
      expect([...out]).toEqual(samples.map(([, , value]) => value));
      expect([...values('id')]).toEqual(samples.map(([id]) => id));
    }),
  );
});

test('dirty hours are those a naive oracle names', () => {
  fc.assert(
    fc.property(fc.array(fc.array(sample, { maxLength: 20 }), { maxLength: 4 }), fc.integer({ min: 0, max: 40 }), (rounds, coldSteps) => {
      const index = new SeriesIndex();
      const coldUntil = BASE + coldSteps * 600_000;
      const last = new Map<bigint, number>();
      for (const samples of rounds) {
        const expected = new Set<number>();
        for (const [id, time] of samples) {
          const before = last.get(id);
          if (time < coldUntil || (before !== undefined && time <= before)) expected.add(Math.floor(time / HOUR_MS) * HOUR_MS);
          last.set(id, Math.max(before ?? time, time));
        }
        const hours = new Set<number>();
        markDirty(sampleBlock(batch(samples), index), index, coldUntil, hours);
        expect([...hours].sort()).toEqual([...expected].sort());
      }
    }),
  );
});

/** Stands for a stale marker: as a number its bits would not survive. */
const STALE = 77;
const withMarkers = (samples: readonly Sample[]) => {
  const made = batch(samples);
  const words = new Uint32Array(((columnOf(made, 'value') as FixedColumn).values as Float64Array).buffer);
  for (const [i, [, , value]] of samples.entries()) if (value === STALE) words.set([2, 0x7ff00000], i * 2);
  return made;
};
const odd = fc.tuple(
  fc.constantFrom(1n, 2n),
  fc.integer({ min: 0, max: 40 }).map((n) => BASE + n * 600_000),
  fc.constantFrom(0, -0, 1, 1 / 3, 1e139, -2e140, 1.7e308, Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, STALE),
);

test('hours with values that are no numbers, with huge ones and with stale markers are marked once, by metric', () => {
  const nameOf = (v: number): string | undefined => (v === STALE ? 'stale' : !Number.isFinite(v) ? 'not-finite' : Math.abs(v) > 1e140 ? 'extreme' : undefined);
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.array(odd, { maxLength: 12 }), fc.boolean()), { maxLength: 4 }), (rounds) => {
      const index = new SeriesIndex();
      const values = new ValueMarks();
      const standing = new Set<string>();
      for (const [samples, stands] of rounds) {
        const wanted = new Set(
          samples.flatMap(([, time, value]) => {
            const name = nameOf(value);
            return name === undefined ? [] : [`samples.${name}/7 ${time - (time % HOUR_MS)}`];
          }),
        );
        const { marks, stand } = values.of([sampleBlock(withMarkers(samples), index)]);
        expect(marks.map((m) => `${m.table} ${m.hour}`).sort()).toEqual([...wanted].filter((m) => !standing.has(m)).sort());
        // An insert into the ledger that failed is made again.
        if (!stands) continue;
        stand();
        for (const m of wanted) standing.add(m);
      }
    }),
  );
});
