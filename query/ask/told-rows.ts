// Where all that is written into a table passes through this process, whoever keeps what it says in memory need not ask the store for it.
import type { Batch } from '../../core/batch/batch.ts';

/** Has `hear` called with the rows of every insert into one table, once they stand and before any sample that came with them does. */
export type TellRows = (hear: (rows: Batch) => void) => void;
