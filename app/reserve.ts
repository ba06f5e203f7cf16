// A file that only takes room, so that a start on a full disk has some: the stores write a little before they answer, and without it
// nothing could be read, or freed, any more. It is given up when the disk is full at a start, and made again when there is room.
import { randomFillSync } from 'node:crypto';
import { chownSync, existsSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { MIN_FREE_BYTES } from '../engines/stream/lmdb/open.ts';
import { readDisk } from './disk.ts';

const BYTES = 48 << 20;
/** With less than this free, stores do not start. */
const TIGHT = 32 << 20;
/** With less than this free, a reserve is not made: with it something must still be taken in. */
const AMPLE = MIN_FREE_BYTES + 2 * BYTES;
/** What giving it up must bring at least, for whoever is not root. */
const HELPS = 8 << 20;
/** Some file systems count what was removed a little later. */
const COUNTED_MS = 2000;

/** What became of it. `useless`: the file system kept its room for root, so it stands again. */
export type Used = 'not needed' | 'none' | 'given up' | 'useless';

/** Gives the room up when it is needed and somebody gets it: who runs a store need not be root, for whom alone a file system keeps blocks. */
export const useReserve = async (folder: string): Promise<Used> => {
  if (readDisk(folder).free >= TIGHT) return 'not needed';
  const file = join(folder, 'reserve');
  if (!existsSync(file)) return 'none';
  rmSync(file, { force: true });
  for (const end = performance.now() + COUNTED_MS; performance.now() < end; await new Promise((resolve) => setTimeout(resolve, 50)))
    if (readDisk(folder).free >= HELPS) return 'given up';
  try {
    make(folder);
  } catch {
    // Somebody else has it: as if it had been given up.
    return 'given up';
  }
  return 'useless';
};

/** Whether so little is free that the stream takes nothing in. */
export const isFull = (folder: string): boolean => readDisk(folder).free < MIN_FREE_BYTES;

/** Whether there is none, and no room to make it. */
export const lacksReserve = (folder: string): boolean => !existsSync(join(folder, 'reserve')) && readDisk(folder).free < AMPLE;

/** Makes it where there is room and none yet. */
export const keepReserve = (folder: string): void => {
  if (existsSync(join(folder, 'reserve')) || readDisk(folder).free < AMPLE) return;
  make(folder);
};

const make = (folder: string): void => {
  const file = join(folder, 'reserve');
  // Of a start that was killed.
  rmSync(`${file}.new`, { force: true });
  try {
    // What could be packed, or is not there at all, would not keep room.
    writeFileSync(`${file}.new`, randomFillSync(new Uint8Array(BYTES)), { flag: 'wx', mode: 0o600 });
    giveAway(folder, `${file}.new`);
    renameSync(`${file}.new`, file);
  } finally {
    rmSync(`${file}.new`, { force: true });
  }
};

/** Where users have quotas, to the one who runs the record store: its room is to come back to that one. */
const giveAway = (folder: string, file: string): void => {
  const records = statSync(join(folder, 'records', 'pg'), { throwIfNoEntry: false });
  if (records !== undefined && process.getuid?.() === 0) chownSync(file, records.uid, records.gid);
};
