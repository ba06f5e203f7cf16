// A disk as `df` counts it, with blocks that are kept for root, and what is said of it.
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { smallDisk } from '../test/support/small-disk.ts';
import { diskOf, fullestBelow, readDisk, storeFolder } from './disk.ts';
import { diskPart, fullestDisk } from './disk-part.ts';

const GIB = 2 ** 30;

test('blocks that are kept for root are neither free nor used', () => {
  // 252 GiB, 24 of them used, 160 kept for root.
  expect(diskOf({ bsize: 4096, blocks: (252 * GIB) / 4096, bfree: (228 * GIB) / 4096, bavail: (68 * GIB) / 4096 })).toEqual({ free: 68 * GIB, size: 92 * GIB });
  // Of a file system that keeps more than there is left.
  expect(diskOf({ bsize: 4096, blocks: 100, bfree: 10, bavail: -5 })).toEqual({ free: 0, size: 90 * 4096 });
});

test('it is what df says', () => {
  const [, line = ''] = execFileSync('df', ['-P', '-B1', tmpdir()], { encoding: 'utf8', env: { ...process.env, LC_ALL: 'C' } })
    .trim()
    .split('\n');
  const [, , used, available, percent] = line.split(/\s+/);
  const { free, size } = readDisk(tmpdir());
  // Others write meanwhile.
  expect(Math.abs((1 - free / size) * 100 - Number(percent?.replace('%', '')))).toBeLessThan(2);
  expect(Math.abs(size - Number(used) - Number(available)) / size).toBeLessThan(0.01);
});

test('it says how full the disk is, and from where on what is done', () => {
  expect(diskPart({ free: 68 * GIB, size: 92 * GIB }, 'auto', true)).toEqual({ name: 'disk', state: 'ok', detail: '26 % used, 68 GiB of 92 GiB free' });
  expect(diskPart({ free: 1.5 * GIB, size: 92 * GIB }, 'auto', true)).toEqual({
    name: 'disk',
    state: 'degraded',
    detail:
      '98 % used, 1.5 GiB of 92 GiB free, less than the 2 GiB that are to stay free (disk.min_free): make room; the oldest days are removed until there is more',
  });
  expect(diskPart({ free: 68 * GIB, size: 92 * GIB }, { bytes: 1024 * GIB }, true)).toEqual({
    name: 'disk',
    state: 'ok',
    detail: '26 % used, 68 GiB of 92 GiB free; disk.min_free is more than half of the disk: 46 GiB are kept free',
  });
  expect(diskPart({ free: 3 * GIB, size: 92 * GIB }, { percent: 10 }, false).detail).toContain('9.2 GiB that are to stay free');
  expect(diskPart({ free: 3 * GIB, size: 92 * GIB }, { percent: 10 }, false).detail).toContain('below 256 MiB nothing is taken in any more');
  // What is done about it is told only where something is.
  expect(diskPart({ free: 1.5 * GIB, size: 92 * GIB }, 'auto', true, true).detail).toMatch(
    /: make room; nothing is left that may be removed, and below 256 MiB nothing is taken in any more$/,
  );
  expect(diskPart({ free: GIB / 8, size: 92 * GIB }, 'auto', true, true).detail).toMatch(
    /: make room; nothing is left that may be removed, and nothing new is taken in$/,
  );
  expect(diskPart({ free: GIB / 8, size: 92 * GIB }, 'auto', true).detail).toMatch(
    /; the oldest days are removed until there is more, and nothing new is taken in$/,
  );
  expect(diskPart({ free: GIB / 8, size: 92 * GIB }, 'auto', false).detail).toMatch(/: make room; nothing new is taken in$/);
  expect(diskPart({ free: 0, size: 0 }, 'auto', false).detail).toContain('100 % used, 0 bytes of 0 bytes free');
});

test('of several disks the one with least room is told', () => {
  const store = (name: string, diskFree: number | undefined) => ({ name, bytes: 1, diskFree, diskSize: diskFree === undefined ? undefined : 10 * GIB });
  expect(fullestDisk([store('a', 5 * GIB), store('b', 2 * GIB), store('c', undefined)])).toEqual({ free: 2 * GIB, size: 10 * GIB });
  expect(fullestDisk([store('c', undefined)])).toBe(undefined);
});

test('a store with a disk of its own is looked at there', (context) => {
  const data = mkdtempSync(join(tmpdir(), 'disks-'));
  onTestFinished(() => rmSync(data, { recursive: true }));
  expect(fullestBelow(data)).toMatchObject({ folder: data });
  mkdirSync(join(data, 'columns'));
  const disk = smallDisk(context, '4m');
  symlinkSync(disk, join(data, 'records'));
  expect(fullestBelow(data)).toEqual({ folder: join(data, 'records'), ...readDisk(disk) });
  expect([storeFolder(data, 'columns'), storeFolder(data, 'stream')]).toEqual([join(data, 'columns'), data]);
});
