// The file that only takes room: made once, whatever an earlier start left, and given up where somebody gets the room.
import { existsSync, mkdtempSync, rmSync, statfsSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { smallDisk, smallDiskOfRoot, takeRoom } from '../test/support/small-disk.ts';
import { readDisk } from './disk.ts';
import { keepReserve, lacksReserve, useReserve } from './reserve.ts';

/** As root: with what is kept for it. */
const fill = (disk: string, keep = 0): void => {
  const { bfree, bsize } = statfsSync(disk);
  takeRoom(join(disk, 'fill'), bfree * bsize - keep - (4 << 20));
};

test('is made although a start was killed while it made it', () => {
  const dir = mkdtempSync(join(tmpdir(), 'reserve-'));
  onTestFinished(() => rmSync(dir, { recursive: true }));
  writeFileSync(join(dir, 'reserve.new'), 'half');
  keepReserve(dir);
  expect(statSync(join(dir, 'reserve')).size).toBe(48 << 20);
  expect(existsSync(join(dir, 'reserve.new'))).toBe(false);
  const { ino } = statSync(join(dir, 'reserve'));
  keepReserve(dir);
  expect(statSync(join(dir, 'reserve')).ino).toBe(ino);
});

test('a small disk has one too, and it is said where it has none', async (context) => {
  const disk = smallDisk(context, '500m');
  expect(await useReserve(disk)).toBe('not needed');
  fill(disk, 200 << 20);
  keepReserve(disk);
  expect([existsSync(join(disk, 'reserve')), lacksReserve(disk)]).toEqual([false, true]);
  rmSync(join(disk, 'fill'));
  keepReserve(disk);
  expect([existsSync(join(disk, 'reserve')), lacksReserve(disk)]).toEqual([true, false]);
  fill(disk);
  expect(await useReserve(disk)).toBe('given up');
  expect(readDisk(disk).free).toBeGreaterThan(48 << 20);
  expect(await useReserve(disk)).toBe('not needed');
  takeRoom(join(disk, 'rest'), readDisk(disk).free);
  expect(await useReserve(disk)).toBe('none');
});

test('is not spent where its room would be root’s alone', async (context) => {
  const disk = smallDiskOfRoot(context, '1g', 20);
  keepReserve(disk);
  // Some is for what the file system notes of it.
  fill(disk, 24 << 20);
  expect(readDisk(disk).free).toBe(0);
  expect(await useReserve(disk)).toBe('useless');
  expect(statSync(join(disk, 'reserve')).size).toBe(48 << 20);
}, 60_000);
