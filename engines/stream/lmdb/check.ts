// Looks at the log's file before this process maps it: a file that was cut or overwritten ends a process that reads it (SIGBUS,
// SIGSEGV) without a word. It reads two pages; only where the file is shorter than they say is all of it read, by a child.
import { spawnSync } from 'node:child_process';
import { closeSync, existsSync, fstatSync, openSync, readSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { CodedError } from '../../../core/errors.ts';
import { logFile } from './damage.ts';

/** Of liblmdb's `MDB_meta`, behind the page's header of 24 bytes. */
const MAGIC = 0xbeefc0de;
const AT = { magic: 24, pageSize: 48, lastPage: 144 } as const;
const HEAD = 160;
const PATIENCE_MS = 300_000;

interface Meta {
  readonly pageSize: number;
  readonly lastPage: bigint;
}

const metaAt = (fd: number, offset: number): Meta | undefined => {
  const page = Buffer.alloc(HEAD);
  if (readSync(fd, page, 0, HEAD, offset) < HEAD || page.readUInt32LE(AT.magic) !== MAGIC) return undefined;
  return { pageSize: page.readUInt32LE(AT.pageSize), lastPage: page.readBigUInt64LE(AT.lastPage) };
};

/** Throws `stream.damaged`. A folder without a log is as good as a whole one. */
export const checkFile = (dir: string): void => {
  const file = logFile(dir);
  if (!existsSync(file)) return;
  const fd = openSync(file, 'r');
  let isShort: boolean;
  try {
    const { size } = fstatSync(fd);
    // Made, and never written.
    if (size === 0) return;
    const first = metaAt(fd, 0);
    const second = first === undefined ? undefined : metaAt(fd, first.pageSize);
    if (first === undefined || second === undefined) throw new CodedError('stream.damaged', { file, reason: 'it does not begin as one' });
    isShort = [first, second].some(({ pageSize, lastPage }) => BigInt(size) < (lastPage + 1n) * BigInt(pageSize));
  } finally {
    closeSync(fd);
  }
  // Pages at its end may be free, and then need not be there.
  if (isShort && !isReadable(dir)) throw new CodedError('stream.damaged', { file, reason: 'its end is missing' });
};

const isReadable = (dir: string): boolean => {
  const child = fileURLToPath(new URL('check-process.ts', import.meta.url));
  return spawnSync(process.execPath, ['--no-warnings', child, dir], { stdio: 'ignore', timeout: PATIENCE_MS }).status === 0;
};
