// The windows of series whose samples came as lists, a row a series: what the aggregates of `every` are of each, by the algebra of
// `schemas/sample-part.ts`. Nothing is allocated for a sample.
//
// Lists of one row: `#times`, ms since `origin`; `#exponents`; `#values`, the mantissa, or the bits of the float where the exponent says so
// (schemas/sample-value.ts); where starts are read `#starts`, ms since 1970. They stand in any one order.
import { type Batch, type Column, columnOf, type DataType, type FixedArray, FLOAT, INT64, type ListColumn, TIME_NS } from '../../core/batch/batch.ts';
import { bitmapBytes, countOnes, setBit } from '../../core/batch/bits.ts';
import { safeIntegerAt, wordsOf } from '../../core/batch/words.ts';
import { deltaOf, increaseOf, Part, type PartWindow, rateOf, type Sample } from '../../schemas/sample-part.ts';
import { EXPONENT_STALE, MOST_EXPONENT, POWERS } from '../../schemas/sample-value.ts';
import { Buckets } from '../3-plan/bucket.ts';
import type { AggregateCall, Every, PlanColumn } from '../3-plan/nodes.ts';

/** Of a window with rows; NaN: missing. */
type Finish = (window: PartWindow, delta: boolean) => number;

const ofSamples =
  (f: (part: Part) => number): Finish =>
  ({ part }) =>
    part.count === 0 ? Number.NaN : f(part);
const sumOf = ({ sum, sumLost }: Part): number => (Number.isFinite(sum) ? sum + sumLost : sum);
const first = ofSamples((part) => part.first.value);

/** `sum` of nothing is 0. */
const FINISH: Readonly<Record<string, Finish>> = {
  sum: ({ part }) => sumOf(part),
  avg: ofSamples((part) => sumOf(part) / part.count),
  min: ofSamples((part) => part.min),
  max: ofSamples((part) => part.max),
  first,
  any: first,
  last: ofSamples((part) => part.lastValue),
  increase: (window, delta) => increaseOf(window, delta) ?? Number.NaN,
  rate: (window, delta) => rateOf(window, delta) ?? Number.NaN,
  delta: (window) => deltaOf(window) ?? Number.NaN,
};

const ofRows: Finish = ({ part }) => part.count + part.missing;
const ofPresent: Finish = ({ part }) => part.count;

/** Of samples' values; undefined: it needs the samples themselves. */
const finishOf = ({ function: name, type, arguments: [value, ...more], where }: AggregateCall): Finish | undefined => {
  if (where !== undefined || more.length > 0 || (value !== undefined && (value.op !== 'column' || value.name !== 'value'))) return undefined;
  if (name === 'count') return value === undefined ? ofRows : ofPresent;
  return value === undefined || type !== 'float' || !Object.hasOwn(FINISH, name) ? undefined : FINISH[name];
};

export const isFoldable = ({ aggregates }: Every): boolean => aggregates.every((a) => finishOf(a) !== undefined);

const ceilMillis = (ns: bigint): number => Number((ns + 999_999n) / 1_000_000n);

/** Windows in order, with what a time is held against: whole ms. */
interface Windows {
  /** Of the bucket, ns. */
  readonly starts: BigInt64Array;
  readonly from: Float64Array;
  readonly to: Float64Array;
  /** Where it begins, ms. */
  readonly begins: Float64Array;
}

const windowsOf = ({ bucket, over, from, to }: Every): Windows => {
  const buckets = new Buckets(bucket, from, to);
  const { count } = buckets;
  const windows = { starts: new BigInt64Array(count), from: new Float64Array(count), to: new Float64Array(count), begins: new Float64Array(count) };
  for (let i = 0; i < count; i++) {
    const [start, end] = [buckets.start(i), buckets.end(i)];
    const begin = over === undefined ? (start > from ? start : from) : end - over;
    windows.starts[i] = start;
    windows.from[i] = ceilMillis(begin);
    windows.to[i] = ceilMillis(end < to ? end : to);
    windows.begins[i] = Number(begin) / 1e6;
  }
  return windows;
};

/** One series' samples in order of time. */
interface Samples {
  length: number;
  times: Float64Array;
  values: Float64Array;
  starts: Float64Array;
  hasStarts: boolean;
  /** What each is, where some are no samples. */
  kinds: Uint8Array | undefined;
}
const [SAMPLE, STALE, MISSING] = [0, 1, 2];

const listOf = (batch: Batch, name: string): { readonly offsets: Int32Array; readonly values: FixedArray } => {
  const { offsets, items } = columnOf(batch, name) as ListColumn;
  if (items.layout !== 'fixed') throw new TypeError(`${name} is a list of ${items.type.kind}`);
  return { offsets, values: items.values };
};

/** Whole numbers of an answer, and what they are since. */
const decodeWhole = (from: FixedArray, at: number, count: number, origin: number, to: Float64Array): void => {
  if (from instanceof Uint32Array) for (let i = 0; i < count; i++) to[i] = origin + (from[at + i] as number);
  else {
    const words = wordsOf(from as BigInt64Array);
    for (let i = 0; i < count; i++) to[i] = origin + safeIntegerAt(words, at + i);
  }
};

const decodeDecimals = (mantissas: BigInt64Array, at: number, count: number, power: number, to: Float64Array): void => {
  const words = wordsOf(mantissas);
  for (let i = 0; i < count; i++) to[i] = safeIntegerAt(words, at + i) / power;
};

/** All are decimals of one exponent. */
const isPlain = (exponents: Int8Array, from: number, to: number): boolean => {
  const first = exponents[from] as number;
  let i = from;
  while (i < to && exponents[i] === first) i++;
  return i === to && first <= MOST_EXPONENT;
};

const isAscending = (times: Float64Array, length: number): boolean => {
  let i = 1;
  while (i < length && (times[i] as number) > (times[i - 1] as number)) i++;
  return i >= length;
};

/** Rows of an answer's batch. */
const PIECE_ROWS = 65_536;

export class WindowFold {
  readonly #node: Every;
  readonly #windows: Windows;
  /** Of times in lists, ms. */
  readonly #origin: number;
  readonly #lookback: number;
  /** Stale markers end a series; else they are no rows. */
  readonly #endsAtStale: boolean;
  readonly #finish: readonly Finish[];
  readonly #samples: Samples = {
    length: 0,
    times: new Float64Array(0),
    values: new Float64Array(0),
    starts: new Float64Array(0),
    hasStarts: false,
    kinds: undefined,
  };
  readonly #part = new Part();
  readonly #sample = { time: 0, value: 0, start: 0 };
  readonly #window: { part: Part; before: Sample | undefined; from: number } = { part: this.#part, before: undefined, from: 0 };
  #out: Rows;

  constructor(node: Every, origin: number, endsAtStale: boolean) {
    this.#node = node;
    this.#origin = origin;
    this.#windows = windowsOf(node);
    this.#lookback = Number(node.lookback) / 1e6;
    this.#endsAtStale = endsAtStale;
    this.#finish = node.aggregates.map((a) => finishOf(a) as Finish);
    this.#out = new Rows(node, this.#windows.starts);
  }

  /** Batches of the window's columns, in no order. */
  *fold(batches: Iterable<Batch>): Generator<Batch> {
    for (const batch of batches) {
      if (batch.length === 0) continue;
      const series = columnOf(batch, '#series');
      if (series.layout !== 'fixed' || !(series.values instanceof BigInt64Array)) throw new TypeError(`#series is a column of ${series.type.kind}`);
      const [times, values, exponents] = [listOf(batch, '#times'), listOf(batch, '#values'), listOf(batch, '#exponents')];
      const starts = batch.fields.some((f) => f.name === '#starts') ? listOf(batch, '#starts') : undefined;
      for (let row = 0; row < batch.length; row++) {
        this.#read(row, times, values, exponents.values as Int8Array, starts?.values);
        this.#each(series.values[row] as bigint);
        if (this.#out.length >= PIECE_ROWS) yield this.#taken();
      }
    }
    if (this.#out.length > 0) yield this.#taken();
  }

  #taken(): Batch {
    const out = this.#out;
    this.#out = new Rows(this.#node, this.#windows.starts);
    return out.batch();
  }

  #read(
    row: number,
    times: { readonly offsets: Int32Array; readonly values: FixedArray },
    values: { readonly values: FixedArray },
    exponents: Int8Array,
    starts: FixedArray | undefined,
  ): void {
    const from = times.offsets[row] as number;
    const to = times.offsets[row + 1] as number;
    const count = to - from;
    const samples = this.#samples;
    if (samples.times.length < count) {
      const room = count * 2;
      samples.times = new Float64Array(room);
      samples.values = new Float64Array(room);
      samples.starts = new Float64Array(room);
    }
    samples.length = count;
    samples.kinds = undefined;
    samples.hasStarts = starts !== undefined;
    decodeWhole(times.values, from, count, this.#origin, samples.times);
    if (starts !== undefined) decodeWhole(starts, from, count, 0, samples.starts);
    const bits = values.values as BigInt64Array;
    if (isPlain(exponents, from, to)) decodeDecimals(bits, from, count, POWERS[exponents[from] as number] as number, samples.values);
    else this.#decodeOdd(bits, exponents, from, count);
    if (!isAscending(samples.times, samples.length)) this.#sort();
  }

  /** Values of several exponents, floats, markers. */
  #decodeOdd(bits: BigInt64Array, exponents: Int8Array, from: number, count: number): void {
    const samples = this.#samples;
    const words = wordsOf(bits);
    const floats = new Float64Array(bits.buffer, bits.byteOffset, bits.length);
    let length = 0;
    for (let i = 0; i < count; i++) {
      const exponent = exponents[from + i] as number;
      // Where nobody looks for markers they are no rows.
      if (exponent === EXPONENT_STALE && !this.#endsAtStale) continue;
      const value = exponent <= MOST_EXPONENT ? safeIntegerAt(words, from + i) / (POWERS[exponent] as number) : (floats[from + i] as number);
      if (!Number.isFinite(value)) {
        samples.kinds ??= new Uint8Array(count);
        samples.kinds[length] = exponent === EXPONENT_STALE ? STALE : MISSING;
      }
      samples.times[length] = samples.times[i] as number;
      samples.starts[length] = samples.starts[i] as number;
      samples.values[length++] = value;
    }
    samples.length = length;
  }

  /** By time; samples of several parts of the table come in any order. */
  #sort(): void {
    const samples = this.#samples;
    const { length, times, values, starts, kinds } = samples;
    const order = Int32Array.from({ length }, (_, i) => i).sort((a, b) => (times[a] as number) - (times[b] as number));
    const sorted = (of: Float64Array): Float64Array => {
      const out = new Float64Array(of.length);
      for (let i = 0; i < length; i++) out[i] = of[order[i] as number] as number;
      return out;
    };
    samples.times = sorted(times);
    samples.values = sorted(values);
    if (samples.hasStarts) samples.starts = sorted(starts);
    samples.kinds = kinds && Uint8Array.from(order, (at) => kinds[at] as number);
  }

  /** Each window of one series that holds a sample. */
  #each(series: bigint): void {
    const { length, times } = this.#samples;
    const { from, to } = this.#windows;
    const isApart = this.#node.over === undefined;
    let low = 0;
    let high = 0;
    for (let w = this.#windowBehind(0, low); w < from.length; ) {
      const [begin, end] = [from[w] as number, to[w] as number];
      while (low < length && (times[low] as number) < begin) low++;
      if (high < low) high = low;
      while (high < length && (times[high] as number) < end) high++;
      if (low < high) this.#add(series, w, low, high);
      if (isApart) low = high;
      // Windows that overlap are gone through one by one while they hold anything.
      w = low < high ? w + 1 : this.#windowBehind(w + 1, low);
    }
  }

  /** The first window from `w` on that ends behind the sample; their number where there is none. */
  #windowBehind(w: number, sample: number): number {
    const { length, times } = this.#samples;
    const { to } = this.#windows;
    if (sample >= length) return to.length;
    const time = times[sample] as number;
    if (w >= to.length || (to[w] as number) > time) return w;
    let step = 1;
    let low = w;
    while (low + step < to.length && (to[low + step] as number) <= time) {
      low += step;
      step *= 2;
    }
    let high = Math.min(low + step, to.length);
    // to[low] ≤ time; what is at `high` is not, or there is nothing.
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if ((to[middle] as number) <= time) low = middle;
      else high = middle;
    }
    return high;
  }

  #add(series: bigint, w: number, low: number, high: number): void {
    const { times, values, starts, hasStarts, kinds } = this.#samples;
    const part = this.#part;
    part.clear();
    const ownStarts = hasStarts ? starts : undefined;
    let newest = high - 1;
    if (kinds === undefined) part.addRun(times, values, ownStarts, low, high);
    else {
      for (let i = low; i < high; ) {
        let to = i;
        while (to < high && kinds[to] === SAMPLE) to++;
        if (to > i) part.addRun(times, values, ownStarts, i, to);
        if (to < high) {
          if (kinds[to] === STALE) part.addStale();
          else part.addMissing();
        }
        i = to + 1;
      }
      while (kinds[newest] === STALE) newest--;
    }
    if (part.count + part.missing === 0) return;
    const window = this.#window;
    window.from = this.#windows.begins[w] as number;
    window.before = this.#before(low, window.from);
    this.#out.add(series, w, times[newest] as number, this.#finish, window);
  }

  /** The sample before a window that begins with sample `low`. */
  #before(low: number, from: number): Sample | undefined {
    const { times, values, starts, hasStarts, kinds } = this.#samples;
    if (this.#lookback === 0) return undefined;
    let i = low - 1;
    while (i >= 0 && kinds?.[i] === MISSING) i--;
    if (i < 0 || kinds?.[i] === STALE || (times[i] as number) < from - this.#lookback) return undefined;
    const sample = this.#sample;
    sample.time = times[i] as number;
    sample.value = values[i] as number;
    sample.start = hasStarts ? (starts[i] as number) : 0;
    return sample;
  }
}

/** Rows that are given out together. */
class Rows {
  readonly #node: Every;
  /** Of buckets, ns. */
  readonly #starts: BigInt64Array;
  length = 0;
  #room = 1024;
  #series = new BigInt64Array(1024);
  #buckets = new Int32Array(1024);
  /** ms */
  #newest = new Float64Array(1024);
  readonly #values: Float64Array[];
  readonly #present: Uint8Array[];

  constructor(node: Every, starts: BigInt64Array) {
    this.#node = node;
    this.#starts = starts;
    this.#values = node.aggregates.map(() => new Float64Array(1024));
    this.#present = node.aggregates.map(() => new Uint8Array(128));
  }

  /** `newest`: ms. A row in which all is missing stands only where the window is to be whole. */
  add(series: bigint, bucket: number, newest: number, finish: readonly Finish[], window: PartWindow): void {
    if (this.length === this.#room) this.#grow();
    const row = this.length;
    let has = this.#node.whole;
    for (let i = 0; i < finish.length; i++) {
      const value = (finish[i] as Finish)(window, this.#node.delta);
      if (!Number.isFinite(value)) continue;
      (this.#values[i] as Float64Array)[row] = value;
      setBit(this.#present[i] as Uint8Array, row);
      has = true;
    }
    if (!has) return;
    this.#series[row] = series;
    this.#buckets[row] = bucket;
    this.#newest[row] = newest;
    this.length++;
  }

  #grow(): void {
    const grown = <A extends FixedArray>(array: A, length: number): A => {
      const larger = new (array.constructor as new (length: number) => A)(length);
      larger.set(array as never);
      return larger;
    };
    this.#room *= 4;
    this.#series = grown(this.#series, this.#room);
    this.#buckets = grown(this.#buckets, this.#room);
    this.#newest = grown(this.#newest, this.#room);
    for (const [i, values] of this.#values.entries()) this.#values[i] = grown(values, this.#room);
    for (const [i, bits] of this.#present.entries()) this.#present[i] = grown(bits, bitmapBytes(this.#room));
  }

  batch(): Batch {
    const made = this.#node.columns.map((c) => this.#column(c));
    return { length: this.length, fields: this.#node.columns.map((c, i) => ({ name: c.name, type: (made[i] as Column).type })), columns: made };
  }

  #column({ name, type }: PlanColumn): Column {
    const { length } = this;
    const fixed = (of: DataType, values: FixedArray, validity?: Uint8Array): Column => ({ layout: 'fixed', type: of, length, validity, values });
    if (name === '#series') return fixed(INT64, this.#series.subarray(0, length));
    if (name === 'time') return fixed(TIME_NS, this.#times());
    if (name === '#newest')
      return fixed(
        TIME_NS,
        BigInt64Array.from(this.#newest.subarray(0, length), (ms) => BigInt(ms) * 1_000_000n),
      );
    const i = this.#node.aggregates.findIndex((a) => a.name === name);
    const values = (this.#values[i] as Float64Array).subarray(0, length);
    if (type === 'int') return fixed(INT64, BigInt64Array.from(values, BigInt));
    const bits = (this.#present[i] as Uint8Array).subarray(0, bitmapBytes(length));
    return fixed(FLOAT, values, countOnes(bits, length) === length ? undefined : bits);
  }

  #times(): BigInt64Array {
    const out = new BigInt64Array(this.length);
    const [from, to] = [wordsOf(this.#starts), wordsOf(out)];
    for (let row = 0; row < out.length; row++) {
      const at = (this.#buckets[row] as number) * 2;
      to[row * 2] = from[at] as number;
      to[row * 2 + 1] = from[at + 1] as number;
    }
    return out;
  }
}
