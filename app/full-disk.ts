// Whether something went wrong for want of room on the disk, whoever says it and however, and what is told then. It frees nothing.
import { CodedError, hasCode } from '../core/errors.ts';
import { sizeText } from '../core/size-text.ts';
import type { Share } from './config/setting.ts';
import { readDisk } from './disk.ts';
import { roomToKeep } from './room.ts';

/** Of Node, PostgreSQL, ClickHouse, LMDB and SQLite. */
const WORDS = /\b(ENOSPC|EDQUOT)\b|no space left|disk quota exceeded|not enough space|NOT_ENOUGH_SPACE|disk is full/i;
/** With less than this, a store that did not start failed for that, in whatever words: one may be ended in the middle of them. */
const NOTHING = 1 << 20;

/** Also where it only is the reason of what is told. */
export const isNoRoom = (error: unknown): boolean => {
  for (let at: unknown = error; at instanceof Error; at = at.cause) if (WORDS.test(`${(at as NodeJS.ErrnoException).code ?? ''} ${at.message}`)) return true;
  return false;
};

/** `disk.full` where that is what stopped a start, else the error as it is. `minFree`: `disk.min_free`. */
export const startError = (error: unknown, folder: string, minFree: Share): unknown => {
  try {
    const { free, size } = readDisk(folder);
    const isStore = hasCode(error, 'start.part');
    if (!isNoRoom(error) && !(isStore && free < NOTHING)) return error;
    return new CodedError(
      'disk.full',
      {
        folder,
        free: sizeText(free),
        size: sizeText(size),
        missing: sizeText(Math.max(roomToKeep(minFree, size) - free, 0)),
        reason: (error as Error).message,
      },
      { cause: error },
    );
  } catch {
    // A folder that is not there has no disk to look at.
    return error;
  }
};
