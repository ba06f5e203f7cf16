// Follows log files: finds them, reads on where the spool says, and through rotation by rename and by copy-truncate loses and doubles no line.
// A position is passed only together with the lines before it: `deliver` puts both in one record, and when that fails all is read again.
import { readdirSync, type Stats, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { setImmediate as breathe } from 'node:timers/promises';
import type { Logger } from '../../core/logger.ts';
import { nanosFromMillis } from '../../core/time.ts';
import { RAW_KEPT_MS } from '../../schemas/tables.ts';
import type { LogFailures } from './failures.ts';
import { findFiles } from './glob.ts';
import type { LogBatch } from './log-batch.ts';
import { holds, LogFile } from './log-file.ts';
import type { Position } from './position.ts';

export interface TailerOptions {
  readonly globs: readonly string[];
  readonly root: string;
  /** Of files found at the first start of all, only so much of their ends is read. */
  readonly backlogBytes: number;
  /** A last line without its end is taken when its file has been still for so long, a file without a name given up. */
  readonly quietMs: number;
  readonly log: Logger;
  readonly failures: LogFailures;
  readonly leftOut: (what: string) => void;
}

/** Puts the lines and the positions behind them into one record; throws when there is no room for it. */
export type DeliverLines = (batch: LogBatch, positions: readonly Position[]) => void;

/** Compressed archives that a pattern may catch. */
const NOT_LOGS = /\.(gz|xz|zst|bz2|zip|journal)$/;
const MOST_FILES = 512;
/**
 * The door refuses what is older than it keeps lines for (an hour is for the way there). What a file holds of older
 * ones when it is met for the first time nobody has asked for: it is passed over, where else each line would count as lost.
 */
export const KEPT_MS = RAW_KEPT_MS - 3_600_000;
/** Lines that are passed over at once. */
const MOST_SKIPPED = 10_000;

export class Tailer {
  readonly #options: TailerOptions;
  readonly #batch: LogBatch;
  readonly #deliver: DeliverLines;
  readonly #files = new Map<string, LogFile>();
  /** Positions to forget, told with the next record. */
  #gone: Position[] = [];
  /** Files that could not be opened, so that each is named once. */
  readonly #refused = new Set<string>();
  #first: boolean;
  linesRead = 0;
  /** Too old already when their file was met for the first time. */
  linesSkipped = 0;

  /** Positions come from the spool; without any this is the first start of all. */
  constructor(options: TailerOptions, batch: LogBatch, deliver: DeliverLines, positions: Iterable<Position>) {
    this.#options = options;
    this.#batch = batch;
    this.#deliver = deliver;
    const known = [...positions];
    this.#first = known.length === 0;
    const now = Date.now();
    // Copies are looked for last: one of them may have a position of its own.
    for (const position of known.filter((p) => !this.#restore(p, now))) {
      this.#gone.push({ ...position, gone: true });
      if (position.head.length > 0) this.#followCopy(position, now);
    }
  }

  get fileCount(): number {
    return this.#files.size;
  }

  /** Looks for the files again. */
  discover(now: number): void {
    const { paths, cut } = findFiles(this.#options.globs, this.#options.root);
    if (cut) this.#options.leftOut('log files beyond the first 2000 that the patterns find');
    for (const path of paths) if (!NOT_LOGS.test(path)) this.#meet(path, now);
    this.#first = false;
  }

  /** Reads what is new in all files. `pressed` is asked before each record: while it is true the lines stay in their files. */
  async poll(now: number, pressed: () => boolean): Promise<void> {
    for (const file of [...this.#files.values()]) {
      if (pressed()) break;
      try {
        this.#look(file, now);
        while (this.#read(file, now)) {
          this.#flush();
          await breathe();
          if (pressed()) return;
        }
        if (this.#batch.full) this.#flush();
      } catch (error) {
        // It stays followed: a disk may answer again.
        this.#options.failures.read(file.path, error, now);
      }
    }
    this.#flush();
    for (const file of [...this.#files.values()]) if (file.orphan && now - file.readAt > this.#options.quietMs) this.#giveUp(file);
  }

  close(): void {
    for (const file of this.#files.values()) file.close();
    this.#files.clear();
  }

  /** A file of that name: one we follow under this or another name, or a new one. */
  #meet(path: string, now: number): void {
    const stat = statOf(path);
    if (stat === undefined || !stat.isFile()) return;
    const key = keyOf(stat);
    const known = this.#files.get(key);
    if (known !== undefined) {
      if (known.orphan || statOf(known.path) === undefined) {
        known.path = path;
        known.orphan = false;
      }
      return;
    }
    const copied = this.#copyOf(path, stat);
    const position = LogFile.start(key, path);
    const skip = this.#first && stat.size > this.#options.backlogBytes;
    if (copied !== undefined) this.#open({ ...copied.position(), key, path }, path, now);
    else {
      // The line that the backlog begins in is not whole.
      const file = this.#open(skip ? { ...position, offset: stat.size - this.#options.backlogBytes, skipping: true } : position, path, now);
      if (file !== undefined) file.metAt = stat.size;
    }
  }

  /** A followed file whose content, as far as it was read, the new one repeats: what copy-truncate leaves under a name that is followed too. */
  #copyOf(path: string, stat: Stats): LogFile | undefined {
    for (const file of this.#files.values())
      if (file.offset > 0 && stat.size >= file.offset && dirname(file.path) === dirname(path) && holds(path, file.position())) return file;
    return undefined;
  }

  #open(position: Position, path: string, now: number): LogFile | undefined {
    if (this.#files.size >= MOST_FILES) {
      this.#options.leftOut(`log files beyond the first ${MOST_FILES}`);
      return undefined;
    }
    try {
      const file = new LogFile(position, path, now);
      this.#files.set(position.key, file);
      this.#refused.delete(path);
      return file;
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === 'ENOENT' || this.#refused.has(path)) return undefined;
      this.#refused.add(path);
      this.#options.leftOut(code === 'EACCES' || code === 'EPERM' ? 'log files that only root may read' : `log files that cannot be opened (${code})`);
      this.#options.log.debug('a log file cannot be opened', { path, error });
      return undefined;
    }
  }

  /** Whether the file is still the one its name means, and its content what was read; follows it where it went. */
  #look(file: LogFile, now: number): void {
    if (file.orphan) return;
    const stat = statOf(file.path);
    if (stat === undefined || keyOf(stat) !== file.key) {
      file.orphan = true;
      file.readAt = now;
      file.size = -1;
      if (stat?.isFile() === true) this.#meet(file.path, now);
      return;
    }
    if (stat.size === file.size && stat.mtimeMs === file.modifiedMs) return;
    if (!file.isSame(stat.size)) {
      this.#followCopy(file.committed, now);
      file.restart();
    }
    file.size = stat.size;
    file.modifiedMs = stat.mtimeMs;
    file.readAt = now;
  }

  /** Reads lines of one file; true when the batch is full and the file may have more. */
  #read(file: LogFile, now: number): boolean {
    const still = now - file.readAt;
    const ended = file.orphan ? still > this.#options.quietMs : still > this.#options.quietMs && file.size > file.offset;
    if (!file.orphan && !ended && file.size === file.offset) return false;
    const fallback = file.modifiedMs > 0 && !file.orphan ? Math.floor(Math.min(now, file.modifiedMs)) : now;
    const before = file.offset;
    const kept = nanosFromMillis(now - KEPT_MS);
    let skipped = 0;
    const more = file.read((bytes, goesOn) => {
      const rows = this.#batch.rows;
      const time = this.#batch.add(file.path, bytes, goesOn, fallback, file.lineTime, file.offset < file.metAt ? kept : undefined);
      if (time === undefined) return true;
      file.lineTime = time;
      if (this.#batch.rows > rows) this.linesRead++;
      else skipped++;
      return !this.#batch.full && skipped < MOST_SKIPPED;
    }, ended);
    if (skipped > 0) {
      this.linesSkipped += skipped;
      this.#options.leftOut('log lines older than 15 days in files met for the first time');
    }
    if (file.offset !== before) file.readAt = now;
    return more;
  }

  /** Everything read so far becomes one record, or is read again. */
  #flush(): void {
    if (this.#batch.rows === 0) return;
    const changed = [...this.#files.values()].filter((file) => file.changed);
    let positions: readonly Position[];
    try {
      positions = changed.map((file) => file.position());
      this.#deliver(this.#batch, [...this.#gone, ...positions]);
    } catch (error) {
      this.#batch.discard();
      for (const file of changed) file.rewind();
      this.#options.log.warn('log lines cannot be kept and are read again later', { error });
      return;
    }
    this.#gone = [];
    for (const [i, file] of changed.entries()) file.commit(positions[i] as Position);
  }

  /** After a copy-truncate: the rest of the old content is in the copy, which stands beside the file under a longer name. */
  #followCopy(position: Position, now: number): void {
    const path = siblings(position.path).find((sibling) => {
      const stat = statOf(sibling);
      return stat?.isFile() === true && !this.#files.has(keyOf(stat)) && stat.size >= position.offset && holds(sibling, position);
    });
    const stat = path === undefined ? undefined : statOf(path);
    if (path === undefined || stat === undefined) return;
    this.#openOrphan({ ...position, key: keyOf(stat) }, path, now);
  }

  /** Where the last run of the agent stood: under the same name or the one a rotation gave it; false when there is no such file. */
  #restore(position: Position, now: number): boolean {
    const here = statOf(position.path);
    const same = (stat: Stats, path: string): boolean =>
      keyOf(stat) === position.key && stat.size >= position.offset && (position.head.length === 0 || holds(path, position));
    if (here !== undefined && same(here, position.path)) {
      this.#open(position, position.path, now);
      return true;
    }
    const renamed = siblings(position.path).find((path) => {
      const stat = statOf(path);
      return stat !== undefined && same(stat, path);
    });
    if (renamed === undefined) return false;
    this.#openOrphan(position, renamed, now);
    return true;
  }

  /** Its lines are told of under the name they were written to. */
  #openOrphan(position: Position, path: string, now: number): void {
    const file = this.#open(position, path, now);
    if (file === undefined) return;
    file.orphan = true;
    file.path = position.path;
  }

  #giveUp(file: LogFile): void {
    file.close();
    this.#files.delete(file.key);
    this.#gone.push({ ...file.committed, gone: true });
  }
}

const statOf = (path: string): Stats | undefined => {
  try {
    return statSync(path, { throwIfNoEntry: false });
  } catch {
    return undefined;
  }
};

const keyOf = (stat: Stats): string => `${stat.dev}:${stat.ino}`;

/** Files in the same folder whose names begin with the file's own name or its stem: `app.log.1`, `app.log-20261120`, `app-20261120.log`. */
const siblings = (path: string): readonly string[] => {
  const name = basename(path);
  const stem = name.replace(/\.[^.]*$/, '');
  try {
    return readdirSync(dirname(path))
      .filter((other) => other !== name && other.startsWith(stem) && !NOT_LOGS.test(other))
      .map((other) => join(dirname(path), other));
  } catch {
    return [];
  }
};
