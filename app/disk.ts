// A disk as `df` counts it, the one way in which this program does: free is what may still be written without being root, and the whole is
// that and what is used. Blocks that the file system keeps for root are neither, so that a disk on which nothing can be written is full.
import { type StatsFs, statfsSync } from 'node:fs';
import { statfs } from 'node:fs/promises';

export interface Disk {
  /** Bytes. */
  readonly free: number;
  /** Bytes, used and free: `1 - free / size` is what `df` calls Use%. */
  readonly size: number;
}

export const diskOf = ({ bavail, bfree, blocks, bsize }: Pick<StatsFs, 'bavail' | 'bfree' | 'blocks' | 'bsize'>): Disk => {
  const free = Math.max(0, bavail * bsize);
  return { free, size: Math.max(0, blocks - bfree) * bsize + free };
};

/** Of the folder's disk. Throws where the system does not tell. */
export const readDisk = (folder: string): Disk => diskOf(statfsSync(folder));

/** undefined where the system does not tell. */
export const askDisk = (folder: string): Promise<Disk | undefined> => statfs(folder).then(diskOf, () => undefined);
