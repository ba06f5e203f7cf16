// Aggregates across rows against naive ones, however the input is cut.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Value } from '../../../core/batch/batch.ts';
import { call, columnReference, literal } from '../../3-plan/expression.ts';
import type { Aggregate, AggregateCall, PlanColumn } from '../../3-plan/nodes.ts';
import { type PlanType, planType } from '../../3-plan/physical.ts';
import { batchFrom, cutBatch, cuts, pieces, type Row, run, testEnvironment } from '../testing/environment.ts';

const COLUMNS: readonly PlanColumn[] = [
  { name: 'k', type: 'string' },
  { name: 'g', type: 'int' },
  { name: 'time', type: 'time' },
  { name: 'f', type: 'float' },
  { name: 'i', type: 'int' },
  { name: 's', type: 'string' },
  { name: 'd', type: 'duration' },
];
const at = (name: string): number => COLUMNS.findIndex((c) => c.name === name);
const typeOf = (name: string): PlanType => (COLUMNS[at(name)] as PlanColumn).type;

const agg = (fn: AggregateCall['function'], column: string | undefined, type: PlanType, q?: number): AggregateCall => ({
  name: `${fn} ${column} ${q ?? ''}`,
  type,
  function: fn,
  arguments: [...(column === undefined ? [] : [columnReference(column, typeOf(column))]), ...(q === undefined ? [] : [literal('float', q)])],
  where: undefined,
});

const aggregateNode = (keys: readonly string[], aggregates: readonly AggregateCall[], time: string | undefined = 'time'): Aggregate => ({
  node: 'aggregate',
  input: pieces(COLUMNS),
  keys,
  aggregates,
  time,
  order: [],
  columns: [...keys.map((name) => ({ name, type: typeOf(name) })), ...aggregates.map((a) => ({ name: a.name, type: a.type }))],
});

const present = (rows: readonly Row[], column: string): Value[] => rows.flatMap((r) => (r[at(column)] === null ? [] : [r[at(column)] as Value]));
const nums = (values: readonly Value[]): number[] => values.map(Number);
const mean = (x: readonly number[]): number => x.reduce((a, b) => a + b, 0) / x.length;
const variance = (x: readonly number[]): number => mean(x.map((v) => (v - mean(x)) ** 2));
const type7 = (x: readonly number[], q: number): number => {
  const sorted = [...x].sort((a, b) => a - b);
  const h = (sorted.length - 1) * q;
  const [low, high] = [sorted[Math.floor(h)] as number, sorted[Math.ceil(h)] as number];
  return low + (h - Math.floor(h)) * (high - low);
};
const byTime = (rows: readonly Row[]): Row[] => {
  const rank = (r: Row): number => (r[at('time')] === null ? -1 : Number(r[at('time')]));
  return [...rows].sort((a, b) => rank(a) - rank(b));
};
const orNull = <T>(values: readonly unknown[], f: () => T): T | null => (values.length === 0 ? null : f());
const smallest = (values: readonly Value[], sign: number): Value => values.reduce((a, b) => (((b as number) < (a as number) ? -1 : 1) * sign > 0 ? b : a));

type Naive = (rows: readonly Row[]) => Value;
const CASES: readonly (readonly [AggregateCall, Naive])[] = [
  [agg('count', undefined, 'int'), (r) => BigInt(r.length)],
  [agg('count', 'f', 'int'), (r) => BigInt(present(r, 'f').length)],
  [agg('sum', 'f', 'float'), (r) => nums(present(r, 'f')).reduce((a, b) => a + b, 0)],
  [agg('sum', 'i', 'int'), (r) => present(r, 'i').reduce<bigint>((a, b) => a + (b as bigint), 0n)],
  [agg('sum', 'd', 'duration'), (r) => present(r, 'd').reduce<bigint>((a, b) => a + (b as bigint), 0n)],
  [agg('avg', 'f', 'float'), (r) => orNull(present(r, 'f'), () => mean(nums(present(r, 'f'))))],
  [agg('avg', 'i', 'float'), (r) => orNull(present(r, 'i'), () => mean(nums(present(r, 'i'))))],
  [agg('min', 'f', 'float'), (r) => orNull(present(r, 'f'), () => smallest(present(r, 'f'), -1))],
  [agg('max', 'i', 'int'), (r) => orNull(present(r, 'i'), () => smallest(present(r, 'i'), 1))],
  [agg('min', 's', 'string'), (r) => orNull(present(r, 's'), () => smallest(present(r, 's'), -1))],
  [agg('max', 's', 'string'), (r) => orNull(present(r, 's'), () => smallest(present(r, 's'), 1))],
  [agg('first', 's', 'string'), (r) => present(byTime(r), 's')[0] ?? null],
  [agg('last', 'f', 'float'), (r) => present(byTime(r), 'f').at(-1) ?? null],
  [agg('any', 'i', 'int'), (r) => present(byTime(r), 'i')[0] ?? null],
  [agg('variance', 'f', 'float'), (r) => orNull(present(r, 'f'), () => variance(nums(present(r, 'f'))))],
  [agg('stddev', 'i', 'float'), (r) => orNull(present(r, 'i'), () => Math.sqrt(variance(nums(present(r, 'i')))))],
  [agg('quantile', 'f', 'float', 0.95), (r) => orNull(present(r, 'f'), () => type7(nums(present(r, 'f')), 0.95))],
  [agg('quantile', 'i', 'float', 0.5), (r) => orNull(present(r, 'i'), () => type7(nums(present(r, 'i')), 0.5))],
  [agg('distinct_count', 's', 'int'), (r) => BigInt(new Set(present(r, 's')).size)],
  [agg('distinct_count', 'f', 'int'), (r) => BigInt(new Set(present(r, 'f')).size)],
  [agg('values', 's', planType('list')), (r) => [...new Set(present(r, 's') as string[])].sort()],
];

const maybe = <T>(a: fc.Arbitrary<T>): fc.Arbitrary<T | null> => fc.option(a, { freq: 5, nil: null });
const row = fc.tuple(
  maybe(fc.constantFrom('a', 'b', '')),
  maybe(fc.bigInt(0n, 1n)),
  maybe(fc.bigInt(0n, 5n)),
  maybe(
    fc.oneof(
      fc.constantFrom(0, -0),
      fc.integer({ min: -1000, max: 1000 }).map((n) => n / 8),
    ),
  ),
  maybe(fc.bigInt(-(2n ** 40n), 2n ** 40n)),
  maybe(fc.constantFrom('x', 'y', 'zz', 'ä', '')),
  maybe(fc.bigInt(-5n, 5n)),
);

const isNear = (a: Value | undefined, b: Value | undefined): boolean => {
  if (typeof a === 'number' && typeof b === 'number') return Math.abs(a - b) <= 1e-9 * Math.max(1, Math.abs(a), Math.abs(b));
  if (Array.isArray(a) && Array.isArray(b)) return a.length === b.length && a.every((v, i) => v === b[i]);
  return a === b;
};

test('every aggregate, by any keys', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(row, { maxLength: 40 }), fc.subarray(['k', 'g']), cuts, async (rows, keys, cut) => {
      const groups = new Map<string, Row[]>();
      if (keys.length === 0) groups.set('[]', []);
      for (const r of rows as Row[]) {
        const key = JSON.stringify(keys.map((k) => String(r[at(k)])));
        groups.set(key, [...(groups.get(key) ?? []), r]);
      }
      const wanted = [...groups.values()].map((own) => [...keys.map((k) => own[0]?.[at(k)] as Value), ...CASES.map(([, naive]) => naive(own))]);
      const node = aggregateNode(
        keys,
        CASES.map(([a]) => a),
      );
      const got = await run(node, { pieces: cutBatch(batchFrom(COLUMNS, rows as Row[]), cut) });
      const same = got.length === wanted.length && got.every((r, i) => r.every((v, k) => isNear(v, wanted[i]?.[k])));
      if (!same) expect(got).toEqual(wanted);
    }),
    { numRuns: 300 },
  );
});

const column = (values: readonly number[]): Row[] => values.map((v) => [null, null, null, v, null, null, null]);

test('quantiles are R’s type 7', async () => {
  // quantile(c(1, 2, 3, 4, 10, 15.5, 22), c(0, .1, .25, .5, .9, .99, 1)) in R
  const shares = [0, 0.1, 0.25, 0.5, 0.9, 0.99, 1];
  const node = aggregateNode(
    [],
    shares.map((q) => agg('quantile', 'f', 'float', q)),
  );
  const got = await run(node, { pieces: [batchFrom(COLUMNS, column([22, 1, 10, 3, 2, 15.5, 4]))] });
  const wanted = [1, 1.6, 2.5, 4, 18.1, 21.61, 22];
  for (const [i, v] of wanted.entries()) expect(got[0]?.[i]).toBeCloseTo(v, 10);
});

test('sums are compensated', async () => {
  const got = await run(aggregateNode([], [agg('sum', 'f', 'float')]), { pieces: [batchFrom(COLUMNS, column([1, 1e100, 1, -1e100]))] });
  expect(got).toEqual([[2]]);
});

test('sums of ints are exact, and beyond 64 bits missing and counted', async () => {
  const big = 2n ** 62n;
  const rows = (...values: bigint[]): Row[] => values.map((v) => [null, null, null, null, v, null, null]);
  const node = aggregateNode([], [agg('sum', 'i', 'int'), agg('avg', 'i', 'float')]);
  expect(await run(node, { pieces: [batchFrom(COLUMNS, rows(big, big, -big, 1n))] })).toEqual([[big + 1n, Number(big + 1n) / 4]]);
  const env = testEnvironment();
  expect((await run(node, { pieces: [batchFrom(COLUMNS, rows(big, big, 1n))] }, env))[0]?.[0]).toBeNull();
  expect(env.lost()).toBe(1);
});

test('a condition inside an aggregate, and groups that it leaves empty', async () => {
  const rows: Row[] = [
    ['a', null, null, 1, null, null, null],
    ['b', null, null, 9, null, null, null],
  ];
  const where = call('greater', 'bool', columnReference('f', 'float'), literal('float', 5));
  const node = aggregateNode(
    ['k'],
    [
      { ...agg('count', undefined, 'int'), where },
      { ...agg('sum', 'f', 'float'), where },
      { ...agg('max', 'f', 'float'), where },
    ],
  );
  expect(await run(node, { pieces: [batchFrom(COLUMNS, rows)] })).toEqual([
    ['a', 0n, 0, null],
    ['b', 1n, 9, 9],
  ]);
});
