// Samples as they come into samples as they rest: mantissa and exponent, one block a UTC day; and which hours become dirty by them.
// Runs over typed arrays; nothing is allocated, stringified or hashed for a sample.
import { type Batch, columnOf, type FixedColumn } from '../../core/batch/batch.ts';
import { encodeValues, type ValueColumns } from '../../schemas/sample-value.ts';
import { TABLE_FIELDS } from '../../schemas/tables.ts';
import type { SeriesIndex } from '../series-index.ts';
import { millisAt, wordsOf } from './days.ts';

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
 * Adds to `hours` (starts, ms) those in which a sample is not surely newer than every other of its series: its time is not
 * above the last one, or there is no last one and it is before `coldUntil`, up to which another worker may have written.
 */
export const markDirty = ({ batch, series }: SampleBlock, index: SeriesIndex, coldUntil: number, hours: Set<number>): void => {
  const words = wordsOf((columnOf(batch, 'time') as FixedColumn).values as BigInt64Array);
  const { last } = index;
  let marked = Number.NaN;
  for (let row = 0; row < batch.length; row++) {
    const time = millisAt(words, row);
    const at = series[row] as number;
    const before = last[at] as number;
    if (time > before) last[at] = time;
    if (before === Number.NEGATIVE_INFINITY ? time >= coldUntil : time > before) continue;
    const hour = time - (time % HOUR_MS);
    if (hour === marked) continue;
    marked = hour;
    hours.add(hour);
  }
};
