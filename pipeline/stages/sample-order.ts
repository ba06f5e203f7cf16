// The order in which samples of one day rest in their table, (metric, hour, id, time), brought about by a counting sort over the series'
// dense numbers: the store finds its rows sorted and only writes them. Of one series the rows keep the order in which they came, mostly
// that of time; where it is not, the store sorts, so nothing here has to be right for the data to be.
import type { Range } from '../progress.ts';
import type { SeriesIndex } from '../series-index.ts';

const FIRST = 1024;
/** Series times hours: beyond it the store sorts. */
const MOST_COUNTED = 8_000_000;

/** By row: the dense number of the series, and the hour of the day. */
export interface OrderedRows {
  readonly seriesIndex: Int32Array;
  readonly hour: Uint8Array;
}

export class SampleOrder {
  readonly #index: SeriesIndex;
  /** Series that had samples, by metric and id. */
  #sorted = new Int32Array(0);
  /** By series: its place in `sorted`; −1: it had no sample yet. */
  #places = new Int32Array(FIRST).fill(-1);
  /** By place: where its metric begins, and how many series that has. */
  #begins = new Int32Array(0);
  #sizes = new Int32Array(0);
  /** Used again by each call. */
  #out = new Int32Array(0);
  #starts = new Int32Array(0);

  constructor(index: SeriesIndex) {
    this.#index = index;
  }

  /** Where each row of the ranges is to stand, one range after the other; undefined: where it is. Valid until the next call. */
  placesOf(rows: OrderedRows, ranges: readonly Range<number>[]): Int32Array | undefined {
    this.#meet(rows.seriesIndex, ranges);
    let [first, last, count] = [255, 0, 0];
    for (const { from, to } of ranges) {
      count += to - from;
      for (let row = from; row < to; row++) {
        const hour = rows.hour[row] as number;
        if (hour < first) first = hour;
        if (hour > last) last = hour;
      }
    }
    const slots = this.#sorted.length * Math.max(0, last - first + 1);
    return count === 0 || slots > MOST_COUNTED ? undefined : this.#count(rows, ranges, first, slots, count);
  }

  #count({ seriesIndex, hour }: OrderedRows, ranges: readonly Range<number>[], first: number, slots: number, count: number): Int32Array | undefined {
    const [places, begins, sizes] = [this.#places, this.#begins, this.#sizes];
    if (this.#out.length < count) this.#out = new Int32Array(count);
    if (this.#starts.length <= slots) this.#starts = new Int32Array(slots + 1);
    const out = this.#out.subarray(0, count);
    const starts = this.#starts.subarray(0, slots + 1).fill(0);
    const hours = slots / Math.max(1, this.#sorted.length);
    let [at, before, isInOrder] = [0, 0, true];
    for (const { from, to } of ranges)
      for (let row = from; row < to; row++) {
        const place = places[seriesIndex[row] as number] as number;
        const begin = begins[place] as number;
        const slot = begin * hours + ((hour[row] as number) - first) * (sizes[place] as number) + place - begin;
        out[at++] = slot;
        starts[slot + 1] = (starts[slot + 1] as number) + 1;
        if (slot < before) isInOrder = false;
        before = slot;
      }
    if (isInOrder) return undefined;
    for (let slot = 1; slot < starts.length; slot++) starts[slot] = (starts[slot] as number) + (starts[slot - 1] as number);
    for (let row = 0; row < count; row++) {
      const slot = out[row] as number;
      const target = starts[slot] as number;
      out[row] = target;
      starts[slot] = target + 1;
    }
    return out;
  }

  /** Gives the series that have their first sample here a place among the others. */
  #meet(seriesIndex: Int32Array, ranges: readonly Range<number>[]): void {
    if (this.#places.length < this.#index.size) this.#grow();
    const fresh: number[] = [];
    for (const { from, to } of ranges)
      for (let row = from; row < to; row++) {
        const at = seriesIndex[row] as number;
        if (this.#places[at] !== -1) continue;
        this.#places[at] = 0;
        fresh.push(at);
      }
    if (fresh.length === 0) return;
    const compare = (a: number, b: number): number => this.#index.compare(a, b);
    const added = Int32Array.from(fresh).sort(compare);
    const merged = new Int32Array(this.#sorted.length + added.length);
    for (let [i, a, b] = [0, 0, 0]; i < merged.length; i++) {
      const isOld = b >= added.length || (a < this.#sorted.length && compare(this.#sorted[a] as number, added[b] as number) < 0);
      const next = (isOld ? this.#sorted[a++] : added[b++]) as number;
      merged[i] = next;
      this.#places[next] = i;
    }
    this.#sorted = merged;
    this.#group();
  }

  #group(): void {
    const { metric } = this.#index;
    const { length } = this.#sorted;
    this.#begins = new Int32Array(length);
    this.#sizes = new Int32Array(length);
    for (let begin = 0; begin < length; ) {
      const of = metric[this.#sorted[begin] as number];
      let end = begin + 1;
      while (end < length && metric[this.#sorted[end] as number] === of) end++;
      this.#begins.fill(begin, begin, end);
      this.#sizes.fill(end - begin, begin, end);
      begin = end;
    }
  }

  #grow(): void {
    let { length } = this.#places;
    while (length < this.#index.size) length *= 2;
    const places = new Int32Array(length).fill(-1);
    places.set(this.#places);
    this.#places = places;
  }
}
