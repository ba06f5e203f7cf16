// The sink of log lines: documents with ids of their own, so that whatever is written again stands once.
// What the store refuses becomes a letter; nothing is planned or read back.
import { concatBatches } from '../../core/batch/concat.ts';
import { sliceBatch } from '../../core/batch/take.ts';
import { encodeStream } from '../../core/ipc/write.ts';
import type { Search } from '../../engines/search/port.ts';
import type { Inventory } from '../inventory.ts';
import type { DeadLetter, Decoded } from '../message.ts';
import { retryUntilStopped } from '../retry.ts';
import type { Sink } from '../sink.ts';
import { documents } from '../stages/documents.ts';

const letterOf = (row: number, reason: string, messages: readonly Decoded[]): DeadLetter => {
  let at = row;
  for (const { stored, batch } of messages) {
    if (at < batch.length)
      return { message: stored, value: encodeStream([sliceBatch(batch, at, at + 1)]), rows: 1, stage: 'logs', reason: 'refused-row', error: reason };
    at -= batch.length;
  }
  throw new RangeError(`row ${row} of a round without it`);
};

export const logsSink = ({ search, inventory }: { readonly search: Search; readonly inventory: Inventory }): Sink => ({
  open: () => ({
    write: async (messages, { signal, health, numbers }) => {
      if (messages.length === 0) return [];
      const insert = numbers.next();
      const batch = concatBatches(messages.map((message) => documents(message, insert, inventory)));
      const { rejected } = await retryUntilStopped(() => search.write(batch, { signal }), signal, health);
      return rejected.map(({ row, reason }) => letterOf(row, reason, messages));
    },
  }),
  findStandingInserts: () => Promise.resolve(new Set()),
});
