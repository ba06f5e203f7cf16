// The fifteenth version: the ledger says in which hours samples of a metric tell when their counter began, so that no question has to look.
import type { ColumnStore } from '../port.ts';

const UNBOUNDED = { max_execution_time: 0, max_rows_to_read: 0 };

/** Zeros rest in next to nothing: of samples without a start hardly more is read than their hours. */
const STARTS = `INSERT INTO marks (kind, metric, hour) SELECT DISTINCT 'start', metric, toStartOfHour(time) AS hour FROM samples
WHERE start != fromUnixTimestamp64Milli(toInt64(0), 'UTC')`;

export const startMarks = (columns: Pick<ColumnStore, 'command'>): Promise<void> => columns.command(STARTS, { settings: UNBOUNDED });
