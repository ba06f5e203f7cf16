// Which rows of a batch of log lines go into which insert: a block per UTC day, in row order, without the rows that can
// never be stored. Reads columns only; asks no store.
import { type Batch, type Column, columnOf, isPresent, type Value, valueAt } from '../../../core/batch/batch.ts';

const NANOS_PER_DAY = 86_400_000_000_000n;
/** What the store's time type holds: 1900-01-01 up to 2262-04-11 (https://clickhouse.com/docs/sql-reference/data-types/datetime64). */
const EARLIEST = BigInt(Date.UTC(1900, 0, 1)) * 1_000_000n;

export interface RejectedRow {
  readonly row: number;
  readonly reason: string;
}

export interface DayBlock {
  /** Row numbers in the batch, rising. */
  readonly rows: Int32Array;
  /** Earliest and latest time of the rows, nanoseconds. */
  readonly from: bigint;
  readonly to: bigint;
}

/** Columns whose values name a document; none may be missing. */
const NEVER_MISSING = ['time', 'sender', 'boot', 'seq', 'row', 'message', 'insert'];

/** The days in order of time. */
export const splitByDay = (batch: Batch): { readonly days: readonly DayBlock[]; readonly rejected: readonly RejectedRow[] } => {
  const needed = NEVER_MISSING.map((name) => [name, columnOf(batch, name)] as const);
  const times = (columnOf(batch, 'time') as { readonly values: BigInt64Array }).values;
  const rejected: RejectedRow[] = [];
  const days = new Map<bigint, number[]>();
  for (let row = 0; row < batch.length; row++) {
    const missing = needed.find(([, column]) => !isPresent(column, row));
    const time = times[row] as bigint;
    if (missing !== undefined) rejected.push({ row, reason: `${missing[0]} is missing` });
    else if (time < EARLIEST) rejected.push({ row, reason: 'its time is before 1900' });
    else {
      const day = time < 0n && time % NANOS_PER_DAY !== 0n ? time / NANOS_PER_DAY - 1n : time / NANOS_PER_DAY;
      const rows = days.get(day);
      if (rows === undefined) days.set(day, [row]);
      else rows.push(row);
    }
  }
  const blocks = Array.from(days.keys())
    .sort(ascending)
    .map((day) => block(days.get(day) as number[], times));
  return { days: blocks, rejected };
};

const ascending = (a: bigint, b: bigint): number => (a < b ? -1 : a > b ? 1 : 0);

const block = (rows: readonly number[], times: BigInt64Array): DayBlock => {
  let from = times[rows[0] as number] as bigint;
  let to = from;
  for (const row of rows) {
    const time = times[row] as bigint;
    if (time < from) from = time;
    if (time > to) to = time;
  }
  return { rows: Int32Array.from(rows), from, to };
};

/** One text for each row that is its document's id. */
export const documentIds = (batch: Batch): ((row: number) => string) => {
  const columns: readonly Column[] = ['sender', 'boot', 'seq', 'row'].map((name) => columnOf(batch, name));
  const parts = (row: number): readonly Value[] => columns.map((column) => valueAt(column, row));
  // The sender comes last: it is the only part that may hold any sign.
  return (row) => {
    const [sender, boot, seq, place] = parts(row);
    return `${boot}/${seq}/${place}/${sender}`;
  };
};
