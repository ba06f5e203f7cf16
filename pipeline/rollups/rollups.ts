// Puts samples together by five minutes and by the hour, some time after each hour's end, and again when late samples have come: a task of
// the keeper. Doing it twice, being broken off anywhere, or a second keeper beside it does no harm: parts of a later version stand, and the
// ledger (`ledger.ts`) says what is there. It never makes parts of samples of which retention has removed some.
import { hasCode } from '../../core/errors.ts';
import type { Logger } from '../../core/logger.ts';
import type { Telemetry } from '../../core/telemetry.ts';
import type { Records } from '../../engines/records/port.ts';
import { SETTLE_MS } from '../../schemas/rollups.ts';
import type { KeeperTask } from '../keeper.ts';
import { readLedger } from '../retention/ledger.ts';
import { pause, Stopped } from '../retry.ts';
import { RoundGate } from '../round-gate.ts';
import { type DueOptions, endedHours, lateMetrics } from './due.ts';
import { goThroughEmpty } from './empty.ts';
import { rollUpHour } from './hour.ts';
import { rowsOf, type Store, writeHours } from './ledger.ts';

export interface RollupsOptions {
  readonly columns: Store;
  readonly records: Pick<Records, 'query'>;
  readonly telemetry: Telemetry;
  readonly log: Logger;
  /** Passed by each hour: what is written of it goes to several tables. */
  readonly gate?: RoundGate;
  /** Between two looks. Default 1 min. */
  readonly everyMs?: number;
  /** See `DueOptions`. Default 12 min and 10 min. */
  readonly delayMs?: number;
  readonly settleMs?: number;
  /** The longest pause after an hour. Default 10 s. */
  readonly pauseMs?: number;
  /** See `ReadOptions`. */
  readonly page?: number;
}

const EVERY_MS = 60_000;
export const DELAY_MS = 720_000;
/** After an hour, as long as it took, so that at most half of a core is busy with what has waited. */
const PAUSE_MS = 10_000;
/** From so many on it is told that they wait, and when they are done. */
const MANY = 3;

const hourText = (hour: number): string => new Date(hour).toISOString().slice(0, 13);

export class Rollups implements KeeperTask {
  readonly #options: RollupsOptions;
  readonly #abort = new AbortController();
  readonly #gate: RoundGate;
  #running: Promise<void> = Promise.resolve();
  /** The largest version ever given; 0: not known yet. */
  #version = 0;

  constructor(options: RollupsOptions) {
    this.#options = options;
    this.#gate = options.gate ?? new RoundGate();
  }

  start(): void {
    this.#running = this.#watch();
  }

  async #watch(): Promise<void> {
    const { signal } = this.#abort;
    const { everyMs = EVERY_MS, log } = this.#options;
    while (!signal.aborted) {
      try {
        await this.run();
        await pause(everyMs, signal);
      } catch (error) {
        if (error instanceof Stopped || signal.aborted) return;
        log.debug('samples could not be put together and are looked at again', { error });
        await pause(everyMs, signal).catch(() => undefined);
      }
    }
  }

  /** One look: all that is due, oldest first. Rejects when a store does not answer. */
  async run(): Promise<void> {
    const { columns, records, telemetry, log } = this.#options;
    const { signal } = this.#abort;
    const { gone } = await readLedger(records);
    const due: DueOptions = { delayMs: this.#options.delayMs ?? DELAY_MS, settleMs: this.#options.settleMs ?? SETTLE_MS, gone: gone.samples ?? 0, signal };
    const { done, open: ended, early } = await endedHours(columns, due);
    if (early.length > 0) await this.#takeBack(early);
    const waiting = (hours: number): void => telemetry.set('inframirror_rollups_hours_waiting', {}, hours);
    const newest = (hour: number | undefined): void => {
      if (hour !== undefined) telemetry.set('inframirror_rollups_newest_hour_seconds', {}, hour / 1000);
    };
    newest(done.at(-1));
    const empty =
      ended.length < MANY ? new Set<number>() : await this.#gate.pass(signal, async () => goThroughEmpty(columns, ended, await this.#nextVersion(), signal));
    const open = ended.filter((hour) => !empty.has(hour));
    waiting(open.length);
    if (open.length >= MANY) log.info('samples of hours that are over are put together', { hours: open.length, oldest: hourText(open[0] as number) });
    const ready = [...done, ...empty];
    for (const [i, hour] of open.entries()) {
      if (await this.#hour(hour, undefined)) ready.push(hour);
      newest(Math.max(hour, done.at(-1) ?? hour));
      waiting(open.length - i - 1);
    }
    if (open.length >= MANY) log.info('samples of hours that are over have been put together', { hours: open.length });
    ready.sort((a, b) => a - b);
    newest(ready.at(-1));
    const late = await lateMetrics(columns, ready, due);
    telemetry.set('inframirror_rollups_late_hours_waiting', {}, late.size);
    for (const [hour, metrics] of late) {
      await this.#hour(hour, metrics);
      telemetry.add('inframirror_rollups_late_hours_total');
    }
    telemetry.set('inframirror_rollups_late_hours_waiting', {}, 0);
  }

  /** By the clock as it is now, hence before the hours end: what says so does not count. */
  async #takeBack(hours: readonly number[]): Promise<void> {
    const { columns } = this.#options;
    const [version, computed] = [await this.#nextVersion(), await columns.now()];
    await writeHours(
      columns,
      hours.map((hour) => ({ whole: true, metric: 0, hour, version, computed, fine: false, samples: 0 })),
      this.#abort.signal,
    );
    this.#options.log.warn('hours were put together before they ended, by a clock that was ahead: they are put together again when they end', {
      hours: hours.map(hourText).join(', '),
    });
  }

  /** Whether it is done; what the store refuses is told and tried at the next look, and others are not kept waiting. */
  async #hour(hour: number, metrics: readonly number[] | undefined): Promise<boolean> {
    const { columns, telemetry, log, page, pauseMs = PAUSE_MS } = this.#options;
    const { signal } = this.#abort;
    const begun = performance.now();
    try {
      const { samples, partly, short } = await this.#gate.pass(signal, async () =>
        rollUpHour({ store: columns, hour, metrics, version: await this.#nextVersion(), signal, ...(page === undefined ? {} : { page }) }),
      );
      telemetry.add('inframirror_rollups_samples_total', {}, samples);
      if (partly.length > 0)
        log.warn('of an hour with late samples some were removed already: what was put together before stays', {
          hour: hourText(hour),
          metrics: partly.length,
        });
      if (short.length > 0)
        log.info('of some metrics one time of a series has two values, as from two senders: the later counts, and they are put together again', {
          hour: hourText(hour),
          metrics: short.length,
        });
      await pause(Math.min(performance.now() - begun, pauseMs), signal);
      return true;
    } catch (error) {
      if (error instanceof Stopped || signal.aborted || hasCode(error, 'columns.unavailable')) throw error;
      telemetry.add('inframirror_rollups_failed_hours_total');
      log.warn('samples of an hour could not be put together and it is tried again', { hour: hourText(hour), error });
      return false;
    }
  }

  /** By the store's clock, and larger than any before, however that goes; what two processes make in one moment differs. */
  async #nextVersion(): Promise<number> {
    const { columns } = this.#options;
    const { signal } = this.#abort;
    if (this.#version === 0) {
      const [row] = await rowsOf(columns, 'SELECT max(version) AS version FROM rollup_hours', { signal });
      this.#version = Number(row?.version ?? 0);
    }
    const byClock = Math.floor(await columns.now()) * VERSIONS_A_MS + Math.floor(Math.random() * VERSIONS_A_MS);
    this.#version = Math.max(this.#version + 1, byClock);
    return this.#version;
  }

  /** Ends what it does in the store. */
  async stop(): Promise<void> {
    this.#abort.abort();
    await this.#running;
  }
}

/** Small enough that versions are safe integers. */
const VERSIONS_A_MS = 4096;
