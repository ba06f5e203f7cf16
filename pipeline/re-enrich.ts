// Brings the definitions of a host's series up to its inventory when that changes, and once at the start, when a change may have been missed.
// It waits for the store as long as it must, and a host that the store does not manage holds up no other; only the newest state of a host counts.
import type { Logger } from '../core/logger.ts';
import { type HostEntry, type Inventory, REFRESH_MS } from './inventory.ts';
import type { KeeperTask } from './keeper.ts';
import { backoffMs, pause, retryUntilStopped, Stopped } from './retry.ts';
import type { SeriesTable } from './series-table.ts';

/** Hosts in one statement: it reads the definitions of all. */
const MOST_TOGETHER = 1_000;
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
  #looking: Promise<void> = Promise.resolve();
  #unsubscribe: (() => void) | undefined;

  constructor(table: SeriesTable, inventory: Inventory, log: Logger) {
    this.#table = table;
    this.#inventory = inventory;
    this.#log = log;
    // From the beginning, so that no change falls between this and `start`.
    this.#unsubscribe = inventory.onChange((changed) => this.#add(changed));
  }

  start(): void {
    this.#looking = this.#outdated().catch((error: unknown) => this.#ended(error));
  }

  async #outdated(): Promise<void> {
    const failed = (error: Error): void => this.#log.warn('which hosts changed while nothing ran could not be looked up yet', { error });
    const health = { failed, parked: failed, recovered: () => undefined };
    const outdated = await retryUntilStopped(() => this.#table.outdated(this.#inventory.hosts), this.#abort.signal, health);
    for (const { host } of outdated) {
      // As it is by now.
      const entry = this.#inventory.hosts.get(host);
      if (entry !== undefined) this.#due.set(host, entry);
    }
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
    for (let failures = 0, together = MOST_TOGETHER; ; ) {
      const hosts = [...this.#due.values()].slice(0, together);
      const [first] = hosts;
      if (first === undefined) return;
      try {
        // In turn with the definitions: one that was read with the older inventory is in the store before this looks.
        await this.#once(() => this.#table.inTurn(() => this.#table.enrich(hosts)));
        failures = 0;
        for (const entry of hosts) if (this.#due.get(entry.host) === entry) this.#due.delete(entry.host);
        together = Math.min(MOST_TOGETHER, together * 2);
      } catch (error) {
        if (error instanceof Stopped) throw error;
        together = Math.max(1, hosts.length >> 1);
        if (hosts.length > 1) continue;
        this.#log.warn('the series of a host could not be brought up to its inventory yet', { host: first.host, error });
        // Behind the others.
        const newest = this.#due.get(first.host) ?? first;
        this.#due.delete(first.host);
        this.#due.set(first.host, newest);
        await pause(backoffMs(failures++), this.#abort.signal);
      }
    }
  }

  /** Rejects with `Stopped` when this ends. */
  #once<T>(work: () => Promise<T>): Promise<T> {
    const untold = { failed: () => undefined, parked: () => undefined, recovered: () => undefined };
    return retryUntilStopped(work, this.#abort.signal, untold, () => true);
  }

  #run(work: () => Promise<void>): void {
    this.#running = this.#running.then(work).catch((error: unknown) => this.#ended(error));
  }

  #ended(error: unknown): void {
    if (!(error instanceof Stopped)) this.#log.error('the series of a host were not brought up to its inventory', { error });
  }

  async stop(): Promise<void> {
    this.#unsubscribe?.();
    for (const timer of this.#again) clearTimeout(timer);
    this.#abort.abort();
    await this.#looking;
    await this.#running;
  }
}
