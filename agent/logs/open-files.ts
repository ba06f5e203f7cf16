// The log files that are open, no more than so many at once: where there is no room, the one that was written to longest ago rests. It opens and
// closes them, names what cannot be opened, and keeps what the next record is to tell of those that are gone. Which ones, others decide.
import { closeSync, readSync } from 'node:fs';
import type { Logger } from '../../core/logger.ts';
import { originOf } from './container.ts';
import { LogFile } from './log-file.ts';
import { MovedLog, openLog, RefusedLog } from './open-log.ts';
import type { Position } from './position.ts';
import { RestedFiles } from './rested.ts';

export interface OpenOptions {
  readonly log: Logger;
  readonly leftOut: (what: string) => void;
}

export const MOST_FILES = 512;
/** Bytes of a description beside a log. */
const MOST_DESCRIPTION = 256 << 10;

export class OpenFiles {
  readonly #options: OpenOptions;
  readonly #moved: (path: string) => void;
  readonly #files = new Map<string, LogFile>();
  /** Those that others were written to later than, beyond as many as are open at once. */
  readonly rested = new RestedFiles();
  /** Positions to forget, or to begin anew, told with the next record. */
  #gone: Position[] = [];
  /** Lines of a private key that may still come under a name, whose file is not read any more. */
  readonly #keyLines = new Map<string, number>();
  /** Files that could not be opened, so that each is named once. */
  readonly #refused = new Set<string>();

  /** `moved`: is told of a path under which another file stood by the time it was opened. */
  constructor(options: OpenOptions, moved: (path: string) => void) {
    this.#options = options;
    this.#moved = moved;
  }

  get count(): number {
    return this.#files.size;
  }

  /** Bytes that the files hold beyond what was read. */
  get bytesBehind(): number {
    let bytes = this.rested.bytesBehind;
    for (const { behind } of this.#files.values()) bytes += behind;
    return bytes;
  }

  /** In the order of their turns; what is met meanwhile comes too. */
  all(): IterableIterator<LogFile> {
    return this.#files.values();
  }

  get(key: string): LogFile | undefined {
    return this.#files.get(key);
  }

  get gone(): readonly Position[] {
    return this.#gone;
  }

  /** They were told. */
  goneIsTold(): void {
    this.#gone = [];
  }

  /** The next record tells these. */
  tellGone(position: Position): void {
    this.#gone.push(position);
  }

  follows(path: string): boolean {
    for (const file of this.#files.values()) if (file.path === path && !file.orphan) return true;
    return this.rested.positions.some((position) => position.path === path);
  }

  /** They had their turn: others come first the next time. */
  putBehind(served: readonly LogFile[]): void {
    for (const file of served) {
      if (this.#files.get(file.key) !== file) continue;
      this.#files.delete(file.key);
      this.#files.set(file.key, file);
    }
  }

  /** The file that stood under this one's name before, while this one is new; of several without a name the one met before. */
  orphanBefore(file: LogFile): LogFile | undefined {
    if (file.offset !== 0) return undefined;
    let found: LogFile | undefined;
    for (const other of this.#files.values()) {
      if (other !== file && other.orphan && other.path === file.path) found = other;
      if (other === file && file.orphan) break;
    }
    return found;
  }

  /** Of a file that is new: how many lines of a private key may still come, whose block began in the file before it. */
  keyLinesBefore(file: LogFile): number {
    return this.orphanBefore(file)?.secrets.keyLines ?? this.#keyLines.get(file.path) ?? file.secrets.keyLines;
  }

  /** Lines of it are in a record. */
  isKept(file: LogFile): void {
    if (file.offset > 0) this.#keyLines.delete(file.path);
  }

  /** Closes and forgets it. */
  giveUp(file: LogFile): void {
    if (this.#files.get(file.key) !== file) return;
    file.close();
    this.#files.delete(file.key);
    this.leave(file.path, file.secrets.keyLines);
    this.#gone.push({ ...file.committed, gone: true });
  }

  /** For the next file of that name. */
  leave(path: string, keyLines = 0): void {
    if (keyLines > 0 && this.#keyLines.size < MOST_FILES) this.#keyLines.set(path, keyLines);
  }

  knows(key: string): boolean {
    return this.#files.has(key) || this.rested.has(key);
  }

  /**
   * Whether one more file may be open, that was written to at that time, ms; where all places are taken, the one that was written to longest ago
   * of those that are read to their end gives its own, if that was before.
   */
  hasRoom(modifiedMs = Number.POSITIVE_INFINITY): boolean {
    if (this.#files.size < MOST_FILES) return true;
    let oldest: LogFile | undefined;
    for (const file of this.#files.values()) if (file.modifiedMs < (oldest?.modifiedMs ?? modifiedMs) && file.isDone) oldest = file;
    if (oldest === undefined) {
      this.#options.leftOut(`log files beyond the ${MOST_FILES} that were written to last`);
      return false;
    }
    this.rested.add({ ...oldest.seen, path: oldest.path }, oldest.size, oldest.modifiedMs);
    this.#files.delete(oldest.key);
    oldest.close();
    return true;
  }

  open(position: Position, path: string, now: number, recorded = false): LogFile | undefined {
    if (!this.hasRoom()) return undefined;
    try {
      const file = new LogFile(position, path, now, originOf(position.path, smallText), recorded);
      this.#files.set(position.key, file);
      this.#refused.delete(path);
      return file;
    } catch (error) {
      if (error instanceof RefusedLog) this.#options.leftOut(error.message);
      const { code } = error as NodeJS.ErrnoException;
      const hasMoved = error instanceof MovedLog || code === 'ENOENT';
      if (hasMoved) this.#moved(path);
      if (hasMoved || error instanceof RefusedLog || this.#refused.has(path)) return undefined;
      this.#refused.add(path);
      this.#options.leftOut(code === 'EACCES' || code === 'EPERM' ? 'log files that only root may read' : `log files that cannot be opened (${code})`);
      this.#options.log.debug('a log file cannot be opened', { path, error });
      return undefined;
    }
  }

  /** Its lines are told of under the name they were written to. */
  openOrphan(position: Position, path: string, now: number, recorded: boolean): void {
    const file = this.open(position, path, now, recorded);
    if (file === undefined) return;
    file.orphan = true;
    file.path = position.path;
  }

  /** There is no room for it, or it cannot be opened now. */
  rest(position: Position): void {
    this.#gone.push(position);
    this.rested.add(position, position.offset);
  }

  /** The names of those that cannot be opened are told again once they were not found. */
  forgetRefused(found: ReadonlySet<string>): void {
    for (const path of this.#refused) if (!found.has(path)) this.#refused.delete(path);
  }

  close(): void {
    for (const file of this.#files.values()) file.close();
    this.#files.clear();
  }
}

/** A description that stands beside a log; undefined when there is none. */
const smallText = (path: string): string | undefined => {
  try {
    const fd = openLog(path);
    try {
      const bytes = Buffer.alloc(MOST_DESCRIPTION);
      return bytes.toString('utf8', 0, readSync(fd, bytes));
    } finally {
      closeSync(fd);
    }
  } catch {
    return undefined;
  }
};
