// The dense numbers of a message's series. A sender mostly sends the same series again and again, in one order: then its ids are those of an
// earlier message, byte for byte, and their numbers are known. Any other message is looked up id by id.
import { type Batch, columnOf, type FixedColumn } from '../../core/batch/batch.ts';
import type { SeriesIndex } from '../series-index.ts';

interface SeriesSet {
  readonly ids: Uint8Array;
  readonly series: Int32Array;
}

/** Series in all sets, 12 bytes each; beyond it they are learned anew. */
const MOST_KEPT = 4_000_000;
/** Fewer are looked up as fast. */
const SMALLEST = 16;

const bytesOf = ({ buffer, byteOffset, byteLength }: BigUint64Array): Uint8Array => new Uint8Array(buffer, byteOffset, byteLength);

export class SampleSets {
  readonly #index: SeriesIndex;
  readonly #sets = new Map<string, SeriesSet>();
  #kept = 0;

  constructor(index: SeriesIndex) {
    this.#index = index;
  }

  /** By row of a batch of the schema `metrics`. Not to be changed. */
  seriesOf(sender: string, batch: Batch): Int32Array {
    const ids = (columnOf(batch, 'id') as FixedColumn).values.subarray(0, batch.length) as BigUint64Array;
    if (ids.length < SMALLEST) return this.#index.numbersOf(batch);
    const bytes = bytesOf(ids);
    const key = `${sender}/${ids.length}/${ids[0]}`;
    const known = this.#sets.get(key);
    if (known !== undefined && Buffer.compare(known.ids, bytes) === 0) return known.series;
    const series = this.#index.numbersOf(batch);
    if (this.#kept + ids.length > MOST_KEPT) {
      this.#sets.clear();
      this.#kept = 0;
    }
    if (known === undefined) this.#kept += ids.length;
    this.#sets.set(key, { ids: bytes.slice(), series });
    return series;
  }
}
