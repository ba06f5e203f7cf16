// Histograms and summaries at the door: what OpenTelemetry's data model allows goes on, what does not hold together is dropped and named.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Batch, columnIndex, type Value, valueAt } from '../core/batch/batch.ts';
import { batchOf, columnFrom } from '../core/batch/build.ts';
import { sliceBatch } from '../core/batch/take.ts';
import { indicesOf, MOST_BUCKETS, MOST_COUNT, MOST_QUANTILES } from '../schemas/histogram.ts';
import { SIGNAL_FIELDS } from '../schemas/tables.ts';
import { judgeDistributions } from './distribution-rows.ts';
import { REASONS } from './times.ts';

type Row = Readonly<Record<string, Value>>;
type Schema = 'histograms' | 'summaries';

const TYPES = { histograms: SIGNAL_FIELDS.histograms, summaries: SIGNAL_FIELDS.summaries };

/** Columns that no row has are left out. */
const batchFrom = (schema: Schema, rows: readonly Row[]): Batch =>
  batchOf([
    [
      'at',
      columnFrom(
        { kind: 'float' },
        rows.map((_, i) => i),
      ),
    ],
    ...TYPES[schema]
      .filter(({ name }) => rows.some((row) => name in row))
      .map(
        ({ name, type }) =>
          [
            name,
            columnFrom(
              type,
              rows.map((row) => row[name] ?? null),
            ),
          ] as const,
      ),
  ]);

const faultOf = (schema: Schema, row: Row): string | undefined => judgeDistributions(batchFrom(schema, [row]), schema, undefined).fault;
const many = (length: number): bigint[] => Array.from({ length }, () => 0n);

describe('a histogram goes on', () => {
  const good: Readonly<Record<string, Row>> = {
    'of explicit buckets': { count: 6n, sum: 1.5, min: 0, max: 9, bounds: [-1, 0.5, 3], counts: [1n, 2n, 0n, 3n] },
    'of one bucket without bounds': { count: 4n, bounds: [], counts: [4n] },
    'of count and sum alone': { count: 4n, sum: 2 },
    'that counts nothing yet': { count: 0n, sum: 0, bounds: [1], counts: [0n, 0n] },
    'with a sum that is no number': { count: 1n, sum: Number.NaN, bounds: [1], counts: [0n, 1n] },
    'that is stale': { count: 0n, stale: true },
    'of exponential buckets on both sides': {
      count: 10n,
      scale: 3,
      zero_count: 1n,
      zero_threshold: 1e-9,
      positive_offset: -4,
      positive_counts: [2n, 0n, 3n],
      negative_offset: 7,
      negative_counts: [4n],
    },
    'of an exponential one that counts only zeros': { count: 2n, scale: 20, zero_count: 2n },
    'of the least scale, with the least and the greatest numbers': { count: 3n, scale: -10, positive_offset: -2, positive_counts: [1n, 1n, 1n] },
    'with empty buckets beyond all numbers': { count: 1n, scale: 0, positive_offset: 1023, positive_counts: [1n, 0n, 0n] },
    'of as many buckets as are allowed': { count: 0n, bounds: many(MOST_BUCKETS - 1).map((_, i) => i), counts: many(MOST_BUCKETS) },
    'of counts up to 2^53': { count: BigInt(MOST_COUNT), bounds: [1], counts: [2n ** 52n, 2n ** 52n] },
  };
  test.each(Object.entries(good))('%s', (_, row) => expect(faultOf('histograms', row)).toBeUndefined());
});

describe('a histogram is refused', () => {
  const explicit = { count: 3n, bounds: [1, 2], counts: [1n, 1n, 1n] };
  const exponential = { count: 3n, scale: 0, positive_offset: 0, positive_counts: [3n] };
  test.each<readonly [string, Row]>([
    ['counts: it has 2 entries, of 2 bounds it must have 3', { ...explicit, counts: [1n, 2n] }],
    ['counts: it has 0 entries, of 2 bounds it must have 3', { ...explicit, counts: [] }],
    ['bounds: 2 follows 2, they must rise', { ...explicit, bounds: [2, 2] }],
    ['bounds: 1 follows 2, they must rise', { ...explicit, bounds: [2, 1] }],
    ['bounds: 0 follows 0, they must rise', { ...explicit, bounds: [-0, 0] }],
    ['bounds: one of them is NaN, they must be finite', { ...explicit, bounds: [1, Number.NaN] }],
    ['bounds: one of them is Infinity, they must be finite', { ...explicit, bounds: [1, Number.POSITIVE_INFINITY] }],
    ['count: it is 4, its buckets have 3', { ...explicit, count: 4n }],
    // Beyond 64 bits the sum would begin anew.
    ['count: it is 1, its buckets have 18446744073709552000', { ...explicit, count: 1n, counts: [2n ** 63n, 2n ** 63n, 1n] }],
    [`count: it is ${2 ** 63}, up to ${MOST_COUNT} is allowed`, { count: 2n ** 63n }],
    ['max: it is 1, min is 2', { ...explicit, min: 2, max: 1 }],
    ['max: it is NaN, min is 2', { ...explicit, min: 2, max: Number.NaN }],
    [`bounds: it has 512 entries, 511 are allowed`, { ...explicit, bounds: many(512).map((_, i) => i), counts: many(512) }],
    [`counts: it has 513 entries, 512 are allowed`, { count: 0n, counts: many(513) }],
    ['positive_counts: it has 513 entries, 512 are allowed', { ...exponential, positive_counts: many(513) }],
    ['negative_counts: it has 513 entries, 512 are allowed', { ...exponential, negative_counts: many(513) }],
    ['scale: it is 21, it must be from -10 to 20', { ...exponential, scale: 21 }],
    ['scale: it is -11, it must be from -10 to 20', { ...exponential, scale: -11 }],
    ['scale: it is missing, and there are exponential buckets', { ...exponential, scale: null }],
    ['scale: it is missing, and there are exponential buckets', { ...explicit, zero_count: 1n }],
    ['scale: it is there, and so are explicit buckets', { ...exponential, bounds: [1] }],
    ['count: it is 3, its buckets have 4', { ...exponential, zero_count: 1n }],
    ['zero_threshold: it is -1, it must be finite and not negative', { ...exponential, zero_threshold: -1 }],
    ['zero_threshold: it is NaN, it must be finite and not negative', { ...exponential, zero_threshold: Number.NaN }],
    ['positive_counts: bucket 1024 of scale 0 has values, no number lies there', { ...exponential, positive_offset: 1024 }],
    ['positive_counts: bucket -2147483648 of scale 0 has values, no number lies there', { ...exponential, positive_offset: -(2 ** 31) }],
    ['negative_counts: bucket 1 of scale -10 has values, no number lies there', { count: 2n, scale: -10, negative_offset: 0, negative_counts: [1n, 1n] }],
  ])('%s', (fault, row) => expect(faultOf('histograms', row)).toBe(fault));
});

describe('a summary', () => {
  test.each<readonly [string | undefined, Row]>([
    [undefined, { count: 0n }],
    [undefined, { count: 5n, sum: -3, quantiles: [0, 0.5, 1], values: [Number.NaN, 1, Number.POSITIVE_INFINITY] }],
    ['values: it has 1 entries, quantiles has 2', { count: 5n, quantiles: [0, 1], values: [1] }],
    ['values: it has 1 entries, quantiles has 0', { count: 5n, values: [1] }],
    ['quantiles: one of them is 1.5, they must be from 0 to 1', { count: 5n, quantiles: [1.5], values: [1] }],
    ['quantiles: one of them is NaN, they must be from 0 to 1', { count: 5n, quantiles: [Number.NaN], values: [1] }],
    ['quantiles: 0.5 follows 0.9, they must rise', { count: 5n, quantiles: [0.9, 0.5], values: [1, 2] }],
    [`quantiles: it has 65 entries, ${MOST_QUANTILES} are allowed`, { count: 0n, quantiles: many(65).map((_, i) => i / 65), values: many(65).map(() => 1) }],
    [`count: it is ${2 ** 60}, up to ${MOST_COUNT} is allowed`, { count: 2n ** 60n }],
  ])('%s', (fault, row) => expect(faultOf('summaries', row)).toBe(fault));
});

test('the indices of a scale are those of the least and of the greatest number', () => {
  for (let scale = -10; scale <= 20; scale++) {
    const { least, most } = indicesOf(scale);
    const step = 2 ** -scale;
    // Of the lower edge of a bucket as a power of two.
    expect(least * step).toBeLessThan(-1074);
    expect((least + 1) * step).toBeGreaterThanOrEqual(-1074);
    expect(most * step).toBeLessThan(1024);
    expect((most + 1) * step).toBeGreaterThanOrEqual(1024);
  }
});

// ——— against an oracle that adds as bigints and knows no words

const listOf = (row: Row, name: string): readonly Value[] => (row[name] ?? []) as readonly Value[];
const sum = (list: readonly Value[]): bigint => list.reduce<bigint>((a, b) => a + (b as bigint), 0n);
const rises = (list: readonly Value[]): boolean => list.every((value, i) => i === 0 || (list[i - 1] as number) < (value as number));

const isWhole = (row: Row): boolean => {
  const [count, zero] = [row.count as bigint, (row.zero_count ?? 0n) as bigint];
  const [min, max] = [row.min ?? null, row.max ?? null] as (number | null)[];
  const [bounds, counts, positive, negative] = ['bounds', 'counts', 'positive_counts', 'negative_counts'].map((name) => listOf(row, name)) as [
    Value[],
    Value[],
    Value[],
    Value[],
  ];
  if (count > 2n ** 53n || bounds.length > 511 || [counts, positive, negative].some(({ length }) => length > 512)) return false;
  if (min !== null && max !== null && min !== undefined && max !== undefined && !(min <= max)) return false;
  const threshold = (row.zero_threshold ?? 0) as number;
  if (!(Number.isFinite(threshold) && threshold >= 0)) return false;
  const scale = (row.scale ?? null) as number | null;
  if (scale === null) {
    if (positive.length > 0 || negative.length > 0 || zero > 0n) return false;
    if (bounds.length === 0 && counts.length === 0) return true;
    return counts.length === bounds.length + 1 && bounds.every((b) => Number.isFinite(b as number)) && rises(bounds) && sum(counts) === count;
  }
  if (bounds.length > 0 || counts.length > 0 || scale < -10 || scale > 20) return false;
  const fits = (list: readonly Value[], offset: number): boolean =>
    list.every((n, i) => n === 0n || ((offset + i) * 2 ** -scale < 1024 && (offset + i + 1) * 2 ** -scale >= -1074));
  return (
    fits(positive, (row.positive_offset ?? 0) as number) &&
    fits(negative, (row.negative_offset ?? 0) as number) &&
    sum(positive) + sum(negative) + zero === count
  );
};

const float = fc.oneof(fc.double(), fc.integer({ min: -3, max: 9 }));
const small = fc.bigInt(0n, 3n);
const counted = fc.oneof({ weight: 8, arbitrary: small }, fc.bigInt(0n, 2n ** 64n - 1n), fc.constantFrom(2n ** 32n - 1n, 2n ** 53n, 2n ** 63n));
const maybe = <T>(arbitrary: fc.Arbitrary<T>): fc.Arbitrary<T | null> => fc.option(arbitrary, { nil: null, freq: 4 });
const offset = fc.oneof(fc.integer({ min: -5, max: 5 }), fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }), fc.constantFrom(1023, -1075, 1024 << 20));
const anyRow = fc.record({
  count: counted,
  sum: maybe(float),
  min: maybe(float),
  max: maybe(float),
  bounds: maybe(fc.array(float, { maxLength: 4 })),
  counts: maybe(fc.array(counted, { maxLength: 5 })),
  scale: maybe(fc.integer({ min: -128, max: 127 })),
  zero_count: maybe(counted),
  zero_threshold: maybe(float),
  positive_offset: maybe(offset),
  positive_counts: maybe(fc.array(counted, { maxLength: 4 })),
  negative_offset: maybe(offset),
  negative_counts: maybe(fc.array(counted, { maxLength: 4 })),
});
/** Whole, unless something was changed in it. */
const nearRow = fc
  .record({
    explicit: fc.boolean(),
    counts: fc.array(small, { minLength: 1, maxLength: 6 }),
    scale: fc.integer({ min: -10, max: 20 }),
    from: offset,
    change: fc.nat(12),
  })
  .map(({ explicit, counts, scale, from, change }): Row => {
    const total = sum(counts) + (change === 1 ? 1n : 0n);
    const bounds = counts.slice(1).map((_, i) => (change === 2 ? -i : i));
    if (explicit) return { count: total, bounds: change === 3 ? [...bounds, 99] : bounds, counts, ...(change === 4 ? { zero_count: 1n } : {}) };
    return { count: total, scale: change === 5 ? null : scale, positive_offset: from, positive_counts: counts, ...(change === 6 ? { bounds: [1] } : {}) };
  });

test('any rows: exactly those that hold together go on, wherever their batch begins, and what was marked stays', () => {
  let [good, bad] = [0, 0];
  fc.assert(
    fc.property(fc.array(fc.oneof(anyRow, nearRow), { minLength: 1, maxLength: 12 }), fc.nat(3), (rows, cut) => {
      const from = Math.min(cut, rows.length - 1);
      const batch = sliceBatch(batchFrom('histograms', rows), from, rows.length);
      const marked = Uint8Array.from({ length: batch.length }, (_, i) => (i % 5 === 4 ? 1 : 0));
      const { marks } = judgeDistributions(batch, 'histograms', marked.slice());
      const malformed = REASONS.indexOf('malformed') + 1;
      const expected = rows.slice(from).map((row, i) => (marked[i] === 1 ? 1 : isWhole(row) ? 0 : malformed));
      good += expected.filter((mark) => mark === 0).length;
      bad += expected.filter((mark) => mark === malformed).length;
      expect([...(marks ?? [])]).toEqual(expected);
    }),
    { numRuns: 1000 },
  );
  // It met both.
  expect(Math.min(good, bad)).toBeGreaterThan(300);
});

test('rows are told apart by what they are, not by columns that are there', () => {
  const batch = batchFrom('histograms', [
    { count: 1n, scale: 0, positive_offset: 0, positive_counts: [1n] },
    { count: 1n, bounds: [1], counts: [0n, 1n] },
  ]);
  expect(judgeDistributions(batch, 'histograms', undefined)).toEqual({ marks: undefined, fault: undefined });
  expect(valueAt(batch.columns[columnIndex(batch, 'scale')] as Batch['columns'][number], 1)).toBeNull();
});
