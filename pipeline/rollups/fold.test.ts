// Samples put together in the process against loops over objects that share no code with it: random series with all that can be wrong with
// them, in pages that are cut anywhere, into tables of parts that are full at any moment; each part is what its samples are.
import { expect, test } from 'vitest';
import { type Batch, columnOf, type FixedArray, type Value, valueAt } from '../../core/batch/batch.ts';
import { allocateFixed, batchOf } from '../../core/batch/build.ts';
import { seeded } from '../../query/testing/random.ts';
import { RollupColumns } from '../../schemas/rollup-columns.ts';
import { RollupRows } from '../../schemas/rollup-rows.ts';
import { Part } from '../../schemas/sample-part.ts';
import { TABLE_FIELDS } from '../../schemas/tables.ts';
import { encodeValues } from '../../schemas/testing/values.ts';
import { HourFold } from './fold.ts';

const HOUR_MS = 3_600_000;
const HOUR = 1_795_219_200_000;
const STALE_BITS = 0x7ff0000000000002n;

interface Sample {
  readonly metric: number;
  readonly id: bigint;
  readonly time: number;
  /** `stale`: a marker. */
  readonly value: number | 'stale';
  readonly start: number;
}

const READ = ['metric', 'id', 'time', 'mantissa', 'exponent'];

/** As they are read from the store, `odd` with all columns. */
const batchOfSamples = (samples: readonly Sample[], odd: boolean): Batch => {
  const { length } = samples;
  const arrays = new Map(TABLE_FIELDS.samples.map(({ name, type }) => [name, allocateFixed(type, length)] as const));
  const values = new Float64Array(length);
  const bits = new BigUint64Array(values.buffer);
  for (const [i, { metric, id, time, value, start }] of samples.entries()) {
    (arrays.get('metric') as Uint32Array)[i] = metric;
    (arrays.get('id') as BigUint64Array)[i] = id;
    (arrays.get('time') as BigInt64Array)[i] = BigInt(time);
    (arrays.get('start') as BigInt64Array)[i] = BigInt(start);
    // A number would not keep the marker's bits.
    if (value === 'stale') bits[i] = STALE_BITS;
    else values[i] = value;
  }
  const of = <T>(name: string): T => arrays.get(name) as T;
  encodeValues(values, new Int32Array(length), new Int8Array(1), { mantissa: of('mantissa'), exponent: of('exponent'), float: of('float') });
  const fields = TABLE_FIELDS.samples.filter(({ name }) => READ.includes(name) || (odd && (name === 'float' || name === 'start')));
  return batchOf(fields.map(({ name, type }) => [name, { layout: 'fixed', type, length, validity: undefined, values: of<FixedArray>(name) }] as const));
};

interface StoredPart {
  readonly metric: number;
  readonly id: bigint;
  readonly time: number;
  readonly part: Part;
}

const storedIn = (batch: Batch): readonly StoredPart[] => {
  const rows = new RollupColumns(batch);
  return Array.from({ length: batch.length }, (_, row) => {
    const part = new Part();
    rows.read(row, part);
    const read = (name: string): Value => valueAt(columnOf(batch, name), row);
    return { metric: Number(read('metric')), id: read('id') as bigint, time: Number(read('time')) * 1000, part };
  });
};

/** All pages through one fold, as a keeper does it. */
const folded = (pages: readonly Batch[], isFine: (metric: number) => boolean, room: number) => {
  const [fine, whole] = [new RollupRows(room, 7), new RollupRows(room, 7)];
  const out = { fine: [] as StoredPart[], whole: [] as StoredPart[] };
  const flush = (): void => {
    out.fine.push(...storedIn(fine.batch()));
    out.whole.push(...storedIn(whole.batch()));
    fine.clear();
    whole.clear();
  };
  const fold = new HourFold({ hour: HOUR, isFine, fine, whole });
  for (const page of pages)
    for (let row = 0; row < page.length; ) {
      row = fold.add(page, row);
      if (fold.isFull) flush();
    }
  fold.finish();
  flush();
  return { ...out, samples: fold.samples, doubles: fold.doubles };
};

const isReading = (sample: Sample): sample is Sample & { readonly value: number } => typeof sample.value === 'number' && Number.isFinite(sample.value);

/** What is to be known of a stretch, by looking at its samples again and again. */
const expected = (all: readonly Sample[]) => {
  const seen = all.filter((s) => s.value === 'stale' || isReading(s));
  const runs: (Sample & { readonly value: number })[][] = [[]];
  for (const sample of seen) {
    if (sample.value === 'stale') runs.push([]);
    else runs.at(-1)?.push(sample as Sample & { readonly value: number });
  }
  const full = runs.filter((run) => run.length > 0);
  const samples = full.flat();
  const resets = full.flatMap((run) =>
    run.slice(1).filter((at, i) => at.value < (run[i] as Sample & { value: number }).value || isLaterStart(run[i] as Sample, at)),
  );
  const rises = full.flatMap((run) =>
    run.slice(1).map((at, i) => {
      const earlier = run[i] as Sample & { readonly value: number };
      return at.value < earlier.value || isLaterStart(earlier, at) ? at.value : at.value - earlier.value;
    }),
  );
  const told = (s: (Sample & { readonly value: number }) | undefined) => s && { time: s.time, value: s.value, start: s.start };
  return {
    exactly: {
      count: samples.length,
      missing: all.length - seen.length,
      stale: seen.filter(({ value }) => value === 'stale').length,
      opens: seen[0]?.value === 'stale',
      ends: seen.at(-1)?.value === 'stale',
      min: samples.length === 0 ? undefined : samples.reduce((least, { value }) => Math.min(least, value), Number.POSITIVE_INFINITY),
      max: samples.length === 0 ? undefined : samples.reduce((most, { value }) => Math.max(most, value), Number.NEGATIVE_INFINITY),
      last: told(samples.at(-1)),
      resets: resets.length,
      runs: full.map((run) => ({ first: told(run[0]), to: run.at(-1)?.time })),
    },
    sum: samples.reduce((sum, { value }) => sum + value, 0),
    rise: rises.reduce((sum, rise) => sum + rise, 0),
    scale: samples.reduce((sum, { value }) => sum + Math.abs(value), 1),
  };
};
const isLaterStart = (before: Sample, at: Sample): boolean => before.start !== 0 && at.start !== 0 && at.start > before.start;

const check = ({ metric, id, time, part }: StoredPart, samples: readonly Sample[]): void => {
  const what = `${metric}/${id} at ${new Date(time).toISOString()}`;
  const { exactly, sum, rise, scale } = expected(samples);
  const { count, missing, stale, opens, ends, min, max, resets } = part;
  const some = count > 0;
  expect({ what, ...exactly }).toEqual({
    what,
    ...{ count, missing, stale, opens, ends, resets },
    ...{ min: some ? min : undefined, max: some ? max : undefined, last: some ? part.last : undefined, runs: part.runs() },
  });
  if (Math.abs(part.sum - sum) > 1e-12 * scale || Math.abs(part.rise - rise) > 1e-12 * scale) expect([what, part.sum, part.rise]).toEqual([what, sum, rise]);
};

const KINDS = ['counter', 'gauge', 'floats', 'huge', 'whole numbers near the end'] as const;

const series = (metric: number, id: bigint, odd: boolean, random: () => number): Sample[] => {
  const below = (n: number): number => Math.floor(random() * n);
  const kind = KINDS[below(odd ? KINDS.length : 2)] as (typeof KINDS)[number];
  const interval = [1_000, 15_000, 60_000, 700_000, 4_000_000][below(5)] as number;
  const from = random() < 0.3 ? below(HOUR_MS) : below(Math.min(interval, HOUR_MS));
  let start = odd && random() < 0.5 ? HOUR - below(HOUR_MS) : 0;
  let value = below(1000);
  const out: Sample[] = [];
  const flaps = random() < 0.1 ? 0.5 : 0.05;
  for (let at = from; at < HOUR_MS; at += Math.max(1, interval + below(9) - 4)) {
    if (random() < 0.01) at = Math.min(HOUR_MS - 1, at + below(20 * 60_000));
    if (kind === 'counter') value += below(50);
    else if (kind === 'gauge') value = Math.round((value + random() - 0.5) * 1000) / 1000;
    else if (kind === 'floats') value = (random() - 0.3) * 1000;
    else if (kind === 'huge') value = (random() - 0.5) * 10 ** below(150);
    else value = Number.MAX_SAFE_INTEGER - below(1000);
    if (kind === 'counter' && random() < 0.02) {
      value = below(20);
      if (start !== 0) start = HOUR + at - below(5000);
    }
    const chance = odd ? random() : 1;
    const told = chance < 0.02 ? Number.NaN : chance < 0.03 ? Number.NEGATIVE_INFINITY : chance < 0.03 + flaps ? 'stale' : value;
    out.push({ metric, id, time: HOUR + at, value: told, start: odd && random() < 0.1 ? 0 : start });
  }
  return out;
};

test('each part is what its samples are, wherever pages are cut', { timeout: 120_000 }, () => {
  const seed = Date.now() % 1_000_000;
  console.log(`seed ${seed}`);
  const random = seeded(seed);
  let parts = 0;
  for (let turn = 0; turn < 60; turn++) {
    const odd = turn % 2 === 1;
    const isFine = (metric: number): boolean => metric % 3 !== 0;
    const keys = [1, 2, 3, 4].flatMap((metric) => [1n, 2n, 2n ** 32n + 1n, 2n ** 64n - 1n].map((id) => [metric, id] as const));
    const all = keys.filter(() => random() < 0.7).flatMap(([metric, id]) => series(metric, id, odd, random));
    const cuts = Array.from({ length: Math.floor(random() * 6) }, () => Math.floor(random() * (all.length + 1)));
    const bounds = [0, ...cuts, all.length].sort((a, b) => a - b);
    const pages = bounds.slice(1).map((to, i) => batchOfSamples(all.slice(bounds[i], to), odd));
    const { fine, whole, samples } = folded(pages, isFine, 1 + Math.floor(random() * 40));
    const by = (stepMs: number, of: readonly Sample[]) => Map.groupBy(of, ({ metric, id, time }) => `${metric}/${id}/${time - (time % stepMs)}`);
    for (const [stored, groups] of [
      [
        fine,
        by(
          300_000,
          all.filter(({ metric }) => isFine(metric)),
        ),
      ],
      [whole, by(HOUR_MS, all)],
    ] as const) {
      // In the order of the samples, which is that of the tables.
      expect(stored.map(({ metric, id, time }) => `${metric}/${id}/${time}`)).toEqual([...groups.keys()]);
      for (const part of stored) check(part, groups.get(`${part.metric}/${part.id}/${part.time}`) ?? []);
      parts += stored.length;
    }
    expect(samples).toEqual(new Map([...Map.groupBy(all, ({ metric }) => metric)].map(([metric, of]) => [metric, of.length])));
  }
  expect(parts).toBeGreaterThan(1500);
});

const one = (time: number, value: number | 'stale' = 1): Sample => ({ metric: 1, id: 1n, time: HOUR + time, value, start: 0 });

test.each([
  ['samples that are not in order', [one(5), one(4)], false, 'not in order'],
  ['a value that is no decimal among those', [one(5), one(6, 1 / 3)], false, 'no decimal'],
])('%s are refused', (_, samples, odd, text) => {
  expect(() => folded([batchOfSamples(samples, odd)], () => true, 10)).toThrow(text);
});

test('a table of parts that is full takes nothing, and what comes then is not lost', () => {
  const fold = new HourFold({ hour: HOUR, isFine: () => true, fine: new RollupRows(1, 1), whole: new RollupRows(1, 1) });
  const page = batchOfSamples([one(0), one(300_000), one(600_000)], false);
  expect([fold.add(page, 0), fold.isFull]).toEqual([2, true]);
  expect(fold.add(page, 2)).toBe(2);
});

test('a series that ends and begins all the time is put together in time that grows with its samples', () => {
  const all = Array.from({ length: 400_000 }, (_, n) => one(n, n % 2 === 0 ? n : 'stale'));
  const { whole, fine } = folded([batchOfSamples(all, true)], () => true, 1000);
  expect([whole[0]?.part.runs().length, whole[0]?.part.stale, fine.length]).toEqual([200_000, 200_000, 2]);
  expect(whole[0]?.part.runs().at(-1)).toEqual({ first: { time: HOUR + 399_998, value: 399_998, start: 0 }, to: HOUR + 399_998 });
});

test('a metric with two values of one time is passed over, and no part of it is put that is not true', () => {
  const seed = Date.now() % 1_000_000;
  console.log(`seed ${seed}`);
  const random = seeded(seed);
  const reading = (metric: number, id: bigint, time: number): Sample => ({ metric, id, time: HOUR + time, value: time / 1000, start: 0 });
  const readings = (metric: number, id: bigint): Sample[] => Array.from({ length: 60 }, (_, n) => reading(metric, id, n * 60_000));
  const before = [...readings(1, 1n), ...readings(1, 2n)];
  const behind = [...readings(3, 1n), ...readings(3, 2n)];
  const whole = readings(2, 1n);
  const open = readings(2, 5n);
  // In the third of its stretches.
  const met = 12;
  const double = [...open.slice(0, met + 1), open[met] as Sample, ...open.slice(met + 1), ...readings(2, 6n)];
  const all = [...before, ...whole, ...double, ...behind];
  for (let n = 0; n < 50; n++) {
    const pages: Batch[] = [];
    for (let at = 0; at < all.length; ) {
      const to = Math.min(all.length, at + 1 + Math.floor(random() * 100));
      pages.push(batchOfSamples(all.slice(at, to), false));
      at = to;
    }
    const found = folded(pages, () => true, 1 + Math.floor(random() * 30));
    expect([...found.doubles]).toEqual([2]);
    const without = folded([batchOfSamples([...before, ...whole, ...open.slice(0, 10), ...behind], false)], () => true, 1000);
    expect(found.fine).toEqual(without.fine);
    expect(found.whole).toEqual(without.whole.filter(({ metric, id }) => metric !== 2 || id === 1n));
  }
});
