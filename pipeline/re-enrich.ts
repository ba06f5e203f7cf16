// Brings the definitions of a host's series up to its inventory when that changes, and once at the start, when a change may have been missed.
// It waits for the store as long as it must; only the newest state of a host counts.
import type { Logger } from '../core/logger.ts';
import { type HostEntry, type Inventory, REFRESH_MS } from './inventory.ts';
import type { KeeperTask } from './keeper.ts';
import { retryUntilStopped, Stopped } from './retry.ts';
import type { SeriesTable } from './series-table.ts';

/** By then every process has read the inventory anew, and what it wrote before is in the store. */
const AGAIN_MS = 2 * REFRESH_MS;

export class Reenricher implements KeeperTask {
  readonly #table: SeriesTable;
  readonly #inventory: Inventory;
  readonly #log: Logger;
  readonly #abort = new AbortController();
  /** By host, those still to be brought up to date. */
  readonly #due = new Map<string, HostEntry>();
  readonly #again = new Set<NodeJS.Timeout>();
  #running: Promise<void> = Promise.resolve();
  #unsubscribe: (() => void) | undefined;

  constructor(table: SeriesTable, inventory: Inventory, log: Logger) {
    this.#table = table;
    this.#inventory = inventory;
    this.#log = log;
    // From the beginning, so that no change falls between this and `start`.
    this.#unsubscribe = inventory.onChange((changed) => this.#add(changed));
  }

  start(): void {
    this.#run(async () => {
      const outdated = await this.#try(() => this.#table.outdated(this.#inventory.hosts));
      for (const entry of outdated) this.#due.set(entry.host, entry);
    });
    this.#run(() => this.#work());
  }

  #add(changed: readonly HostEntry[]): void {
    for (const entry of changed) this.#due.set(entry.host, entry);
    this.#run(() => this.#work());
    // Other processes write definitions with what they know, until they have read of the change.
    const timer = setTimeout(() => {
      this.#again.delete(timer);
      for (const entry of changed) if (this.#inventory.hosts.get(entry.host) === entry) this.#due.set(entry.host, entry);
      this.#run(() => this.#work());
    }, AGAIN_MS);
    timer.unref();
    this.#again.add(timer);
  }

  async #work(): Promise<void> {
    for (const [host, entry] of this.#due) {
      // In turn with the definitions: one that was read with the older inventory is in the store before this looks.
      await this.#try(() => this.#table.inTurn(() => this.#table.enrich(entry)));
      if (this.#due.get(host) === entry) this.#due.delete(host);
    }
  }

  #try<T>(work: () => Promise<T>): Promise<T> {
    const failed = (error: Error): void => this.#log.warn('the series of a host could not be brought up to its inventory yet', { error });
    return retryUntilStopped(work, this.#abort.signal, { failed, parked: failed, recovered: () => undefined });
  }

  #run(work: () => Promise<void>): void {
    this.#running = this.#running.then(work).catch((error: unknown) => {
      if (!(error instanceof Stopped)) this.#log.error('the series of a host were not brought up to its inventory', { error });
    });
  }

  async stop(): Promise<void> {
    this.#unsubscribe?.();
    for (const timer of this.#again) clearTimeout(timer);
    this.#abort.abort();
    await this.#running;
  }
}
