// What bounds a run: others have their turn while it works, it ends when it is stopped, and all runs together hold no more than the pool.
import { expect, test } from 'vitest';
import { hasCode } from '../../core/errors.ts';
import { staticCatalogue } from '../2-semantic/catalogue.ts';
import type { PlanNode } from '../3-plan/nodes.ts';
import type { PlanRequest } from '../3-plan/request.ts';
import { ALL_ROWS } from '../3-plan/rights.ts';
import { check, plan } from '../compile.ts';
import { Budget, Pool } from './budget.ts';
import { runPlan } from './run.ts';
import { batchFrom, pieces, rowsIn, run, testEnvironment } from './testing/environment.ts';

const MINUTE = 60_000_000_000n;
const REQUEST: PlanRequest = { at: 0n, from: 0n, to: 0n, zone: 'UTC', parameters: new Map(), rights: ALL_ROWS, completeTo: 0n, notice: () => {} };
const inlinePlan = (text: string): PlanNode => plan(check(text, staticCatalogue([])), REQUEST).plan;

/** Series with one row each, whose gaps are many. */
const manySeries = (series: number, buckets: number): { readonly plan: PlanNode; readonly leaf: ReturnType<typeof batchFrom> } => {
  const columns = [{ name: 'time', type: 'time' } as const, { name: 'host', type: 'string' } as const, { name: 'value', type: 'float' } as const];
  const leaf = batchFrom(
    columns,
    Array.from({ length: series }, (_, i) => [BigInt(i % buckets) * MINUTE, `host-${i}`, i]),
  );
  const fill: PlanNode = {
    node: 'fill',
    input: pieces(columns),
    keys: ['host'],
    carry: [],
    bucket: { kind: 'fixed', nanos: MINUTE },
    from: 0n,
    to: BigInt(buckets) * MINUTE,
    values: ['value'],
    method: 'missing',
    columns,
  };
  const count: PlanNode = {
    node: 'aggregate',
    input: fill,
    keys: [],
    aggregates: [{ name: 'n', type: 'int', function: 'count', arguments: [], where: undefined }],
    columns: [{ name: 'n', type: 'int' }],
    time: undefined,
    order: [],
  };
  return { plan: count, leaf };
};

/** How often something else had its turn while `work` went on. */
const turnsDuring = async (work: () => Promise<unknown>): Promise<number> => {
  let turns = 0;
  let going = true;
  const others = (async () => {
    while (going) {
      await new Promise((resolve) => setTimeout(resolve, 1));
      turns++;
    }
  })();
  try {
    await work();
  } finally {
    going = false;
    await others;
  }
  return turns;
};

test('filling the gaps of 20,000 series lets others have their turn, and holds only what came in', async () => {
  const { plan: whole, leaf } = manySeries(20_000, 180);
  const env = testEnvironment({ budget: new Budget({ rows: 30_000, bytes: 16 << 20 }) });
  let rows: unknown;
  const turns = await turnsDuring(async () => {
    rows = await run(whole, { pieces: [leaf] }, env);
  });
  expect(rows).toEqual([[3_600_000n]]);
  expect(turns).toBeGreaterThan(5);
});

test('a run that fills gaps ends when it is stopped', async () => {
  const { plan: whole, leaf } = manySeries(50_000, 180);
  const stop = new AbortController();
  const running = run(whole, { pieces: [leaf] }, testEnvironment({ signal: stop.signal }));
  setTimeout(() => stop.abort(), 1);
  await expect(running).rejects.toSatisfy((e) => hasCode(e, 'iql.cancelled'));
});

test('costly expressions over many rows let others have their turn', async () => {
  const text = `data [${Array.from({ length: 40 }, (_, i) => `{a: "${'wx'.repeat(8)}${i}"}`).join(', ')}]
| set a = concat(a, a), a = concat(a, a), a = concat(a, a), a = concat(a, a), a = concat(a, a), a = concat(a, a), a = concat(a, a), a = concat(a, a)
| set b = replace_regex(a, r"([wx]{200}[^wx])+", "-") | select n = length(b)`;
  const turns = await turnsDuring(() => runPlan(inlinePlan(text), testEnvironment()));
  expect(turns).toBeGreaterThan(5);
});

test('a sort of many rows is the same as one at once, ties in the order they came in', async () => {
  const rows = Array.from({ length: 100_000 }, (_, i) => [BigInt((i * 7919) % 1009), BigInt(i)] as const);
  const columns = [{ name: 'k', type: 'int' } as const, { name: 'i', type: 'int' } as const];
  const sort: PlanNode = { node: 'order', input: pieces(columns), keys: [{ column: 'k', descending: false }], count: undefined, per: [], columns };
  const sorted = await run(sort, { pieces: [batchFrom(columns, rows)] });
  expect(sorted).toEqual(rows.toSorted((a, b) => Number(a[0] - b[0]) || Number(a[1] - b[1])));
});

test('runs together hold no more than the pool, and give back what they held', async () => {
  const pool = new Pool(100_000);
  const text = `data [${Array.from({ length: 200 }, (_, i) => `{a: "${'x'.repeat(100)}${i}"}`).join(', ')}] | set a = concat(a, a) | sort a`;
  const one = async (): Promise<number> => {
    const budget = new Budget(undefined, pool);
    return runPlan(inlinePlan(text), testEnvironment({ budget }))
      .then(
        (batches) => rowsIn(batches).length,
        (error: unknown) => {
          expect(hasCode(error, 'iql.no-memory')).toBe(true);
          return 0;
        },
      )
      .finally(() => budget.end());
  };
  expect(await one()).toBe(200);
  expect(pool.bytes).toBe(0);
  pool.bytes = 90_000;
  expect(await one()).toBe(0);
  expect(pool.bytes).toBe(90_000);
});
