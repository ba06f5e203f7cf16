// Of which series something was told for a time, as a day or an hour: a bit a series, for the times that were used last.
// What is not known any more is taken for not told.
import type { SeriesIndex } from './series-index.ts';

export class ToldSeries {
  readonly #index: Pick<SeriesIndex, 'size'>;
  readonly #most: number;
  /** By time, that used last at the end. */
  readonly #bits = new Map<number, Uint8Array>();

  /** `most`: times that are known at once; for 4 M series one is half a megabyte. */
  constructor(index: Pick<SeriesIndex, 'size'>, most: number) {
    this.#index = index;
    this.#most = most;
  }

  /** A bit for each series of the index, by dense number, to be read and set. */
  of(time: number): Uint8Array {
    const found = this.#bits.get(time);
    const bytes = (this.#index.size >> 3) + 1;
    const bits = found === undefined || found.length < bytes ? new Uint8Array(bytes * 2) : found;
    if (found !== undefined && found !== bits) bits.set(found);
    this.#bits.delete(time);
    this.#bits.set(time, bits);
    const [oldest] = this.#bits.keys();
    if (this.#bits.size > this.#most && oldest !== undefined) this.#bits.delete(oldest);
    return bits;
  }

  /** Nothing of it is known. */
  forget(time: number): void {
    this.#bits.delete(time);
  }

  clear(): void {
    this.#bits.clear();
  }
}
