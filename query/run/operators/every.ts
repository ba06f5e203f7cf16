// Every: aggregates by key and bucket of time, as `Every` in 3-plan/nodes.ts says. Buckets are emitted in order of time, keys in order of
// their first row. On `advance` it emits the buckets whose windows are complete and forgets what no later window needs.
//
// Exactly: rows without time, and rows that are stale markers (`#stale`), are in no window; a marker only ends its series. A key has a row
// in a bucket when the bucket's window holds a row of it, whatever the aggregates' conditions; if all aggregates are missing, only where it is
// to be whole.
import { type Batch, bitAt, type Column, columnOf, isPresent } from '../../../core/batch/batch.ts';
import { takeColumn } from '../../../core/batch/take.ts';
import { earlierOf, laterOf } from '../../../core/time.ts';
import { Buckets } from '../../3-plan/bucket.ts';
import type { AggregateCall, Every } from '../../3-plan/nodes.ts';
import { physicalType } from '../../3-plan/physical.ts';
import { Accumulators } from '../accumulate.ts';
import { Carried } from '../carried.ts';
import { fieldsOf, missingColumn, widen } from '../conform.ts';
import type { RunEnvironment } from '../environment.ts';
import { evaluateTrue, evaluateWhere, expand } from '../evaluate.ts';
import { KeyTable, PairTable } from '../keys.ts';
import { rowOrder } from '../row-order.ts';
import { SeriesStore, staleFlags } from '../series-store.ts';
import { finishFloats, makeInts } from '../vector.ts';
import type { Emit, Operator } from './operator.ts';

const BYTES_A_GROUP = 48;
/** Rows given out before others have their turn. */
const PIECE_ROWS = 65_536;

export const everyOperator = (node: Every, env: RunEnvironment): Operator => new EveryOperator(node, env);

class EveryOperator implements Operator {
  readonly #node: Every;
  readonly #env: RunEnvironment;
  readonly #buckets: Buckets;
  readonly #keys: KeyTable;
  /** undefined: nothing is carried. */
  readonly #carried: Carried | undefined;
  readonly #carriedNames: readonly string[];
  readonly #plain: readonly AggregateCall[];
  readonly #accumulators: Accumulators;
  readonly #series: ReadonlyMap<AggregateCall, SeriesStore>;
  /** (key, bucket). */
  #groups = new PairTable();
  /** Buckets before this one are emitted. */
  #next = 0;
  /** Groups accounted for. */
  #held = 0;

  constructor(node: Every, env: RunEnvironment) {
    this.#node = node;
    this.#env = env;
    this.#buckets = new Buckets(node.bucket, node.from, node.to);
    this.#keys = new KeyTable(
      node.keys.map((key) => {
        const column = node.columns.find((c) => c.name === key);
        return physicalType(column?.type ?? 'string');
      }),
      true,
    );
    const carry = node.columns.filter((c) => node.carry.includes(c.name));
    this.#carriedNames = carry.map((c) => c.name);
    this.#carried = carry.length === 0 ? undefined : new Carried(carry);
    const isSeries = (call: AggregateCall): boolean => Object.hasOwn(env.functions.series, call.function);
    this.#plain = node.aggregates.filter((call) => !isSeries(call));
    this.#accumulators = new Accumulators(this.#plain, env);
    this.#series = new Map(node.aggregates.filter(isSeries).map((call) => [call, new SeriesStore(node.ties, env)]));
  }

  push(batch: Batch, _emit: Emit): void {
    if (batch.length === 0) return;
    const node = this.#node;
    const rows = batch.length;
    const time = columnOf(batch, 'time');
    if (time.layout !== 'fixed' || !(time.values instanceof BigInt64Array)) throw new TypeError(`time is a column of ${time.type.kind}`);
    const times = time.values;
    const keys = this.#keys.add(
      node.keys.map((key) => columnOf(batch, key)),
      rows,
    );
    const stale = staleFlags(batch);
    const usable = new Uint8Array(rows);
    for (let i = 0; i < rows; i++) usable[i] = isPresent(time, i) && (times[i] as bigint) < node.to ? 1 : 0;
    this.#collect(batch, keys, usable, stale);
    if (stale !== undefined) for (let i = 0; i < rows; i++) if (stale[i] === 1) usable[i] = 0;
    this.#accumulate(batch, times, keys, usable);
  }

  /** Adds each row to the windows that hold it: bucket by bucket from the first one on. */
  #accumulate(batch: Batch, times: BigInt64Array, keys: Int32Array, usable: Uint8Array): void {
    const { over, from } = this.#node;
    const rows = batch.length;
    const firsts = this.#buckets.numbersOf(times, 0n);
    const lasts = over === undefined ? firsts.slice() : this.#buckets.numbersOf(times, over);
    const most = this.#buckets.count - 1;
    let steps = 0;
    for (let i = 0; i < rows; i++) {
      let first = firsts[i] as number;
      let last = lasts[i] as number;
      if (over === undefined) {
        if ((times[i] as bigint) < from) last = -1;
      } else {
        last--;
        if (first < 0) first = 0;
      }
      if (first < this.#next) first = this.#next;
      if (last > most) last = most;
      if (usable[i] === 0) last = -1;
      firsts[i] = first;
      lasts[i] = last;
      if (last - first >= steps) steps = last - first + 1;
    }
    // Of rows in no window too: what is counted must not depend on how the input is cut.
    const add = this.#accumulators.prepare(batch, rowOrder(batch, 'time', this.#node.ties));
    const carried = this.#carried?.numbersOf(
      this.#carriedNames.map((name) => columnOf(batch, name)),
      rows,
    );
    const groups = new Int32Array(rows);
    for (let step = 0; step < steps; step++) {
      let lastKey = -1;
      let lastBucket = -1;
      let group = -1;
      for (let i = 0; i < rows; i++) {
        const bucket = (firsts[i] as number) + step;
        if (bucket > (lasts[i] as number)) {
          groups[i] = -1;
          continue;
        }
        const key = keys[i] as number;
        if (key !== lastKey || bucket !== lastBucket) {
          group = this.#groups.put(key, bucket);
          lastKey = key;
          lastBucket = bucket;
        }
        groups[i] = group;
      }
      this.#hold();
      add(groups, this.#groups.size);
      if (carried !== undefined) this.#carried?.add(groups, this.#groups.size, times, carried);
    }
  }

  /** Samples for the aggregates that need neighbours; also those before the first window. */
  #collect(batch: Batch, keys: Int32Array, usable: Uint8Array, stale: Uint8Array | undefined): void {
    for (const [call, store] of this.#series) {
      const [argument] = call.arguments;
      if (argument === undefined) throw new TypeError(`${call.function} without an argument`);
      const wanted = call.where === undefined ? undefined : evaluateTrue(call.where, batch, this.#env);
      const value = expand(evaluateWhere(argument, wanted, batch, this.#env), batch.length);
      const rows: number[] = [];
      for (let i = 0; i < batch.length; i++) {
        if (usable[i] === 0) continue;
        const isMarker = stale?.[i] === 1;
        if (isMarker || (isPresent(value, i) && (wanted === undefined || bitAt(wanted, i)))) rows.push(i);
      }
      store.add(batch, keys, value, Int32Array.from(rows));
    }
  }

  advance(watermark: bigint, emit: Emit): void {
    let complete = this.#next;
    const { count } = this.#buckets;
    while (complete < count && this.#buckets.end(complete) <= watermark) complete++;
    if (complete === this.#next) return;
    for (const _ of this.#emitBefore(complete, emit));
    const { over, lookback, from } = this.#node;
    const start = this.#buckets.start(complete);
    const opens = over === undefined ? laterOf(start, from) : this.#buckets.end(complete) - over;
    for (const store of this.#series.values()) store.forget(opens - lookback);
  }

  end(emit: Emit): Iterable<void> {
    return this.#emitBefore(this.#buckets.count, emit);
  }

  #hold(): void {
    const { size } = this.#groups;
    if (size > this.#held) this.#env.budget.take(size - this.#held, (size - this.#held) * BYTES_A_GROUP);
    this.#held = size;
  }

  /** Emits the buckets before number `limit` that are not yet emitted. */
  *#emitBefore(limit: number, emit: Emit): Generator<void> {
    const groups = this.#groups;
    const open: number[] = [];
    for (let g = 0; g < groups.size; g++) if (groups.second(g) >= limit) open.push(g);
    const done = this.#ordered(limit);
    if (done.length > 0) yield* this.#emitGroups(done, emit);
    this.#next = limit;
    const kept = Int32Array.from(open);
    this.#accumulators.keep(kept);
    this.#carried?.keep(kept);
    this.#groups = new PairTable();
    for (const g of open) this.#groups.put(groups.first(g), groups.second(g));
    this.#env.budget.give(done.length, done.length * BYTES_A_GROUP);
    this.#held = open.length;
  }

  /** Groups of buckets before number `limit`, by bucket and then by key. */
  #ordered(limit: number): Int32Array {
    const groups = this.#groups;
    const keys = Math.max(this.#keys.size, 1);
    // One number a group sorts many times faster than a comparison of two.
    const places = new Float64Array(groups.size);
    let count = 0;
    for (let g = 0; g < groups.size; g++) if (groups.second(g) < limit) places[count++] = groups.second(g) * keys + groups.first(g);
    const sorted = places.subarray(0, count).sort();
    const out = new Int32Array(count);
    for (let i = 0; i < count; i++) {
      const place = sorted[i] as number;
      const bucket = Math.floor(place / keys);
      out[i] = groups.find(place - bucket * keys, bucket);
    }
    return out;
  }

  *#emitGroups(done: Int32Array, emit: Emit): Generator<void> {
    const finished = this.#accumulators.finish(this.#groups.size);
    for (let from = 0; from < done.length; from += PIECE_ROWS) {
      this.#emitPiece(done.subarray(from, from + PIECE_ROWS), finished, emit);
      yield;
    }
  }

  #emitPiece(done: Int32Array, finished: readonly Column[], emit: Emit): void {
    const node = this.#node;
    const groups = this.#groups;
    const made = new Map<string, Column>();
    for (const [i, call] of this.#plain.entries()) made.set(call.name, takeColumn(finished[i] as Column, done));
    for (const [call, store] of this.#series) made.set(call.name, this.#seriesColumn(call, store, done));
    const aggregates = node.aggregates.map((call) => made.get(call.name) as Column);
    const rows = node.whole ? undefined : rowsWithValue(aggregates, done.length);
    const kept = rows === undefined ? done : rows.map((row) => done[row] as number);
    if (kept.length === 0) return;
    if (rows !== undefined) for (const [name, column] of made) made.set(name, takeColumn(column, rows));
    const keyRows = kept.map((g) => groups.first(g));
    for (const [i, column] of this.#keys.columns().entries()) made.set(node.keys[i] as string, takeColumn(column, keyRows));
    for (const [i, column] of (this.#carried?.columns(kept) ?? []).entries()) made.set(this.#carriedNames[i] as string, column);
    if (node.bucket.kind !== 'all')
      made.set(
        'time',
        makeInts(physicalType('time'), kept.length, undefined, (i) => this.#buckets.start(groups.second(kept[i] as number))),
      );
    const fields = fieldsOf(node.columns);
    emit({ length: kept.length, fields, columns: fields.map((f) => widen(made.get(f.name) ?? missingColumn(f.type, kept.length), f.type)) });
  }

  #seriesColumn(call: AggregateCall, store: SeriesStore, done: Int32Array): Column {
    const { over, from, to, lookback, delta } = this.#node;
    const spans = Array.from(done, (g) => {
      const bucket = this.#groups.second(g);
      const [start, end] = [this.#buckets.start(bucket), this.#buckets.end(bucket)];
      const opens = over === undefined ? laterOf(start, from) : end - over;
      return { key: this.#groups.first(g), from: opens, to: earlierOf(end, to) };
    });
    const run = this.#env.functions.series[call.function];
    if (run === undefined) throw new TypeError(`the plan aggregates by ${JSON.stringify(call.function)}, which is no aggregate here`);
    return seriesColumn(store.values(run, spans, lookback, delta), call, this.#env);
  }
}

const seriesColumn = (values: readonly (number | bigint | undefined)[], call: AggregateCall, env: RunEnvironment): Column => {
  const notRepresentable = (count: number): void => env.warn('not-representable', count);
  const { length } = values;
  if (call.type !== 'float') {
    let lost = 0;
    const column = makeInts(physicalType(call.type), length, undefined, (i) => {
      const v = values[i];
      if (v === undefined) return undefined;
      const whole = BigInt(typeof v === 'bigint' ? v : Math.trunc(v));
      if (BigInt.asIntN(64, whole) === whole) return whole;
      lost++;
      return undefined;
    });
    if (lost > 0) notRepresentable(lost);
    return column;
  }
  const present = new Uint8Array((length + 7) >> 3);
  const floats = Float64Array.from(values, (v, i) => {
    if (v === undefined) return 0;
    present[i >> 3] = (present[i >> 3] as number) | (1 << (i & 7));
    return Number(v);
  });
  return finishFloats(floats, present, { notRepresentable });
};

/** Rows for which one of the columns has a value; undefined when all do. */
const rowsWithValue = (columns: readonly Column[], length: number): Int32Array | undefined => {
  if (columns.some((c) => c.validity === undefined)) return undefined;
  const rows: number[] = [];
  for (let i = 0; i < length; i++) if (columns.some((c) => isPresent(c, i))) rows.push(i);
  return rows.length === length ? undefined : Int32Array.from(rows);
};
