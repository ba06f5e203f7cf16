// Gaps of bucketed data: missing over the whole range, previous and linear between a key's first and last value.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Fill, PlanColumn } from '../../3-plan/nodes.ts';
import { planType } from '../../3-plan/physical.ts';
import { batchFrom, cutBatch, cuts, pieces, type Row, run } from '../testing/environment.ts';

const COLUMNS: readonly PlanColumn[] = [
  { name: 'k', type: 'string' },
  { name: 'label', type: 'string' },
  { name: 'time', type: 'time' },
  { name: 'f', type: 'float' },
  { name: 'n', type: 'int' },
  { name: 'note', type: 'string' },
];
const node = (method: Fill['method'], changes: Partial<Fill> = {}): Fill => ({
  node: 'fill',
  input: pieces(COLUMNS),
  keys: ['k'],
  carry: ['label'],
  bucket: { kind: 'fixed', nanos: 10n },
  from: 5n,
  to: 50n,
  values: ['f', 'n'],
  method,
  columns: COLUMNS,
  ...changes,
});
const row = (k: string, time: bigint, f: number | null, n: bigint | null = null): Row => [k, `label ${k}`, time, f, n, 'as it was'];
const ROWS = [row('b', 30n, 4, 1n), row('a', 10n, 1), row('b', 0n, 1, 4n), row('a', 20n, null)];
const compact = (rows: readonly Row[]): unknown[] =>
  rows.map((r) => [r[0], r[1], Number(r[2]), r[3], r[4] === null ? null : Number(r[4]), r[5] === null ? 0 : 1]);

test('missing: every bucket of the range, the one that holds its start included', async () => {
  expect(compact(await run(node('missing'), { pieces: [batchFrom(COLUMNS, ROWS)] }))).toEqual([
    ['b', 'label b', 0, 1, 4, 1],
    ['b', 'label b', 10, null, null, 0],
    ['b', 'label b', 20, null, null, 0],
    ['b', 'label b', 30, 4, 1, 1],
    ['b', 'label b', 40, null, null, 0],
    ['a', 'label a', 0, null, null, 0],
    ['a', 'label a', 10, 1, null, 1],
    ['a', 'label a', 20, null, null, 1],
    ['a', 'label a', 30, null, null, 0],
    ['a', 'label a', 40, null, null, 0],
  ]);
});

test('zeros: what an aggregate gives of nothing; rows that are there stay as they are, also beyond the end', async () => {
  const columns: readonly PlanColumn[] = [...COLUMNS, { name: 'list', type: planType('list') }];
  const rows: readonly Row[] = [
    [...row('b', 30n, null, 1n), null],
    [...row('b', 50n, 2), ['x']],
  ];
  const zeros = node('zeros', { input: pieces(columns), columns, to: 40n, values: ['n', 'list'] });
  expect((await run(zeros, { pieces: [batchFrom(columns, rows)] })).map((r) => [r[0], r[2], r[3], r[4], r[6]])).toEqual([
    ['b', 0n, null, 0n, []],
    ['b', 10n, null, 0n, []],
    ['b', 20n, null, 0n, []],
    ['b', 30n, null, 1n, null],
    ['b', 50n, 2, null, ['x']],
  ]);
});

test('zeros without keys: the one group is always there', async () => {
  const columns = COLUMNS.filter(({ name }) => name === 'time' || name === 'n');
  const alone = node('zeros', { input: pieces(columns), columns, keys: [], carry: [], values: ['n'], to: 20n });
  expect(await run(alone)).toEqual([
    [0n, 0n],
    [10n, 0n],
  ]);
  const count = columns.filter(({ name }) => name === 'n');
  const all = { ...alone, input: pieces(count), columns: count, bucket: { kind: 'all' } as const };
  expect(await run(all)).toEqual([[0n]]);
  expect(await run({ ...all, to: 5n })).toEqual([]);
});

test('previous; nothing is made up beyond the last value', async () => {
  expect(compact(await run(node('previous'), { pieces: [batchFrom(COLUMNS, ROWS)] }))).toEqual([
    ['b', 'label b', 0, 1, 4, 1],
    ['b', 'label b', 10, 1, 4, 0],
    ['b', 'label b', 20, 1, 4, 0],
    ['b', 'label b', 30, 4, 1, 1],
    ['a', 'label a', 10, 1, null, 1],
    ['a', 'label a', 20, null, null, 1],
  ]);
});

test('linear; nothing is made up beyond the last value', async () => {
  expect(compact(await run(node('linear'), { pieces: [batchFrom(COLUMNS, ROWS)] }))).toEqual([
    ['b', 'label b', 0, 1, 4, 1],
    ['b', 'label b', 10, 2, 3, 0],
    ['b', 'label b', 20, 3, 2, 0],
    ['b', 'label b', 30, 4, 1, 1],
    ['a', 'label a', 10, 1, null, 1],
    ['a', 'label a', 20, null, null, 1],
  ]);
});

test('without keys and without a row the whole range is missing', async () => {
  const got = await run(node('missing', { keys: [], carry: [] }));
  expect(got.map((r) => r[2])).toEqual([0n, 10n, 20n, 30n, 40n]);
});

test('calendar buckets', async () => {
  const at = (text: string): bigint => BigInt(Date.parse(text)) * 1_000_000n;
  const days = node('missing', {
    bucket: { kind: 'calendar', unit: 'day', count: 1, zone: 'Europe/Berlin' },
    from: at('2026-10-24T12:00:00Z'),
    to: at('2026-10-26T12:00:00Z'),
  });
  const got = await run(days, { pieces: [batchFrom(COLUMNS, [row('a', at('2026-10-24T22:00:00Z'), 1)])] });
  expect(got.map((r) => r[2])).toEqual([at('2026-10-23T22:00:00Z'), at('2026-10-24T22:00:00Z'), at('2026-10-25T23:00:00Z')]);
});

test('cuts never matter', async () => {
  const rows = fc.uniqueArray(fc.tuple(fc.constantFrom('a', 'b'), fc.integer({ min: 0, max: 4 }), fc.option(fc.integer({ min: 0, max: 9 }))), {
    selector: ([k, t]) => `${k}${t}`,
  });
  await fc.assert(
    fc.asyncProperty(rows, cuts, fc.constantFrom<Fill['method']>('missing', 'zeros', 'previous', 'linear'), async (list, at, method) => {
      const batch = batchFrom(
        COLUMNS,
        list.map(([k, t, v]) => row(k, BigInt(t * 10), v)),
      );
      expect(await run(node(method), { pieces: cutBatch(batch, at) })).toEqual(await run(node(method), { pieces: [batch] }));
    }),
    { numRuns: 100 },
  );
});
