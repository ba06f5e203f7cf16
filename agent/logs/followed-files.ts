// Which log files an agent follows: those that the patterns find, each known again through rotation by rename and by copy-truncate, so that no line
// is lost or read twice. It reads no lines, as `tailer.ts` does, and remembers nothing over a restart: `resume.ts` goes on from the positions.
import type { Stats } from 'node:fs';
import { lineBegin } from './backlog.ts';
import { Finder, type Found, type Stray } from './glob.ts';
import { followBetween, followCopy, openBetween } from './left-behind.ts';
import { LogFile } from './log-file.ts';
import { momentNow } from './moment.ts';
import { MOST_FILES, OpenFiles, type OpenOptions } from './open-files.ts';
import { asSeen, bornOf, keyOf, type Position, seenOf } from './position.ts';
import { lookedOf, resume } from './resume.ts';
import { NOT_LOGS, rotationOf } from './rotation-name.ts';
import { isCopy, isCopyOfOpen, madeAfter, statOf } from './rotations.ts';

export interface FollowOptions extends OpenOptions {
  readonly globs: readonly string[];
  readonly root: string;
  /** Of files found at the first start of all, only so much of their ends is read. */
  readonly backlogBytes: number;
  /** A copy is read for itself when it has been one for so long. */
  readonly quietMs: number;
  /** The agent's own folder was put back from a copy: then files may be too, under other inodes. */
  readonly isPutBack: boolean;
}

export class FollowedFiles {
  readonly #options: FollowOptions;
  /** Those that are open. */
  readonly files: OpenFiles;
  /** New files that may be copies of followed ones, by key, and since when they wait for the cut, ms. */
  readonly #waiting = new Map<string, number>();
  /** What was read of these the last time is not in them any more: generation it had, by what they were born as. */
  readonly #cut = new Map<string, number>();
  readonly #finder: Finder;
  #first: boolean;
  /** Of files found at the first start of all: what stands before what is read. */
  readonly #before = { files: 0, bytes: 0 };

  /** Positions come from the spool; without any this is the first start of all. */
  constructor(options: FollowOptions, positions: Iterable<Position>, now: number) {
    this.#options = options;
    // Where there is no room for all, those that were written to last are open.
    const known = [...positions].filter((position) => position.cursor === undefined).sort((a, b) => (b.seen ?? 0) - (a.seen ?? 0));
    this.#first = known.length === 0;
    // What a backup put back was all made now.
    this.#finder = new Finder(options.globs, options.root, options.isPutBack ? undefined : lookedOf(known));
    this.files = new OpenFiles(options, (path) => this.#finder.moved(path));
    const lost = resume(this.files, known, this.#cut, options.isPutBack, now);
    if (options.isPutBack) return;
    // What came to a name after its file was seen there last; the others of the name are from before.
    const latest = new Map<string, Position>();
    for (const position of known) if (!latest.has(position.path)) latest.set(position.path, position);
    const lostNames = new Set(lost.map(({ path }) => path));
    for (const file of this.files.all()) if (file.orphan) lostNames.add(file.committed.path);
    for (const [path, position] of latest) {
      const read = known.filter((other) => other.path === path).map((other) => ({ position: other, readAt: seenOf(other) }));
      if (!lostNames.has(path)) continue;
      const since = seenOf(position);
      // What stands there now comes first: there may be a copy of it already.
      const stat = statOf(path);
      if (stat !== undefined) this.#meet(path, stat, now, since);
      followBetween(this.files, { position, readAt: since }, now, read);
    }
  }

  /** Of these, for the record that covers what was read of them. */
  positionsOf(files: readonly LogFile[]): readonly Position[] {
    const { looked } = this.#finder;
    return files.map((file) => ({ ...file.position(), ...(looked === undefined ? {} : { looked }) }));
  }

  /** Looks for the files again. */
  discover(now: number): void {
    const found = this.#finder.find();
    if (found.cut) this.#options.leftOut('log files beyond the first 10,000 that the patterns find');
    this.files.rested.beginLook();
    this.#meetAll(found, now);
    if (!found.cut) for (const position of this.files.rested.takeUnmet()) this.#followRested(position, now);
    this.files.forgetRefused(new Set(found.paths));
    for (const [key, since] of this.#waiting) if (now - since > 2 * this.#options.quietMs) this.#waiting.delete(key);
    if (this.#first && this.#before.files > 0) this.#tellBefore();
    this.#first = false;
  }

  /** Looks into the folders that have changed, as one does where a file comes, is rotated or goes: what is open then is read to its end. */
  glance(now: number): void {
    const found = this.#finder.changed();
    if (found !== undefined) this.#meetAll(found, now);
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
      followBetween(this.files, left, now);
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
        this.files.giveUp(file);
        return false;
      }
      this.#beginAnew(file, now);
    }
    // What it held before it was read for the first time may be in a copy, and nothing of it tells.
    const waits = (!isSame || file.beganEmpty) && followBetween(this.files, left, now);
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
      this.files.giveUp(file);
      return false;
    }
    this.#beginAnew(file, now);
    return true;
  }

  /** Its content was cut or rewritten: what was not read of the old one is in a copy. */
  #beginAnew(file: LogFile, now: number): void {
    const { left } = file;
    for (const other of [...this.files.all()]) {
      if (!mayBeCopyOf(other, file) || other.isStill()) continue;
      other.readAt = now;
      if (other.isSame(other.held)) continue;
      // The copy may have been made in the place of the one before it.
      if (other.isLike(file)) this.files.giveUp(other);
      else if (other.orphan) other.restart();
    }
    file.restart();
    followCopy(this.files, left, now);
  }

  /** What it holds now in place of what was read is a copy of another's: that is followed there. */
  #isCopyNow(file: LogFile): boolean {
    for (const other of this.files.all()) if (!other.orphan && mayBeCopyOf(file, other) && file.isLike(other)) return true;
    return false;
  }

  #tellBefore(): void {
    const { backlogBytes, leftOut, log } = this.#options;
    leftOut('what log files held before their last MiB when the agent began to follow them');
    log.info('of log files that were there before the agent only the end is read', { ...this.#before, read: backlogBytes });
  }

  #meetAll({ paths, strays, odd }: Found, now: number): void {
    if (odd) this.#options.leftOut('log files whose names, or whose folders’ names, are no UTF-8');
    if (strays.length > 0) {
      // One that lost its name is not what is written to under it.
      const named = [...this.files.all()].filter(({ orphan }) => !orphan);
      const followed = new Set([...named, ...this.files.rested.positions].map(({ path }) => path));
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
    if (stat?.isFile() !== true || !madeAfter(stat, since) || this.files.knows(keyOf(stat))) return;
    for (const { orphan, left } of this.files.all()) if (orphan && left.position.path === original && isCopy(path, stat, left.position)) return;
    openBetween(this.files, stat, path, original, since, now);
  }

  /** A file of that name: one we follow under this or another name, or a new one. `since`: when it was looked at before. */
  #meet(path: string, stat: Stats, now: number, since = this.#finder.since(path)): void {
    if (!stat.isFile() && !stat.isDirectory()) this.#options.leftOut('pipes and devices among the log files');
    if (!stat.isFile()) return;
    const key = keyOf(stat);
    const known = this.files.get(key);
    if (known !== undefined) {
      known.held = stat.size;
      if (known.orphan || statOf(known.path) === undefined) {
        known.path = path;
        known.orphan = false;
      }
      return;
    }
    const rested = this.files.rested.met(key, path, stat);
    if ((rested === undefined && this.files.rested.has(key)) || !this.files.hasRoom(stat.mtimeMs)) return;
    if (rested !== undefined) {
      if (this.files.open(rested, path, now, rested.offset > 0) !== undefined) this.files.rested.delete(key);
      return;
    }
    if (this.#waitsForCut(key, path, stat, now)) return;
    const born = this.#cut.size === 0 ? undefined : bornOf(path);
    const cut = born === undefined ? undefined : this.#cut.get(born);
    // Another may have had the name since then, and lost it.
    const start = { ...LogFile.start(key, path), ...(since === undefined ? {} : asSeen(since)) };
    const position = { ...start, ...(born === undefined || cut === undefined ? {} : { born, generation: cut + 1 }) };
    const least = this.#first ? Math.max(0, stat.size - this.#options.backlogBytes) : 0;
    const begin = least === 0 ? 0 : lineBegin(path, key, least);
    const file = this.files.open({ ...position, offset: begin ?? least, skipping: begin === undefined }, path, now);
    if (file === undefined) return;
    file.metAt = stat.size;
    if (file.offset === 0) return;
    this.#before.files++;
    this.#before.bytes += file.offset;
  }

  /**
   * What copy-truncate leaves under a name that is followed too is read on from where the original stood, once that is seen to be cut.
   * An original that is not cut proves that the new file only begins like it, as logs of one program do: it is read for itself.
   */
  #waitsForCut(key: string, path: string, stat: Stats, now: number): boolean {
    const since = this.#waiting.get(key) ?? now;
    if (now - since > this.#options.quietMs) return false;
    const named = [...this.files.all()].filter((file) => !file.orphan);
    const positions = [...named.map(({ reading }) => reading.position), ...this.files.rested.positions];
    const waits = positions.some((position) => isCopy(path, stat, position)) || named.some((file) => isCopyOfOpen(path, stat, file));
    if (waits) this.#waiting.set(key, since);
    return waits;
  }

  /** One that was closed has lost its name: what came into it before that is read, under the name that a rotation gave it. */
  #followRested(position: Position, now: number): void {
    resume(this.files, [position], this.#cut, this.#options.isPutBack, now);
    followBetween(this.files, { position, readAt: seenOf(position) }, now);
  }
}

/** By its name. */
const mayBeCopyOf = (file: LogFile, original: LogFile): boolean =>
  file !== original && (file.orphan ? file.path === original.path : rotationOf(original.path, file.path) === 'whole');
