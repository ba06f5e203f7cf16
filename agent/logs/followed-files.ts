// Which log files an agent follows: finds them, and knows each again through rotation by rename and by copy-truncate, over a restart of the
// agent and of the machine, so that no line is lost or read twice. It reads no lines: `tailer.ts` does.
import { closeSync, readSync, type Stats } from 'node:fs';
import type { Logger } from '../../core/logger.ts';
import { originOf } from './container.ts';
import { Finder, type Found, type Stray } from './glob.ts';
import { LogFile } from './log-file.ts';
import { type Moment, momentNow } from './moment.ts';
import { MovedLog, openLog, RefusedLog } from './open-log.ts';
import { asSeen, bornOf, keyOf, type Position, seenOf } from './position.ts';
import { RestedFiles } from './rested.ts';
import { NOT_LOGS, rotationOf } from './rotation-name.ts';
import { copyOf, cutAt, isCopy, isCopyOfOpen, isCopyOfRead, type Left, madeAfter, standsAt, statOf, writtenBetween } from './rotations.ts';

export interface FollowOptions {
  readonly globs: readonly string[];
  readonly root: string;
  /** Of files found at the first start of all, only so much of their ends is read. */
  readonly backlogBytes: number;
  /** A copy is read for itself when it has been one for so long. */
  readonly quietMs: number;
  /** The agent's own folder was put back from a copy: then files may be too, under other inodes. */
  readonly isPutBack: boolean;
  readonly log: Logger;
  readonly leftOut: (what: string) => void;
}

const MOST_FILES = 512;
/** So often a file is looked for again that had another name by the time it was opened. */
const TRIES = 8;
/** Bytes of a description beside a log. */
const MOST_DESCRIPTION = 256 << 10;

export class FollowedFiles {
  readonly #options: FollowOptions;
  readonly #files = new Map<string, LogFile>();
  /** Positions to forget, or to begin anew, told with the next record. */
  #gone: Position[] = [];
  /** New files that may be copies of followed ones, by key, and since when they wait for the cut, ms. */
  readonly #waiting = new Map<string, number>();
  /** What was read of these the last time is not in them any more: generation it had, by what they were born as. */
  readonly #cut = new Map<string, number>();
  /** Lines of a private key that may still come under a name, whose file is not read any more. */
  readonly #keyLines = new Map<string, number>();
  /** Files that could not be opened, so that each is named once. */
  readonly #refused = new Set<string>();
  /** Those that others were written to later than, beyond as many as are open at once. */
  readonly #rested = new RestedFiles();
  readonly #finder: Finder;
  #first: boolean;

  /** Positions come from the spool; without any this is the first start of all. */
  constructor(options: FollowOptions, positions: Iterable<Position>, now: number) {
    this.#options = options;
    // Where there is no room for all, those that were written to last are open.
    const known = [...positions].filter((position) => position.cursor === undefined).sort((a, b) => (b.seen ?? 0) - (a.seen ?? 0));
    this.#first = known.length === 0;
    // What a backup put back was all made now.
    this.#finder = new Finder(options.globs, options.root, options.isPutBack ? undefined : lookedOf(known));
    // Copies are looked for last: one of them may have a position of its own.
    const lost = known.filter((p) => !this.#restore(p, now));
    this.#recover(lost, now);
    if (options.isPutBack) return;
    // What came to a name after its file was seen there last; the others of the name are from before.
    const latest = new Map<string, Position>();
    for (const position of known) if (!latest.has(position.path)) latest.set(position.path, position);
    const lostNames = new Set(lost.map(({ path }) => path));
    for (const file of this.#files.values()) if (file.orphan) lostNames.add(file.committed.path);
    for (const [path, position] of latest) {
      const read = known.filter((other) => other.path === path).map((other) => ({ position: other, readAt: seenOf(other) }));
      if (!lostNames.has(path)) continue;
      const since = seenOf(position);
      // What stands there now comes first: there may be a copy of it already.
      const stat = statOf(path);
      if (stat !== undefined) this.#meet(path, stat, now, since);
      this.#followBetween({ position, readAt: since }, now, read);
    }
  }

  get count(): number {
    return this.#files.size;
  }

  /** Bytes that the files hold beyond what was read. */
  get bytesBehind(): number {
    let bytes = this.#rested.bytesBehind;
    for (const { behind } of this.#files.values()) bytes += behind;
    return bytes;
  }

  /** In the order of their turns; what is met meanwhile comes too. */
  all(): IterableIterator<LogFile> {
    return this.#files.values();
  }

  /** For the next record, which covers what was read of these. */
  positionsOf(files: readonly LogFile[]): readonly Position[] {
    const { looked } = this.#finder;
    return files.map((file) => ({ ...file.position(), ...(looked === undefined ? {} : { looked }) }));
  }

  get gone(): readonly Position[] {
    return this.#gone;
  }

  /** They were told. */
  goneIsTold(): void {
    this.#gone = [];
  }

  follows(path: string): boolean {
    for (const file of this.#files.values()) if (file.path === path && !file.orphan) return true;
    return this.#rested.positions.some((position) => position.path === path);
  }

  /** Looks for the files again. */
  discover(now: number): void {
    const found = this.#finder.find();
    if (found.cut) this.#options.leftOut('log files beyond the first 10,000 that the patterns find');
    this.#rested.beginLook();
    this.#meetAll(found, now);
    if (!found.cut) for (const position of this.#rested.takeUnmet()) this.#followRested(position, now);
    const paths = new Set(found.paths);
    for (const path of this.#refused) if (!paths.has(path)) this.#refused.delete(path);
    for (const [key, since] of this.#waiting) if (now - since > 2 * this.#options.quietMs) this.#waiting.delete(key);
    this.#first = false;
  }

  /** Looks into the folders that have changed, as one does where a file comes, is rotated or goes: what is open then is read to its end. */
  glance(now: number): void {
    const found = this.#finder.changed();
    if (found !== undefined) this.#meetAll(found, now);
  }

  /** They had their turn: others come first the next time. */
  putBehind(served: readonly LogFile[]): void {
    for (const file of served) {
      if (this.#files.get(file.key) !== file) continue;
      this.#files.delete(file.key);
      this.#files.set(file.key, file);
    }
  }

  /**
   * Whether the file is still the one its name means, and its content what was read; follows it where it went. False where it is not followed any
   * more.
   */
  look(file: LogFile, now: number): boolean {
    if (file.orphan) return file.isStill() || this.#lookBehind(file, now);
    const at = momentNow();
    const stat = statOf(file.path);
    if (stat === undefined || keyOf(stat) !== file.key) {
      const { left } = file;
      file.orphan = true;
      file.readAt = now;
      file.isStill();
      // It may have been cut before its name went to another one.
      if (!file.isSame(file.held)) this.#beginAnew(file, now);
      this.#followBetween(left, now);
      if (stat !== undefined) this.#meet(file.path, stat, now);
      return true;
    }
    if (stat.size === file.size && stat.mtimeMs === file.modifiedMs) {
      file.seenAt = at;
      return true;
    }
    const { left } = file;
    const isSame = file.isSame(stat.size);
    if (!isSame) {
      file.held = stat.size;
      if (this.#isCopyNow(file)) {
        this.giveUp(file);
        return false;
      }
      this.#beginAnew(file, now);
    }
    // What it held before it was read for the first time may be in a copy, and nothing of it tells.
    const waits = (!isSame || file.beganEmpty) && this.#followBetween(left, now);
    if (!waits || file.offset > 0) file.seenAt = at;
    file.beganEmpty = file.offset === 0;
    file.held = stat.size;
    file.size = stat.size;
    file.modifiedMs = stat.mtimeMs;
    file.readAt = now;
    return true;
  }

  /** At one that was written to after it lost its name, or is a copy: another one may have been made in its place. False as `look`. */
  #lookBehind(file: LogFile, now: number): boolean {
    file.readAt = now;
    if (file.isSame(file.held)) return true;
    if (this.#isCopyNow(file)) {
      this.giveUp(file);
      return false;
    }
    this.#beginAnew(file, now);
    return true;
  }

  /** Its content was cut or rewritten: what was not read of the old one is in a copy. */
  #beginAnew(file: LogFile, now: number): void {
    const { left } = file;
    for (const other of [...this.#files.values()]) {
      if (!mayBeCopyOf(other, file) || other.isStill()) continue;
      other.readAt = now;
      if (other.isSame(other.held)) continue;
      // The copy may have been made in the place of the one before it.
      if (other.isLike(file)) this.giveUp(other);
      else if (other.orphan) other.restart();
    }
    file.restart();
    this.#followCopy(left, now);
  }

  /** What it holds now in place of what was read is a copy of another's: that is followed there. */
  #isCopyNow(file: LogFile): boolean {
    for (const other of this.#files.values()) if (!other.orphan && mayBeCopyOf(file, other) && file.isLike(other)) return true;
    return false;
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
    this.#leave(file.path, file.secrets.keyLines);
    this.#gone.push({ ...file.committed, gone: true });
  }

  /** For the next file of that name. */
  #leave(path: string, keyLines = 0): void {
    if (keyLines > 0 && this.#keyLines.size < MOST_FILES) this.#keyLines.set(path, keyLines);
  }

  close(): void {
    for (const file of this.#files.values()) file.close();
    this.#files.clear();
  }

  #meetAll({ paths, strays }: Found, now: number): void {
    if (strays.length > 0) {
      // One that lost its name is not what is written to under it.
      const named = [...this.#files.values()].filter(({ orphan }) => !orphan);
      const followed = new Set([...named, ...this.#rested.positions].map(({ path }) => path));
      for (const stray of strays) if (!followed.has(stray.original)) this.#meetStray(stray, now);
    }
    const fresh: (readonly [path: string, stat: Stats])[] = [];
    for (const path of paths) {
      if (NOT_LOGS.test(path)) continue;
      const stat = statOf(path);
      if (stat !== undefined) fresh.push([path, stat]);
      else this.#finder.moved(path);
    }
    // Where there is no room for all, those that were written to last are read.
    if (fresh.length > MOST_FILES) fresh.sort(([, a], [, b]) => b.mtimeMs - a.mtimeMs);
    for (const [path, stat] of fresh) this.#meet(path, stat, now);
  }

  /** What was written and rotated away before its name was ever seen. */
  #meetStray({ path, original, since }: Stray, now: number): void {
    const stat = statOf(path);
    if (stat?.isFile() !== true || !madeAfter(stat, since) || this.#knows(keyOf(stat))) return;
    for (const { orphan, left } of this.#files.values()) if (orphan && left.position.path === original && isCopy(path, stat, left.position)) return;
    this.#openBetween(stat, path, original, since, now);
  }

  /** A file of that name: one we follow under this or another name, or a new one. `since`: when it was looked at before. */
  #meet(path: string, stat: Stats, now: number, since = this.#finder.since(path)): void {
    if (!stat.isFile() && !stat.isDirectory()) this.#options.leftOut('pipes and devices among the log files');
    if (!stat.isFile()) return;
    const key = keyOf(stat);
    const known = this.#files.get(key);
    if (known !== undefined) {
      known.held = stat.size;
      if (known.orphan || statOf(known.path) === undefined) {
        known.path = path;
        known.orphan = false;
      }
      return;
    }
    const rested = this.#rested.met(key, path, stat);
    if ((rested === undefined && this.#rested.has(key)) || !this.#hasRoom(stat.mtimeMs)) return;
    if (rested !== undefined) {
      if (this.#open(rested, path, now, rested.offset > 0) !== undefined) this.#rested.delete(key);
      return;
    }
    if (this.#waitsForCut(key, path, stat, now)) return;
    const born = this.#cut.size === 0 ? undefined : bornOf(path);
    const cut = born === undefined ? undefined : this.#cut.get(born);
    // Another may have had the name since then, and lost it.
    const start = { ...LogFile.start(key, path), ...(since === undefined ? {} : asSeen(since)) };
    const position = { ...start, ...(born === undefined || cut === undefined ? {} : { born, generation: cut + 1 }) };
    const skip = this.#first && stat.size > this.#options.backlogBytes;
    // The line that the backlog begins in is not whole.
    const file = this.#open(skip ? { ...position, offset: stat.size - this.#options.backlogBytes, skipping: true } : position, path, now);
    if (file !== undefined) file.metAt = stat.size;
  }

  /**
   * What copy-truncate leaves under a name that is followed too is read on from where the original stood, once that is seen to be cut.
   * An original that is not cut proves that the new file only begins like it, as logs of one program do: it is read for itself.
   */
  #waitsForCut(key: string, path: string, stat: Stats, now: number): boolean {
    const since = this.#waiting.get(key) ?? now;
    if (now - since > this.#options.quietMs) return false;
    const named = [...this.#files.values()].filter((file) => !file.orphan);
    const positions = [...named.map(({ reading }) => reading.position), ...this.#rested.positions];
    const waits = positions.some((position) => isCopy(path, stat, position)) || named.some((file) => isCopyOfOpen(path, stat, file));
    if (waits) this.#waiting.set(key, since);
    return waits;
  }

  #knows(key: string): boolean {
    return this.#files.has(key) || this.#rested.has(key);
  }

  /**
   * Whether one more file may be open, that was written to at that time, ms; where all places are taken, the one that was written to longest ago
   * of those that are read to their end gives its own, if that was before.
   */
  #hasRoom(modifiedMs = Number.POSITIVE_INFINITY): boolean {
    if (this.#files.size < MOST_FILES) return true;
    let oldest: LogFile | undefined;
    for (const file of this.#files.values()) if (file.modifiedMs < (oldest?.modifiedMs ?? modifiedMs) && file.isDone) oldest = file;
    if (oldest === undefined) {
      this.#options.leftOut(`log files beyond the ${MOST_FILES} that were written to last`);
      return false;
    }
    this.#rested.add({ ...oldest.seen, path: oldest.path }, oldest.size, oldest.modifiedMs);
    this.#files.delete(oldest.key);
    oldest.close();
    return true;
  }

  /** One that was closed has lost its name: what came into it before that is read, under the name that a rotation gave it. */
  #followRested(position: Position, now: number): void {
    if (!this.#restore(position, now)) this.#recover([position], now);
    this.#followBetween({ position, readAt: seenOf(position) }, now);
  }

  #open(position: Position, path: string, now: number, recorded = false): LogFile | undefined {
    if (!this.#hasRoom()) return undefined;
    try {
      const file = new LogFile(position, path, now, originOf(position.path, smallText), recorded);
      this.#files.set(position.key, file);
      this.#refused.delete(path);
      return file;
    } catch (error) {
      if (error instanceof RefusedLog) this.#options.leftOut(error.message);
      const { code } = error as NodeJS.ErrnoException;
      const hasMoved = error instanceof MovedLog || code === 'ENOENT';
      if (hasMoved) this.#finder.moved(path);
      if (hasMoved || error instanceof RefusedLog || this.#refused.has(path)) return undefined;
      this.#refused.add(path);
      this.#options.leftOut(code === 'EACCES' || code === 'EPERM' ? 'log files that only root may read' : `log files that cannot be opened (${code})`);
      this.#options.log.debug('a log file cannot be opened', { path, error });
      return undefined;
    }
  }

  /** After a copy-truncate: the rest of the old content is in the copy, which stands beside the file under a rotation's name. */
  #followCopy(left: Left, now: number, tries = TRIES): void {
    const copy = copyOf(left, (key) => this.#knows(key));
    if (copy === undefined) return;
    this.#openOrphan(copy.position, copy.path, now, false);
    if (tries > 0 && !this.#knows(copy.position.key) && this.#hasMoved(copy.path, copy.position.key)) this.#followCopy(left, now, tries - 1);
  }

  /**
   * What was written to a name, and got a rotation's, since the file of that name was seen there last; true where there is a copy of what stands
   * there now.
   */
  #followBetween(left: Left, now: number, read: readonly Left[] = [], tries = TRIES): boolean {
    const { path: original } = left.position;
    const since = seenOf(left.position);
    if (since === undefined) return false;
    const files = [...this.#files.values()].filter((file) => file.path === original || file.committed.path === original);
    const { found, copies } = writtenBetween([left, ...read], since, (key) => this.#knows(key), files);
    for (const { path, stat } of found) this.#openBetween(stat, path, original, since, now);
    const moved = found.some(({ path, stat }) => !this.#knows(keyOf(stat)) && this.#hasMoved(path, keyOf(stat)));
    return moved && tries > 0 ? this.#followBetween(left, now, read, tries - 1) : copies;
  }

  #hasMoved(path: string, key: string): boolean {
    const stat = statOf(path);
    return stat === undefined || keyOf(stat) !== key;
  }

  #openBetween(stat: Stats, path: string, original: string, since: Moment, now: number): void {
    const key = keyOf(stat);
    this.#openOrphan({ ...LogFile.start(key, original), ...asSeen(since) }, path, now, false);
    const file = this.#files.get(key);
    if (file !== undefined) file.metAt = stat.size;
  }

  /** Where the last run of the agent stood: under the same name or the one a rotation gave it; false when there is no such file. */
  #restore(position: Position, now: number): boolean {
    const place = standsAt(position, this.#options.isPutBack);
    if (place === undefined) return false;
    const known = this.#atKey(position, place.key);
    const recorded = known.key === position.key;
    if (place.isRenamed) this.#openOrphan(known, place.path, now, recorded);
    else this.#open(known, place.path, now, recorded);
    if (!this.#files.has(known.key)) this.#rest(known);
    return true;
  }

  /** The files of these do not hold any more what was read of them: what was not is in copies, and what they hold now is read from its beginning. */
  #recover(lost: readonly Position[], now: number): void {
    for (const position of lost) {
      this.#leave(position.path, position.keyLines);
      if (position.head.length > 0) this.#followCopy({ position, readAt: seenOf(position) }, now);
    }
    for (const position of lost) {
      const { key, path, born, generation = 0 } = position;
      const cut = cutAt(position);
      if (cut === undefined || born === undefined) {
        this.#gone.push({ ...position, gone: true });
        continue;
      }
      const start = { ...LogFile.start(key, path), born, generation: generation + 1 };
      if (!cut.isRenamed) {
        this.#cut.set(born, generation);
        this.#gone.push(start);
        continue;
      }
      this.#gone.push({ ...position, gone: true });
      const others = [...this.#files.values()].filter((file) => file.path === path);
      const read = [...lost.map((other) => ({ position: other, readAt: seenOf(other) })), ...others.map(({ reading }) => reading)];
      const isKnown = this.#knows(keyOf(cut.stat)) || isCopyOfRead(cut.path, cut.stat, read);
      if (isKnown || others.some((file) => !file.orphan && isCopyOfOpen(cut.path, cut.stat, file))) continue;
      this.#openOrphan({ ...start, key: keyOf(cut.stat) }, cut.path, now, false);
    }
  }

  #atKey(position: Position, key: string): Position {
    if (key !== position.key) this.#gone.push({ ...position, gone: true });
    return { ...position, key };
  }

  /** There is no room for it, or it cannot be opened now. */
  #rest(position: Position): void {
    this.#gone.push(position);
    this.#rested.add(position, position.offset);
  }

  /** Its lines are told of under the name they were written to. */
  #openOrphan(position: Position, path: string, now: number, recorded: boolean): void {
    const file = this.#open(position, path, now, recorded);
    if (file === undefined) return;
    file.orphan = true;
    file.path = position.path;
  }
}

/** When the last run of the agent looked into the folders before its last record. */
const lookedOf = (known: readonly Position[]): Moment | undefined => {
  let latest: Moment | undefined;
  for (const position of known) {
    const looked = position.looked ?? seenOf(position);
    if (looked !== undefined && (latest === undefined || looked.at > latest.at)) latest = looked;
  }
  return latest;
};

/** By its name. */
const mayBeCopyOf = (file: LogFile, original: LogFile): boolean =>
  file !== original && (file.orphan ? file.path === original.path : rotationOf(original.path, file.path) === 'whole');

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
