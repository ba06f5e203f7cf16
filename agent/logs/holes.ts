// Holes in files: stretches of zero bytes where no line stands, as a sparse file has or a writer that maps its file. Looks through zero bytes in
// turns, and passes over nothing itself.
import { readSync } from 'node:fs';

/** So many zero bytes are a hole in the file, and no part of a line. */
const HOLE = 512;
const CHUNK = 256 << 10;
/** Bytes of a hole that are looked through in one turn: they cost a tenth of what lines cost. */
const TURN = 8 << 20;
const ZEROS = Buffer.alloc(CHUNK);
/** Shared: looking is never interrupted. */
const probe = Buffer.allocUnsafeSlow(CHUNK);

/** Where a hole ends; `open`: with the file, `unknown` yet, `none`: there is no hole. */
export type HoleEnd = number | 'open' | 'unknown' | 'none';

/** Remembers how far it looked through the hole of one file. */
export class HoleSearch {
  #from = -1;
  #to = -1;

  /** Where the zero bytes that begin at `from` end; they may not end in the file, and that may not be known after one turn. */
  endOf(fd: number, from: number): HoleEnd {
    if (this.#from !== from) {
      this.#from = from;
      this.#to = from;
    }
    for (let bytes = 0; bytes < TURN; bytes += CHUNK) {
      const got = readSync(fd, probe, 0, CHUNK, this.#to);
      if (got === 0) return 'open';
      const end = got === CHUNK && probe.equals(ZEROS) ? got : zerosEnd(probe.subarray(0, got), 0);
      this.#to += end;
      if (end < got) return this.#to;
    }
    return 'unknown';
  }

  forget(): void {
    this.#from = -1;
  }
}

/** Where the first hole begins; a stretch without one is solid to its end. */
export const solidEnd = (bytes: Buffer): number => {
  // At a line's beginning fewer zero bytes are one too, where nothing follows.
  if (bytes[0] === 0 && zerosEnd(bytes, 0) >= Math.min(HOLE, bytes.length)) return 0;
  const at = bytes.includes(0) ? bytes.indexOf(ZEROS.subarray(0, HOLE)) : -1;
  return at === -1 ? bytes.length : at;
};

const zerosEnd = (bytes: Uint8Array, from: number): number => {
  let at = from;
  while (at < bytes.length && bytes[at] === 0) at++;
  return at;
};
