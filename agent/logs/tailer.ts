// Reads the log files that are followed (`followed-files.ts`), each in its turn, and through a rotation loses and doubles no line.
// An entry that may go on waits in its file until the file has been still for a moment; over a rotation it goes on in the next file.
// A position is passed only together with the lines before it: `deliver` puts both in one record, and when that fails all is read again.
import { setImmediate as breathe } from 'node:timers/promises';
import { nanosFromMillis } from '../../core/time.ts';
import { RETENTION } from '../../schemas/retention.ts';
import { FUTURE_MS } from '../../schemas/tables.ts';
import type { Entry } from './assembler.ts';
import { goesOnWith } from './continuation.ts';
import type { LogFailures } from './failures.ts';
import { FollowedFiles, type FollowOptions } from './followed-files.ts';
import type { LinePlace, LogBatch } from './log-batch.ts';
import { type LogFile, TURN } from './log-file.ts';
import type { OpenFiles } from './open-files.ts';
import type { Position } from './position.ts';

export interface TailerOptions extends FollowOptions {
  /** So long still, a last line without its end is taken too, and a file without a name given up that was read to its end. */
  readonly quietMs: number;
  /** The last entry of a file is whole when its file has been still for so long. */
  readonly joinMs: number;
  readonly failures: LogFailures;
}

/** Puts the lines and the positions behind them into one record; throws when there is no room for it. */
export type DeliverLines = (batch: LogBatch, positions: readonly Position[]) => void;

/**
 * Unless it is told otherwise the door refuses what is older than 30 days (an hour is for the way there). What a file holds of older
 * ones when it is met for the first time nobody has asked for: it is passed over, where else each line would count as lost.
 */
export const KEPT_MS = RETENTION.logs - 3_600_000;
/** Lines that are passed over at once. */
const MOST_SKIPPED = 10_000;
/** Of the time that the door allows a clock to be ahead, half is for the clocks of agent and server. */
export const AHEAD_MS = FUTURE_MS / 2;
/** So long nothing else gets its turn at most, ms; one record takes no longer. */
const MOST_IN_ONE_GO = 20;
/** A file without a name that cannot be read for so long is given up, ms: one of a file server that is gone never answers. */
const MOST_FAILING_MS = 3_600_000;

export class Tailer {
  readonly #options: TailerOptions;
  readonly #batch: LogBatch;
  readonly #deliver: DeliverLines;
  readonly #followed: FollowedFiles;
  readonly #files: OpenFiles;
  /** All records of the poll in hand were. */
  #isKept = true;
  linesRead = 0;
  /** Too old already when their file was met for the first time. */
  linesSkipped = 0;
  /** Of lines too long to be kept whole. */
  bytesCut = 0;
  /** Of holes in files. */
  bytesOfHoles = 0;
  /** Of files that were given up before their end. */
  bytesLost = 0;

  /** Positions come from the spool; without any this is the first start of all. */
  constructor(options: TailerOptions, batch: LogBatch, deliver: DeliverLines, positions: Iterable<Position>, now = Date.now()) {
    this.#options = options;
    this.#batch = batch;
    this.#deliver = deliver;
    this.#followed = new FollowedFiles(options, positions, now);
    this.#files = this.#followed.files;
  }

  get fileCount(): number {
    return this.#files.count;
  }

  follows(path: string): boolean {
    return this.#files.follows(path);
  }

  /** Bytes that the files hold beyond what was read. */
  get bytesBehind(): number {
    return this.#files.bytesBehind;
  }

  /** Looks for the files again. */
  discover(now: number): void {
    this.#followed.discover(now);
  }

  /** See `FollowedFiles.glance`. */
  glance(now: number): void {
    this.#followed.glance(now);
  }

  /**
   * One turn of each file: what is new in it, up to so many bytes; true where there is more. `pressed` is asked before each record: while it is
   * true the lines stay in their files. `last`: nothing is waited for any more.
   */
  async poll(now: number, pressed: () => boolean, last = false): Promise<boolean> {
    const served: LogFile[] = [];
    const ended: LogFile[] = [];
    this.#isKept = true;
    let more = false;
    let began = performance.now();
    const pause = async (): Promise<void> => {
      await breathe();
      began = performance.now();
    };
    // Files that are met on the way are read too.
    for (const file of this.#files.all()) {
      if (pressed()) {
        this.#files.putBehind(served);
        more = false;
        break;
      }
      // Nobody else's lines go back with it, should it fail again.
      if (file.failedSince !== undefined) this.#flush();
      try {
        if (!this.#followed.look(file, now)) continue;
        if (await this.#turn(file, now, pressed, last, pause)) more = true;
        file.failedSince = undefined;
        if (file.orphan && file.atEnd && now - file.readAt > this.#options.quietMs) ended.push(file);
      } catch (error) {
        // It stays followed, from where its last record ends: a disk may answer again.
        this.#options.failures.read(file.path, error, now);
        file.failedSince ??= now;
        this.#goBack();
        if (file.orphan && now - file.failedSince > MOST_FAILING_MS) ended.push(file);
      }
      served.push(file);
      if (performance.now() - began > MOST_IN_ONE_GO) await pause();
    }
    this.#flush();
    // What could not be kept is read again.
    if (this.#isKept) for (const file of ended) this.#giveUp(file);
    return more && this.#isKept;
  }

  close(): void {
    this.#files.close();
  }

  /** Reads what a file may be read of at once; true where there is more. */
  async #turn(file: LogFile, now: number, pressed: () => boolean, last: boolean, pause: () => Promise<void>): Promise<boolean> {
    const from = file.offset;
    for (let before = from; this.#read(file, now, last); before = file.offset) {
      this.#flush();
      await pause();
      if (pressed() || !this.#isKept) return false;
      // Without a step it looked through a hole, or read the file before it.
      if (file.offset - from >= TURN || file.offset === before) return true;
    }
    if (this.#batch.full) this.#flush();
    return false;
  }

  /** Reads entries of one file; true when the batch is full, or enough was read at once, and the file may have more. */
  #read(file: LogFile, now: number, last = false): boolean {
    const still = now - file.readAt;
    const ended = file.orphan ? still > this.#options.quietMs || (last && file.isRemoved) : still > this.#options.quietMs && file.size > file.offset;
    if (!file.orphan && !ended && file.size === file.offset) return false;
    const before = file.orphan ? undefined : this.#files.orphanBefore(file);
    // What the old file still has comes first, but for an entry that this one goes on with.
    if (before !== undefined && before.tail() === undefined && this.#read(before, now, last)) return true;
    if (file.offset === 0) file.secrets.keyLines = this.#files.keyLinesBefore(file);
    const first = before === undefined ? undefined : file.firstLine();
    const tail = first === undefined ? undefined : before?.tail();
    const carried = tail !== undefined && first !== undefined && goesOnWith(tail, first) ? tail : undefined;
    const fallbackMs = Math.floor(file.modifiedMs > 0 && !file.orphan ? Math.min(now, file.modifiedMs) : now);
    const { joinMs } = this.#options;
    const stillByClock = !file.orphan && file.modifiedMs > 0 && now - file.modifiedMs >= joinMs;
    const settled = last || ended || still >= joinMs || stillByClock;
    const [nowNs, oldest, newest] = [now, now - KEPT_MS, now + AHEAD_MS].map((ms) => nanosFromMillis(Math.floor(ms))) as [bigint, bigint, bigint];
    const [from, cut, holes] = [file.offset, file.cut, file.holes];
    let skipped = 0;
    const bounds = { fallbackMs, now: nowNs, oldest, newest, skipOld: false };
    const place: LinePlace = { file: file.id, position: 0 };
    const take = (entry: Entry): boolean => {
      place.position = file.offset + entry.start;
      bounds.skipOld = place.position < file.metAt;
      const isCarried = entry.carried && before !== undefined && tail !== undefined;
      // It begins in the file before.
      const added = this.#batch.add(file, entry, bounds, isCarried ? { file: before.id, position: before.offset } : place);
      if (isCarried) before.taken(tail.length);
      if (added === 'kept') this.linesRead++;
      else if (added === 'skipped') skipped++;
      return !this.#batch.full && skipped < MOST_SKIPPED;
    };
    const more = file.read(take, { ended, settled, settledNs: nanosFromMillis(Math.floor(now - joinMs)), carried });
    if (skipped > 0) {
      this.linesSkipped += skipped;
      this.#options.leftOut('log lines older than 30 days in files met for the first time');
    }
    if (file.cut > cut) {
      this.bytesCut += file.cut - cut;
      this.#options.leftOut('the ends of log lines longer than 64 KiB');
    }
    if (file.holes > holes) {
      this.bytesOfHoles += file.holes - holes;
      this.#options.leftOut('holes in log files: zero bytes where no line stands');
    }
    if (file.offset !== from) file.readAt = now;
    return more;
  }

  #giveUp(file: LogFile): void {
    if (file.behind > 0) {
      this.bytesLost += file.behind;
      this.#options.leftOut('the rest of log files that were rotated or removed and could not be read for an hour');
    }
    this.#files.giveUp(file);
  }

  /** Everything read so far becomes one record, or is read again. */
  #flush(): void {
    if (this.#batch.rows === 0) return;
    const changed = [...this.#files.all()].filter((file) => file.changed);
    let positions: readonly Position[];
    try {
      positions = this.#followed.positionsOf(changed);
      this.#deliver(this.#batch, [...this.#files.gone, ...positions]);
    } catch (error) {
      this.#isKept = false;
      this.#goBack();
      this.#options.log.warn('log lines cannot be kept and are read again later', { error });
      return;
    }
    this.#files.goneIsTold();
    for (const [i, file] of changed.entries()) {
      file.commit(positions[i] as Position);
      this.#files.isKept(file);
    }
  }

  /** What is in no record is read again. */
  #goBack(): void {
    this.#batch.discard();
    for (const file of this.#files.all()) if (file.changed) file.rewind();
  }
}
