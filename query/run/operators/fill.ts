// Fill: the buckets that a key lacks become rows, and missing values are filled. Needs every row, so it emits at the end: keys in the order of
// their first row, buckets ascending.
//
// Exactly: a bucket is identified by `time` being its start. `missing` goes over all buckets that meet [from, to), rows outside of it stay as
// they stand; without keys it does so even without a row. `previous` and `linear` go from a key's first to its last row.
// previous: the last present value of that column before; where none is before, or none after, it stays missing. linear: between the nearest present values on
// both sides, by the buckets' starts, x0 + (x1 − x0) · (t − t0) / (t1 − t0) in doubles (an int or duration column: truncated); without one on
// both sides it stays missing. `carry` columns of new rows are those of the key's row before it in time, else of its
// first; other columns are missing there.
import { type Batch, type Column, columnIndex, columnOf, isPresent, type Value, valueAt } from '../../../core/batch/batch.ts';
import { columnFrom } from '../../../core/batch/build.ts';
import { concatBatches } from '../../../core/batch/concat.ts';
import { takeColumn } from '../../../core/batch/take.ts';
import type { Fill } from '../../3-plan/nodes.ts';
import { Buckets } from '../buckets.ts';
import { fieldsOf, missingColumn } from '../conform.ts';
import type { RunEnvironment } from '../environment.ts';
import { KeyTable } from '../keys.ts';
import { batchBytes } from '../size.ts';
import type { Emit, Operator } from './operator.ts';

/** What the output rows are made of: row −1 of the input is a new one; `firsts` is the row that a new one has its keys and carry of. */
interface Layout {
  readonly rows: Int32Array;
  readonly firsts: Int32Array;
  readonly times: BigInt64Array;
  /** Where each key begins, and the end. */
  readonly bounds: readonly number[];
}

export const fillOperator = (node: Fill, env: RunEnvironment): Operator => {
  const held: Batch[] = [];
  return {
    push: (batch) => {
      if (batch.length === 0) return;
      env.budget.take(batch.length, batchBytes(batch));
      held.push(batch);
    },
    advance: () => {},
    end: (emit: Emit) => {
      const fields = fieldsOf(node.columns);
      const all = held.length > 0 ? concatBatches(held) : { length: 0, fields, columns: fields.map((f) => missingColumn(f.type, 0)) };
      const layout = layOut(node, all);
      env.budget.take(layout.rows.length, layout.rows.length * 16);
      if (layout.rows.length > 0)
        emit({ length: layout.rows.length, fields, columns: fields.map((f) => fillColumn(node, columnOf(all, f.name), f.name, layout)) });
    },
  };
};

const layOut = (node: Fill, all: Batch): Layout => {
  const hasTime = columnIndex(all, 'time') >= 0;
  const times = hasTime ? ((columnOf(all, 'time') as Extract<Column, { layout: 'fixed' }>).values as BigInt64Array) : new BigInt64Array(all.length);
  const columns = node.keys.map((key) => columnOf(all, key));
  const keys = new KeyTable(
    columns.map((c) => c.type),
    true,
  );
  const ids = keys.add(columns, all.length);
  const groups = node.keys.length === 0 ? 1 : keys.size;
  const rowsOf: number[][] = Array.from({ length: groups }, () => []);
  for (let i = 0; i < all.length; i++) (rowsOf[ids[i] as number] as number[]).push(i);
  const buckets = new Buckets(node.bucket, node.from, node.to);
  const isWhole = node.method === 'missing';
  const out: { row: number; first: number; time: bigint }[] = [];
  const bounds: number[] = [];
  for (const rows of rowsOf) {
    bounds.push(out.length);
    rows.sort((a, b) => Number((times[a] as bigint) - (times[b] as bigint)) || a - b);
    const first = rows[0] ?? -1;
    const known = rows.map((row) => ({ row, first, time: times[row] as bigint }));
    if (!hasTime || node.bucket.kind === 'all') {
      out.push(...known);
      continue;
    }
    const taken = new Set(known.map((k) => k.time));
    const [low, high] = isWhole ? [0, buckets.count] : [buckets.numberOf(known[0]?.time ?? 0n), buckets.numberOf(known.at(-1)?.time ?? 0n)];
    for (let b = Math.max(low, 0); b < high; b++) if (!taken.has(buckets.start(b))) known.push({ row: -1, first, time: buckets.start(b) });
    known.sort((a, b) => (a.time < b.time ? -1 : a.time > b.time ? 1 : 0));
    let near = first;
    for (const k of known) {
      if (k.row >= 0) near = k.row;
      out.push({ ...k, first: near });
    }
  }
  bounds.push(out.length);
  return {
    rows: Int32Array.from(out, (o) => o.row),
    firsts: Int32Array.from(out, (o) => (o.row < 0 ? o.first : o.row)),
    times: BigInt64Array.from(out, (o) => o.time),
    bounds,
  };
};

const fillColumn = (node: Fill, column: Column, name: string, layout: Layout): Column => {
  if (name === 'time' && node.bucket.kind !== 'all')
    return { layout: 'fixed', type: column.type, length: layout.rows.length, validity: undefined, values: layout.times };
  if (node.keys.includes(name) || node.carry.includes(name)) return takeColumn(column, layout.firsts);
  const taken = takeColumn(column, layout.rows);
  if (!node.values.includes(name) || node.method === 'missing') return taken;
  const found: Value[] = Array.from({ length: taken.length }, (_, i) => valueAt(taken, i));
  for (let k = 0; k + 1 < layout.bounds.length; k++) {
    const [from, to] = [layout.bounds[k] as number, layout.bounds[k + 1] as number];
    if (node.method === 'previous') fillPrevious(found, from, to);
    else fillLinear(found, layout.times, from, to);
  }
  return replaceMissing(taken, (i) => found[i] as Value);
};

const replaceMissing = (column: Column, make: (row: number) => Value): Column => {
  if (column.validity === undefined) return column;
  return columnFrom(
    column.type,
    Array.from({ length: column.length }, (_, i) => (isPresent(column, i) ? valueAt(column, i) : make(i))),
  );
};

const fillPrevious = (values: Value[], from: number, to: number): void => {
  let last = to - 1;
  while (last > from && values[last] === null) last--;
  for (let i = from + 1; i < last; i++) values[i] ??= values[i - 1] as Value;
};

const fillLinear = (values: Value[], times: BigInt64Array, from: number, to: number): void => {
  let before = -1;
  for (let i = from; i < to; i++) {
    if (values[i] === null) continue;
    if (before >= 0)
      for (let k = before + 1; k < i; k++) {
        const [x0, x1] = [values[before] as number | bigint, values[i] as number | bigint];
        const share = Number((times[k] as bigint) - (times[before] as bigint)) / Number((times[i] as bigint) - (times[before] as bigint));
        const made = Number(x0) + (Number(x1) - Number(x0)) * share;
        values[k] = typeof x0 === 'bigint' ? BigInt(Math.trunc(made)) : made;
      }
    before = i;
  }
};
