// Order: rows in a total order, ties in input order, all of them or the first, of all or of each combination of `per`. Needs every row, so it
// emits at the end; what can no longer be among the first is let go on the way.
import { type Batch, columnOf } from '../../../core/batch/batch.ts';
import { concatBatches } from '../../../core/batch/concat.ts';
import { takeRows } from '../../../core/batch/take.ts';
import type { Order, OrderKey } from '../../3-plan/nodes.ts';
import type { RunEnvironment } from '../environment.ts';
import { KeyTable } from '../keys.ts';
import { compareRowsBy } from '../row-order.ts';
import { batchBytes } from '../size.ts';
import type { Emit, Operator } from './operator.ts';

/** Row numbers in order. */
const sortedRows = (batch: Batch, keys: readonly OrderKey[]): Int32Array => {
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
  if (batch.length <= STEP_ROWS || keys.length === 0) return sortedRows(batch, keys);
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

/** The first of rows that are in order. */
const firstOf = (batch: Batch, places: Int32Array, { count, per }: Order): Int32Array => {
  if (count === undefined || count >= places.length) return places;
  if (per.length === 0) return places.subarray(0, count);
  const columns = per.map((name) => columnOf(batch, name));
  const keys = new KeyTable(
    columns.map((c) => c.type),
    true,
  );
  const ids = keys.add(columns, batch.length);
  const counts = new Float64Array(keys.size);
  return places.filter((row) => {
    const id = ids[row] as number;
    counts[id] = (counts[id] as number) + 1;
    return (counts[id] as number) <= count;
  });
};

/** Held beside what may be wanted before the surplus is let go. */
const SLACK = 32_768;

export const orderOperator = (node: Order, env: RunEnvironment): Operator => {
  let kept: Batch[] = [];
  let rows = 0;
  let bytes = 0;
  /** Beyond so many rows it is worth a look which are still among the first. */
  let most = node.count === undefined ? Number.POSITIVE_INFINITY : SLACK;
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
      if (batch.length === 0 || node.count === 0) return;
      hold(batch);
      if (rows <= most) return;
      const held = all();
      hold(takeRows(held, firstOf(held, sortedRows(held, node.keys), node)));
      most = rows * 2 + SLACK;
    },
    advance: () => {},
    *end(emit: Emit) {
      if (rows === 0) return;
      const held = all();
      const places = firstOf(held, yield* sortedInSteps(held, node.keys), node);
      for (let from = 0; from < places.length; from += STEP_ROWS) {
        emit(takeRows(held, places.subarray(from, from + STEP_ROWS)));
        yield;
      }
    },
  };
};
