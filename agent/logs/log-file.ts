// One file that is followed: reads whole lines from where it stood, and knows whether the file is still the one it was.
// A line without its end stays in the file until it is ended, is over-long, or the file is given up. It keeps no bytes of its own.
import { closeSync, openSync, readSync } from 'node:fs';
import { MOST_LINE } from './line.ts';
import { FINGERPRINT_BYTES, type Fingerprint, fingerprint, type Position } from './position.ts';

/** Takes a line without its end; `more`: the line goes on. Answers whether there is room for another. */
export type TakeLine = (bytes: Buffer, more: boolean) => boolean;

const CHUNK = 256 << 10;
/** Shared: reading is never interrupted. */
const buffer = Buffer.allocUnsafeSlow(CHUNK);
const sample = Buffer.allocUnsafeSlow(FINGERPRINT_BYTES);

const NOTHING: Fingerprint = { length: 0, crc: 0 };
const NEWLINE = 10;
const RETURN = 13;

export class LogFile {
  readonly key: string;
  path: string;
  offset: number;
  skipping: boolean;
  /** As the file was when it was last read; what differs makes it worth another look. */
  size = -1;
  modifiedMs = -1;
  /** When something was last found in it, ms. */
  readAt: number;
  /** No name leads to it any more: it is read to its end and then given up. */
  orphan = false;
  /** Up to here it was written before it was met for the first time; 0 where it was read before. */
  metAt = 0;
  /** Of its last line. */
  lineTime: bigint | undefined;
  readonly #fd: number;
  #committed: Position;
  /** The spool still holds the position of the content before this one. */
  #restarted = false;

  /** Throws the file system's error when the file cannot be opened. */
  constructor(position: Position, path: string, now: number) {
    this.key = position.key;
    this.path = path;
    this.offset = position.offset;
    this.skipping = position.skipping;
    this.readAt = now;
    this.#committed = position;
    this.#fd = openSync(path, 'r');
  }

  static start(key: string, path: string): Position {
    return { key, path, offset: 0, head: NOTHING, tail: NOTHING, skipping: false };
  }

  get fd(): number {
    return this.#fd;
  }

  /** What is in the spool of it. */
  get committed(): Position {
    return this.#committed;
  }

  get changed(): boolean {
    return this.#restarted || this.offset !== this.#committed.offset || this.path !== this.#committed.path || this.skipping !== this.#committed.skipping;
  }

  /** Reads lines until there are no more or there is no more room; true in the second case. `end`: what is there of a last line is a line. */
  read(take: TakeLine, end = false): boolean {
    for (;;) {
      const got = readSync(this.#fd, buffer, 0, CHUNK, this.offset);
      if (got === 0) return false;
      const bytes = buffer.subarray(0, got);
      const base = this.offset;
      let start = 0;
      for (let at = bytes.indexOf(NEWLINE); at !== -1; at = bytes.indexOf(NEWLINE, start)) {
        const line = bytes.subarray(start, at > start && bytes[at - 1] === RETURN ? at - 1 : at);
        start = at + 1;
        const room = this.skipping || take(line, false);
        this.skipping = false;
        // Only behind what was taken: a `take` that throws leaves the line in the file.
        this.offset = base + start;
        if (!room) return true;
      }
      const rest = bytes.subarray(start);
      if (this.skipping) this.offset += rest.length;
      else if (rest.length > MOST_LINE || (end && rest.length > 0 && got < CHUNK)) {
        const goesOn = rest.length > MOST_LINE;
        const room = take(rest, goesOn);
        this.offset += rest.length;
        this.skipping = goesOn;
        if (!room) return true;
      } else if (start === 0) return false;
    }
  }

  /** Whether the bytes before the position are still those that were read; a file that was cut, rewritten or replaced differs. */
  isSame(size: number): boolean {
    const { head, tail } = this.#committed;
    return size >= this.offset && matches(this.#fd, 0, head) && matches(this.#fd, this.#committed.offset - tail.length, tail);
  }

  /** The position as it stands, to go with the record that covers what was read. */
  position(): Position {
    const head = this.#committed.head.length === FINGERPRINT_BYTES ? this.#committed.head : this.#sum(0, Math.min(FINGERPRINT_BYTES, this.offset));
    const length = Math.min(FINGERPRINT_BYTES, this.offset);
    return { key: this.key, path: this.path, offset: this.offset, head, tail: this.#sum(this.offset - length, length), skipping: this.skipping };
  }

  commit(position: Position): void {
    this.#committed = position;
    this.#restarted = false;
  }

  /** Back to what is in the spool: what was read since is read again. */
  rewind(): void {
    this.offset = this.#committed.offset;
    this.skipping = this.#committed.skipping;
    this.size = -1;
  }

  /** Another content under the same inode: from its beginning. */
  restart(): void {
    this.#committed = LogFile.start(this.key, this.path);
    this.#restarted = true;
    this.metAt = 0;
    this.rewind();
  }

  close(): void {
    closeSync(this.#fd);
  }

  #sum(at: number, length: number): Fingerprint {
    const got = readSync(this.#fd, sample, 0, length, at);
    return fingerprint(sample.subarray(0, got));
  }
}

const matches = (fd: number, at: number, expected: Fingerprint): boolean => {
  if (expected.length === 0) return true;
  const got = readSync(fd, sample, 0, expected.length, at);
  return got === expected.length && fingerprint(sample.subarray(0, got)).crc === expected.crc;
};

/** Whether the file holds, at the position's place, what the position remembers; false too when it cannot be read. */
export const holds = (path: string, position: Position): boolean => {
  if (position.head.length === 0) return false;
  let fd: number;
  try {
    fd = openSync(path, 'r');
  } catch {
    return false;
  }
  try {
    return matches(fd, 0, position.head) && matches(fd, position.offset - position.tail.length, position.tail);
  } catch {
    return false;
  } finally {
    closeSync(fd);
  }
};
