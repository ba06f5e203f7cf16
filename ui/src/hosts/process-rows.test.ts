// The tree of processes: whatever the parents say, each process stands once, behind its parent.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Column, Value } from '../data/types.ts';
import { flatRows, treeRows } from './process-rows.ts';

const column = (name: string, type: string, values: readonly Value[]): Column => ({ name, type, unit: null, values });
const processes = (rows: readonly (readonly [pid: number, parent: number, cpu: number])[]) => ({
  columns: [
    column(
      'pid',
      'int',
      rows.map(([pid]) => pid),
    ),
    column(
      'parent',
      'int',
      rows.map(([, parent]) => parent),
    ),
    column(
      'cpu',
      'float',
      rows.map(([, , cpu]) => cpu),
    ),
  ],
});

test('children stand behind their parent, the busiest first', () => {
  const found = processes([
    [1, 0, 0.1],
    [10, 1, 0.2],
    [11, 1, 0.9],
    [20, 10, 0.5],
    [99, 7, 0.95],
  ]);
  const tree = treeRows(found, '-cpu').map(({ at, depth }) => [found.columns[0]?.values[at], depth]);
  expect(tree).toEqual([
    [99, 0],
    [1, 0],
    [11, 1],
    [10, 1],
    [20, 2],
  ]);
  expect(flatRows(found, '-cpu').map(({ at }) => found.columns[0]?.values[at])).toEqual([99, 11, 20, 10, 1]);
});

test('of any parents, rings and pids that stand twice too, each row is there once and no deeper than its parent by more than one', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.integer({ min: 1, max: 12 }), fc.integer({ min: 0, max: 12 }), fc.float({ noNaN: true })), { maxLength: 40 }), (rows) => {
      const tree = treeRows(processes(rows), '-cpu');
      expect(tree.map(({ at }) => at).sort((a, b) => a - b)).toEqual(rows.map((_, at) => at));
      for (const [i, { depth }] of tree.entries()) expect(depth).toBeLessThanOrEqual(i === 0 ? 0 : (tree[i - 1]?.depth ?? 0) + 1);
    }),
  );
});

test('a chain as long as the list is walked without recursion', () => {
  const rows = Array.from({ length: 100_000 }, (_, i) => [i + 1, i, 0] as const);
  expect(treeRows(processes(rows), 'pid').at(-1)).toEqual({ at: 99_999, depth: 99_999 });
});

test('a ring as long as the list is walked once', () => {
  const rows = Array.from({ length: 100_000 }, (_, i) => [i + 1, i === 0 ? 100_000 : i, 0] as const);
  const tree = treeRows(processes(rows), 'pid');
  expect([tree.length, tree[0], tree.at(-1)]).toEqual([100_000, { at: 0, depth: 0 }, { at: 99_999, depth: 99_999 }]);
});

test('as many children of one parent as an answer has cost each one step, not a copy of all before it', () => {
  const rows = [[1, 0, 0] as const, ...Array.from({ length: 100_000 }, (_, i) => [i + 2, 1, i] as const)];
  const tree = treeRows(processes(rows), '-cpu');
  expect([tree.length, tree[1], tree.at(-1)]).toEqual([100_001, { at: 100_000, depth: 1 }, { at: 1, depth: 1 }]);
});
