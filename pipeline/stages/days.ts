// Which rows of a round go into which partition of a table: a UTC day each.
// Works on two-word times; nothing is allocated for a row.
import { type Batch, columnOf, type FixedColumn } from '../../core/batch/batch.ts';
import { concatBatches } from '../../core/batch/concat.ts';
import { takeRows } from '../../core/batch/take.ts';
import { safeIntegerAt, wordsOf } from '../../core/batch/words.ts';

export const DAY_MS = 86_400_000;

/** Rows of a batch that belong to one day; `rows` undefined: all. */
export interface DayRows {
  readonly day: number;
  readonly rows: Int32Array | undefined;
}

/** The days of a column of times in ms, in order of time; rows keep their order. */
export const daysOf = (time: FixedColumn): readonly DayRows[] => {
  const words = wordsOf(time.values as BigInt64Array);
  const length = time.length;
  if (length === 0) return [];
  let [least, most] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (let row = 0; row < length; row++) {
    const ms = safeIntegerAt(words, row);
    if (ms < least) least = ms;
    if (ms > most) most = ms;
  }
  const [first, last] = [Math.floor(least / DAY_MS), Math.floor(most / DAY_MS)];
  if (first === last) return [{ day: first, rows: undefined }];
  const counts = new Map<number, number>();
  for (let row = 0; row < length; row++) {
    const day = Math.floor(safeIntegerAt(words, row) / DAY_MS);
    counts.set(day, (counts.get(day) ?? 0) + 1);
  }
  const lists = new Map([...counts].map(([day, count]) => [day, { rows: new Int32Array(count), at: 0 }]));
  for (let row = 0; row < length; row++) {
    const list = lists.get(Math.floor(safeIntegerAt(words, row) / DAY_MS)) as { rows: Int32Array; at: number };
    list.rows[list.at++] = row;
  }
  return [...lists].sort(([a], [b]) => a - b).map(([day, { rows }]) => ({ day, rows }));
};

export interface DayBatch {
  readonly day: number;
  readonly batch: Batch;
}

/** All rows of the batches, one batch a day, in the order of the batches; the same batches always give the same. */
export const byDay = (batches: readonly Batch[]): readonly DayBatch[] => {
  const days = new Map<number, Batch[]>();
  for (const batch of batches)
    for (const { day, rows } of daysOf(columnOf(batch, 'time') as FixedColumn)) {
      const part = rows === undefined ? batch : takeRows(batch, rows);
      const parts = days.get(day);
      if (parts === undefined) days.set(day, [part]);
      else parts.push(part);
    }
  return [...days].sort(([a], [b]) => a - b).map(([day, parts]) => ({ day, batch: concatBatches(parts) }));
};
