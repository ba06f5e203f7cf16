// Samples as they come into samples as they rest: mantissa and exponent, one block a UTC day; and which hours are to be marked for them.
// Runs over typed arrays; nothing is allocated, stringified or hashed for a sample.
import { type Batch, columnOf, type FixedColumn } from '../../core/batch/batch.ts';
import { safeIntegerAt, wordsOf } from '../../core/batch/words.ts';
import { encodeValues, MOST_EXPONENT, markName, markOf, SAMPLE_MARKS, type SampleMark, type ValueColumns } from '../../schemas/sample-value.ts';
import { TABLE_FIELDS } from '../../schemas/tables.ts';
import type { SeriesIndex } from '../series-index.ts';

export const HOUR_MS = 3_600_000;

export interface SampleBlock {
  /** Rows of the table `samples` without its last column, `insert`. */
  readonly batch: Batch;
  /** Dense numbers of the series, by row. */
  readonly series: Int32Array;
}

const fixed = (type: FixedColumn['type'], values: FixedColumn['values']): FixedColumn => ({
  layout: 'fixed',
  type,
  length: values.length,
  validity: undefined,
  values,
});

/** `samples`: rows of the schema `metrics`, all of one day. */
export const sampleBlock = (samples: Batch, index: SeriesIndex): SampleBlock => {
  const { length } = samples;
  const [metric, id, time, value] = ['metric', 'id', 'time', 'value'].map((name) => columnOf(samples, name) as FixedColumn) as [
    FixedColumn,
    FixedColumn,
    FixedColumn,
    FixedColumn,
  ];
  const words = wordsOf(id.values as BigUint64Array);
  const series = new Int32Array(length);
  for (let row = 0; row < length; row++) series[row] = index.at(words[row * 2] as number, words[row * 2 + 1] as number);
  const values: ValueColumns = { mantissa: new BigInt64Array(length), exponent: new Int8Array(length), float: new Float64Array(length) };
  encodeValues(value.values as Float64Array, series, index.sticky, values);
  const fields = TABLE_FIELDS.samples.slice(0, -1);
  const columns = [
    metric,
    id,
    time,
    ...[values.mantissa, values.exponent, values.float].map((array, i) => fixed((fields[i + 3] as (typeof fields)[number]).type, array)),
  ];
  return { batch: { length, fields, columns }, series };
};

/**
 * Adds to `hours` (starts, ms) those in which a sample is not surely newer than every other of its series: its time is not above the
 * last one, or it is before `coldUntil`, up to which another worker may have written what this one has not seen.
 */
export const markDirty = ({ batch, series }: SampleBlock, index: SeriesIndex, coldUntil: number, hours: Set<number>): void => {
  const words = wordsOf((columnOf(batch, 'time') as FixedColumn).values as BigInt64Array);
  const { last } = index;
  let marked = Number.NaN;
  for (let row = 0; row < batch.length; row++) {
    const time = safeIntegerAt(words, row);
    const at = series[row] as number;
    const before = last[at] as number;
    if (time > before) last[at] = time;
    if (time > before && time >= coldUntil) continue;
    const hour = time - (time % HOUR_MS);
    if (hour === marked) continue;
    marked = hour;
    hours.add(hour);
  }
};

/** A row of the ledger; hours begin at ms. */
export interface Mark {
  readonly table: string;
  readonly hour: number;
}

/** Hours by metric and kind of mark, in one number. */
type Hours = Map<number, Set<number>>;
const KINDS = SAMPLE_MARKS.length;

/** Above it what is known is forgotten: a mark made twice costs a row. */
const MOST_KNOWN = 100_000;

/** Which hours of which metric have values that want care (see `SAMPLE_MARKS`), less those that are known to be marked already. */
export class ValueMarks {
  #known: Hours = new Map();
  #size = 0;

  /** The marks that the blocks' values want; `stand` says that they stand in the ledger now. */
  of(blocks: readonly SampleBlock[]): { readonly marks: readonly Mark[]; readonly stand: () => void } {
    const fresh: Hours = new Map();
    for (const block of blocks) this.#find(block, fresh);
    const marks = [...fresh].flatMap(([key, hours]) => {
      const table = markName(SAMPLE_MARKS[key % KINDS] as SampleMark, Math.floor(key / KINDS));
      return [...hours].map((hour) => ({ table, hour }));
    });
    return { marks, stand: () => this.#know(fresh) };
  }

  #find({ batch }: SampleBlock, fresh: Hours): void {
    const [metrics, exponents, floats, times] = ['metric', 'exponent', 'float', 'time'].map((name) => (columnOf(batch, name) as FixedColumn).values) as [
      Uint32Array,
      Int8Array,
      Float64Array,
      BigInt64Array,
    ];
    const words = wordsOf(times);
    for (let row = 0; row < batch.length; row++) {
      if ((exponents[row] as number) <= MOST_EXPONENT) continue;
      const mark = markOf(exponents[row] as number, floats[row] as number);
      if (mark === undefined) continue;
      const time = safeIntegerAt(words, row);
      const hour = time - (time % HOUR_MS);
      const key = (metrics[row] as number) * KINDS + SAMPLE_MARKS.indexOf(mark);
      if (this.#known.get(key)?.has(hour) === true) continue;
      const hours = fresh.get(key);
      if (hours === undefined) fresh.set(key, new Set([hour]));
      else hours.add(hour);
    }
  }

  #know(fresh: Hours): void {
    for (const [key, hours] of fresh) {
      if (this.#size > MOST_KNOWN) {
        this.#known = new Map();
        this.#size = 0;
      }
      const known = this.#known.get(key);
      this.#known.set(key, known === undefined ? hours : new Set([...known, ...hours]));
      this.#size += hours.size;
    }
  }
}
