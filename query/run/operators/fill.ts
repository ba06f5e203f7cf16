// Fill: the buckets that a key lacks become rows, and missing values are filled. Needs every row, so it emits at the end: keys in the order of
// their first row, buckets ascending.
//
// Exactly: a bucket is identified by `time` being its start. `missing` goes over all buckets that meet [from, to), rows outside of it stay as
// they stand; without keys it does so even without a row, of `all` too; `zeros` does the same. `previous` and `linear` go from a key's first to its last row.
// previous: the last present value of that column before; where none is before, or none after, it stays missing. linear: between the nearest present values on
// both sides, by the buckets' starts, x0 + (x1 − x0) · (t − t0) / (t1 − t0) in doubles (an int or duration column: truncated); without one on
// both sides it stays missing. `carry` columns of new rows are those of the key's row before it in time, else of its
// first; other columns are missing there.
import { type Batch, type Column, columnIndex, columnOf, isPresent, type Value, valueAt } from '../../../core/batch/batch.ts';
import { clearBit } from '../../../core/batch/bits.ts';
import { columnFrom } from '../../../core/batch/build.ts';
import { concatBatches } from '../../../core/batch/concat.ts';
import { takeColumn } from '../../../core/batch/take.ts';
import { Buckets } from '../../3-plan/bucket.ts';
import type { Fill } from '../../3-plan/nodes.ts';
import { fieldsOf, missingColumn } from '../conform.ts';
import type { RunEnvironment } from '../environment.ts';
import { KeyTable } from '../keys.ts';
import { batchBytes } from '../size.ts';
import { allBits } from '../vector.ts';
import type { Emit, Operator } from './operator.ts';

/** What a piece of the output is made of: row −1 of the input is a new one; `firsts` is the row that a new one has its keys and carry of. */
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
    *end(emit: Emit) {
      const fields = fieldsOf(node.columns);
      const all = held.length > 0 ? concatBatches(held) : { length: 0, fields, columns: fields.map((f) => missingColumn(f.type, 0)) };
      for (const layout of layouts(node, all)) {
        if (layout.rows.length > 0)
          emit({ length: layout.rows.length, fields, columns: fields.map((f) => fillColumn(node, columnOf(all, f.name), f.name, layout)) });
        yield;
      }
    },
  };
};

/** Rows of a piece, but for its last key, which stays whole. */
const PIECE_ROWS = 65_536;

function* layouts(node: Fill, all: Batch): Generator<Layout> {
  const hasTime = columnIndex(all, 'time') >= 0;
  const times = hasTime ? ((columnOf(all, 'time') as Extract<Column, { layout: 'fixed' }>).values as BigInt64Array) : new BigInt64Array(all.length);
  const { starts, rows } = rowsByKey(node, all);
  const buckets = new Buckets(node.bucket, node.from, node.to);
  let piece = new Piece();
  for (let key = 0; key + 1 < starts.length; key++) {
    const own = rows.subarray(starts[key], starts[key + 1]);
    if (!own.every((row, i) => i === 0 || (times[own[i - 1] as number] as bigint) <= (times[row] as bigint)))
      own.sort((a, b) => Number((times[a] as bigint) - (times[b] as bigint)) || a - b);
    piece.begin();
    if (!hasTime || node.bucket.kind === 'all') {
      for (const row of own) piece.add(row, row, times[row] as bigint);
      if (own.length === 0 && buckets.count > 0 && node.method === 'zeros') piece.add(-1, -1, node.from);
    } else addWithGaps(node, buckets, own, times, piece);
    if (piece.size < PIECE_ROWS) continue;
    yield piece.layout();
    piece = new Piece();
  }
  yield piece.layout();
}

/** Row numbers by key, keys in the order of their first row; without keys one, even of no rows. */
const rowsByKey = (node: Fill, all: Batch): { readonly starts: Int32Array; readonly rows: Int32Array } => {
  const columns = node.keys.map((key) => columnOf(all, key));
  const keys = new KeyTable(
    columns.map((c) => c.type),
    true,
  );
  const ids = keys.add(columns, all.length);
  const groups = node.keys.length === 0 ? 1 : keys.size;
  const starts = new Int32Array(groups + 1);
  for (let i = 0; i < all.length; i++) starts[(ids[i] as number) + 1] = (starts[(ids[i] as number) + 1] as number) + 1;
  for (let k = 0; k < groups; k++) starts[k + 1] = (starts[k + 1] as number) + (starts[k] as number);
  const next = starts.slice();
  const rows = new Int32Array(all.length);
  for (let i = 0; i < all.length; i++) {
    const k = ids[i] as number;
    rows[next[k] as number] = i;
    next[k] = (next[k] as number) + 1;
  }
  return { starts, rows };
};

/** The rows of one key, ascending in time, and the buckets that none of them begins. */
const addWithGaps = (node: Fill, buckets: Buckets, own: Int32Array, times: BigInt64Array, piece: Piece): void => {
  const timeOf = (place: number): bigint => times[own[place] as number] as bigint;
  const first = own[0] ?? -1;
  const last = own.length - 1;
  const [low, high] =
    node.method === 'missing' || node.method === 'zeros'
      ? [0, buckets.count]
      : last < 0
        ? [0, 0]
        : [Math.max(buckets.numberOf(timeOf(0)), 0), buckets.numberOf(timeOf(last))];
  let near = first;
  let place = 0;
  const take = (until: bigint): void => {
    for (; place <= last && timeOf(place) < until; place++) {
      near = own[place] as number;
      piece.add(near, near, timeOf(place));
    }
  };
  for (let b = low; b < high; b++) {
    const start = buckets.start(b);
    take(start);
    if (place <= last && timeOf(place) === start) take(start + 1n);
    else piece.add(-1, near, start);
  }
  take(END_OF_TIME);
};

const END_OF_TIME = 2n ** 63n;

class Piece {
  size = 0;
  #rows = new Int32Array(PIECE_ROWS);
  #firsts = new Int32Array(PIECE_ROWS);
  #times = new BigInt64Array(PIECE_ROWS);
  readonly #bounds: number[] = [];

  /** Of another key. */
  begin(): void {
    this.#bounds.push(this.size);
  }

  add(row: number, first: number, time: bigint): void {
    if (this.size === this.#rows.length) {
      [this.#rows, this.#firsts] = [grown(this.#rows), grown(this.#firsts)];
      const times = new BigInt64Array(this.size * 2);
      times.set(this.#times);
      this.#times = times;
    }
    this.#rows[this.size] = row;
    this.#firsts[this.size] = first;
    this.#times[this.size++] = time;
  }

  layout(): Layout {
    return {
      rows: this.#rows.subarray(0, this.size),
      firsts: this.#firsts.subarray(0, this.size),
      times: this.#times.subarray(0, this.size),
      bounds: [...this.#bounds, this.size],
    };
  }
}

const grown = (values: Int32Array<ArrayBuffer>): Int32Array<ArrayBuffer> => {
  const larger = new Int32Array(values.length * 2);
  larger.set(values);
  return larger;
};

const fillColumn = (node: Fill, column: Column, name: string, layout: Layout): Column => {
  if (name === 'time' && node.bucket.kind !== 'all')
    return { layout: 'fixed', type: column.type, length: layout.rows.length, validity: undefined, values: layout.times };
  if (node.keys.includes(name) || node.carry.includes(name)) return takeColumn(column, layout.firsts);
  const taken = takeColumn(column, layout.rows);
  if (!node.values.includes(name) || node.method === 'missing') return taken;
  if (node.method === 'zeros') return ofNothing(taken, layout.rows);
  const found: Value[] = Array.from({ length: taken.length }, (_, i) => valueAt(taken, i));
  for (let k = 0; k + 1 < layout.bounds.length; k++) {
    const [from, to] = [layout.bounds[k] as number, layout.bounds[k + 1] as number];
    if (node.method === 'previous') fillPrevious(found, from, to);
    else fillLinear(found, layout.times, from, to);
  }
  return replaceMissing(taken, (i) => found[i] as Value);
};

/** In new rows 0, or an empty list. */
const ofNothing = (column: Column, rows: Int32Array): Column => {
  if (column.layout === 'list' || column.layout === 'fixed') {
    const present = allBits(column.length);
    for (let i = 0; i < column.length; i++) if (rows[i] !== -1 && !isPresent(column, i)) clearBit(present, i);
    // What is taken from no row is 0, or as long as nothing.
    return { ...column, validity: present };
  }
  throw new TypeError(`no aggregate of nothing is a ${column.type.kind}`);
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
