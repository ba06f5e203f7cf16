// Who this agent is: an id made once and kept, and the number of this run, which rises from start to start whatever the clock does.
// Also keeps the last inventory, so that a change over a restart is seen. It holds no read positions; those are the spool's alone.
import { randomUUID } from 'node:crypto';
import { closeSync, fsyncSync, openSync, readFileSync, renameSync, writeSync } from 'node:fs';
import { join } from 'node:path';

export interface StoredState {
  readonly id: string;
  /** Decimal text. */
  readonly boot: string;
  /** Start time of the kernel in seconds since 1970, and the run of the kernel it was read in. */
  readonly kernel?: { readonly run: string; readonly started: number };
  readonly inventory?: Readonly<Record<string, string>>;
}

export class AgentState {
  readonly #path: string;
  #stored: StoredState;

  /** Takes the next number of a run. Throws the file system's error when the folder, which must be there, cannot be used. */
  constructor(folder: string, now: number) {
    this.#path = join(folder, 'agent.json');
    const before = this.#read();
    const boot = BigInt(now) > BigInt(before?.boot ?? 0) ? BigInt(now) : BigInt(before?.boot ?? 0) + 1n;
    this.#stored = { ...before, id: before?.id ?? randomUUID(), boot: boot.toString() };
    this.#write();
  }

  get id(): string {
    return this.#stored.id;
  }

  get boot(): bigint {
    return BigInt(this.#stored.boot);
  }

  get stored(): StoredState {
    return this.#stored;
  }

  /** A failure to write is the caller's to report; the old file then still stands. */
  keep(change: Pick<StoredState, 'kernel' | 'inventory'>): void {
    this.#stored = { ...this.#stored, ...change };
    this.#write();
  }

  /** A file that is not ours to read, or that is damaged, is as none: the agent is then a new one. */
  #read(): StoredState | undefined {
    try {
      const value = JSON.parse(readFileSync(this.#path, 'utf8')) as Partial<StoredState>;
      if (typeof value.id !== 'string' || value.id === '' || typeof value.boot !== 'string' || !/^\d{1,19}$/.test(value.boot)) return undefined;
      return value as StoredState;
    } catch {
      return undefined;
    }
  }

  #write(): void {
    const fd = openSync(`${this.#path}.new`, 'w', 0o600);
    try {
      writeSync(fd, JSON.stringify(this.#stored));
      fsyncSync(fd);
    } finally {
      closeSync(fd);
    }
    renameSync(`${this.#path}.new`, this.#path);
  }
}
