// The samples of many series for one aggregate over time (increase, rate, delta): collected by column, put in order when asked for.
// Of two samples of a series at one time the one that is later in the ties stands.
import { type Batch, type Column, columnIndex, isPresent } from '../../core/batch/batch.ts';
import { batchOf } from '../../core/batch/build.ts';
import { concatBatches } from '../../core/batch/concat.ts';
import { takeRows } from '../../core/batch/take.ts';
import type { OrderKey } from '../3-plan/nodes.ts';
import type { SeriesRun, SeriesWindow } from './aggregate.ts';
import type { RunEnvironment } from './environment.ts';
import { compareRowsBy } from './row-order.ts';
import { batchBytes } from './size.ts';

const KEY = '#key';
const VALUE = '#value';

/** Samples by series, ascending in time; series k is samples[starts[k] … starts[k+1]]. */
interface Ordered {
  readonly bounds: Int32Array;
  readonly times: BigInt64Array;
  readonly values: Float64Array | BigInt64Array;
  readonly starts: BigInt64Array | undefined;
  readonly stale: Uint8Array | undefined;
}

export interface WindowSpan {
  readonly key: number;
  readonly from: bigint;
  readonly to: bigint;
}

export class SeriesStore {
  readonly #ties: readonly OrderKey[];
  readonly #env: RunEnvironment;
  #chunks: Batch[] = [];
  #rows = 0;
  #bytes = 0;
  #ordered: Ordered | undefined;

  constructor(ties: readonly OrderKey[], env: RunEnvironment) {
    this.#ties = ties;
    this.#env = env;
  }

  /** Rows `wanted` of the batch, as samples (or stale markers) of series `keys[row]`. */
  add(batch: Batch, keys: Int32Array, value: Column, wanted: Int32Array): void {
    if (wanted.length === 0) return;
    const names = ['time', '#start', '#stale', ...this.#ties.map((t) => t.column)].filter((name, i, all) => all.indexOf(name) === i);
    const columns: [string, Column][] = [
      [KEY, { layout: 'fixed', type: { kind: 'int', bits: 32, signed: true }, length: batch.length, validity: undefined, values: keys }],
      [VALUE, value],
    ];
    for (const name of names) {
      const column = batch.columns[columnIndex(batch, name)];
      if (column !== undefined) columns.push([name, column]);
    }
    this.#put(takeRows(batchOf(columns), wanted));
  }

  #put(chunk: Batch): void {
    const bytes = batchBytes(chunk);
    this.#env.budget.take(chunk.length, bytes);
    this.#rows += chunk.length;
    this.#bytes += bytes;
    this.#chunks.push(chunk);
    this.#ordered = undefined;
  }

  /** Forgets samples before that time. */
  forget(before: bigint): void {
    const chunks = this.#chunks;
    this.#chunks = [];
    this.#env.budget.give(this.#rows, this.#bytes);
    this.#rows = 0;
    this.#bytes = 0;
    this.#ordered = undefined;
    for (const chunk of chunks) {
      const times = fixed(chunk, 'time') as BigInt64Array;
      const rows: number[] = [];
      for (let i = 0; i < chunk.length; i++) if ((times[i] as bigint) >= before) rows.push(i);
      if (rows.length > 0) this.#put(takeRows(chunk, Int32Array.from(rows)));
    }
  }

  /** The aggregate over each span. */
  values(run: SeriesRun, spans: readonly WindowSpan[], lookback: bigint, delta: boolean): (number | bigint | undefined)[] {
    if (this.#chunks.length === 0) return spans.map(() => undefined);
    this.#ordered ??= order(concatBatches(this.#chunks), this.#ties);
    const data = this.#ordered;
    return spans.map((span) => {
      const window = windowOf(data, span, lookback, delta);
      return window === undefined ? undefined : run(window);
    });
  }
}

const fixed = (batch: Batch, name: string): Float64Array | BigInt64Array => {
  const column = batch.columns[columnIndex(batch, name)];
  if (column?.layout === 'fixed' && (column.values instanceof Float64Array || column.values instanceof BigInt64Array)) return column.values;
  throw new TypeError(`${name} is no column of numbers`);
};

const order = (all: Batch, ties: readonly OrderKey[]): Ordered => {
  const keyColumn = all.columns[columnIndex(all, KEY)];
  const keys = (keyColumn?.layout === 'fixed' ? keyColumn.values : new Int32Array(0)) as Int32Array;
  const times = fixed(all, 'time') as BigInt64Array;
  let size = 0;
  for (let i = 0; i < all.length; i++) size = Math.max(size, (keys[i] as number) + 1);
  const starts = new Int32Array(size + 1);
  for (let i = 0; i < all.length; i++) starts[(keys[i] as number) + 1] = (starts[(keys[i] as number) + 1] as number) + 1;
  for (let k = 0; k < size; k++) starts[k + 1] = (starts[k + 1] as number) + (starts[k] as number);
  const next = starts.slice();
  const rows = new Int32Array(all.length);
  for (let i = 0; i < all.length; i++) {
    const k = keys[i] as number;
    rows[next[k] as number] = i;
    next[k] = (next[k] as number) + 1;
  }
  const compare = compareRowsBy(all, [{ column: 'time', descending: false }, ...ties]);
  const kept = new Int32Array(all.length);
  const bounds = new Int32Array(size + 1);
  let count = 0;
  for (let k = 0; k < size; k++) {
    const own = rows.subarray(starts[k], starts[k + 1]);
    if (isAscending(times, own)) {
      kept.set(own, count);
      count += own.length;
      bounds[k + 1] = count;
      continue;
    }
    own.sort((a, b) => compare(a, b) || a - b);
    for (let i = 0; i < own.length; i++) if (i + 1 === own.length || times[own[i] as number] !== times[own[i + 1] as number]) kept[count++] = own[i] as number;
    bounds[k + 1] = count;
  }
  const isSame = count === all.length && kept.every((row, i) => row === i);
  const sorted = isSame ? all : takeRows(all, kept.subarray(0, count));
  return { bounds, times: fixed(sorted, 'time') as BigInt64Array, values: fixed(sorted, VALUE), starts: startsOf(sorted), stale: staleOf(sorted) };
};

/** Each later than the one before, as most stores send them: nothing to sort, no ties. */
const isAscending = (times: BigInt64Array, rows: Int32Array): boolean => {
  for (let i = 1; i < rows.length; i++) if ((times[rows[i] as number] as bigint) <= (times[rows[i - 1] as number] as bigint)) return false;
  return true;
};

const startsOf = (batch: Batch): BigInt64Array | undefined => {
  const column = batch.columns[columnIndex(batch, '#start')];
  if (column?.layout !== 'fixed' || !(column.values instanceof BigInt64Array)) return undefined;
  if (column.validity === undefined) return column.values;
  const { values } = column;
  return BigInt64Array.from({ length: column.length }, (_, i) => (isPresent(column, i) ? (values[i] as bigint) : -1n));
};

const staleOf = (batch: Batch): Uint8Array | undefined => {
  const flags = staleFlags(batch);
  return flags?.includes(1) === true ? flags : undefined;
};

/** 1 for each row that is a stale marker; undefined when the batch has no such column. */
export const staleFlags = (batch: Batch): Uint8Array | undefined => {
  const column = batch.columns[columnIndex(batch, '#stale')];
  if (column?.layout !== 'bool') return undefined;
  return Uint8Array.from({ length: batch.length }, (_, i) => (isPresent(column, i) && ((column.bits[i >> 3] as number) >> (i & 7)) & 1 ? 1 : 0));
};

/** First place in [low, high) whose time is not before `time`. */
const firstFrom = (times: BigInt64Array, time: bigint, low: number, high: number): number => {
  let [from, to] = [low, high];
  while (from < to) {
    const middle = (from + to) >> 1;
    if ((times[middle] as bigint) < time) from = middle + 1;
    else to = middle;
  }
  return from;
};

const windowOf = (data: Ordered, { key, from, to }: WindowSpan, lookback: bigint, delta: boolean): SeriesWindow | undefined => {
  const low = data.bounds[key];
  const high = data.bounds[key + 1];
  if (low === undefined || high === undefined) return undefined;
  const first = firstFrom(data.times, from, low, high);
  const end = firstFrom(data.times, to, first, high);
  if (first === end) return undefined;
  const isNear = first > low && (data.times[first - 1] as bigint) >= from - lookback && data.stale?.[first - 1] !== 1;
  return { times: data.times, values: data.values, starts: data.starts, stale: data.stale, before: isNear ? first - 1 : -1, first, end, from, delta };
};
