// Which hours of samples are to be put together: those that have ended and were not gone through yet, and metrics of earlier ones for which
// late samples have come. All times are the store's: of its clock, by which marks are made too. It changes nothing.
import { storedDays } from '../retention/days.ts';
import { DAY_MS } from '../stages/days.ts';
import { HOUR_MS } from '../stages/samples.ts';
import { rowsOf, type Store } from './ledger.ts';

export interface DueOptions {
  /** How long after its end an hour is gone through: by then nothing of it is on the way that is not marked as late. */
  readonly delayMs: number;
  /** How long a mark of late samples is waited for: by then they stand, or are marked again. */
  readonly settleMs: number;
  /** Before it retention has removed samples, ms. */
  readonly gone: number;
  readonly signal?: AbortSignal;
}

/** What is said to have been done later than now was done by a clock that went wrong, and is done again. */
const CLOCK_MS = 300_000;

/** The moment of a done row that counts: the one of the latest version. */
const COMPUTED = 'argMaxIf(toUnixTimestamp64Milli(computed), version, toUnixTimestamp64Milli(computed) > 0)';

/** Hours (start, ms), ascending, that have ended since the first sample and in whose days samples stand; and those of them that were gone through. */
export const endedHours = async (
  store: Pick<Store, 'query' | 'now'>,
  { delayMs, gone, signal }: DueOptions,
): Promise<{ readonly done: readonly number[]; readonly open: readonly number[] }> => {
  const now = await store.now();
  const days = (await storedDays(store, signal)).get('samples') ?? [];
  if (days.length === 0) return { done: [], open: [] };
  const [row] = await rowsOf(store, 'SELECT toUnixTimestamp64Milli(min(time)) AS first FROM samples', signal === undefined ? {} : { signal });
  const first = Number(row?.first ?? 0);
  const from = first - (first % HOUR_MS);
  const rows = await rowsOf(
    store,
    `SELECT toUnixTimestamp64Milli(hour) AS start FROM rollup_hours WHERE whole AND hour >= fromUnixTimestamp64Milli({from:Int64}, 'UTC') GROUP BY hour HAVING ${COMPUTED} BETWEEN 1 AND {now:Int64}`,
    { params: { from, now: Math.ceil(now) + CLOCK_MS }, ...(signal === undefined ? {} : { signal }) },
  );
  const known = new Set(rows.map(({ start }) => Number(start)));
  const ended = days
    .flatMap(({ day }) => Array.from({ length: DAY_MS / HOUR_MS }, (_, n) => day + n * HOUR_MS))
    .filter((hour) => hour >= from && hour >= gone && hour + HOUR_MS + delayMs <= now);
  return { done: ended.filter((hour) => known.has(hour)), open: ended.filter((hour) => !known.has(hour)) };
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
  // A mark of a clock that was ahead is believed once an hour until it has come true.
  const rows = await rowsOf(
    store,
    `SELECT m.metric AS metric, toUnixTimestamp64Milli(m.hour) AS start FROM (${marks}) AS m LEFT JOIN (${computed}) AS r ON m.metric = r.metric AND m.hour = r.hour
WHERE (at + {settle:Int64} > computed AND at + {settle:Int64} <= {now:Int64}) OR (at > {now:Int64} + ${CLOCK_MS} AND computed + ${HOUR_MS} < {now:Int64}) ORDER BY start, metric`,
    { params: { from, now, settle: settleMs }, ...(signal === undefined ? {} : { signal }) },
  );
  const isDone = new Set(done);
  const byHour = Map.groupBy(
    rows.filter(({ start }) => isDone.has(Number(start))),
    ({ start }) => Number(start),
  );
  return new Map([...byHour].map(([hour, of]) => [hour, of.map(({ metric }) => Number(metric))]));
};
