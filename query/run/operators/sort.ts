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

/** Rows sorted, merged or given out before others have their turn. */
const STEP_ROWS = 32_768;

/** As `sortedRows`: stretches are sorted one by one and then merged. */
function* sortedInSteps(batch: Batch, keys: readonly OrderKey[]): Generator<void, Int32Array> {
  if (batch.length <= STEP_ROWS) return sortedRows(batch, keys);
  const compare = compareRowsBy(batch, keys);
  let rows = Int32Array.from({ length: batch.length }, (_, i) => i);
  for (let from = 0; from < rows.length; from += STEP_ROWS) {
    rows.subarray(from, from + STEP_ROWS).sort((a, b) => compare(a, b) || a - b);
    yield;
  }
  let other = new Int32Array(rows.length);
  for (let size = STEP_ROWS; size < rows.length; size *= 2) {
    for (let from = 0; from < rows.length; from += size * 2) yield* merged(rows, other, from, size, compare);
    [rows, other] = [other, rows];
  }
  return rows;
}

/** Two neighbouring stretches of `size` rows from `from` on, as one stretch of `out`. */
function* merged(rows: Int32Array, out: Int32Array, from: number, size: number, compare: (a: number, b: number) => number): Generator<void, void> {
  const middle = Math.min(rows.length, from + size);
  const end = Math.min(rows.length, middle + size);
  let [left, right] = [from, middle];
  for (let at = from; at < end; at++) {
    const isLeft = right >= end || (left < middle && compare(rows[left] as number, rows[right] as number) <= 0);
    out[at] = rows[isLeft ? left++ : right++] as number;
    if ((at & (STEP_ROWS - 1)) === 0) yield;
  }
}

/** Kept above a limit before the surplus is cut off. */
const SLACK = 32_768;

/** `limit`: only the first so many rows are wanted. */
export const sortOperator = (node: Sort, env: RunEnvironment, limit = Number.POSITIVE_INFINITY): Operator => {
  let kept: Batch[] = [];
  let rows = 0;
  let bytes = 0;
  const hold = (batch: Batch): void => {
    const size = batchBytes(batch);
    kept.push(batch);
    rows += batch.length;
    bytes += size;
    env.budget.take(batch.length, size);
  };
  /** What was held, which it is no longer. */
  const all = (): Batch => {
    const held = concatBatches(kept);
    env.budget.give(rows, bytes);
    kept = [];
    rows = 0;
    bytes = 0;
    return held;
  };
  return {
    push: (batch) => {
      if (batch.length === 0) return;
      hold(batch);
      if (rows <= limit * 2 + SLACK) return;
      const held = all();
      hold(takeRows(held, sortedRows(held, node.keys).subarray(0, limit)));
    },
    advance: () => {},
    *end(emit: Emit) {
      if (rows === 0) return;
      const held = all();
      const places = yield* sortedInSteps(held, node.keys);
      const count = Math.min(places.length, limit);
      for (let from = 0; from < count; from += STEP_ROWS) {
        emit(takeRows(held, places.subarray(from, Math.min(count, from + STEP_ROWS))));
        yield;
      }
    },
  };
};
