// The dense numbers of a message's series. Messages of one set (`named-sets.ts`) have one column of ids in common, whose numbers are looked
// up once; any other message is looked up id by id.
import { type Batch, columnOf, type FixedColumn } from '../../core/batch/batch.ts';
import type { SeriesIndex } from '../series-index.ts';

export class SeriesNumbers {
  readonly #index: SeriesIndex;
  /** By the array of ids, for as long as anybody has that. */
  readonly #known = new WeakMap<object, Int32Array>();

  constructor(index: SeriesIndex) {
    this.#index = index;
  }

  /** By row of a batch with the columns `id` and `metric`. Not to be changed. */
  of(batch: Batch): Int32Array {
    const ids = (columnOf(batch, 'id') as FixedColumn).values;
    const known = this.#known.get(ids);
    if (known?.length === batch.length) return known;
    const numbers = this.#index.numbersOf(batch);
    this.#known.set(ids, numbers);
    return numbers;
  }
}
