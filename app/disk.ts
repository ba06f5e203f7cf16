// A disk as `df` counts it, the one way in which this program does: free is what may still be written without being root, and the whole is
// that and what is used. Blocks that the file system keeps for root are neither, so that a disk on which nothing can be written is full.
import { existsSync, type StatsFs, statfsSync } from 'node:fs';
import { statfs } from 'node:fs/promises';
import { join } from 'node:path';

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

const STORES = ['columns', 'records', 'stream'] as const;

/** Where a store’s disk is to be looked at: its folder may be on one of its own; the data folder where it is not made yet. */
export const storeFolder = (dataDir: string, store: (typeof STORES)[number]): string => {
  const folder = join(dataDir, store);
  return existsSync(folder) ? folder : dataDir;
};

/** Of the disks below a data folder, which are mostly one, the one with least free. Throws where the system does not tell. */
export const fullestBelow = (dataDir: string): Disk & { readonly folder: string } =>
  [dataDir, ...STORES.map((store) => storeFolder(dataDir, store))]
    .map((folder) => ({ folder, ...readDisk(folder) }))
    .toSorted((a, b) => a.free - b.free)[0] as Disk & {
    readonly folder: string;
  };
