// Keeps the ledger `dirty` short: of days that are over, each partition of `samples` that may hold two values for one time is merged into
// one part, in which there is one, and its marks are removed. It touches no other name in the ledger, and decides nothing about messages.
//
// A mark is made before its samples are inserted. So a merge may come between the two, and marks are removed only if every insert they stand
// for surely came before the merge: they must have been `SETTLED_MS` old when it began, by the store's own clock. A worker whose insert took
// longer marks the hour again behind it (`sinks/samples.ts`); one that died before it could is followed by another, which does so too.
// More than one process may do this at once, and die at any moment: a mark that stays costs only time.
import { type Batch, columnOf, type Value, valueAt } from '../core/batch/batch.ts';
import type { Logger } from '../core/logger.ts';
import type { Telemetry } from '../core/telemetry.ts';
import type { Columns } from '../engines/columns/port.ts';
import type { KeeperTask } from './keeper.ts';
import { pause, Stopped } from './retry.ts';
import { DAY_MS } from './stages/days.ts';

export interface UpkeepOptions {
  readonly columns: Pick<Columns, 'query' | 'command'>;
  readonly telemetry: Telemetry;
  readonly log: Logger;
  readonly now: () => number;
  /** Between two looks at the ledger. Default 15 min. */
  readonly everyMs?: number;
  /** How long after its end a day is still left alone, because late data comes. Default 1 h. */
  readonly lateMs?: number;
}

/** How old a mark must be before a merge that makes it needless. */
export const SETTLED_MS = 600_000;
const EVERY_MS = 900_000;
const LATE_MS = 3_600_000;

/** Of the merge: done, or an error; and nothing where there is one merged part already. */
const WHOLE = { optimize_throw_if_noop: 1, optimize_skip_merged_partitions: 1 };

const numbersOf = (batches: readonly Batch[], name: string): readonly number[] =>
  batches.flatMap((batch) => Array.from({ length: batch.length }, (_, row) => Number(valueAt(columnOf(batch, name), row) as Value)));

const moment = (name: string): string => `fromUnixTimestamp64Milli({${name}:Int64}, 'UTC')`;

export class Upkeep implements KeeperTask {
  readonly #options: UpkeepOptions;
  readonly #abort = new AbortController();
  /** By day (its start, ms), after failures: when it is tried again, and the pause after the next failure. */
  readonly #later = new Map<number, { readonly at: number; readonly pauseMs: number }>();
  #running: Promise<void> = Promise.resolve();

  constructor(options: UpkeepOptions) {
    this.#options = options;
  }

  start(): void {
    this.#running = this.#watch();
  }

  async #watch(): Promise<void> {
    const { signal } = this.#abort;
    const { everyMs = EVERY_MS, log } = this.#options;
    while (!signal.aborted) {
      try {
        // Not all processes at once.
        await pause(everyMs * (0.5 + Math.random()), signal);
        await this.run();
      } catch (error) {
        if (!(error instanceof Stopped) && !signal.aborted) log.debug('the ledger of dirty hours could not be read', { error });
      }
    }
  }

  /** One look at the ledger, for all days that are over; rejects when it cannot be read. */
  async run(): Promise<void> {
    const { columns, lateMs = LATE_MS, now, log, telemetry, everyMs = EVERY_MS } = this.#options;
    const { signal } = this.#abort;
    const until = Math.floor((now() - lateMs) / DAY_MS) * DAY_MS;
    // Where data still comes, the day would have to be merged again: it is left until it is quiet.
    const { batches } = await columns.query(
      `SELECT intDiv(toUnixTimestamp64Milli(hour), ${DAY_MS}) * ${DAY_MS} AS day FROM dirty
WHERE table = 'samples' AND hour < ${moment('until')} GROUP BY day HAVING max(marked) < now64(3) - toIntervalMillisecond(${SETTLED_MS}) ORDER BY day`,
      { params: { until }, signal },
    );
    for (const day of numbersOf(batches, 'day')) {
      const later = this.#later.get(day);
      if (later !== undefined && now() < later.at) continue;
      try {
        await this.#clean(day);
        this.#later.delete(day);
        telemetry.add('inframirror_pipeline_days_cleaned_total');
      } catch (error) {
        if (signal.aborted) return;
        const pauseMs = later?.pauseMs ?? everyMs;
        this.#later.set(day, { at: now() + pauseMs, pauseMs: Math.min(pauseMs * 2, DAY_MS) });
        log.warn('a day with dirty hours could not be merged and is tried again later', { day: new Date(day).toISOString().slice(0, 10), pauseMs, error });
      }
    }
  }

  async #clean(day: number): Promise<void> {
    const { columns } = this.#options;
    const { signal } = this.#abort;
    const partition = new Date(day).toISOString().slice(0, 10).replaceAll('-', '');
    const found = await columns.query(
      `SELECT toUnixTimestamp64Milli(now64(3)) - ${SETTLED_MS} AS settled, (SELECT count() FROM (SELECT 1 FROM samples WHERE _partition_id = {partition:String} LIMIT 1)) AS rows`,
      { params: { partition }, signal },
    );
    const [settled, rows] = [numbersOf(found.batches, 'settled')[0] as number, numbersOf(found.batches, 'rows')[0]];
    if (rows !== 0) await columns.command(`OPTIMIZE TABLE samples PARTITION ${partition} FINAL`, { settings: WHOLE, signal });
    await columns.command(
      `DELETE FROM dirty WHERE table = 'samples' AND hour >= ${moment('day')} AND hour < ${moment('next')} AND marked < ${moment('settled')}`,
      { params: { day, next: day + DAY_MS, settled }, signal },
    );
  }

  /** Ends what it does in the store. */
  async stop(): Promise<void> {
    this.#abort.abort();
    await this.#running;
  }
}
