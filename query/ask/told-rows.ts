// Where all that is written into a table is told to this process, whoever keeps what it says in memory need not ask the store for it.
import type { Batch } from '../../core/batch/batch.ts';

/** Has `hear` called with the rows of every insert into one table once they stand, and before it gets an answer with any sample that came with them. */
export type TellRows = (hear: (rows: Batch) => void) => void;
