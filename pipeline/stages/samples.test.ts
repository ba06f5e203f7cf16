// Samples as they rest decode to what came, and hours are marked exactly when a sample of them may not be the newest of its series, is odd, or late.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type Batch, columnOf, type FixedColumn } from '../../core/batch/batch.ts';
import { batchOf, columnFrom } from '../../core/batch/build.ts';
import { SIGNAL_FIELDS, TABLE_FIELDS } from '../../schemas/tables.ts';
import { decodeValues } from '../../schemas/testing/values.ts';
import { SeriesIndex } from '../series-index.ts';
import { SampleOrder } from './sample-order.ts';
import { HOUR_MS, LateMarks, type SampleBlock, SampleRows, sampleBlocks, ValueMarks } from './samples.ts';
import { SeriesNumbers } from './series-numbers.ts';

type Sample = readonly [id: bigint, time: number, value: number];

/** Of half of the series. */
const startOf = ([id, time]: Sample): bigint => (id % 2n === 0n ? 0n : BigInt(time) - id);

const batch = (samples: readonly Sample[]) => {
  const columns = [
    samples.map(() => 7),
    samples.map(([id]) => id),
    samples.map(([, time]) => BigInt(time)),
    samples.map(([, , value]) => value),
    samples.map(startOf),
  ];
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

const blocksOf = (batches: readonly Batch[], index: SeriesIndex, until = 0): readonly SampleBlock[] =>
  sampleBlocks(
    batches.map((one) => ({ batch: one, until })),
    new SeriesNumbers(index),
  );

test('values come back to the bit, in the table’s columns and each beside its series and time, whatever the order and the ranges', () => {
  const rounds = fc.array(fc.tuple(fc.array(fc.array(sample, { maxLength: 40 }), { maxLength: 3 }), fc.nat(), fc.boolean()), { maxLength: 4 });
  fc.assert(
    fc.property(rounds, (given) => {
      const index = new SeriesIndex();
      const [order, rows, numbers] = [new SampleOrder(index), new SampleRows(), new SeriesNumbers(index)];
      for (const [messages, cut, sorted] of given) {
        const blocks = sampleBlocks(
          messages.map((samples) => ({ batch: batch(samples), until: 0 })),
          numbers,
        );
        const found: Sample[] = [];
        for (const block of blocks) {
          const at = cut % (block.length + 1);
          const ranges = [
            { from: at, to: block.length },
            { from: 0, to: at },
          ];
          const made = rows.of(block, ranges, sorted ? order.placesOf(block, ranges) : undefined, index, 5n);
          expect(made.fields).toEqual(TABLE_FIELDS.samples);
          const values = (name: string): FixedColumn['values'] => (columnOf(made, name) as FixedColumn).values;
          const out = new Float64Array(made.length);
          decodeValues(
            { mantissa: values('mantissa') as BigInt64Array, exponent: values('exponent') as Int8Array, float: values('float') as Float64Array },
            out,
          );
          for (const [row, value] of out.entries()) {
            const own: Sample = [values('id')[row] as bigint, Number(values('time')[row]), value];
            expect(values('start')[row]).toBe(startOf(own));
            found.push(own);
          }
          expect([...values('metric')].every((metric) => metric === 7)).toBe(true);
          expect([...values('insert')].every((insert) => insert === 5n)).toBe(true);
          expect([...values('time')].every((time) => Math.floor(Number(time) / 86_400_000) === block.day)).toBe(true);
        }
        const text = (all: readonly Sample[]): readonly string[] =>
          all.map(([id, time, value]) => `${id} ${time} ${Object.is(value, -0) ? '-0' : value}`).sort();
        expect(text(found)).toEqual(text(messages.flat()));
      }
    }),
  );
});

test('messages that have one column of ids in common have its numbers, any others their own', () => {
  const ids = (n: number): Batch => batch(Array.from({ length: 40 }, (_, i): Sample => [BigInt(i === 20 ? n : i), BASE, 1]));
  const index = new SeriesIndex();
  const numbers = new SeriesNumbers(index);
  const one = ids(20);
  const first = numbers.of(one);
  expect(numbers.of({ ...one, fields: [...one.fields], columns: [...one.columns] })).toBe(first);
  expect([...numbers.of(ids(20))]).toEqual([...first]);
  expect([...numbers.of(ids(77))]).toEqual([...first].map((series, i) => (i === 20 ? index.atId(77n, 7) : series)));
});

test('hours that may hold two values for one time are those a naive oracle names, each once', () => {
  const steps = fc.integer({ min: -1, max: 41 });
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.array(sample, { maxLength: 20 }), steps), { maxLength: 4 }), (rounds) => {
      const index = new SeriesIndex();
      const values = new ValueMarks();
      const last = new Map<bigint, number>();
      const standing = new Set<number>();
      for (const [samples, step] of rounds) {
        const until = BASE + step * 600_000;
        const expected = new Set<number>();
        for (const [id, time] of samples) {
          const before = last.get(id) ?? until;
          if (time <= before) expected.add(Math.floor(time / HOUR_MS) * HOUR_MS);
          last.set(id, Math.max(last.get(id) ?? time, time));
        }
        const finite = samples.map(([id, time]): Sample => [id, time, 1]);
        const { marks: all, stand } = values.of(blocksOf([batch(finite)], index, until), index);
        const marks = all.filter(({ kind }) => kind !== 'start');
        expect(marks.every(({ kind, metric }) => kind === 'double' && metric === 7)).toBe(true);
        expect(marks.map(({ hour }) => hour).sort()).toEqual([...expected].filter((hour) => !standing.has(hour)).sort());
        stand();
        for (const hour of expected) standing.add(hour);
      }
    }),
  );
});

test('hours that were over when samples came are named as late, again when that was said a minute ago', () => {
  const late = new LateMarks();
  const index = new SeriesIndex();
  const blocks = blocksOf(
    [
      batch([
        [1n, BASE, 1],
        [1n, BASE + HOUR_MS, 2],
        [2n, BASE + 2 * HOUR_MS, 3],
      ]),
    ],
    index,
  );
  const now = BASE + 2 * HOUR_MS + 120_000;
  const { marks, stand } = late.of(blocks, index, now);
  const over = [BASE, BASE + HOUR_MS].map((hour) => ({ kind: 'late', metric: 7, hour }));
  expect(marks).toEqual(over.map((mark) => ({ ...mark, marked: now + 60_000 })));
  // One that failed is made again.
  expect(late.of(blocks, index, now).marks).toEqual(marks);
  stand();
  expect(late.of(blocks, index, now + 59_000).marks).toEqual([]);
  expect(late.of(blocks, index, now + 60_000).marks).toEqual(over.map((mark) => ({ ...mark, marked: now + 120_000 })));
});

test('what a clock that was ahead has said of late samples is said again when it is right', () => {
  const [late, index] = [new LateMarks(), new SeriesIndex()];
  const blocks = blocksOf([batch([[1n, BASE, 1]])], index);
  const now = BASE + 2 * HOUR_MS;
  late.of(blocks, index, now + 24 * HOUR_MS).stand();
  expect(late.of(blocks, index, now).marks).toEqual([{ kind: 'late', metric: 7, hour: BASE, marked: now + 60_000 }]);
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

test('hours with values that are no numbers, with huge ones, with stale markers and with starts are marked once, by metric', () => {
  const nameOf = (v: number): string | undefined => (v === STALE ? 'stale' : !Number.isFinite(v) ? 'not-finite' : Math.abs(v) > 1e140 ? 'extreme' : undefined);
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.array(odd, { maxLength: 12 }), fc.boolean()), { maxLength: 4 }), (rounds) => {
      const index = new SeriesIndex();
      const values = new ValueMarks();
      const standing = new Set<string>();
      for (const [samples, stands] of rounds) {
        const wanted = new Set(
          samples.flatMap((one) => {
            const [, time, value] = one;
            const names = [nameOf(value), startOf(one) === 0n ? undefined : 'start'].filter((name) => name !== undefined);
            return names.map((name) => `${name} ${time - (time % HOUR_MS)}`);
          }),
        );
        const { marks, stand } = values.of(blocksOf([withMarkers(samples)], index, Number.NEGATIVE_INFINITY), index);
        expect(
          marks
            .filter(({ kind }) => kind !== 'double')
            .map((m) => `${m.kind} ${m.hour}`)
            .sort(),
        ).toEqual([...wanted].filter((m) => !standing.has(m)).sort());
        // An insert into the ledger that failed is made again.
        if (!stands) continue;
        stand();
        for (const m of wanted) standing.add(m);
      }
    }),
  );
});
