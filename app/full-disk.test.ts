// A start that failed for want of room is told as that, whoever says it and however, with the disk that it was; nothing else is.
import { mkdirSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { CodedError } from '../core/errors.ts';
import { smallDisk } from '../test/support/small-disk.ts';
import { isNoRoom, startError } from './full-disk.ts';

const part = (reason: string): CodedError => new CodedError('start.part', { part: 'a store', reason });
const ENOSPC = Object.assign(new Error('write'), { code: 'ENOSPC' });

test.each([
  ENOSPC,
  new Error('around it', { cause: ENOSPC }),
  new CodedError('data.folder', { path: '/x', reason: 'ENOSPC: no space left on device, mkdir' }, { cause: ENOSPC }),
  part('the embedded record store did not start: could not write lock file "postmaster.pid": No space left on device'),
  part('Code: 243. DB::Exception: Cannot reserve 1.00 MiB, not enough space. (NOT_ENOUGH_SPACE)'),
  new Error('EDQUOT: disk quota exceeded, open'),
  new Error('database or disk is full'),
])('%s', (error) => {
  expect(isNoRoom(error)).toBe(true);
  expect(startError(error, tmpdir(), 'auto')).toMatchObject({
    code: 'disk.full',
    cause: error,
    message: expect.stringContaining(`the disk of ${tmpdir()} is full`),
    parameters: { reason: error.message },
  });
});

test.each([new Error('EACCES: permission denied'), part('Cannot parse input'), new CodedError('start.address', { address: 'a', reason: 'in use' }), 'text'])(
  'not %s',
  (error) => {
    expect(startError(error, tmpdir(), 'auto')).toBe(error);
  },
);

test('a folder that is not there has no disk', () => {
  expect(startError(ENOSPC, '/does/not/exist', 'auto')).toBe(ENOSPC);
});

test('of a store on a disk of its own that disk is named, with its room', (context) => {
  const own = smallDisk(context, '3m', 'records');
  const dir = dirname(own);
  for (const store of ['columns', 'stream']) mkdirSync(join(dir, store));
  writeFileSync(join(own, 'fill'), new Uint8Array(5 << 19));
  const of = (part: string, reason: string): CodedError => new CodedError('start.part', { part, reason });
  const told = { code: 'disk.full', message: expect.stringMatching(/^the disk of \S+\/records is full: 512 KiB of 3 MiB may be written/) };
  expect(startError(of('the record store', 'it ended with 1'), dir, 'auto')).toMatchObject(told);
  // Whoever says it does not say where.
  expect(startError(ENOSPC, dir, 'auto')).toMatchObject(told);
  expect(startError(of('the column store', 'No space left on device'), dir, 'auto')).toMatchObject({ parameters: { folder: dir } });
  const other = of('the column store', 'it ended with 1');
  expect(startError(other, dir, 'auto')).toBe(other);
});
