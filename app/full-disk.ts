// Whether something went wrong for want of room on the disk, whoever says it and however, and what is told then. It frees nothing.
import { statSync } from 'node:fs';
import { join } from 'node:path';
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

/** As `start.part` names them, and where each is below the data folder. */
const STORES: readonly (readonly [name: string, folder: string])[] = [
  ['the stream', 'stream'],
  ['the column store', 'columns'],
  ['the record store', 'records'],
];

const hasDisk = (folder: string): boolean => {
  try {
    readDisk(folder);
    return true;
  } catch {
    return false;
  }
};

/** The folder whose disk it was: a store may have one of its own. Of what names no store, the fullest; where they are one, the data folder. */
const failedFolder = (error: unknown, dataDir: string): string => {
  const part = hasCode(error, 'start.part') ? error.parameters.part : undefined;
  const named = STORES.filter(([name]) => name === part);
  const folders = (named.length > 0 ? named : STORES).map(([, name]) => join(dataDir, name)).filter(hasDisk);
  const isElsewhere = (folder: string): boolean => statSync(folder).dev !== statSync(dataDir).dev;
  const own = folders.filter(isElsewhere);
  if (named.length > 0) return own[0] ?? dataDir;
  return [dataDir, ...own].toSorted((a, b) => readDisk(a).free - readDisk(b).free)[0] as string;
};

/** `disk.full` where that is what stopped a start, else the error as it is. `minFree`: `disk.min_free`. */
export const startError = (error: unknown, dataDir: string, minFree: Share): unknown => {
  try {
    const folder = failedFolder(error, dataDir);
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
