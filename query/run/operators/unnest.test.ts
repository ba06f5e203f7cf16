// A row for each item against a naive one, however the input is cut; of many items no piece is larger than others are.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { PlanColumn, Table } from '../../3-plan/nodes.ts';
import { planType } from '../../3-plan/physical.ts';
import { runPlan } from '../run.ts';
import { batchFrom, cutBatch, cuts, inline, pieces, type Row, run, testEnvironment } from '../testing/environment.ts';

const COLUMNS: readonly PlanColumn[] = [
  { name: 'k', type: 'string' },
  { name: 'l', type: planType('list', 'int') },
];
const node = (input: Table['input'], columns?: readonly PlanColumn[]): Table => ({
  node: 'table',
  input,
  function: { name: 'unnest', list: 'l', place: '#item' },
  reads: ['l'],
  columns: columns ?? [
    { name: 'k', type: 'string' },
    { name: 'l', type: 'int' },
    { name: '#item', type: 'int' },
  ],
});

const item = fc.option(fc.bigInt({ min: -3n, max: 3n }), { nil: null });
const rows = fc.array(
  fc.tuple(fc.option(fc.constantFrom('a', 'b'), { nil: null }), fc.option(fc.array(item, { maxLength: 4 }), { nil: null })).map((r): Row => r),
  { maxLength: 20 },
);

test('each item, with its place and what stands beside the list', async () => {
  await fc.assert(
    fc.asyncProperty(rows, cuts, async (list, at) => {
      const wanted = list.flatMap(([k, l]): Row[] => {
        const items = (l ?? []) as readonly (bigint | null)[];
        return items.length === 0 ? [[k ?? null, null, null]] : items.map((i, place) => [k ?? null, i, BigInt(place)]);
      });
      expect(await run(node(pieces(COLUMNS)), { pieces: cutBatch(batchFrom(COLUMNS, list), at) })).toEqual(wanted);
    }),
    { numRuns: 300 },
  );
});

test('lists of many items come in pieces, of the columns that are wanted', async () => {
  const long = Array.from({ length: 100_000 }, (_, i) => BigInt(i));
  const columns: readonly PlanColumn[] = [{ name: 'l', type: 'int' }];
  const batches = await runPlan(
    node(
      inline(COLUMNS, [
        ['a', long],
        ['b', long],
      ]),
      columns,
    ),
    testEnvironment(),
  );
  expect(Math.max(...batches.map((b) => b.length))).toBeLessThan(100_000);
  expect(batches.reduce((n, b) => n + b.length, 0)).toBe(200_000);
  expect(batches.every((b) => b.columns.length === 1)).toBe(true);
});
