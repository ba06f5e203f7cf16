// How far a file was read, and by what that is known again: sums of its first bytes, of the last ones that were read, and of all where that is
// little. They are of the bytes as they were read, since the file may be cut meanwhile. It reads no lines.
import { readSync } from 'node:fs';
import { crc32 } from 'node:zlib';
import { FINGERPRINT_BYTES, type Fingerprint, fingerprint, NOTHING, type Position } from './position.ts';
import { holdsSame, matches } from './rotations.ts';

/** Files of so many bytes are known whole, as those are that a command writes anew each time it runs. */
const MOST_WHOLE = 64 << 10;
/** Shared: nothing of them is kept. */
const [sample, all] = [Buffer.allocUnsafeSlow(FINGERPRINT_BYTES), Buffer.allocUnsafeSlow(MOST_WHOLE)];

export class ReadSoFar {
  readonly #fd: number;
  offset: number;
  head: Fingerprint;
  tail: Fingerprint;
  /** Of all that was read, where that is little and was read here; else of less than was read. */
  #whole = NOTHING;
  /** The same of what is in the spool. */
  #committedWhole = NOTHING;

  constructor(fd: number, { offset, head, tail }: Position) {
    this.#fd = fd;
    this.offset = offset;
    this.head = head;
    this.tail = tail;
  }

  /** Passes bytes that were read, which stand in the buffer behind as many as `tail` is of. */
  pass(buffer: Buffer, bytes: number): void {
    const begin = this.offset - this.tail.length;
    const end = this.tail.length + bytes;
    const { length: known, crc } = this.#whole;
    if (known === this.offset && known + bytes <= MOST_WHOLE) this.#whole = { length: known + bytes, crc: crc32(buffer.subarray(end - bytes, end), crc) };
    this.offset += bytes;
    this.tail = fingerprint(buffer.subarray(Math.max(0, end - FINGERPRINT_BYTES), end));
    if (this.head.length === FINGERPRINT_BYTES) return;
    const length = Math.min(FINGERPRINT_BYTES, this.offset);
    this.head = begin === 0 ? fingerprint(buffer.subarray(0, length)) : this.#sum(0, length);
  }

  /** Goes on behind bytes that nobody holds in memory. */
  jump(to: number): void {
    const length = Math.min(FINGERPRINT_BYTES, to);
    this.offset = to;
    this.tail = this.#sum(to - length, length);
  }

  /** Whether the file, which has that size, still holds it; one that was cut, rewritten or replaced does not. */
  isHeld(size: number): boolean {
    if (size < this.offset || !matches(this.#fd, 0, this.head) || !matches(this.#fd, this.offset - this.tail.length, this.tail)) return false;
    const { length, crc } = this.#whole;
    return length !== this.offset || (readSync(this.#fd, all, 0, length, 0) === length && crc32(all.subarray(0, length)) === crc);
  }

  /** Whether another file, which has that size, may be a copy of this one, of what was read of it or of what it holds. */
  isIn(other: number, size: number): boolean {
    const { head, tail, offset } = this;
    const isRead = head.length > 0 && size >= offset && matches(other, 0, head) && matches(other, offset - tail.length, tail);
    return isRead || holdsSame(other, size, this.#fd);
  }

  /** It is in the spool. */
  commit(): void {
    this.#committedWhole = this.#whole;
  }

  /** Back to a position that is in the spool. */
  rewind({ offset, head, tail }: Position): void {
    this.offset = offset;
    this.head = head;
    this.tail = tail;
    this.#whole = this.#committedWhole;
  }

  /** The file holds something else by now than what the spool's position is of. */
  forget(): void {
    this.#committedWhole = NOTHING;
  }

  #sum(at: number, length: number): Fingerprint {
    const got = readSync(this.#fd, sample, 0, length, at);
    return fingerprint(sample.subarray(0, got));
  }
}
