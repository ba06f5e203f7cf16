// Where a file that was there before the agent is read from: so many bytes before its end, and from the beginning of the line that these begin in.
import { closeSync, readSync } from 'node:fs';
import { openLog } from './open-log.ts';

const CHUNK = 64 << 10;
/** So far before these bytes the line may begin. */
const MOST_BACK = 16 << 20;
const NEWLINE = 10;

/** Undefined where no line begins within reach, or it cannot be read. */
export const lineBegin = (path: string, key: string, at: number): number | undefined => {
  const bytes = Buffer.allocUnsafe(CHUNK);
  try {
    const fd = openLog(path, key);
    try {
      for (let to = at; to > 0 && to > at - MOST_BACK; ) {
        const from = Math.max(0, to - CHUNK);
        const found = bytes.subarray(0, readSync(fd, bytes, 0, to - from, from)).lastIndexOf(NEWLINE);
        if (found !== -1) return from + found + 1;
        to = from;
        if (to === 0) return 0;
      }
    } finally {
      closeSync(fd);
    }
  } catch {}
  return undefined;
};
