// Where all that is written into a table is told to this process, whoever keeps what it says in memory need not ask the store for it.
import type { Batch } from '../../core/batch/batch.ts';
import type { Stretch } from '../../schemas/stretch.ts';

/** Has `hear` called with the rows of every insert into one table once they stand, and before it gets an answer with any sample that came with them. */
export type TellRows = (hear: (rows: Batch) => void) => void;

/** Where all that changes rows is told to this process, what was made of rows that stand still may be kept. */
export interface TellWrites {
  /** Has `begun` called before any answer shows the change, and `over`, with its number, when nothing more can come of it. */
  listen(hearer: { readonly begun: (write: string, rows: readonly Stretch[]) => void; readonly over: (write: string) => void }): void;
  /** Has all heard that was told by now: a write that an answer shows was told before that was made. */
  hear(): void;
}
