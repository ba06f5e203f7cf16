// Which rows of a round go into which partition of a table: a UTC day each.
// Works on two-word times; nothing is allocated for a row.
import { type Batch, columnOf, type FixedColumn } from '../../core/batch/batch.ts';
import { concatBatches } from '../../core/batch/concat.ts';
import { takeRows } from '../../core/batch/take.ts';
import { safeIntegerAt, wordsOf } from '../../core/batch/words.ts';

export const DAY_MS = 86_400_000;

const NANOS = 1_000_000;
const DAY_NS = BigInt(DAY_MS) * BigInt(NANOS);
/** As part of a day: nanoseconds as a `number` are off by less than a thousandth of it, until 2262. */
const NEAR = 1 / DAY_MS;

/** The UTC day of a row of a column of times: milliseconds or nanoseconds. */
const dayOf = ({ type, values }: FixedColumn): ((row: number) => number) => {
  const words = wordsOf(values as BigInt64Array);
  if (type.kind !== 'timestamp' || type.unit === 'ms') return (row) => Math.floor(safeIntegerAt(words, row) / DAY_MS);
  return (row) => {
    const days = safeIntegerAt(words, row) / (DAY_MS * NANOS);
    const nearest = Math.round(days);
    if (Math.abs(days - nearest) > NEAR) return Math.floor(days);
    return ((values as BigInt64Array)[row] as bigint) >= BigInt(nearest) * DAY_NS ? nearest : nearest - 1;
  };
};

/** Rows of a batch that belong to one day; `rows` undefined: all. */
export interface DayRows {
  readonly day: number;
  readonly rows: Int32Array | undefined;
}

/** The days of a column of times, in order of time; rows keep their order. */
export const daysOf = (time: FixedColumn): readonly DayRows[] => {
  const { length } = time;
  const day = dayOf(time);
  const counts = new Map<number, number>();
  // Rows that follow each other are mostly of one day.
  for (let row = 0; row < length; ) {
    const of = day(row);
    const from = row++;
    while (row < length && day(row) === of) row++;
    counts.set(of, (counts.get(of) ?? 0) + row - from);
  }
  if (counts.size <= 1) return [...counts.keys()].map((only) => ({ day: only, rows: undefined }));
  const lists = new Map([...counts].map(([of, count]) => [of, { rows: new Int32Array(count), at: 0 }]));
  for (let row = 0; row < length; row++) {
    const list = lists.get(day(row)) as { rows: Int32Array; at: number };
    list.rows[list.at++] = row;
  }
  return [...lists].sort(([a], [b]) => a - b).map(([of, { rows }]) => ({ day: of, rows }));
};

export interface DayBatch {
  readonly day: number;
  readonly batch: Batch;
  /** Which batch its rows are of, one after the other: index and number of rows. */
  readonly origin: readonly { readonly index: number; readonly rows: number }[];
}

/** All rows of the batches, one batch a day, in the order of the batches; the same batches always give the same. */
export const byDay = (batches: readonly Batch[]): readonly DayBatch[] => {
  const days = new Map<number, { readonly parts: Batch[]; readonly origin: { readonly index: number; readonly rows: number }[] }>();
  for (const [index, batch] of batches.entries())
    for (const { day, rows } of daysOf(columnOf(batch, 'time') as FixedColumn)) {
      const part = rows === undefined ? batch : takeRows(batch, rows);
      const of = days.get(day) ?? { parts: [], origin: [] };
      days.set(day, of);
      of.parts.push(part);
      of.origin.push({ index, rows: part.length });
    }
  return [...days].sort(([a], [b]) => a - b).map(([day, { parts, origin }]) => ({ day, batch: concatBatches(parts), origin }));
};
