// The windows of series whose samples and parts of rollups were read: what the aggregates of `every` are of each, by the algebra of
// `schemas/sample-part.ts`. A window takes what lies in it in order of time, samples as runs and parts whole; so it is the same of which hours
// there are parts.
import { type Batch, columnOf } from '../../../core/batch/batch.ts';
import { Part, type Sample } from '../../../schemas/sample-part.ts';
import type { Every } from '../../3-plan/nodes.ts';
import { WindowRows } from './rows.ts';
import { SeriesParts } from './series-parts.ts';
import { SeriesSamples, sampleLists } from './series-samples.ts';
import { type Finish, finishOf, type Windows, windowsOf } from './windows.ts';

/** Rows of an answer's batch. */
const PIECE_ROWS = 65_536;
const NEVER = Number.POSITIVE_INFINITY;

export class WindowFold {
  readonly #node: Every;
  readonly #windows: Windows;
  /** ms */
  readonly #lookback: number;
  readonly #finish: readonly Finish[];
  readonly #samples: SeriesSamples;
  #parts = new SeriesParts([]);
  readonly #part = new Part();
  readonly #next = new Part();
  readonly #window: { part: Part; before: Sample | undefined; from: number } = { part: this.#part, before: undefined, from: 0 };
  #out: WindowRows;

  /** `origin`: of times of samples in lists, ms. `endsAtStale`: stale markers end a series; else they are no rows. */
  constructor(node: Every, origin: number, endsAtStale: boolean) {
    this.#node = node;
    this.#windows = windowsOf(node);
    this.#lookback = Number(node.lookback) / 1e6;
    this.#finish = node.aggregates.map((a) => finishOf(a) as Finish);
    this.#samples = new SeriesSamples(origin, endsAtStale);
    this.#out = new WindowRows(node, this.#windows.starts);
  }

  /** Batches of the window's columns, in no order. `lists`: a row a series; `parts`: what each table of rollups answered. */
  *fold(lists: readonly Batch[], parts: readonly (readonly Batch[])[]): Generator<Batch> {
    this.#parts = new SeriesParts(parts);
    const left = new Set(this.#parts.series);
    for (const batch of lists) {
      if (batch.length === 0) continue;
      const series = columnOf(batch, '#series');
      if (series.layout !== 'fixed' || !(series.values instanceof BigInt64Array)) throw new TypeError(`#series is a column of ${series.type.kind}`);
      const samples = sampleLists(batch);
      for (let row = 0; row < batch.length; row++) {
        const id = series.values[row] as bigint;
        left.delete(id);
        this.#samples.read(samples, row);
        this.#parts.open(id);
        this.#each(id);
        if (this.#out.length >= PIECE_ROWS) yield this.#taken();
      }
    }
    this.#samples.length = 0;
    for (const id of left) {
      this.#parts.open(id);
      this.#each(id);
      if (this.#out.length >= PIECE_ROWS) yield this.#taken();
    }
    if (this.#out.length > 0) yield this.#taken();
  }

  #taken(): Batch {
    const out = this.#out;
    this.#out = new WindowRows(this.#node, this.#windows.starts);
    return out.batch();
  }

  /** Each window of one series that holds anything. */
  #each(series: bigint): void {
    const { length, times } = this.#samples;
    const { length: parts, times: partTimes } = this.#parts;
    const { from, to } = this.#windows;
    const isApart = this.#node.over === undefined;
    let [low, high, partLow, partHigh] = [0, 0, 0, 0];
    const nextTime = (): number => Math.min(low < length ? (times[low] as number) : NEVER, partLow < parts ? (partTimes[partLow] as number) : NEVER);
    for (let w = this.#windowBehind(0, nextTime()); w < from.length; ) {
      const [begin, end] = [from[w] as number, to[w] as number];
      while (low < length && (times[low] as number) < begin) low++;
      if (high < low) high = low;
      while (high < length && (times[high] as number) < end) high++;
      while (partLow < parts && (partTimes[partLow] as number) < begin) partLow++;
      if (partHigh < partLow) partHigh = partLow;
      while (partHigh < parts && (partTimes[partHigh] as number) < end) partHigh++;
      const isEmpty = low === high && partLow === partHigh;
      if (!isEmpty) this.#add(series, w, low, high, partLow, partHigh);
      if (isApart) [low, partLow] = [high, partHigh];
      // Windows that overlap are gone through one by one while they hold anything.
      w = isEmpty || isApart ? this.#windowBehind(w + 1, nextTime()) : w + 1;
    }
  }

  /** The first window from `w` on that ends behind the time; their number where there is none. */
  #windowBehind(w: number, time: number): number {
    const { to } = this.#windows;
    if (time === NEVER) return to.length;
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

  #add(series: bigint, w: number, low: number, high: number, partLow: number, partHigh: number): void {
    const { times } = this.#samples;
    const part = this.#part;
    part.clear();
    let at = low;
    for (let p = partLow; p < partHigh; p++) {
      const until = this.#parts.times[p] as number;
      const begin = at;
      while (at < high && (times[at] as number) < until) at++;
      if (at > begin) this.#samples.addTo(part, begin, at);
      this.#parts.read(p, this.#next);
      part.append(this.#next);
    }
    if (at < high) this.#samples.addTo(part, at, high);
    if (part.count + part.missing === 0) return;
    const window = this.#window;
    window.from = this.#windows.begins[w] as number;
    window.before = this.#lookback === 0 ? undefined : this.#before(low, partLow, window.from);
    this.#out.add(series, w, this.#newest(low, high, partLow, partHigh), this.#finish, window);
  }

  /** When the newest row of a window was taken, as near as a part tells. */
  #newest(low: number, high: number, partLow: number, partHigh: number): number {
    const { times } = this.#samples;
    let last = high - 1;
    while (last >= low && this.#samples.isMarker(last)) last--;
    const sample = last < low ? Number.NEGATIVE_INFINITY : (times[last] as number);
    return partHigh > partLow ? Math.max(sample, this.#part.count === 0 ? (this.#parts.times[partHigh - 1] as number) : this.#part.lastTime) : sample;
  }

  /** The sample before a window, where it is near enough and no marker stands behind it. */
  #before(low: number, partLow: number, from: number): Sample | undefined {
    const { times } = this.#samples;
    let sample = this.#samples.lastBefore(low);
    for (let p = partLow - 1; p >= 0; p--) {
      if (sample >= 0 && (times[sample] as number) > (this.#parts.times[p] as number)) break;
      this.#parts.read(p, this.#next);
      const { count, ends, stale } = this.#next;
      if (count === 0 && stale === 0) continue;
      if (count === 0 || ends || this.#next.lastTime < from - this.#lookback) return undefined;
      return this.#next.last;
    }
    if (sample < 0 || this.#samples.isMarker(sample) || (times[sample] as number) < from - this.#lookback) sample = -1;
    return sample < 0 ? undefined : this.#samples.at(sample);
  }
}
