// What LMDB says of a file whose pages are not what they should be, told as damage with the file's name; all else it says is told as it is.
import { join } from 'node:path';
import { CodedError } from '../../../core/errors.ts';

/** LMDB's codes (http://www.lmdb.tech/doc/group__errors.html), and words of what reads its pages. */
const DAMAGED = /MDB_(CORRUPTED|PAGE_NOTFOUND|INVALID|VERSION_MISMATCH)|page was wrong type/i;

export const logFile = (dir: string): string => join(dir, 'data.mdb');

/** `stream.damaged` or `stream.unavailable`. */
export const streamError = (dir: string, reason: string, cause?: unknown): CodedError =>
  DAMAGED.test(reason)
    ? new CodedError('stream.damaged', { file: logFile(dir), reason }, { cause })
    : new CodedError('stream.unavailable', { reason }, { cause });
