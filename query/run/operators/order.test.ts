// Sort and limit against naive ones: missing last either way, text by code point, levels, ties in input order; cuts never matter.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Value } from '../../../core/batch/batch.ts';
import type { Limit, OrderKey, PlanColumn, Sort } from '../../3-plan/nodes.ts';
import { batchFrom, cutBatch, cuts, pieces, type Row, run } from '../testing/environment.ts';

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
const sortNode = (by: readonly OrderKey[]): Sort => ({ node: 'sort', input: pieces(COLUMNS), keys: by, columns: COLUMNS });

test('sort', async () => {
  await fc.assert(
    fc.asyncProperty(rows, keys, cuts, async (list, by, at) => {
      expect(numbers(await run(sortNode(by), { pieces: cutBatch(batchFrom(COLUMNS, list), at) }))).toEqual(numbers(naiveSort(list, by)));
    }),
    { numRuns: 300 },
  );
});

test('a limit, of all and per key, after a sort and without one', async () => {
  await fc.assert(
    fc.asyncProperty(rows, keys, cuts, fc.nat(6), fc.subarray(['level', 'b']), fc.boolean(), async (list, by, at, count, per, sorts) => {
      const input = sorts ? sortNode(by) : pieces(COLUMNS);
      const node: Limit = { node: 'limit', input, count, per, columns: COLUMNS };
      const seen = new Map<string, number>();
      const wanted = (sorts ? naiveSort(list, by) : list).filter((row) => {
        const key = JSON.stringify(per.map((name) => row[COLUMNS.findIndex((c) => c.name === name)] ?? null));
        seen.set(key, (seen.get(key) ?? 0) + 1);
        return (seen.get(key) as number) <= count;
      });
      expect(numbers(await run(node, { pieces: cutBatch(batchFrom(COLUMNS, list), at) }))).toEqual(numbers(wanted));
    }),
    { numRuns: 300 },
  );
});

test('a sort below a limit keeps few rows', async () => {
  const list = Array.from({ length: 100_000 }, (_, i): Row => [BigInt((i * 7919) % 100_003), null, null, null, null, null, BigInt(i)]);
  const node: Limit = { node: 'limit', input: sortNode([{ column: 'i', descending: true }]), count: 3, per: [], columns: COLUMNS };
  const batch = batchFrom(COLUMNS, list);
  const got = await run(node, {
    pieces: cutBatch(
      batch,
      [0.2, 0.4, 0.6, 0.8].map((share) => [share, false]),
    ),
  });
  expect(numbers(got)).toEqual(numbers(naiveSort(list, [{ column: 'i', descending: true }]).slice(0, 3)));
});
