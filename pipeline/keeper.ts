// The keeper: the work that must be done once, however many processes there are: upkeep, retention, rollups, bringing definitions up to the
// inventory. Whoever holds the lock in the record store does it; the others wait to take over. All of it may be done twice or be broken
// off at any moment, so that a holder that has not noticed its loss yet does no harm.
import { hostname } from 'node:os';
import type { Logger } from '../core/logger.ts';
import type { HeldLock, LockHolder, Records } from '../engines/records/port.ts';
import { pause, Stopped } from './retry.ts';

/** Made anew for each term. */
export interface KeeperTask {
  start(): void;
  stop(): Promise<void>;
}

export interface KeeperOptions {
  readonly records: Pick<Records, 'tryLock' | 'lockHolder'>;
  /** Said of this process where another asks who keeps: `pipeline`. */
  readonly role?: string;
  readonly tasks: readonly (() => KeeperTask)[];
  readonly log: Logger;
  /** Done where the record store does not answer; only for a process that has that store for itself. */
  readonly urgent?: (signal: AbortSignal) => Promise<void>;
  /** Between two tries to become the keeper. Default 5 s. */
  readonly everyMs?: number;
}

const LOCK = 'keeper';
const EVERY_MS = 5000;

export class Keeper {
  readonly #options: KeeperOptions;
  readonly #abort = new AbortController();
  #running: Promise<void> = Promise.resolve();
  #keeps = false;

  constructor(options: KeeperOptions) {
    this.#options = options;
  }

  /** Whether it is this process that keeps, as far as it knows. */
  get keeps(): boolean {
    return this.#keeps;
  }

  /** Which process it is; undefined: none, as between two. Rejects where the record store does not answer. */
  holder(): Promise<LockHolder | undefined> {
    return this.#options.records.lockHolder(LOCK);
  }

  start(): void {
    this.#running = this.#run();
  }

  async #run(): Promise<void> {
    const { records, log, urgent, role = 'pipeline', everyMs = EVERY_MS } = this.#options;
    const { signal } = this.#abort;
    while (!signal.aborted) {
      try {
        const lock = await records.tryLock(LOCK, `${role} process ${process.pid} on ${hostname()}`);
        if (lock !== undefined) await this.#keep(lock);
      } catch (error) {
        if (signal.aborted) return;
        log.debug('the record store does not say who keeps', { error });
        await urgent?.(signal).catch((failed: unknown) => log.debug('what is urgent could not be done', { error: failed }));
      }
      await pause(everyMs, signal).catch((error: unknown) => {
        if (!(error instanceof Stopped)) throw error;
      });
    }
  }

  /** Until the lock is lost, or all is stopped. */
  async #keep(lock: HeldLock): Promise<void> {
    const { tasks, log } = this.#options;
    const over = AbortSignal.any([lock.lost, this.#abort.signal]);
    const running = tasks.map((task) => task());
    try {
      this.#keeps = true;
      log.info('this process keeps');
      for (const task of running) task.start();
      if (!over.aborted) await new Promise((resolve) => over.addEventListener('abort', resolve, { once: true }));
      if (lock.lost.aborted) log.warn('this process no longer keeps: its connection to the record store ended');
    } finally {
      this.#keeps = false;
      await Promise.all(running.map((task) => task.stop()));
      await lock.release();
    }
  }

  /** What it does ends before it resolves; then another may keep. */
  async stop(): Promise<void> {
    this.#abort.abort();
    await this.#running;
  }
}
