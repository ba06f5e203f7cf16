// How far a log file has been read, and by what it is known again: after a rename, after a copy, after an inode was used anew.
import { crc32 } from 'node:zlib';

/** The check sum of some bytes of a file. */
export interface Fingerprint {
  readonly length: number;
  readonly crc: number;
}

export interface Position {
  /** `device:inode`. */
  readonly key: string;
  /** Where it was found last. */
  readonly path: string;
  /** Everything before it is in a frame. */
  readonly offset: number;
  /** Of the file's first bytes, up to 256, all of them before `offset`. */
  readonly head: Fingerprint;
  /** Of the last bytes before `offset`, up to 256. */
  readonly tail: Fingerprint;
  /** The line that `offset` lies in is over-long and was taken already: its rest is passed over. */
  readonly skipping: boolean;
  /** Of the journal, which is no file: the entry that is in a frame. */
  readonly cursor?: string;
  /** The file is read to its end and will not come back: the position can be forgotten. */
  readonly gone?: true;
}

export const FINGERPRINT_BYTES = 256;

export const fingerprint = (bytes: Uint8Array): Fingerprint => ({ length: bytes.length, crc: crc32(bytes) });
