// Who this agent is: an id made once and kept, and the number of this run, which rises from start to start whatever the clock does.
// Also keeps the last inventory, so that a change over a restart is seen. It holds no read positions; those are the spool's alone.
// A folder that was copied to another machine makes another agent there.
import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { writePrivate } from '../core/node/private-file.ts';
import { bornOf } from './logs/position.ts';
import { machinePrint } from './machine.ts';
import type { Renumbered } from './renumber.ts';
import type { Place } from './spool/spool.ts';

export interface StoredState {
  readonly id: string;
  /** Decimal text. */
  readonly boot: string;
  /** Start time of the kernel in seconds since 1970, and the run of the kernel it was read in. */
  readonly kernel?: { readonly run: string; readonly started: number };
  readonly inventory?: Readonly<Record<string, string>>;
  /** Hash of what tells this machine from others; an older version did not keep it. */
  readonly machine?: string;
  /** What tells the folder from a copy of it, on this machine too. */
  readonly born?: string;
  /** The file of the shared token that frames were sent with last; an older version did not keep it. */
  readonly tokenFile?: string;
  /** Frames of the spool that are sent under another identity than they were made. */
  readonly renumbered?: Renumbered;
}

export class AgentState {
  readonly #path: string;
  #stored: StoredState;
  /** The folder was another machine's before. */
  readonly isCopy: boolean;
  /** The folder was put back from a copy; as long as `settle` was not called, also at the next start. */
  readonly isPutBack: boolean;
  readonly #born: string | undefined;

  /**
   * Takes the next number of a run, and a new id where `machine` is another than before (empty: not known). Throws the file
   * system's error when the folder, which must be there, cannot be used.
   */
  constructor(folder: string, now: number, machine = '') {
    this.#path = join(folder, 'agent.json');
    const found = this.#read();
    const print = machine === '' ? undefined : machinePrint(machine);
    this.isCopy = found?.machine !== undefined && print !== undefined && found.machine !== print;
    this.#born = bornOf(folder);
    this.isPutBack = found?.born !== undefined && found.born !== this.#born;
    const before = this.isCopy ? { ...found, id: randomUUID(), inventory: undefined, kernel: undefined } : found;
    const boot = BigInt(now) > BigInt(before?.boot ?? 0) ? BigInt(now) : BigInt(before?.boot ?? 0) + 1n;
    this.#stored = withoutNone({
      ...before,
      id: before?.id ?? randomUUID(),
      boot: boot.toString(),
      machine: print ?? before?.machine,
      born: found?.born ?? this.#born,
    });
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

  /** What was put back is known by where it is now. Throws what `keep` throws. */
  settle(): void {
    if (!this.isPutBack || this.#stored.born === this.#born) return;
    this.#stored = withoutNone({ ...this.#stored, born: this.#born });
    this.#write();
  }

  /** A failure to write is the caller's to report; the old file then still stands. */
  keep(change: Pick<StoredState, 'kernel' | 'inventory' | 'tokenFile'>): void {
    this.#stored = { ...this.#stored, ...change };
    this.#write();
  }

  /**
   * The server knows a run that shuts this one out: what waits before `below` goes under `next`, all that follows under the number
   * after it; both under `id`. It counts also where it cannot be written, which throws.
   */
  renumber(next: bigint, below: Place, id = this.#stored.id): void {
    this.#stored = { ...this.#stored, id, boot: String(next + 1n), renumbered: { agent: id, boot: String(next), below } };
    this.#write();
  }

  /** A file that is not ours to read, or that is damaged, is as none: the agent is then a new one. */
  #read(): StoredState | undefined {
    try {
      const value = JSON.parse(readFileSync(this.#path, 'utf8')) as Partial<StoredState>;
      if (typeof value.id !== 'string' || value.id === '' || typeof value.boot !== 'string' || !/^\d{1,20}$/.test(value.boot)) return undefined;
      return value as StoredState;
    } catch {
      return undefined;
    }
  }

  #write(): void {
    writePrivate(this.#path, JSON.stringify(this.#stored));
  }
}

const withoutNone = (state: { readonly [K in keyof StoredState]: StoredState[K] | undefined }): StoredState =>
  Object.fromEntries(Object.entries(state).filter(([, value]) => value !== undefined)) as unknown as StoredState;
