// Which message a row of a day's block came from.
// Worked out only when the store refused the row; nothing is kept for it.
import { columnOf, type FixedColumn } from '../../core/batch/batch.ts';
import type { DeadLetter, Decoded } from '../message.ts';
import { daysOf } from '../stages/days.ts';
import type { RefusedRow } from '../write.ts';

export const lettersOf = (refused: readonly RefusedRow[], messages: readonly Decoded[], stage: string): readonly DeadLetter[] =>
  refused.map(({ block, row, value, error }) => {
    let before = 0;
    for (const { stored, batch } of messages)
      for (const { day, rows } of daysOf(columnOf(batch, 'time') as FixedColumn)) {
        if (day !== block.day) continue;
        before += rows?.length ?? batch.length;
        if (row < before) return { message: stored, value, rows: 1, stage, reason: 'refused-row', error };
      }
    throw new RangeError(`row ${row} of ${block.table} in a round of ${before}`);
  });
