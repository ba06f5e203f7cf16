// What retention removes row by row: of the record store in small batches, so that nobody waits for it; of the column store the
// definitions of series and the marks of hours that no sample needs any more.
import type { Columns } from '../../engines/columns/port.ts';
import type { Records } from '../../engines/records/port.ts';
import { checkSignal } from '../retry.ts';

const BATCH = 5000;

/** By their index on time; `condition` has $1, ns. */
const removal = (table: string, condition: string): string =>
  `WITH gone AS (DELETE FROM ${table} WHERE ctid = ANY (ARRAY(SELECT ctid FROM ${table} WHERE ${condition} LIMIT ${BATCH})) RETURNING 1) SELECT count(*) AS gone FROM gone`;

const EVENTS = removal('events', 'time < $1');
const AUDIT = removal('audit', 'time < $1');
/** How hosts were is asked for as of a time from which there is data. */
const HISTORY = removal('hosts_history', 'valid_to < $1');
const SESSIONS = removal('sessions', 'expires < $1');

export interface Until {
  /** ms, each. */
  readonly events: number;
  readonly audit: number;
  readonly history: number;
}

/** Ends with `Stopped` when the signal aborts. */
export const removeRows = async (records: Pick<Records, 'query'>, { events, audit, history }: Until, signal: AbortSignal): Promise<void> => {
  for (const [sql, until] of [
    [EVENTS, events],
    [AUDIT, audit],
    [HISTORY, history],
    [SESSIONS, history],
  ] as const)
    for (let gone = BATCH; gone >= BATCH; ) {
      checkSignal(signal);
      const [row] = await records.query(sql, [BigInt(until) * 1_000_000n]);
      gone = Number(row?.gone ?? 0);
    }
};

const MOMENT = "fromUnixTimestamp64Milli({until:Int64}, 'UTC')";
const UNBOUNDED = { max_rows_to_read: 0, max_execution_time: 600 };

/**
 * Of a series that still sends there is a row for each day on which it did, and one that begins anew is defined anew: rows that are older,
 * and that nobody has seen since, are of samples that are gone. `until`, ms: no sample before it is there.
 */
export const removeDefinitions = async (columns: Pick<Columns, 'command'>, until: number, signal: AbortSignal): Promise<void> => {
  const options = { params: { until }, settings: UNBOUNDED, signal };
  await columns.command(`DELETE FROM series WHERE since < ${MOMENT} AND seen < ${MOMENT}`, options);
  await columns.command(`DELETE FROM marks WHERE hour < ${MOMENT}`, options);
};
