// The sink of process samples: enriched rows into the table `processes` by the insert protocol.
// It keeps nothing from one round to the next.
import { TABLE_FIELDS } from '../../schemas/tables.ts';
import type { Sink } from '../sink.ts';
import { byDay } from '../stages/days.ts';
import { enrichmentColumns } from '../stages/enrich.ts';
import { type Block, findStandingInserts, writeBlocks } from '../write.ts';
import { lettersOf } from './origin.ts';
import type { ColumnSinkOptions } from './samples.ts';

const FIELDS = TABLE_FIELDS.processes.slice(0, -1);

export const processesSink = ({ columns, inventory, maxExecutionMs, readBack }: ColumnSinkOptions): Sink => ({
  open: () => ({
    write: async (messages, context) => {
      const enriched = messages.map(({ batch, sender }) => ({
        length: batch.length,
        fields: FIELDS,
        columns: [...batch.columns, ...enrichmentColumns(batch, sender, inventory)],
      }));
      const blocks = byDay(enriched).map(({ day, batch }): Block => ({ table: 'processes', day, batch }));
      return lettersOf(await writeBlocks(blocks, { ...context, columns, maxExecutionMs, readBack }), messages, 'processes');
    },
  }),
  findStandingInserts: (inserts) => findStandingInserts(inserts, columns),
});
