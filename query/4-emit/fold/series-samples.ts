// One series' samples, of an answer that has a row a series with its samples as lists: `#times`, ms since the origin; `#exponents`; `#values`,
// the mantissa, or the bits of the float where the exponent says so (schemas/sample-value.ts); where starts are read `#starts`, ms since 1970.
// They stand in any one order. Nothing is allocated for a sample, and little for a series.
import { type Batch, columnOf, type FixedArray, type ListColumn } from '../../../core/batch/batch.ts';
import { safeIntegerAt, wordsOf } from '../../../core/batch/words.ts';
import type { Part, Sample } from '../../../schemas/sample-part.ts';
import { EXPONENT_STALE, MOST_EXPONENT, POWERS } from '../../../schemas/sample-value.ts';

const [SAMPLE, STALE, MISSING] = [0, 1, 2];

export interface SampleLists {
  readonly offsets: Int32Array;
  readonly times: FixedArray;
  readonly values: BigInt64Array;
  readonly exponents: Int8Array;
  readonly starts: BigInt64Array | undefined;
}

const listOf = (batch: Batch, name: string): { readonly offsets: Int32Array; readonly values: FixedArray } => {
  const { offsets, items } = columnOf(batch, name) as ListColumn;
  if (items.layout !== 'fixed') throw new TypeError(`${name} is a list of ${items.type.kind}`);
  return { offsets, values: items.values };
};

export const sampleLists = (batch: Batch): SampleLists => {
  const { offsets, values: times } = listOf(batch, '#times');
  return {
    offsets,
    times,
    values: listOf(batch, '#values').values as BigInt64Array,
    exponents: listOf(batch, '#exponents').values as Int8Array,
    starts: batch.fields.some((f) => f.name === '#starts') ? (listOf(batch, '#starts').values as BigInt64Array) : undefined,
  };
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

/** Stretches (from, to) that are in order of time one after the other. */
const stretchesInOrder = (times: Float64Array, length: number): readonly (readonly [number, number])[] => {
  /** What is left of each ascending run. */
  const runs: [number, number][] = [];
  let from = 0;
  for (let i = 1; i <= length; i++) {
    if (i < length && (times[i] as number) > (times[i - 1] as number)) continue;
    runs.push([from, i]);
    from = i;
  }
  const head = (run: readonly [number, number] | undefined): number => (run === undefined ? Number.POSITIVE_INFINITY : (times[run[0]] as number));
  // The earliest last; there are few, one of each part and thread of the store.
  runs.sort((a, b) => head(b) - head(a));
  const stretches: [number, number][] = [];
  for (let run = runs.pop(); run !== undefined; run = runs.pop()) {
    const until = head(runs.at(-1));
    const [begin, end] = run;
    let to = begin + 1;
    while (to < end && (times[to] as number) < until) to++;
    stretches.push([begin, to]);
    if (to === end) continue;
    let place = runs.length;
    while (place > 0 && head(runs[place - 1]) < (times[to] as number)) place--;
    runs.splice(place, 0, [to, end]);
  }
  return stretches;
};

export class SeriesSamples {
  /** Of times in lists, ms. */
  readonly #origin: number;
  /** Stale markers end a series; else they are no rows. */
  readonly #endsAtStale: boolean;
  length = 0;
  /** Ascending, ms. */
  times = new Float64Array(0);
  values = new Float64Array(0);
  starts = new Float64Array(0);
  hasStarts = false;
  /** What each is, where some are no samples. */
  kinds: Uint8Array | undefined;
  /** What comes in no order is put in order into these. */
  #spare = { times: new Float64Array(0), values: new Float64Array(0), starts: new Float64Array(0) };
  readonly #told = { time: 0, value: 0, start: 0 };

  constructor(origin: number, endsAtStale: boolean) {
    this.#origin = origin;
    this.#endsAtStale = endsAtStale;
  }

  read({ offsets, times, values: bits, exponents, starts }: SampleLists, row: number): void {
    const from = offsets[row] as number;
    const to = offsets[row + 1] as number;
    const count = to - from;
    if (this.times.length < count) {
      const room = count * 2;
      this.times = new Float64Array(room);
      this.values = new Float64Array(room);
      this.starts = new Float64Array(room);
      this.#spare = { times: new Float64Array(room), values: new Float64Array(room), starts: new Float64Array(room) };
    }
    this.length = count;
    this.kinds = undefined;
    this.hasStarts = starts !== undefined;
    decodeWhole(times, from, count, this.#origin, this.times);
    if (starts !== undefined) decodeWhole(starts, from, count, 0, this.starts);
    if (isPlain(exponents, from, to)) decodeDecimals(bits, from, count, POWERS[exponents[from] as number] as number, this.values);
    else this.#decodeOdd(bits, exponents, from, count);
    if (!isAscending(this.times, this.length)) this.#sort();
  }

  /** Values of several exponents, floats, markers. */
  #decodeOdd(bits: BigInt64Array, exponents: Int8Array, from: number, count: number): void {
    const words = wordsOf(bits);
    const floats = new Float64Array(bits.buffer, bits.byteOffset, bits.length);
    let length = 0;
    for (let i = 0; i < count; i++) {
      const exponent = exponents[from + i] as number;
      // Where nobody looks for markers they are no rows.
      if (exponent === EXPONENT_STALE && !this.#endsAtStale) continue;
      const value = exponent <= MOST_EXPONENT ? safeIntegerAt(words, from + i) / (POWERS[exponent] as number) : (floats[from + i] as number);
      if (!Number.isFinite(value)) {
        this.kinds ??= new Uint8Array(count);
        this.kinds[length] = exponent === EXPONENT_STALE ? STALE : MISSING;
      }
      this.times[length] = this.times[i] as number;
      this.starts[length] = this.starts[i] as number;
      this.values[length++] = value;
    }
    this.length = length;
  }

  /** By time: what comes of several hours or parts of the table stands one after the other, each in order. */
  #sort(): void {
    const { length, times, values, starts, kinds } = this;
    const order = stretchesInOrder(times, length);
    const put = (from: Float64Array | Uint8Array, to: Float64Array | Uint8Array): void => {
      let at = 0;
      for (const [begin, end] of order) {
        to.set(from.subarray(begin, end), at);
        at += end - begin;
      }
    };
    put(times, this.#spare.times);
    put(values, this.#spare.values);
    if (this.hasStarts) put(starts, this.#spare.starts);
    this.times = this.#spare.times;
    this.values = this.#spare.values;
    this.starts = this.#spare.starts;
    this.#spare = { times, values, starts };
    if (kinds === undefined) return;
    this.kinds = new Uint8Array(length);
    put(kinds, this.kinds);
  }

  isMarker(i: number): boolean {
    return this.kinds?.[i] === STALE;
  }

  /** Samples `low` … `high` behind those of the part. */
  addTo(part: Part, low: number, high: number): void {
    const { times, values, kinds } = this;
    const starts = this.hasStarts ? this.starts : undefined;
    if (kinds === undefined) {
      part.addRun(times, values, starts, low, high);
      return;
    }
    for (let i = low; i < high; ) {
      let to = i;
      while (to < high && kinds[to] === SAMPLE) to++;
      if (to > i) part.addRun(times, values, starts, i, to);
      if (to < high) {
        if (kinds[to] === STALE) part.addStale();
        else part.addMissing();
      }
      i = to + 1;
    }
  }

  /** The last before `i` that is a sample or a marker; −1: there is none. */
  lastBefore(i: number): number {
    let last = i - 1;
    while (last >= 0 && this.kinds?.[last] === MISSING) last--;
    return last;
  }

  /** Until the next is told. */
  at(i: number): Sample {
    const told = this.#told;
    told.time = this.times[i] as number;
    told.value = this.values[i] as number;
    told.start = this.hasStarts ? (this.starts[i] as number) : 0;
    return told;
  }
}
