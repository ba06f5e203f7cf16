// A file that only takes room, so that a start on a full disk has some: the stores write a little before they answer, and without it
// nothing could be read, or freed, any more. It is given up when the disk is full at a start, and made again when there is room.
import { randomFillSync } from 'node:crypto';
import { existsSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { MIN_FREE_BYTES } from '../engines/stream/lmdb/open.ts';
import { readDisk } from './disk.ts';

const BYTES = 48 << 20;
/** With less than this free, stores do not start. */
const TIGHT = 32 << 20;
/** With less than this free, a reserve is not made. */
const AMPLE = 1 << 30;

/** Gives the room up when it is needed; true when so little is free that the stream takes nothing in. */
export const useReserve = (folder: string): boolean => {
  const full = isFull(folder);
  if (readDisk(folder).free < TIGHT) rmSync(join(folder, 'reserve'), { force: true });
  return full;
};

/** Whether so little is free that the stream takes nothing in. */
export const isFull = (folder: string): boolean => readDisk(folder).free < MIN_FREE_BYTES;

/** Makes it where there is room and none yet. */
export const keepReserve = (folder: string): void => {
  const file = join(folder, 'reserve');
  if (existsSync(file) || readDisk(folder).free < AMPLE) return;
  // Of a start that was killed.
  rmSync(`${file}.new`, { force: true });
  try {
    // What could be packed, or is not there at all, would not keep room.
    writeFileSync(`${file}.new`, randomFillSync(new Uint8Array(BYTES)), { flag: 'wx', mode: 0o600 });
    renameSync(`${file}.new`, file);
  } finally {
    rmSync(`${file}.new`, { force: true });
  }
};
