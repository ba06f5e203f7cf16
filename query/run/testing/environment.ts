// What tests of the run share: an environment with the real functions, rows in and out as plain values, and inputs cut at random.
import fc from 'fast-check';
import { type Batch, type Value, valueAt } from '../../../core/batch/batch.ts';
import { batchOf, columnFrom } from '../../../core/batch/build.ts';
import { sliceBatch } from '../../../core/batch/take.ts';
import type { Inline, PlanColumn, PlanNode, Scan } from '../../3-plan/nodes.ts';
import { physicalType } from '../../3-plan/physical.ts';
import { RUN_FUNCTIONS } from '../../functions/run/functions.ts';
import { Budget } from '../budget.ts';
import { conform } from '../conform.ts';
import type { RunEnvironment } from '../environment.ts';
import { runPlan } from '../run.ts';

export interface TestEnvironment extends RunEnvironment {
  /** Results counted as not representable. */
  readonly lost: () => number;
}

export const testEnvironment = (changes: Partial<RunEnvironment> = {}): TestEnvironment => {
  let lost = 0;
  return {
    functions: RUN_FUNCTIONS,
    scan: async function* () {},
    budget: new Budget(),
    warn: (_, count) => {
      lost += count;
    },
    lost: () => lost,
    ...changes,
  };
};

export type Row = readonly Value[];

export const batchFrom = (columns: readonly PlanColumn[], rows: readonly Row[]): Batch =>
  rows.length === 0 && columns.length === 0
    ? { length: 0, fields: [], columns: [] }
    : batchOf(
        columns.map((c, i) => [
          c.name,
          columnFrom(
            physicalType(c.type),
            rows.map((row) => row[i] as Value),
          ),
        ]),
      );

export const inline = (columns: readonly PlanColumn[], rows: readonly Row[]): Inline => ({ node: 'inline', columns, batch: batchFrom(columns, rows) });

export const rowsIn = (batches: readonly Batch[]): Row[] =>
  batches.flatMap((b) => Array.from({ length: b.length }, (_, i) => b.columns.map((c) => valueAt(c, i))));

/** A node whose rows come in the batches given, for a plan's leaf; answered by `cutEnvironment`. */
export const pieces = (columns: readonly PlanColumn[]): Scan => ({
  node: 'scan',
  columns,
  dataset: { name: 'pieces', description: '', role: 'columns', table: '', shape: 'rows', key: [], columns: [] },
  range: undefined,
  before: 0n,
  filter: undefined,
});

/** Text columns as dictionaries, as stores send labels. */
export const withDictionaries = (batch: Batch): Batch => ({
  ...batch,
  columns: batch.columns.map((column) => {
    if (column.layout !== 'text') return column;
    return {
      layout: 'dictionary',
      type: column.type,
      length: column.length,
      validity: column.validity,
      indices: Int32Array.from({ length: column.length }, (_, i) => i),
      dictionary: { ...column, validity: undefined },
    };
  }),
});

/** Places at which to cut, as shares of the length, and whether each piece has dictionaries. */
export const cuts = fc.array(fc.tuple(fc.double({ min: 0, max: 1, noNaN: true }), fc.boolean()), { maxLength: 5 });

export const cutBatch = (batch: Batch, at: readonly (readonly [number, boolean])[]): Batch[] => {
  const places = at.map(([share, flag]) => [Math.floor(share * (batch.length + 1)), flag] as const).sort((a, b) => a[0] - b[0]);
  const out: Batch[] = [];
  let from = 0;
  for (const [to, flag] of [...places, [batch.length, false] as const]) {
    const piece = sliceBatch(batch, from, Math.min(to, batch.length));
    out.push(flag ? withDictionaries(piece) : piece);
    from = Math.min(to, batch.length);
  }
  return out;
};

/** Runs a plan; scans answer with these batches, by dataset name. */
export const run = async (
  plan: PlanNode,
  leaves: Readonly<Record<string, readonly Batch[]>> = {},
  env: TestEnvironment = testEnvironment(),
): Promise<Row[]> => {
  const batches = await runPlan(plan, {
    ...env,
    scan: async function* (scan) {
      for (const batch of leaves[scan.dataset.name] ?? []) yield conform(batch, scan.columns, env);
    },
  });
  return rowsIn(batches);
};
