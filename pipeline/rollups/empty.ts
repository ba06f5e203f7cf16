// Goes through hours without a sample, all at once: each alone would take as many statements as one with samples, and after weeks in which a
// server was off there are hundreds. It makes no parts, and leaves hours with samples as they are.
import { MODEST } from './count.ts';
import { rowsOf, type Store, writeHours } from './ledger.ts';

/** Those of the hours (start, ms) in which no sample stands; one question for all. */
const emptyHours = async (store: Pick<Store, 'query'>, hours: readonly number[], signal: AbortSignal): Promise<readonly number[]> => {
  const days = [...new Set(hours.map((hour) => Number(new Date(hour).toISOString().slice(0, 10).replaceAll('-', ''))))];
  const rows = await rowsOf(
    store,
    'SELECT DISTINCT toUnixTimestamp(toStartOfHour(time)) AS start FROM samples WHERE toYYYYMMDD(time) IN ({days:Array(UInt32)})',
    {
      params: { days },
      settings: MODEST,
      signal,
    },
  );
  const filled = new Set(rows.map(({ start }) => Number(start) * 1000));
  return hours.filter((hour) => !filled.has(hour));
};

/** Of hours that have ended; returns those that were empty, of which the ledger now says so. */
export const goThroughEmpty = async (store: Store, hours: readonly number[], version: number, signal: AbortSignal): Promise<ReadonlySet<number>> => {
  // Before it is looked: what is marked from now on may not have been seen.
  const computed = await store.now();
  const empty = await emptyHours(store, hours, signal);
  await writeHours(
    store,
    empty.map((hour) => ({ whole: true, metric: 0, hour, version, computed, fine: false, samples: 0 })),
    signal,
  );
  return new Set(empty);
};
