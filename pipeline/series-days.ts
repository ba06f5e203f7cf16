// Which series had samples on which day: a partition tells the table `series_days` once a series and day, before it inserts the samples.
// What it has told is a bit a series for each of the days written last; what it does not know any more it tells again, which changes nothing.
import { randomUUID } from 'node:crypto';
import type { Batch, FixedColumn } from '../core/batch/batch.ts';
import type { ColumnStore } from '../engines/columns/port.ts';
import { monthDay } from '../schemas/presence.ts';
import { TABLE_FIELDS } from '../schemas/tables.ts';
import type { SeriesIndex } from './series-index.ts';
import { ToldSeries } from './told-series.ts';

const MOST_DAYS = 40;

/** Samples of one UTC day, in days since 1970, and whose they are by dense number. */
export interface DayOfSeries {
  readonly day: number;
  readonly seriesIndex: Int32Array;
}

export class SeriesDays {
  readonly #columns: Pick<ColumnStore, 'insert'>;
  readonly #index: SeriesIndex;
  readonly #told: ToldSeries;

  constructor(columns: Pick<ColumnStore, 'insert'>, index: SeriesIndex) {
    this.#columns = columns;
    this.#index = index;
    this.#told = new ToldSeries(index, MOST_DAYS);
  }

  /** Ends when the table has the days of all these series. */
  async tell(blocks: readonly DayOfSeries[], signal: AbortSignal): Promise<void> {
    for (const { day, seriesIndex } of blocks) {
      const due = this.#due(day, seriesIndex);
      if (due.length === 0) continue;
      try {
        await this.#columns.insert('series_days', this.#rowsOf(day, due), { queryId: randomUUID(), signal });
      } catch (error) {
        // Whether they stand is not known.
        this.#told.forget(day);
        throw error;
      }
    }
  }

  /** The series that were not told of this day; from now on they are taken to be. */
  #due(day: number, seriesIndex: Int32Array): readonly number[] {
    const told = this.#told.of(day);
    const due: number[] = [];
    for (let row = 0; row < seriesIndex.length; row++) {
      const at = seriesIndex[row] as number;
      const [byte, bit] = [at >> 3, 1 << (at & 7)];
      if (((told[byte] as number) & bit) !== 0) continue;
      told[byte] = (told[byte] as number) | bit;
      due.push(at);
    }
    return due;
  }

  #rowsOf(day: number, due: readonly number[]): Batch {
    const { month, days } = monthDay(day);
    const { metric } = this.#index;
    const values = [
      Uint32Array.from(due, (at) => metric[at] as number),
      BigUint64Array.from(due, (at) => this.#index.idOf(at)),
      new Uint32Array(due.length).fill(month),
      new Uint32Array(due.length).fill(days),
    ];
    const fields = TABLE_FIELDS.series_days;
    const columns = fields.map(
      ({ type }, i): FixedColumn => ({ layout: 'fixed', type, length: due.length, validity: undefined, values: values[i] as FixedColumn['values'] }),
    );
    return { length: due.length, fields, columns };
  }
}
