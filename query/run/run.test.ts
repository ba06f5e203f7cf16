// A whole plan at work: order of sides, stopping, limits, and scans from memory.
import { expect, test } from 'vitest';
import { INT32 } from '../../core/batch/batch.ts';
import { batchOf, columnFrom } from '../../core/batch/build.ts';
import { hasCode } from '../../core/errors.ts';
import { processes } from '../../schemas/catalogue.ts';
import { call, columnReference, literal } from '../3-plan/expression.ts';
import type { PlanColumn, PlanNode, Scan, Union } from '../3-plan/nodes.ts';
import { Budget } from './budget.ts';
import { runPlan } from './run.ts';
import { inline, run, testEnvironment } from './testing/environment.ts';

const X: readonly PlanColumn[] = [{ name: 'x', type: 'int' }];
const numbers = (from: number, to: number): PlanNode =>
  inline(
    X,
    Array.from({ length: to - from }, (_, i) => [BigInt(from + i)]),
  );

test('filter, project, sort, limit', async () => {
  const x = columnReference('x', 'int');
  const filter: PlanNode = { node: 'filter', input: numbers(0, 100), predicate: call('less', 'bool', x, literal('int', 50n)), columns: X };
  const project: PlanNode = { node: 'project', input: filter, values: [call('multiply', 'int', x, x)], columns: X };
  const sort: PlanNode = { node: 'order', input: project, keys: [{ column: 'x', descending: true }], count: 2, per: [], columns: X };
  expect(await run(sort)).toEqual([[2401n], [2304n]]);
});

test('union fills columns that an input lacks', async () => {
  const both: PlanColumn[] = [{ name: 'y', type: 'string' }, ...X];
  const union: Union = { node: 'union', inputs: [numbers(0, 1), inline(both, [['a', 7n]])], columns: both };
  expect(await run(union)).toEqual([
    [null, 0n],
    ['a', 7n],
  ]);
});

const endless = (columns: readonly PlanColumn[]): Scan => ({ node: 'scan', dataset: processes, columns, range: undefined, before: 0n, filter: undefined });

test('a run that is stopped rejects, also in the middle of a long input', async () => {
  const stop = new AbortController();
  const env = testEnvironment({
    signal: stop.signal,
    scan: async function* () {
      for (let i = 0; ; i++) {
        if (i === 3) stop.abort();
        yield batchOf([['x', columnFrom(INT32, [1])]]);
      }
    },
  });
  const count: PlanNode = {
    node: 'aggregate',
    input: endless(X),
    keys: [],
    aggregates: [{ name: 'n', type: 'int', function: 'count', arguments: [], where: undefined }],
    time: undefined,
    order: [],
    columns: [{ name: 'n', type: 'int' }],
  };
  await expect(runPlan(count, env)).rejects.toSatisfy((e) => hasCode(e, 'iql.cancelled'));
});

test('others have their turn while a long input is worked on', async () => {
  let turns = 0;
  const timer = setInterval(() => turns++, 1);
  const latest = performance.now() + 20_000;
  const env = testEnvironment({
    scan: async function* () {
      while (turns < 3 && performance.now() < latest) yield batchOf([['x', columnFrom(INT32, [1])]]);
    },
  });
  await runPlan({ node: 'order', input: endless(X), keys: [{ column: 'x', descending: false }], count: undefined, per: [], columns: X }, env);
  clearInterval(timer);
  expect(turns).toBeGreaterThanOrEqual(3);
});

test.each<[string, PlanNode]>([
  ['sort', { node: 'order', input: numbers(0, 1000), keys: [{ column: 'x', descending: false }], count: undefined, per: [], columns: X }],
  [
    'groups',
    {
      node: 'aggregate',
      input: numbers(0, 1000),
      keys: ['x'],
      aggregates: [{ name: 'n', type: 'int', function: 'count', arguments: [], where: undefined }],
      time: undefined,
      order: [],
      columns: [...X, { name: 'n', type: 'int' }],
    },
  ],
  [
    'values kept',
    {
      node: 'aggregate',
      input: numbers(0, 1000),
      keys: [],
      aggregates: [{ name: 'q', type: 'float', function: 'quantile', arguments: [columnReference('x', 'int'), literal('float', 0.5)], where: undefined }],
      time: undefined,
      order: [],
      columns: [{ name: 'q', type: 'float' }],
    },
  ],
  [
    'right side',
    { node: 'join', kind: 'semi', left: numbers(0, 1), right: numbers(0, 1000), on: [{ left: 'x', right: 'x' }], within: undefined, take: [], columns: X },
  ],
])('what is kept is limited: %s', async (_, plan) => {
  await expect(run(plan, {}, testEnvironment({ budget: new Budget({ rows: 500, bytes: 1e9 }) }))).rejects.toSatisfy((e) => hasCode(e, 'iql.too-many-rows'));
  await expect(run(plan, {}, testEnvironment({ budget: new Budget({ rows: 1e9, bytes: 2000 }) }))).rejects.toSatisfy((e) => hasCode(e, 'iql.too-many-bytes'));
});
