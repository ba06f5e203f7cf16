// How many frames never reached the server, by reason, over all runs of the agent: a disk that has no room for frames has none for the metrics that
// tell of them, and a restart would forget the count. Kept in one small file, written over in place, as a full disk allows too.
import { closeSync, constants, openSync, readFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';

/** `spool full`: the oldest made room; `spool refused`: the disk took no more; `refused`: the server did not want it. */
export type DropReason = 'spool full' | 'refused' | 'spool refused';
export type DropCounts = Readonly<Record<DropReason, number>>;

const NONE: DropCounts = { 'spool full': 0, refused: 0, 'spool refused': 0 };
/** Written in one go, so that none is half of another. */
const FILE_BYTES = 256;

export class DroppedFrames {
  readonly #path: string;
  /** Of the runs before this one. */
  readonly #before: DropCounts;
  #kept = '';

  /** The folder must be there. A file that is none of ours counts as none. */
  constructor(folder: string) {
    this.#path = join(folder, 'dropped.json');
    this.#before = readCounts(this.#path);
    // It takes its room on the disk while there is some.
    this.keep(NONE);
  }

  /** `run`: what this run dropped so far. */
  total(run: DropCounts): DropCounts {
    const of = (reason: DropReason): number => this.#before[reason] + run[reason];
    return { 'spool full': of('spool full'), refused: of('refused'), 'spool refused': of('spool refused') };
  }

  /** Survives the process from here on; where it cannot be written, it is tried again with the next. */
  keep(run: DropCounts): void {
    const text = JSON.stringify(this.total(run)).padEnd(FILE_BYTES);
    if (text === this.#kept) return;
    try {
      const fd = openSync(this.#path, constants.O_WRONLY | constants.O_CREAT | constants.O_NOFOLLOW, 0o600);
      try {
        writeSync(fd, text, 0);
      } finally {
        closeSync(fd);
      }
      this.#kept = text;
    } catch {
      // The count goes on in memory.
    }
  }
}

const readCounts = (path: string): DropCounts => {
  try {
    const value = JSON.parse(readFileSync(path, 'utf8')) as Partial<Record<string, unknown>> | null;
    const of = (reason: DropReason): number => {
      const count = value?.[reason];
      return typeof count === 'number' && Number.isSafeInteger(count) && count > 0 ? count : 0;
    };
    return { 'spool full': of('spool full'), refused: of('refused'), 'spool refused': of('spool refused') };
  } catch {
    return NONE;
  }
};
