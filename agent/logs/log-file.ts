// One file that is followed: reads whole entries from where it stood, and knows whether the file is still the one it was.
// What is not whole stays in the file until it is, is over-long, or the file is still: a position is never passed before what stands there
// was taken. It keeps no bytes of its own.
import { closeSync, fstatSync, readSync } from 'node:fs';
import type { Severity } from '../../schemas/catalogue.ts';
import type { MaskState } from '../mask/mask.ts';
import { Suspects } from '../mask/suspects.ts';
import { Assembler, type Going, MOST_ENTRY, type TakeEntry } from './assembler.ts';
import type { Origin } from './container.ts';
import { isOneEntry } from './continuation.ts';
import { type HoleEnd, HoleSearch, solidEnd } from './holes.ts';
import { MOST_LINE, plainText } from './line.ts';
import { type Moment, momentNow } from './moment.ts';
import { openLog } from './open-log.ts';
import { asSeen, bornOf, FINGERPRINT_BYTES, type FileId, fileId, fingerprint, NOTHING, type Position, seenOf } from './position.ts';
import { ReadSoFar } from './read-so-far.ts';
import type { Left } from './rotations.ts';

/** As long as a line may be to be looked at whole: of a longer one the beginning is kept as it stands. */
const CHUNK = 256 << 10;
/** Bytes of one file after which others get their turn. */
export const TURN = 1 << 20;
/** Shared: reading is never interrupted. Before what is new there is the end of what was read. */
const buffer = Buffer.allocUnsafeSlow(FINGERPRINT_BYTES + CHUNK);

const assembler = new Assembler();
const suspects = new Suspects();

const NEWLINE = 10;
const RETURN = 13;

export interface ReadOptions {
  readonly ended: boolean;
  readonly settled: boolean;
  readonly settledNs: bigint;
  /** An entry of the file before this one, which its first line goes on with. */
  readonly carried: Buffer | undefined;
}

/** What a line that goes on takes over. */
export interface LastEntry {
  time: bigint | undefined;
  severity: Severity | undefined;
  service: string | undefined;
}

export class LogFile {
  readonly key: string;
  path: string;
  skipping: boolean;
  /** As the file was when it was last read; what differs makes it worth another look. */
  size = -1;
  modifiedMs = -1;
  /** When something was last found in it, ms. */
  readAt: number;
  /** No name leads to it any more: it is read to its end and then given up. */
  orphan = false;
  /** Bytes that it held when it was last looked at, whoever looked. */
  held: number;
  /** The last reading met the file's end, or a hole that ends with it: nothing is left that could be taken. */
  atEnd = false;
  /** Up to here it was written before it was met for the first time; 0 where it was read before. */
  metAt = 0;
  /** Of its last entry, for what goes on with it. */
  readonly last: LastEntry = { time: undefined, severity: undefined, service: undefined };
  /** Whether the next line is of a private key. */
  readonly secrets: MaskState;
  /** Of what it holds now: lines are told apart by it and by where they begin. */
  id: FileId;
  /** Whose lines it holds, where its name says it. */
  readonly origin: Origin | undefined;
  /** Since when it could not be read, ms; undefined: it could be, the last time. */
  failedSince: number | undefined;
  /** Bytes of over-long lines that were not kept. */
  cut = 0;
  /** Bytes of holes that were passed over. */
  holes = 0;
  /** When its name led to it last. */
  seenAt: Moment;
  /** When it was looked at last nothing of what it held had been read. */
  beganEmpty: boolean;
  readonly #fd: number;
  readonly #readSoFar: ReadSoFar;
  /** When it was written to, as of when it was looked at without its name, ms. */
  #heldMs: number;
  readonly #hole = new HoleSearch();
  /** Where the hole begins that the file ends with, as far as is known. */
  #openHole = Number.POSITIVE_INFINITY;
  #going: Going | undefined;
  #committed: Position;
  /** When bytes of it were read last. */
  #tookAt: Moment | undefined;
  readonly #born: string;
  #generation: number;
  /** The spool holds its position: a file without a name would else not be found again after a kill. */
  #recorded: boolean;
  /** The spool still holds the position of the content before this one. */
  #restarted = false;

  /** Throws what `openLog` throws. */
  constructor(position: Position, path: string, now: number, origin: Origin | undefined, recorded: boolean) {
    this.#recorded = recorded;
    this.key = position.key;
    this.path = path;
    this.skipping = position.skipping;
    this.readAt = now;
    this.seenAt = seenOf(position) ?? momentNow();
    this.origin = origin;
    this.#committed = position;
    this.#tookAt = seenOf(position);
    this.beganEmpty = position.offset === 0;
    this.secrets = { keyLines: position.keyLines ?? 0 };
    this.#fd = openLog(path, position.key);
    this.#readSoFar = new ReadSoFar(this.#fd, position);
    const { size, mtimeMs } = fstatSync(this.#fd);
    this.held = size;
    this.#heldMs = mtimeMs;
    this.#born = position.born ?? bornOf(this.#fd) ?? position.key;
    this.#generation = position.generation ?? 0;
    this.id = fileId(this.#born, this.#generation);
  }

  static start(key: string, path: string): Position {
    return { key, path, offset: 0, head: NOTHING, tail: NOTHING, skipping: false };
  }

  /** Up to here it is read, whether or not that is in the spool. */
  get offset(): number {
    return this.#readSoFar.offset;
  }

  get fd(): number {
    return this.#fd;
  }

  /** What is in the spool of it. */
  get committed(): Position {
    return this.#committed;
  }

  /** The same, with when its name led to it last. */
  get seen(): Position {
    return { ...this.#committed, ...asSeen(this.seenAt) };
  }

  get left(): Left {
    return { position: this.seen, readAt: this.#tookAt };
  }

  /** The same of what is read, whether or not it is in the spool. */
  get reading(): Left {
    return { position: this.position(), readAt: this.#tookAt };
  }

  get changed(): boolean {
    // One that is known by another inode than before would else be a new file after a kill.
    if (!this.#recorded && (this.orphan || this.#committed.offset > 0)) return true;
    if (this.secrets.keyLines !== (this.#committed.keyLines ?? 0)) return true;
    return this.#restarted || this.offset !== this.#committed.offset || this.path !== this.#committed.path || this.skipping !== this.#committed.skipping;
  }

  /** Bytes that it holds beyond what was read; zero bytes that a writer may be about to fill are none. */
  get behind(): number {
    return Math.max(0, Math.min(this.held, this.#openHole) - this.offset);
  }

  /** Nothing is left in it to read, and what was read is in the spool: it can be closed and read on later from its position. */
  get isDone(): boolean {
    const { offset, skipping } = this.#committed;
    const isKept = (this.#recorded || offset === 0) && this.offset === offset && this.skipping === skipping;
    return isKept && !this.orphan && this.failedSince === undefined && this.size === this.held && this.held >= this.offset && this.behind === 0;
  }

  /** Nobody but who has it open can reach it any more: not even the agent, once it was stopped. */
  get isRemoved(): boolean {
    return this.orphan && fstatSync(this.#fd).nlink === 0;
  }

  /** Whether nothing was written to it since it was last looked at: for files that no name leads to. */
  isStill(): boolean {
    const { size, mtimeMs } = fstatSync(this.#fd);
    const isStill = size === this.held && mtimeMs === this.#heldMs;
    this.held = size;
    this.#heldMs = mtimeMs;
    return isStill;
  }

  /**
   * Reads entries until there are no more or there is no more room; true in the second case, and after a turn's bytes.
   * `ended`: what is there of a last line is a line. `settled`: nothing will go on with the last entry. `settledNs`: nor with what was written before.
   * Zero bytes are passed over once something stands behind them: until then a writer may be about to fill them, as one does that maps its file.
   */
  read(take: TakeEntry, options: ReadOptions): boolean {
    this.atEnd = false;
    this.#openHole = Number.POSITIVE_INFINITY;
    for (let bytes = 0; bytes < TURN; bytes += CHUNK) {
      const before = this.offset;
      const all = this.#next();
      const got = all.length;
      if (got === 0) {
        this.atEnd = true;
        return false;
      }
      if (this.skipping && this.#passes(all)) {
        if (got < CHUNK) return false;
        continue;
      }
      const text = all[0] === 0 ? undefined : plainText(all);
      const solid = text === undefined ? solidEnd(all) : got;
      const hole = solid === got ? 'none' : this.#hole.endOf(this.#fd, before + solid);
      if (solid > 0 && this.#entries(all.subarray(0, solid), solid === got ? text : undefined, hole, take, options)) return true;
      if (typeof hole === 'number') {
        this.holes += hole - this.offset;
        this.#readSoFar.jump(hole);
        this.skipping = false;
        this.#going = undefined;
      } else if (hole === 'unknown') return true;
      else if (hole === 'open') {
        this.#openHole = before + solid;
        this.atEnd = this.offset === this.#openHole;
        return false;
      } else if (got < CHUNK || this.offset === before) return false;
    }
    return true;
  }

  /**
   * What stands behind what was read; nothing too where something else stands there now than was read, as after a cut between looking and reading.
   * Both come in one go, so that no cut comes in between.
   */
  #next(): Buffer {
    const { length, crc } = this.#readSoFar.tail;
    const got = readSync(this.#fd, buffer, 0, length + CHUNK, this.offset - length);
    if (got >= length && (length === 0 || fingerprint(buffer.subarray(0, length)).crc === crc)) return buffer.subarray(length, got);
    this.size = -1;
    this.#heldMs = -1;
    return buffer.subarray(0, 0);
  }

  /** Passes bytes that `#next` gave. */
  #pass(bytes: number): void {
    if (bytes === 0) return;
    this.#readSoFar.pass(buffer, bytes);
    this.#tookAt = momentNow();
  }

  /** Passes over bytes of an over-long line that does not end in them; false where it may. */
  #passes(bytes: Buffer): boolean {
    if (bytes.includes(NEWLINE) || bytes.includes(0)) return false;
    this.cut += bytes.length;
    this.#pass(bytes.length);
    return true;
  }

  /** Entries of a stretch, which a hole may follow; true when there is no more room. `text`: the stretch, where it is known to be plain. */
  #entries(chunk: Buffer, text: string | undefined, hole: HoleEnd, take: TakeEntry, { ended, settled, settledNs, carried }: ReadOptions): boolean {
    const before = this.offset;
    const isParted = typeof hole === 'number';
    const atEnd = hole === 'none' ? chunk.length < CHUNK : hole === 'open';
    const known = text ?? (hole === 'none' ? undefined : plainText(chunk));
    suspects.scan(chunk);
    assembler.start(chunk, known, suspects, take, this.#going, before === 0 ? carried : undefined);
    const next = this.#lines(chunk, known);
    const rest = chunk.length - next;
    if (!assembler.full) {
      if (rest === CHUNK && !this.skipping) {
        this.cut += assembler.long(0, CHUNK, CHUNK, true);
        this.skipping = true;
      } else if ((isParted || (ended && atEnd)) && rest > 0 && !this.skipping) {
        this.#line(next, chunk.length, chunk.length);
        assembler.finish(chunk.length);
      } else if (isParted || (settled && atEnd)) assembler.finish(next);
      else if (atEnd) assembler.finishBefore(settledNs, next);
      else if (assembler.safe === 0 && hole === 'none') assembler.finish(next);
      if (this.skipping && rest > 0 && assembler.safe < chunk.length) {
        assembler.finish(next);
        assembler.safe = chunk.length;
        this.cut += rest;
      }
    }
    this.#going = assembler.going;
    this.#pass(assembler.safe);
    return assembler.full;
  }

  /** Gives the ended lines of a stretch to the assembler; answers where the last one begins, which has no end. `text`: the same, where it is plain. */
  #lines(chunk: Buffer, text: string | undefined): number {
    let start = 0;
    while (!assembler.full) {
      const at = text === undefined ? chunk.indexOf(NEWLINE, start) : text.indexOf('\n', start);
      if (at === -1) break;
      const end = at > start && chunk[at - 1] === RETURN ? at - 1 : at;
      if (this.skipping) {
        this.cut += at - start;
        this.skipping = false;
        assembler.safe = at + 1;
      } else this.#line(start, end, at + 1);
      start = at + 1;
    }
    return start;
  }

  #line(from: number, to: number, next: number): void {
    if (to - from > MOST_LINE) this.cut += assembler.long(from, to, next, false);
    else assembler.line(from, to, next);
  }

  /** What is not read yet, where that is one entry whose last line is ended; undefined for anything else. */
  tail(): Buffer | undefined {
    const got = readSync(this.#fd, buffer, 0, MOST_ENTRY, this.offset);
    if (got === 0 || got === MOST_ENTRY || buffer[got - 1] !== NEWLINE || this.skipping) return undefined;
    const bytes = Buffer.from(buffer.subarray(0, got));
    return isOneEntry(bytes) ? bytes : undefined;
  }

  /** The first line, ended; undefined when there is none yet. */
  firstLine(): Buffer | undefined {
    const got = readSync(this.#fd, buffer, 0, 4096, 0);
    const at = buffer.subarray(0, got).indexOf(NEWLINE);
    return at === -1 ? undefined : Buffer.from(buffer.subarray(0, at));
  }

  /** All of it was taken, by the file that goes on with it. */
  taken(bytes: number): void {
    this.#readSoFar.jump(this.offset + bytes);
  }

  /** Whether the bytes before the position are still those that were read; a file that was cut, rewritten or replaced differs. */
  isSame(size: number): boolean {
    return this.#readSoFar.isHeld(size);
  }

  /** Whether it may be a copy of the other one, of what was read of that or of what that holds. */
  isLike(other: LogFile): boolean {
    return other.#readSoFar.isIn(this.#fd, this.held);
  }

  /** The position as it stands, to go with the record that covers what was read. */
  position(): Position {
    return {
      key: this.key,
      path: this.path,
      offset: this.offset,
      head: this.#readSoFar.head,
      tail: this.#readSoFar.tail,
      skipping: this.skipping,
      born: this.#born,
      generation: this.#generation,
      ...asSeen(this.seenAt),
      ...(this.secrets.keyLines > 0 ? { keyLines: this.secrets.keyLines } : {}),
    };
  }

  commit(position: Position): void {
    this.#committed = position;
    this.#readSoFar.commit();
    this.#restarted = false;
    this.#recorded = true;
  }

  /** Back to what is in the spool: what was read since is read again. */
  rewind(): void {
    this.#readSoFar.rewind(this.#committed);
    this.skipping = this.#committed.skipping;
    this.secrets.keyLines = this.#committed.keyLines ?? 0;
    this.#going = undefined;
    this.#hole.forget();
    this.#openHole = Number.POSITIVE_INFINITY;
    this.atEnd = false;
    this.size = -1;
  }

  /** Another content under the same inode: from its beginning. What was written goes on in it. */
  restart(): void {
    this.#generation++;
    this.id = fileId(this.#born, this.#generation);
    const { keyLines } = this.secrets;
    this.#committed = { ...LogFile.start(this.key, this.path), born: this.#born, generation: this.#generation, keyLines };
    this.#readSoFar.forget();
    this.#restarted = true;
    this.metAt = 0;
    this.rewind();
  }

  close(): void {
    closeSync(this.#fd);
  }
}
