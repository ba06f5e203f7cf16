// Order and the first rows against naive ones: missing last either way, text by code point, levels, ties in input order; cuts never matter.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Value } from '../../../core/batch/batch.ts';
import type { Order, OrderKey, PlanColumn } from '../../3-plan/nodes.ts';
import { Budget } from '../budget.ts';
import { batchFrom, cutBatch, cuts, pieces, type Row, run, testEnvironment } from '../testing/environment.ts';

const LEVELS = ['info', 'warn', 'error'];
const COLUMNS: readonly PlanColumn[] = [
  { name: 'i', type: 'int' },
  { name: 'f', type: 'float' },
  { name: 's', type: 'string' },
  { name: 't', type: 'time' },
  { name: 'b', type: 'bool' },
  { name: 'level', type: 'string' },
  { name: 'row', type: 'int' },
];
const maybe = <T>(a: fc.Arbitrary<T>): fc.Arbitrary<T | null> => fc.option(a, { freq: 5, nil: null });
const rows = fc
  .array(
    fc.tuple(
      maybe(fc.oneof(fc.bigInt(-2n, 2n), fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }))),
      maybe(fc.oneof(fc.constantFrom(0, -0, 1), fc.double({ noNaN: true, noDefaultInfinity: true }))),
      maybe(fc.oneof(fc.constantFrom('a', 'ab', '', '\uffff', '\u{10000}'), fc.string({ unit: 'grapheme', maxLength: 4 }))),
      maybe(fc.bigInt(0n, 5n)),
      maybe(fc.boolean()),
      maybe(fc.constantFrom(...LEVELS, 'loud')),
    ),
    { maxLength: 60 },
  )
  .map((list) => list.map((row, i): Row => [...row, BigInt(i)]));
const keys = fc.array(
  fc
    .tuple(fc.constantFrom('i', 'f', 's', 't', 'b', 'level'), fc.boolean())
    .map(([column, descending]): OrderKey => (column === 'level' ? { column, descending, levels: LEVELS } : { column, descending })),
  { minLength: 1, maxLength: 3 },
);

const points = (s: string): number[] => [...s].map((c) => c.codePointAt(0) as number);
const naiveCompare = (a: Value, b: Value, levels: readonly string[] | undefined): number => {
  if (levels !== undefined) {
    const rank = (v: Value): number => (levels.includes(v as string) ? levels.indexOf(v as string) : levels.length);
    if (rank(a) !== rank(b)) return rank(a) - rank(b);
  }
  if (typeof a === 'string') {
    const [x, y] = [points(a), points(b as string)];
    for (let i = 0; i < Math.min(x.length, y.length); i++) if (x[i] !== y[i]) return (x[i] as number) - (y[i] as number);
    return x.length - y.length;
  }
  return (a as number) < (b as number) ? -1 : (a as number) > (b as number) ? 1 : 0;
};
const naiveSort = (list: readonly Row[], by: readonly OrderKey[]): Row[] =>
  [...list].sort((a, b) => {
    for (const { column, descending, levels } of by) {
      const at = COLUMNS.findIndex((c) => c.name === column);
      const [x, y] = [a[at] as Value, b[at] as Value];
      if (x === null || y === null) {
        if (x !== y) return x === null ? 1 : -1;
        continue;
      }
      const d = naiveCompare(x, y, levels);
      if (d !== 0) return descending ? -d : d;
    }
    return 0;
  });

const numbers = (list: readonly Row[]): Value[] => list.map((r) => r.at(-1) as Value);
const orderNode = (by: readonly OrderKey[], count?: number, per: readonly string[] = []): Order => ({
  node: 'order',
  input: pieces(COLUMNS),
  keys: by,
  count,
  per,
  columns: COLUMNS,
});
const naiveFirst = (list: readonly Row[], count: number, per: readonly string[]): readonly Row[] => {
  const seen = new Map<string, number>();
  return list.filter((row) => {
    const key = JSON.stringify(per.map((name) => row[COLUMNS.findIndex((c) => c.name === name)] ?? null));
    seen.set(key, (seen.get(key) ?? 0) + 1);
    return (seen.get(key) as number) <= count;
  });
};

test('order', async () => {
  await fc.assert(
    fc.asyncProperty(rows, keys, cuts, async (list, by, at) => {
      expect(numbers(await run(orderNode(by), { pieces: cutBatch(batchFrom(COLUMNS, list), at) }))).toEqual(numbers(naiveSort(list, by)));
    }),
    { numRuns: 300 },
  );
});

test('the first rows, of all and per key', async () => {
  await fc.assert(
    fc.asyncProperty(rows, keys, cuts, fc.nat(6), fc.subarray(['level', 'b']), fc.boolean(), async (list, by, at, count, per, sorts) => {
      const wanted = naiveFirst(sorts ? naiveSort(list, by) : list, count, per);
      expect(numbers(await run(orderNode(sorts ? by : [], count, per), { pieces: cutBatch(batchFrom(COLUMNS, list), at) }))).toEqual(numbers(wanted));
    }),
    { numRuns: 300 },
  );
});

test.each<[string, readonly string[], number]>([
  ['all', [], 3],
  ['each level', ['level'], 1],
  ['each level', ['level'], 40],
])('where only the first rows of %s are wanted few are kept', async (_, per, count) => {
  const levels = [...LEVELS, 'loud', null];
  const list = Array.from({ length: 300_000 }, (_, i): Row => [BigInt((i * 7919) % 300_007), null, null, null, null, levels[i % 5] ?? null, BigInt(i)]);
  const batch = batchFrom(COLUMNS, list);
  const by = [{ column: 'i', descending: true }];
  const env = testEnvironment({ budget: new Budget({ rows: 100_000, bytes: 1e9 }) });
  const shares = Array.from({ length: 29 }, (_, i): readonly [number, boolean] => [(i + 1) / 30, false]);
  const got = await run(orderNode(by, count, per), { pieces: cutBatch(batch, shares) }, env);
  expect(numbers(got)).toEqual(numbers(naiveFirst(naiveSort(list, by), count, per)));
});
