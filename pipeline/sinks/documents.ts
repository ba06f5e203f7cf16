// The sink of log lines where the search store keeps documents of its own: each line has an id that is always the same, so that nothing is planned
// and nothing is looked for: a round that is written again finds its lines there.
import type { Batch } from '../../core/batch/batch.ts';
import { concatBatches } from '../../core/batch/concat.ts';
import { encodeStream } from '../../core/ipc/write.ts';
import type { SearchWriter } from '../../engines/search/port.ts';
import { messagesAt, takeRows } from '../block.ts';
import type { Inventory } from '../inventory.ts';
import { checkSignal, retryUntilStopped } from '../retry.ts';
import type { Sink } from '../sink.ts';
import { documentLines } from '../stages/log-lines.ts';
import { lettersOf } from './origin.ts';

export interface DocumentSinkOptions {
  readonly writer: SearchWriter;
  readonly inventory: Pick<Inventory, 'of'>;
}

export const documentsSink = ({ writer, inventory }: DocumentSinkOptions): Sink => ({
  open: () => ({
    write: async (messages, { numbers, signal, health }) => {
      const batches = messages.map((message) => documentLines(message, inventory));
      const origin = batches.map(({ length }, i) => ({ offset: (messages[i] as (typeof messages)[number]).stored.offset, rows: length }));
      const [first, ...others] = batches;
      if (first === undefined) return [];
      const rows = concatBatches([first, ...others]);
      const insert = numbers.next();
      const part = (from: number, to: number): Batch => takeRows(rows, [{ from, to }], insert);
      const lines = writer.begin(part(0, rows.length));
      await retryUntilStopped(() => lines.send(signal), signal, health);
      checkSignal(signal);
      const offsetOf = messagesAt({ origin });
      const refused = lines.refused
        .toSorted((a, b) => a.row - b.row)
        .map(({ row, reason }) => ({ offset: offsetOf(row), value: encodeStream([part(row, row + 1)]), error: reason }));
      return lettersOf(refused, messages, 'logs');
    },
  }),
  findStandingInserts: () => Promise.resolve(new Set()),
});
