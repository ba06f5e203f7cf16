// The series that a partition's samples belong to, by dense number: last time, exponent used last, and what is known of the definition.
// Typed arrays that grow by doubling, 37 bytes a series beside its id; looking an id up allocates nothing. It asks no store.
import { type Batch, columnOf, type FixedColumn } from '../core/batch/batch.ts';
import { IdTable } from '../core/batch/id-table.ts';
import { highOf, lowOf, wordsOf } from '../core/batch/words.ts';

/** What is known of a definition. */
export const UNSEEN = 0;
/** Looked for in the store and not found there. */
export const UNKNOWN = 1;
export const DEFINED = 2;

const FIRST = 1024;
const NEVER = Number.NEGATIVE_INFINITY;

export class SeriesIndex {
  readonly #most: number;
  readonly #ids = new IdTable(FIRST);
  metric = new Uint32Array(FIRST);
  /** ms; −∞: no sample since the partition became ours. */
  last = new Float64Array(FIRST).fill(NEVER);
  sticky = new Int8Array(FIRST);
  state = new Uint8Array(FIRST);
  /** UTC day on which the definition was known to stand in the store as `print` says; −1: not known. */
  day = new Int32Array(FIRST).fill(-1);
  /** Hash of the definition and its enrichment as it stood last; 0: not known. */
  print = new Float64Array(FIRST);

  constructor(most = 4_000_000) {
    this.#most = most;
  }

  get size(): number {
    return this.#ids.size;
  }

  /** No room for another series: whoever owns it begins a new one, and calls its times unknown. */
  get full(): boolean {
    return this.size >= this.#most;
  }

  /** The dense number of an id given as two words; a new one, of the metric, when it was not there. */
  at(low: number, high: number, metric: number): number {
    const { size } = this;
    const index = this.#ids.add(low, high);
    if (index < size) return index;
    if (index >= this.last.length) this.#grow();
    this.metric[index] = metric;
    return index;
  }

  atId(id: bigint, metric: number): number {
    return this.at(lowOf(id), highOf(id), metric);
  }

  /** Writes the id of a series to a row of two words each. */
  putId(index: number, words: Uint32Array, row: number): void {
    words[row * 2] = this.#ids.low(index);
    words[row * 2 + 1] = this.#ids.high(index);
  }

  /** By row of a batch that has a metric and an id. */
  numbersOf(batch: Batch): Int32Array {
    const words = wordsOf((columnOf(batch, 'id') as FixedColumn).values as BigUint64Array);
    const metrics = (columnOf(batch, 'metric') as FixedColumn).values as Uint32Array;
    const numbers = new Int32Array(batch.length);
    for (let row = 0; row < numbers.length; row++) numbers[row] = this.at(words[row * 2] as number, words[row * 2 + 1] as number, metrics[row] as number);
    return numbers;
  }

  idOf(index: number): bigint {
    return this.#ids.idOf(index);
  }

  /** By metric and id, as unsigned numbers. */
  compare(a: number, b: number): number {
    return (this.metric[a] as number) - (this.metric[b] as number) || this.#ids.high(a) - this.#ids.high(b) || this.#ids.low(a) - this.#ids.low(b);
  }

  /** A new day: exponents begin anew, so that one odd value does not cost bytes for ever. */
  resetExponents(): void {
    this.sticky.fill(0);
  }

  #grow(): void {
    const length = this.last.length * 2;
    const grown = <T extends Float64Array | Int8Array | Uint8Array | Int32Array | Uint32Array>(from: T, to: T): T => {
      to.set(from);
      return to;
    };
    this.metric = grown(this.metric, new Uint32Array(length));
    this.last = grown(this.last, new Float64Array(length).fill(NEVER));
    this.sticky = grown(this.sticky, new Int8Array(length));
    this.state = grown(this.state, new Uint8Array(length));
    this.day = grown(this.day, new Int32Array(length).fill(-1));
    this.print = grown(this.print, new Float64Array(length));
  }
}
