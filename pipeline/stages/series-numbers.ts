// The dense numbers of a message's series. Messages of one set (`named-sets.ts`) have one column of ids in common, whose numbers are looked
// up once; any other message is looked up id by id.
import { type Batch, columnOf, type FixedColumn } from '../../core/batch/batch.ts';
import { wordsOf } from '../../core/batch/words.ts';
import type { SeriesIndex } from '../series-index.ts';

export class SeriesNumbers {
  readonly #index: SeriesIndex;
  /** By the array of ids, for as long as anybody has that. */
  readonly #known = new WeakMap<object, Int32Array>();

  constructor(index: SeriesIndex) {
    this.#index = index;
  }

  /** By row of a batch of the schema `metrics`. Not to be changed. */
  of(batch: Batch): Int32Array {
    const ids = (columnOf(batch, 'id') as FixedColumn).values as BigUint64Array;
    const known = this.#known.get(ids);
    if (known?.length === batch.length) return known;
    const words = wordsOf(ids);
    const metrics = (columnOf(batch, 'metric') as FixedColumn).values as Uint32Array;
    const series = new Int32Array(batch.length);
    for (let row = 0; row < series.length; row++) series[row] = this.#index.at(words[row * 2] as number, words[row * 2 + 1] as number, metrics[row] as number);
    this.#known.set(ids, series);
    return series;
  }
}
