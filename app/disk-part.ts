// How the disks below the data folder are, in one line for people: the fullest of them as `df` counts it, and from where on something is
// done about it. It asks nothing.

import { sizeText } from '../core/size-text.ts';
import { MIN_FREE_BYTES } from '../engines/stream/lmdb/open.ts';
import type { PartStatus, StoreSpace } from '../graphql/service.ts';
import type { Share } from './config/setting.ts';
import type { Disk } from './disk.ts';
import { roomToKeep } from './room.ts';

export const DISK = 'disk';

/** `minFree`, `drops`: the settings `disk.min_free` and `disk.drop_oldest`; `isStuck`: nothing is left that may be removed for room. */
export const diskPart = ({ free, size }: Disk, minFree: Share, drops: boolean, isStuck = false): PartStatus => {
  const share = size === 0 ? 100 : Math.round((1 - free / size) * 100);
  const keep = roomToKeep(minFree, size);
  const isCut = minFree !== 'auto' && 'bytes' in minFree && minFree.bytes > keep;
  const cut = isCut ? `; disk.min_free is more than half of the disk: ${sizeText(keep)} are kept free` : '';
  const how = `${share} % used, ${sizeText(free)} of ${sizeText(size)} free${cut}`;
  if (free >= keep) return { name: DISK, state: 'ok', detail: how };
  const going = isStuck ? 'nothing is left that may be removed' : 'the oldest days are removed until there is more';
  const door = free < MIN_FREE_BYTES ? 'nothing new is taken in' : 'below 256 MiB nothing is taken in any more';
  const so = drops && !isStuck && free >= MIN_FREE_BYTES ? going : [...(drops ? [going] : []), door].join(', and ');
  return { name: DISK, state: 'degraded', detail: `${how}, less than the ${sizeText(keep)} that are to stay free (disk.min_free): make room; ${so}` };
};

/** Of the stores' disks, which are mostly one. */
export const fullestDisk = (stores: readonly StoreSpace[]): Disk | undefined =>
  stores
    .flatMap(({ diskFree: free, diskSize: size }) => (free === undefined || size === undefined ? [] : [{ free, size }]))
    .toSorted((a, b) => a.free - b.free)[0];
