// The order in which samples rest in their table, (metric, id, time), brought about by a counting sort over the series' dense numbers: the
// store finds its rows sorted and only writes them. Of one series the rows keep the order in which they came, mostly that of time; where
// it is not, the store sorts, so nothing here has to be right for the data to be.
import type { SeriesIndex } from '../series-index.ts';

const FIRST = 1024;

export class SampleOrder {
  readonly #index: SeriesIndex;
  /** Series that had samples, by metric and id. */
  #sorted = new Int32Array(0);
  /** Place of a series in `sorted`; −1: it had no sample yet. By series, as `metrics`. */
  #places = new Int32Array(FIRST).fill(-1);
  #metrics = new Uint32Array(FIRST);

  constructor(index: SeriesIndex) {
    this.#index = index;
  }

  /** Row numbers in order; undefined: the rows are in order already. `series`, `metrics`: by row. */
  rowsOf(series: Int32Array, metrics: Uint32Array): Int32Array | undefined {
    this.#meet(series, metrics);
    const places = this.#places;
    const starts = new Int32Array(this.#sorted.length + 1);
    let before = -1;
    let isInOrder = true;
    for (let row = 0; row < series.length; row++) {
      const place = places[series[row] as number] as number;
      starts[place + 1] = (starts[place + 1] as number) + 1;
      if (place < before) isInOrder = false;
      before = place;
    }
    if (isInOrder) return undefined;
    for (let place = 1; place < starts.length; place++) starts[place] = (starts[place] as number) + (starts[place - 1] as number);
    const rows = new Int32Array(series.length);
    for (let row = 0; row < series.length; row++) {
      const place = places[series[row] as number] as number;
      const at = starts[place] as number;
      rows[at] = row;
      starts[place] = at + 1;
    }
    return rows;
  }

  /** Gives the series that have their first sample here a place among the others. */
  #meet(series: Int32Array, metrics: Uint32Array): void {
    if (this.#places.length < this.#index.size) this.#grow();
    const fresh: number[] = [];
    for (let row = 0; row < series.length; row++) {
      const at = series[row] as number;
      if (this.#places[at] !== -1) continue;
      this.#places[at] = 0;
      this.#metrics[at] = metrics[row] as number;
      fresh.push(at);
    }
    if (fresh.length === 0) return;
    const of = this.#metrics;
    const compare = (a: number, b: number): number => (of[a] as number) - (of[b] as number) || this.#index.compareIds(a, b);
    const added = Int32Array.from(fresh).sort(compare);
    const merged = new Int32Array(this.#sorted.length + added.length);
    for (let [i, a, b] = [0, 0, 0]; i < merged.length; i++) {
      const isOld = b >= added.length || (a < this.#sorted.length && compare(this.#sorted[a] as number, added[b] as number) < 0);
      const next = (isOld ? this.#sorted[a++] : added[b++]) as number;
      merged[i] = next;
      this.#places[next] = i;
    }
    this.#sorted = merged;
  }

  #grow(): void {
    let { length } = this.#places;
    while (length < this.#index.size) length *= 2;
    const places = new Int32Array(length).fill(-1);
    places.set(this.#places);
    this.#places = places;
    const metrics = new Uint32Array(length);
    metrics.set(this.#metrics);
    this.#metrics = metrics;
  }
}
