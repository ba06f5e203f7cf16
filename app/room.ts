// How much of the disk is to stay free, and how much of that is missing.
import type { Share } from './config/setting.ts';
import { readDisk } from './disk.ts';

const MIB = 2 ** 20;
/** Twice what the stream leaves free: days go before anybody is made to wait. */
const LEAST = 512 * MIB;
const MOST = 2048 * MIB;
const PART = 0.05;
/** A number that the disk never has free would cost all that is stored, for nothing. */
const MOST_PART = 0.5;

/** Bytes; `size`: of the disk, of which it is half at most. */
export const roomToKeep = (setting: Share, size: number): number => {
  if (setting === 'auto') return Math.max(LEAST, Math.min(MOST, size * PART));
  return 'percent' in setting ? (size * setting.percent) / 100 : Math.min(setting.bytes, size * MOST_PART);
};

/** Bytes missing to that on the disk of a folder; 0: none. */
export const missingRoom = (folder: string, setting: Share): number => {
  const { free, size } = readDisk(folder);
  return Math.max(0, roomToKeep(setting, size) - free);
};
