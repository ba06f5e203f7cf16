// Windows against a naive oracle written from iql.md's section on time, however the input is cut, and with buckets closed early as on a stream.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Batch, Value } from '../../../core/batch/batch.ts';
import { earlierOf, laterOf } from '../../../core/time.ts';
import type { Bucket } from '../../3-plan/bucket.ts';
import { columnReference } from '../../3-plan/expression.ts';
import type { AggregateCall, Every, PlanColumn } from '../../3-plan/nodes.ts';
import { batchFrom, cutBatch, cuts, pieces, type Row, rowsIn, run, testEnvironment } from '../testing/environment.ts';
import { everyOperator } from './every.ts';

const SECOND = 1_000_000_000n;
const s = (n: number): bigint => BigInt(Math.round(n * 1000)) * 1_000_000n;

interface Sample {
  readonly key: string;
  readonly time: bigint;
  readonly value: number | null;
  readonly start: bigint | null;
  readonly stale: boolean;
}

const COLUMNS: readonly PlanColumn[] = [
  { name: 'key', type: 'string' },
  { name: 'label', type: 'string' },
  { name: 'time', type: 'time' },
  { name: 'value', type: 'float' },
  { name: '#start', type: 'time' },
  { name: '#stale', type: 'bool' },
];
const toRow = (x: Sample): Row => [x.key, `label of ${x.key}`, x.time, x.value, x.start, x.stale];

const value = columnReference('value', 'float');
const aggregate = (name: AggregateCall['function'], type: AggregateCall['type'] = 'float', where?: AggregateCall['where']): AggregateCall => ({
  name: where === undefined ? name : `${name} where`,
  type,
  function: name,
  arguments: [value],
  where,
});
const FUNCTIONS = ['count', 'sum', 'avg', 'min', 'max', 'first', 'last', 'rate', 'increase', 'delta'] as const;
const INT: ReadonlySet<string> = new Set(['count']);

const everyNode = (changes: Partial<Every>): Every => {
  const aggregates = changes.aggregates ?? FUNCTIONS.map((f) => aggregate(f, INT.has(f) ? 'int' : 'float'));
  const keys = changes.keys ?? ['key'];
  const carry = changes.carry ?? ['label'];
  const bucket = changes.bucket ?? { kind: 'fixed', nanos: 10n * SECOND };
  const named = (names: readonly string[]): PlanColumn[] => names.map((name) => ({ name, type: 'string' }));
  return {
    node: 'every',
    input: pieces(COLUMNS),
    over: undefined,
    from: 0n,
    to: s(60),
    lookback: s(20),
    whole: false,
    delta: false,
    ties: [],
    ...changes,
    keys,
    carry,
    bucket,
    aggregates,
    columns: [
      ...named(keys),
      ...named(carry),
      ...(bucket.kind === 'all' ? [] : [{ name: 'time', type: 'time' as const }]),
      ...aggregates.map((a) => ({ name: a.name, type: a.type })),
    ],
  };
};

// ---- the oracle: one key, one bucket, plain words

const near = (a: number, b: number): boolean => Math.abs(a - b) <= 1e-9 * Math.max(1, Math.abs(a), Math.abs(b));

const increaseOf = (all: readonly Sample[], from: bigint, to: bigint, lookback: bigint): { sum: number; from: bigint; to: bigint } | undefined => {
  const inWindow = all.filter((x) => x.time >= from && x.time < to);
  const before = all.filter((x) => x.time < from && x.time >= from - lookback).at(-1);
  let rise: { sum: number; from: bigint; to: bigint } | undefined;
  let last = before?.stale === true ? undefined : before;
  let newest = from;
  for (const x of inWindow) {
    if (x.stale) {
      last = undefined;
      continue;
    }
    const now = x.value as number;
    if (last !== undefined) {
      const was = last.value as number;
      const isReset = now < was || (x.start !== null && last.start !== null && x.start > last.start);
      rise = { sum: (rise?.sum ?? 0) + (isReset ? now : now - was), from: rise?.from ?? last.time, to: x.time };
    } else if (x.start !== null && x.start >= newest && x.start <= x.time) rise = { sum: (rise?.sum ?? 0) + now, from: rise?.from ?? x.start, to: x.time };
    last = x;
    newest = x.time;
  }
  return rise;
};

/** Delta temporality. */
const sumOf = (all: readonly Sample[], from: bigint, to: bigint, lookback: bigint): { sum: number; from: bigint; to: bigint } | undefined => {
  const inWindow = all.filter((x) => x.time >= from && x.time < to && !x.stale);
  const [first] = inWindow;
  if (first === undefined) return undefined;
  const before = all.filter((x) => x.time < from && x.time >= from - lookback).at(-1);
  const covered = first.start ?? (before === undefined || before.stale ? from : before.time);
  return { sum: inWindow.reduce((sum, x) => sum + (x.value as number), 0), from: covered, to: inWindow.at(-1)?.time as bigint };
};

const deltaOf = (all: readonly Sample[], from: bigint, to: bigint, lookback: bigint): number | null => {
  let run: Sample[] = [];
  let best: number | null = null;
  for (const x of all.filter((y) => y.time < to && y.time >= from - lookback)) {
    if (x.stale) {
      run = [];
      continue;
    }
    if (x.time < from) {
      run = [x];
      continue;
    }
    run.push(x);
    best = run.length < 2 ? null : (x.value as number) - (run[0]?.value as number);
  }
  return best;
};

const oracle = (samples: readonly Sample[], node: Every, boundsOf: (t: bigint) => readonly [bigint, bigint]): Row[] => {
  const keys = [...new Set(samples.map((x) => x.key))];
  const out: { bucket: bigint; key: number; row: Row }[] = [];
  const limit = (t: bigint): bigint => earlierOf(t, node.to);
  for (const [k, key] of keys.entries()) {
    const own = samples
      .filter((x) => x.key === key && x.time < node.to)
      .map((x, i) => ({ x, i }))
      .sort((a, b) => (a.x.time < b.x.time ? -1 : a.x.time > b.x.time ? 1 : a.i - b.i))
      .map(({ x }) => x);
    const rows = own.filter((x) => !x.stale);
    const usable = own.filter((x) => x.stale || x.value !== null);
    const series = usable.filter((x, i) => usable[i + 1]?.time !== x.time);
    for (let t = boundsOf(node.from)[0]; t < node.to; t = boundsOf(t)[1]) {
      const end = boundsOf(t)[1];
      const opens = node.over === undefined ? laterOf(t, node.from) : end - node.over;
      const inWindow = rows.filter((x) => x.time >= opens && x.time < limit(end));
      if (inWindow.length === 0) continue;
      const values = inWindow.flatMap((x) => (x.value === null ? [] : [x.value]));
      const sum = values.reduce((a, b) => a + b, 0);
      const rise = (node.delta ? sumOf : increaseOf)(series, opens, limit(end), node.lookback);
      const span = rise === undefined ? 0n : rise.to - rise.from;
      const some = (v: number): number | null => (values.length === 0 ? null : v);
      const made: Record<string, Value> = {
        count: BigInt(values.length),
        sum,
        avg: some(sum / values.length),
        min: some(Math.min(...values)),
        max: some(Math.max(...values)),
        first: values[0] ?? null,
        last: values.at(-1) ?? null,
        increase: rise?.sum ?? null,
        rate: rise === undefined || span <= 0n ? null : rise.sum / (Number(span) / 1e9),
        delta: deltaOf(series, opens, limit(end), node.lookback),
      };
      out.push({ bucket: t, key: k, row: [key, `label of ${key}`, t, ...node.aggregates.map((a) => made[a.function] as Value)] });
    }
  }
  return out.sort((a, b) => (a.bucket < b.bucket ? -1 : a.bucket > b.bucket ? 1 : a.key - b.key)).map((o) => o.row);
};

const fixedBounds =
  (width: bigint, phase = 0n) =>
  (t: bigint): readonly [bigint, bigint] => {
    const start = t - ((((t - phase) % width) + width) % width);
    return [start, start + width];
  };

const mustEqual = (got: readonly Row[], wanted: readonly Row[]): void => {
  const isSame = (a: Value | undefined, b: Value | undefined): boolean => a === b || (typeof a === 'number' && typeof b === 'number' && near(a, b));
  const same = got.length === wanted.length && got.every((row, i) => row.every((v, k) => isSame(v, wanted[i]?.[k])));
  if (!same) expect(got).toEqual(wanted);
};

const sample: fc.Arbitrary<Sample> = fc
  .record({
    key: fc.constantFrom('a', 'b', 'c'),
    time: fc.integer({ min: -40, max: 80 }),
    value: fc.option(fc.integer({ min: 0, max: 20 }), { freq: 8, nil: null }),
    age: fc.option(fc.integer({ min: 0, max: 40 }), { nil: null }),
    stale: fc.nat(9).map((n) => n === 0),
  })
  .map(({ key, time, value: v, age, stale }) => ({
    key,
    time: s(time),
    value: stale ? null : v,
    start: age === null || s(time - age) < 0n ? null : s(time - age),
    stale,
  }));

const shapes = fc.record({
  samples: fc.array(sample, { maxLength: 60 }),
  width: fc.constantFrom(5, 10, 25, 60),
  phase: fc.constantFrom(0, 0, 3, -7, 61),
  over: fc.constantFrom(undefined, 3, 10, 30, 70),
  from: fc.integer({ min: 0, max: 30 }),
  length: fc.integer({ min: 0, max: 50 }),
  whole: fc.boolean(),
  delta: fc.boolean(),
  at: cuts,
});

const nodeOf = (x: { width: number; phase: number; over: number | undefined; from: number; length: number; delta: boolean }, whole = false): Every =>
  everyNode({
    bucket: { kind: 'fixed', nanos: s(x.width), ...(x.phase === 0 ? {} : { phase: s(x.phase) }) },
    over: x.over === undefined ? undefined : s(x.over),
    from: s(x.from),
    to: s(x.from + x.length),
    delta: x.delta,
    whole,
  });

test('the oracle agrees, however the input is cut', async () => {
  await fc.assert(
    fc.asyncProperty(shapes, async (x) => {
      const node = nodeOf(x, x.whole);
      const got = await run(node, { pieces: cutBatch(batchFrom(COLUMNS, x.samples.map(toRow)), x.at) });
      mustEqual(got, oracle(x.samples, node, fixedBounds(s(x.width), s(x.phase))));
    }),
    { numRuns: 400 },
  );
});

test('buckets closed early, as on a stream, are the same', () => {
  fc.assert(
    fc.property(shapes, fc.array(fc.integer({ min: 0, max: 90 }), { maxLength: 6 }), (x, marks) => {
      const node = nodeOf(x);
      const samples = [...x.samples].sort((a, b) => (a.time < b.time ? -1 : a.time > b.time ? 1 : 0));
      const env = testEnvironment();
      const operator = everyOperator(node, env);
      const made: Batch[] = [];
      const emit = (b: Batch): void => void made.push(b);
      let left = samples;
      for (const mark of [...marks].sort((a, b) => a - b)) {
        operator.push(batchFrom(COLUMNS, left.filter((r) => r.time < s(mark)).map(toRow)), emit);
        left = left.filter((r) => r.time >= s(mark));
        operator.advance(s(mark), emit);
      }
      operator.push(batchFrom(COLUMNS, left.map(toRow)), emit);
      for (const _ of operator.end(emit) ?? []);
      mustEqual(rowsIn(made), oracle(samples, node, fixedBounds(s(x.width), s(x.phase))));
      expect(env.budget.rows).toBeGreaterThanOrEqual(0);
    }),
    { numRuns: 400 },
  );
});

// ---- by hand

const counter = async (
  rows: readonly (readonly [time: number, value: number, start?: number | undefined, stale?: boolean])[],
  changes: Partial<Every> = {},
): Promise<Row[]> => {
  const node = everyNode({ aggregates: [aggregate('increase'), aggregate('rate')], ...changes });
  const samples = rows.map(
    ([time, v, start, stale]): Sample => ({ key: 'a', time: s(time), value: v, start: start === undefined ? null : s(start), stale: stale === true }),
  );
  return (await run(node, { pieces: [batchFrom(COLUMNS, samples.map(toRow))] })).map((row) => row.slice(2));
};

test('increase takes the sample before the window, and a fall counts the new value', async () => {
  expect(
    await counter([
      [8, 100],
      [12, 105],
      [18, 3],
      [21, 4],
    ]),
  ).toEqual([
    [s(10), 8, 0.8],
    [s(20), 1, 1 / 3],
  ]);
});

test('the sample before must lie within the look-back', async () => {
  expect(
    await counter(
      [
        [9, 1],
        [30, 2],
        [35, 4],
      ],
      { lookback: s(20) },
    ),
  ).toEqual([[s(30), 2, 0.4]]);
  expect(
    await counter(
      [
        [10, 1],
        [30, 2],
        [35, 4],
      ],
      { lookback: s(20) },
    ),
  ).toEqual([[s(30), 3, 3 / 25]]);
});

test('a newer start is a reset, and a first sample whose start lies in the window counts from 0', async () => {
  expect(
    await counter([
      [5, 10, 0],
      [12, 20, 11],
    ]),
  ).toEqual([
    [0n, 10, 2],
    [s(10), 20, 20 / 7],
  ]);
});

test('a stale marker ends the series', async () => {
  expect(
    await counter([
      [1, 1],
      [2, 5],
      [3, 0, undefined, true],
      [12, 9],
      [14, 10],
    ]),
  ).toEqual([
    [0n, 4, 4],
    [s(10), 1, 0.5],
  ]);
});

test('behind a stale marker a counter that goes on is not counted from 0 again, one that began anew is', async () => {
  expect(
    await counter([
      [3, 5, 1],
      [4, 7, 1],
      [5, 0, undefined, true],
      [6, 9, 1],
      [8, 10, 1],
      [12, 3, 11],
      [13, 0, undefined, true],
      [16, 6, 14],
    ]),
  ).toEqual([
    [0n, 8, 8 / 7],
    [s(10), 9, 1.125],
  ]);
});

test('delta temporality is summed, and rate divides by the time covered', async () => {
  expect(
    await counter(
      [
        [4, 5],
        [8, 6],
        [12, 7],
      ],
      { delta: true },
    ),
  ).toEqual([
    [0n, 11, 11 / 8],
    [s(10), 7, 7 / 4],
  ]);
});

test('whole numbers stay whole', async () => {
  const columns: PlanColumn[] = [COLUMNS[0] as PlanColumn, { name: 'time', type: 'time' }, { name: 'value', type: 'int' }];
  const big = 2n ** 60n;
  const node = everyNode({
    input: pieces(columns),
    carry: [],
    aggregates: (['increase', 'delta', 'sum'] as const).map((f) => ({
      name: f,
      type: 'int',
      function: f,
      arguments: [columnReference('value', 'int')],
      where: undefined,
    })),
  });
  const rows = await run(node, {
    pieces: [
      batchFrom(columns, [
        ['a', s(1), big],
        ['a', s(2), big + 1n],
        ['a', s(3), 5n],
      ]),
    ],
  });
  expect(rows).toEqual([['a', 0n, 6n, 5n - big, 2n * big + 6n]]);
});

test('a group whose aggregates are all missing has a row where it is to be whole', async () => {
  const rows = [toRow({ key: 'a', time: s(12), value: null, start: null, stale: false })];
  const node = (whole: boolean): Every => everyNode({ aggregates: [aggregate('avg')], carry: [], whole });
  expect(await run(node(false), { pieces: [batchFrom(COLUMNS, rows)] })).toEqual([]);
  expect(await run(node(true), { pieces: [batchFrom(COLUMNS, rows)] })).toEqual([['a', s(10), null]]);
});

const dayNode = (bucket: Bucket, from: string, to: string): Every =>
  everyNode({ bucket, from: at(from), to: at(to), aggregates: [aggregate('count', 'int')], carry: [] });
const at = (text: string): bigint => BigInt(Date.parse(text)) * 1_000_000n;

test('calendar buckets follow the clock on the wall', async () => {
  const rows = ['2026-03-28T22:59:59Z', '2026-03-28T23:00:00Z', '2026-03-29T21:59:59Z', '2026-03-29T22:00:00Z'].map((t) =>
    toRow({ key: 'a', time: at(t), value: 1, start: null, stale: false }),
  );
  const day = dayNode({ kind: 'calendar', unit: 'day', count: 1, zone: 'Europe/Berlin' }, '2026-03-28T12:00:00Z', '2026-03-30T12:00:00Z');
  expect(await run(day, { pieces: [batchFrom(COLUMNS, rows)] })).toEqual([
    ['a', at('2026-03-27T23:00:00Z'), 1n],
    ['a', at('2026-03-28T23:00:00Z'), 2n],
    ['a', at('2026-03-29T22:00:00Z'), 1n],
  ]);
  const week = dayNode({ kind: 'calendar', unit: 'week', count: 1, zone: 'Europe/Berlin' }, '2026-03-28T12:00:00Z', '2026-03-30T12:00:00Z');
  expect(await run(week, { pieces: [batchFrom(COLUMNS, rows)] })).toEqual([
    ['a', at('2026-03-22T23:00:00Z'), 3n],
    ['a', at('2026-03-29T22:00:00Z'), 1n],
  ]);
});

test('all is one bucket, the whole range, without time', async () => {
  const rows = [5, 15, 59, 60].map((t) => toRow({ key: 'a', time: s(t), value: t, start: null, stale: false }));
  const node = everyNode({ bucket: { kind: 'all' }, from: s(10), carry: [], aggregates: [aggregate('sum'), aggregate('increase')] });
  expect(await run(node, { pieces: [batchFrom(COLUMNS, rows)] })).toEqual([['a', 74, 54]]);
});
