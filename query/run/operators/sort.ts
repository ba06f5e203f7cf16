// Sort: all rows in a total order, ties in input order. Needs every row, so it emits at the end; with a limit it keeps only the first rows.
import { type Batch, columnOf } from '../../../core/batch/batch.ts';
import { concatBatches } from '../../../core/batch/concat.ts';
import { takeRows } from '../../../core/batch/take.ts';
import type { OrderKey, Sort } from '../../3-plan/nodes.ts';
import type { RunEnvironment } from '../environment.ts';
import { compareRowsBy } from '../row-order.ts';
import { batchBytes } from '../size.ts';
import type { Emit, Operator } from './operator.ts';

/** Row numbers in order. */
export const sortedRows = (batch: Batch, keys: readonly OrderKey[]): Int32Array => {
  const rows = Int32Array.from({ length: batch.length }, (_, i) => i);
  if (keys.length === 0) return rows;
  for (const key of keys) columnOf(batch, key.column);
  const compare = compareRowsBy(batch, keys);
  let isSorted = true;
  for (let i = 1; i < rows.length && isSorted; i++) isSorted = compare(i - 1, i) <= 0;
  return isSorted ? rows : rows.sort((a, b) => compare(a, b) || a - b);
};

/** Kept above a limit before the surplus is cut off. */
const SLACK = 32_768;

/** `limit`: only the first so many rows are wanted. */
export const sortOperator = (node: Sort, env: RunEnvironment, limit = Number.POSITIVE_INFINITY): Operator => {
  let kept: Batch[] = [];
  let rows = 0;
  let bytes = 0;
  const order = (): Batch | undefined => {
    if (rows === 0) return undefined;
    const all = concatBatches(kept);
    const places = sortedRows(all, node.keys);
    return takeRows(all, places.length > limit ? places.subarray(0, limit) : places);
  };
  const hold = (batch: Batch): void => {
    const size = batchBytes(batch);
    kept.push(batch);
    rows += batch.length;
    bytes += size;
    env.budget.take(batch.length, size);
  };
  const cut = (): Batch | undefined => {
    const best = order();
    env.budget.give(rows, bytes);
    kept = [];
    rows = 0;
    bytes = 0;
    return best;
  };
  return {
    push: (batch) => {
      if (batch.length === 0) return;
      hold(batch);
      if (rows <= limit * 2 + SLACK) return;
      const best = cut();
      if (best !== undefined) hold(best);
    },
    advance: () => {},
    end: (emit: Emit) => {
      const best = cut();
      if (best !== undefined && best.length > 0) emit(best);
    },
  };
};
