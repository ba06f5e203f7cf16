// How many samples of each metric stand in an hour, and what they may be. It changes nothing.
import { MOST_EXPONENT } from '../../schemas/sample-value.ts';
import { rowsOf, type Store } from './ledger.ts';

/** What the samples of a metric may be beside decimals that follow each other; what they are not need not be read. */
export interface Kinds {
  /** One time may have two values, and the later received stands. */
  readonly doubles: boolean;
  /** Markers, floats, values that are missing, starts. */
  readonly odd: boolean;
}

/** Of a metric, in the hour. */
export interface Counted {
  readonly metric: number;
  readonly samples: number;
  readonly kinds: Kinds;
}

export interface CountOptions {
  readonly store: Pick<Store, 'query'>;
  /** Its start, ms. */
  readonly hour: number;
  /** undefined: all. */
  readonly metrics: readonly number[] | undefined;
  readonly signal: AbortSignal;
}

/** However many samples there are, they are read on one thread and in little memory. */
export const MODEST = { max_threads: 1, max_memory_usage: 1 << 30, max_execution_time: 600, max_rows_to_read: 0 };

/** Parameter: `hour`, its start, s. */
export const OF_HOUR = `toStartOfHour(s.time) = toDateTime({hour:UInt32}, 'UTC')
  AND s.time >= toDateTime({hour:UInt32}, 'UTC') AND s.time < toDateTime({hour:UInt32} + 3600, 'UTC')`;

const DOUBLES = "SELECT metric FROM marks WHERE kind = 'double' AND hour = toDateTime({hour:UInt32}, 'UTC')";

const select = (
  doubles: boolean,
  some: boolean,
): string => `SELECT s.metric AS metric, count() AS samples, max(s.exponent) > ${MOST_EXPONENT} OR toUnixTimestamp64Milli(max(s.start)) > 0 AS odd, ${doubles} AS doubles
FROM samples AS s${doubles ? ' FINAL' : ''} WHERE ${OF_HOUR}${some ? ' AND s.metric IN ({own:Array(UInt32)})' : ''} AND s.metric ${doubles ? '' : 'NOT '}IN (${DOUBLES}) GROUP BY metric`;

/** By metric, in ascending order; two values of one time are one sample where that is marked. */
export const counted = async ({ store, hour, metrics, signal }: CountOptions): Promise<readonly Counted[]> => {
  const some = metrics !== undefined;
  const rows = await rowsOf(store, `SELECT * FROM (${select(false, some)} UNION ALL ${select(true, some)}) ORDER BY metric`, {
    params: { hour: hour / 1000, ...(some ? { own: metrics } : {}) },
    settings: MODEST,
    signal,
  });
  return rows.map(({ metric, samples, odd, doubles }) => ({
    metric: Number(metric),
    samples: Number(samples),
    kinds: { doubles: Boolean(doubles), odd: Boolean(odd) },
  }));
};
