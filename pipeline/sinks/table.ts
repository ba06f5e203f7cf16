// The sink of what goes into one table of the column store as it is, enriched: processes, JVMs, and what is left of log lines (`logs.ts`). Rows go in by the insert protocol; nothing is kept from one round to the next.
import type { Batch } from '../../core/batch/batch.ts';
import { type Block, takeRows } from '../block.ts';
import type { Inventory } from '../inventory.ts';
import type { Decoded } from '../message.ts';
import type { Sink } from '../sink.ts';
import { byDay } from '../stages/days.ts';
import { findStandingInserts } from '../standing.ts';
import { writeBlocks } from '../write.ts';
import { lettersOf, originOf } from './origin.ts';
import type { ColumnSinkOptions } from './samples.ts';

/** Rows of the table without the number of their insert. */
export type ToRows = (message: Decoded, inventory: Pick<Inventory, 'of'>) => Batch;

export const tableSink = (table: 'processes' | 'jvm' | 'logs', toRows: ToRows, { inventory, ...options }: ColumnSinkOptions): Sink => ({
  open: () => ({
    write: async (messages, context) => {
      const days = byDay(messages.map((message) => toRows(message, inventory)));
      const blocks = days.map(
        (day): Block => ({
          table,
          day: day.day,
          length: day.batch.length,
          origin: originOf(day, messages),
          rows: (ranges, insert) => takeRows(day.batch, ranges, insert),
        }),
      );
      return lettersOf(await writeBlocks(blocks, { ...context, ...options }), messages, table);
    },
  }),
  findStandingInserts: (inserts, signal) => findStandingInserts(inserts, options.columns, signal, options.fence),
});
