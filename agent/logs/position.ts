// How far a log file has been read, and by what it is known again: after a rename, after a copy, after an inode was used anew.
// And by what its lines are told from all others for ever: where each begins in which content of which file, whoever reads it and however often.
import { hash } from 'node:crypto';
import { fstatSync, type Stats, statSync } from 'node:fs';
import { crc32 } from 'node:zlib';
import { split } from '../../core/batch/words.ts';
import type { KernelTime, Moment } from './moment.ts';

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
  /** What the file is told from others by, under any name and in its copies: see `bornOf`. An older version did not keep it. */
  readonly born?: string;
  /** How often it was cut or rewritten so far, as it was seen. */
  readonly generation?: number;
  /** When its name led to it last, ms; an older version did not keep it. What got a rotation's name later was written to that name since. */
  readonly seen?: number;
  /** The same by the kernel; an older version did not keep it. */
  readonly seenKernel?: KernelTime;
  /** When the folders of logs had been looked into; an older version did not keep it. What came since may have no position of its own. */
  readonly looked?: Moment;
  /** Lines of a private key that may still come, where its block began before `offset`; an older version did not keep it. */
  readonly keyLines?: number;
  /** Of the journal: whose lines they are. */
  readonly sender?: string;
  /** The file is read to its end and will not come back: the position can be forgotten. */
  readonly gone?: true;
}

export const FINGERPRINT_BYTES = 256;

export const NOTHING: Fingerprint = { length: 0, crc: 0 };

export const fingerprint = (bytes: Uint8Array): Fingerprint => ({ length: bytes.length, crc: crc32(bytes) });

/** When the name of a position's file led to it last. */
export const seenOf = ({ seen, seenKernel }: Position): Moment | undefined =>
  seen === undefined ? undefined : { at: seen, ...(seenKernel === undefined ? {} : { kernel: seenKernel }) };

export const asSeen = ({ at, kernel }: Moment): Pick<Position, 'seen' | 'seenKernel'> => ({
  seen: at,
  ...(kernel === undefined ? {} : { seenKernel: kernel }),
});

/** `device:inode`. */
export const keyOf = ({ dev, ino }: Pick<Stats, 'dev' | 'ino'>): string => `${dev}:${ino}`;

/** 64 bits as two unsigned words. */
export interface FileId {
  readonly low: number;
  readonly high: number;
}

/** Of what gives lines: a file in one of its generations, a run of the journal. */
export const fileId = (born: string, generation: number): FileId => {
  const { low, high } = split(hash('sha256', `${born}/${generation}`, 'buffer').readBigUInt64LE());
  return { low, high: high >>> 0 };
};

/** Inode and when it was made: no two files of a machine have the same, and a disk that is set back has the same ones again. Undefined: it is not there. */
export const bornOf = (path: string | number): string | undefined => {
  try {
    const stat = typeof path === 'number' ? fstatSync(path, { bigint: true }) : statSync(path, { bigint: true });
    return `${stat.ino}:${stat.birthtimeNs}`;
  } catch {
    return undefined;
  }
};
