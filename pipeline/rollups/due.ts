// Which hours of samples are to be put together: those that have ended and were not gone through yet, and metrics of earlier ones for which
// late samples have come. All times are the store's: of its clock, by which marks are made too. It changes nothing.
import { storedDays } from '../retention/days.ts';
import { DAY_MS } from '../stages/days.ts';
import { HOUR_MS } from '../stages/samples.ts';
import { COMPUTED, rowsOf, type Store } from './ledger.ts';

export interface DueOptions {
  /** How long after its end an hour is gone through: by then nothing of it is on the way that is not marked as late. */
  readonly delayMs: number;
  /** How long a mark of late samples is waited for: by then they stand, or are marked again. */
  readonly settleMs: number;
  /** Before it retention has removed samples, ms. */
  readonly gone: number;
  readonly signal?: AbortSignal;
}

/** What is said to have been done later than now was done by a clock that went wrong, and counts as not done. */
const CLOCK_MS = 300_000;

export interface EndedHours {
  /** Start, ms, each, ascending. */
  readonly done: readonly number[];
  readonly open: readonly number[];
  /** Of which it is said that they were gone through though they have not ended: that must be taken back before the clock reaches what was said. */
  readonly early: readonly number[];
}

/** Hours that have ended since the first sample and in whose days samples stand: those that were gone through, and the others. */
export const endedHours = async (store: Pick<Store, 'query' | 'now'>, { delayMs, gone, signal }: DueOptions): Promise<EndedHours> => {
  const now = await store.now();
  const days = (await storedDays(store, signal)).get('samples') ?? [];
  if (days.length === 0) return { done: [], open: [], early: [] };
  const [row] = await rowsOf(store, 'SELECT toUnixTimestamp64Milli(min(time)) AS first FROM samples', signal === undefined ? {} : { signal });
  const first = Number(row?.first ?? 0);
  const from = first - (first % HOUR_MS);
  const rows = await rowsOf(
    store,
    `SELECT toUnixTimestamp64Milli(hour) AS start, ${COMPUTED} AS computed FROM rollup_hours WHERE whole AND hour >= fromUnixTimestamp64Milli({from:Int64}, 'UTC') GROUP BY hour`,
    { params: { from }, ...(signal === undefined ? {} : { signal }) },
  );
  const said = rows.map(({ start, computed }) => ({ hour: Number(start), computed: Number(computed) }));
  const known = new Set(said.filter(({ hour, computed }) => computed >= hour + HOUR_MS && computed <= now + CLOCK_MS).map(({ hour }) => hour));
  // Those of which samples are still to come; others that lie ahead are looked at when it is their turn.
  const isRunning = (hour: number): boolean => hour <= now && hour + HOUR_MS + delayMs > now;
  const early = said.filter(({ hour, computed }) => computed > now && isRunning(hour)).map(({ hour }) => hour);
  const ended = days
    .flatMap(({ day }) => Array.from({ length: DAY_MS / HOUR_MS }, (_, n) => day + n * HOUR_MS))
    .filter((hour) => hour >= from && hour >= gone && hour + HOUR_MS + delayMs <= now);
  return { done: ended.filter((hour) => known.has(hour)), open: ended.filter((hour) => !known.has(hour)), early };
};

/** By hour (start, ms), ascending: metrics of which samples have come since the hour was gone through. */
export const lateMetrics = async (
  store: Pick<Store, 'query' | 'now'>,
  done: readonly number[],
  { settleMs, signal }: DueOptions,
): Promise<ReadonlyMap<number, readonly number[]>> => {
  const [from] = done;
  if (from === undefined) return new Map();
  const now = Math.floor(await store.now());
  const marks = `SELECT metric, hour, toUnixTimestamp64Milli(max(marked)) AS at FROM marks
WHERE kind = 'late' AND hour >= fromUnixTimestamp64Milli({from:Int64}, 'UTC') GROUP BY metric, hour`;
  const computed = `SELECT metric, hour, ${COMPUTED} AS computed FROM rollup_hours
WHERE NOT whole AND hour >= fromUnixTimestamp64Milli({from:Int64}, 'UTC') GROUP BY metric, hour`;
  // A mark of a clock that was ahead hides those that come after it, hence it is believed once an hour until it has come true. What was put
  // together by such a clock would count as later than all of them.
  const rows = await rowsOf(
    store,
    `SELECT m.metric AS metric, toUnixTimestamp64Milli(m.hour) AS start FROM (${marks}) AS m LEFT JOIN (${computed}) AS r ON m.metric = r.metric AND m.hour = r.hour
WHERE (at + {settle:Int64} > computed AND at + {settle:Int64} <= {now:Int64}) OR (at > {now:Int64} + ${CLOCK_MS} AND computed + ${HOUR_MS} < {now:Int64})
  OR computed > {now:Int64} + ${CLOCK_MS} ORDER BY start, metric`,
    { params: { from, now, settle: settleMs }, ...(signal === undefined ? {} : { signal }) },
  );
  const isDone = new Set(done);
  const byHour = Map.groupBy(
    rows.filter(({ start }) => isDone.has(Number(start))),
    ({ start }) => Number(start),
  );
  return new Map([...byHour].map(([hour, of]) => [hour, of.map(({ metric }) => Number(metric))]));
};
