// What retention removes row by row: of the record store in small batches, so that nobody waits for it; of the column store the
// definitions of series, the marks of hours that no sample needs any more, and who sent what some days ago.
import { columnOf, valueAt } from '../../core/batch/batch.ts';
import type { ColumnStore } from '../../engines/columns/port.ts';
import type { Records } from '../../engines/records/port.ts';
import { dayStretch } from '../../schemas/presence.ts';
import { checkSignal } from '../retry.ts';
import { DAY_MS } from '../stages/days.ts';
import { ANY_SIZE } from './days.ts';
import { type DeletionOptions, deleteRows } from './deletion.ts';

const BATCH = 5000;

/** `condition` has $1, ns. */
const removal = (table: string, condition: string): string =>
  `WITH gone AS (DELETE FROM ${table} WHERE ctid = ANY (ARRAY(SELECT ctid FROM ${table} WHERE ${condition} LIMIT ${BATCH})) RETURNING 1) SELECT count(*) AS gone FROM gone`;

const EVENTS = removal('events', 'time < $1');
const AUDIT = removal('audit', 'time < $1');
/** How hosts were is asked for as of a time from which there is data. */
const HISTORY = removal('hosts_history', 'valid_to < $1');
const SESSIONS = removal('sessions', 'expires < $1');

/** With all that is told of them. */
const HOSTS = `WITH gone AS (DELETE FROM hosts WHERE last_seen < $1 AND host IN
(SELECT h.host FROM hosts AS h LEFT JOIN hosts_heard AS s ON s.host = h.host WHERE greatest(h.last_seen, s.heard, s.started, s.stopped) < $1 LIMIT ${BATCH}) RETURNING host),
heard AS (DELETE FROM hosts_heard WHERE host IN (SELECT host FROM gone)),
history AS (DELETE FROM hosts_history WHERE host IN (SELECT host FROM gone))
SELECT count(*) AS gone FROM gone`;
/** Of events that named a host which the inventory does not know. */
const NAMELESS = removal('hosts_heard', 'greatest(heard, started, stopped) < $1 AND NOT EXISTS (SELECT 1 FROM hosts WHERE hosts.host = hosts_heard.host)');
const REVOKED = removal('agents', "state = 'revoked' AND greatest(joined, signed_in) < $1");

export interface Until {
  /** ms, each. */
  readonly events: number;
  readonly audit: number;
  readonly history: number;
  readonly sessions: number;
}

const remove = async (records: Pick<Records, 'query'>, rules: readonly (readonly [sql: string, until: number])[], signal: AbortSignal): Promise<void> => {
  for (const [sql, until] of rules)
    for (let gone = BATCH; gone >= BATCH; ) {
      checkSignal(signal);
      const [row] = await records.query(sql, [BigInt(until) * 1_000_000n]);
      gone = Number(row?.gone ?? 0);
    }
};

/** By their index on time. Ends with `Stopped` when the signal aborts. */
export const removeRows = (records: Pick<Records, 'query'>, { events, audit, history, sessions }: Until, signal: AbortSignal): Promise<void> =>
  remove(
    records,
    [
      [EVENTS, events],
      [AUDIT, audit],
      [HISTORY, history],
      [SESSIONS, sessions],
    ],
    signal,
  );

/**
 * Removes, reading the tables whole, hosts of which nothing has come since `hosts`, ms, what was heard of hosts that the inventory never knew since
 * `events`, and agents that are revoked and were last heard before `revoked`.
 */
export const removeGone = (
  records: Pick<Records, 'query'>,
  { hosts, events, revoked }: { readonly hosts: number; readonly events: number; readonly revoked: number },
  signal: AbortSignal,
): Promise<void> =>
  remove(
    records,
    [
      [HOSTS, hosts],
      [NAMELESS, events],
      [REVOKED, revoked],
    ],
    signal,
  );

const UNTIL = "fromUnixTimestamp64Milli({until:Int64}, 'UTC')";

/** States that another one had followed by then. In the order of the table, so that only one series at a time is in memory. */
const FOLLOWED = `SELECT metric, id, arrayJoin(states) AS since FROM
(SELECT metric, id, arrayPopBack(arraySort(groupUniqArray(since))) AS states FROM series WHERE since <= ${UNTIL} GROUP BY metric, id SETTINGS optimize_aggregation_in_order = 1)`;
const STILL_THERE = 'SELECT id FROM series_days WHERE month > {month:UInt32} OR (month = {month:UInt32} AND bitAnd(days, {days:UInt32}) != 0)';
const DEFINITIONS = `since < ${UNTIL} AND ((metric, id, since) IN (${FOLLOWED}) OR (seen < ${UNTIL} AND id NOT IN (${STILL_THERE})))`;

const PARTITIONS =
  'SELECT DISTINCT partition_id AS id FROM system.parts WHERE database = currentDatabase() AND table = {table:String} AND active AND toUInt32(partition_id) < {first:UInt32}';

/** Those numbered below `first`. */
const dropPartitions = async (columns: Pick<ColumnStore, 'query' | 'command'>, table: string, first: number, signal: AbortSignal): Promise<void> => {
  const { batches } = await columns.query(PARTITIONS, { params: { table, first }, signal });
  for (const batch of batches)
    for (let row = 0; row < batch.length; row++)
      await columns.command(`ALTER TABLE ${table} DROP PARTITION ID '${String(valueAt(columnOf(batch, 'id'), row))}'`, { settings: ANY_SIZE, signal });
};

/**
 * Removes what is told of series whose samples are all gone, and states of a series that held only before; then the days on which there were
 * samples, by month. `until`, ms, the beginning of a day: no sample before it is there, in whichever form.
 */
export const removeDefinitions = async (until: number, options: DeletionOptions): Promise<void> => {
  const { first } = dayStretch(until / DAY_MS, Number.POSITIVE_INFINITY);
  await deleteRows('series', DEFINITIONS, { until, ...first }, options);
  await dropPartitions(options.columns, 'series_days', first.month, options.signal);
};

/** Removes the marks of hours before `until`, ms: their samples are gone. */
export const removeMarks = (until: number, options: DeletionOptions): Promise<void> => deleteRows('marks', `hour < ${UNTIL}`, { until }, options);

/** Removes who sent what before `until`, ms, the beginning of a day. */
export const removeSenders = (columns: Pick<ColumnStore, 'query' | 'command'>, until: number, signal: AbortSignal): Promise<void> =>
  dropPartitions(columns, 'series_senders', Number(new Date(until).toISOString().slice(0, 10).replaceAll('-', '')), signal);
