// The file that only takes room: made once, whatever an earlier start left, and given up where somebody gets the room.
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync, statfsSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { readDisk } from './disk.ts';
import { keepReserve, lacksReserve, useReserve } from './reserve.ts';

/** undefined where none can be mounted. */
const smallDisk = (mount: (dir: string) => void): string | undefined => {
  const dir = mkdtempSync(join(tmpdir(), 'reserve-'));
  onTestFinished(() => rmSync(dir, { recursive: true }));
  const disk = join(dir, 'disk');
  mkdirSync(disk);
  try {
    mount(disk);
  } catch {
    return undefined;
  }
  onTestFinished(() => void execFileSync('/bin/umount', ['-l', disk]));
  return disk;
};
const run = (file: string, ...args: string[]): unknown => execFileSync(file, args, { stdio: 'ignore' });
/** As root: with what is kept for it. */
const fill = (disk: string, keep = 0): void => {
  const { bfree, bsize } = statfsSync(disk);
  run('fallocate', '-l', String(bfree * bsize - keep - (4 << 20)), join(disk, 'fill'));
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
  const disk = smallDisk((dir) => run('/bin/mount', '-t', 'tmpfs', '-o', 'size=500m', 'tmpfs', dir));
  if (disk === undefined) return context.skip('a small disk cannot be mounted here');
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
  run('fallocate', '-l', String(readDisk(disk).free), join(disk, 'rest'));
  expect(await useReserve(disk)).toBe('none');
});

test('is not spent where its room would be root’s alone', async (context) => {
  const disk = smallDisk((dir) => {
    run('truncate', '-s', '1g', `${dir}.image`);
    run('mkfs.ext4', '-q', '-m', '20', `${dir}.image`);
    run('/bin/mount', '-o', 'loop', `${dir}.image`, dir);
  });
  if (disk === undefined) return context.skip('a small disk cannot be mounted here');
  keepReserve(disk);
  // Some is for what the file system notes of it.
  fill(disk, 24 << 20);
  expect(readDisk(disk).free).toBe(0);
  expect(await useReserve(disk)).toBe('useless');
  expect(statSync(join(disk, 'reserve')).size).toBe(48 << 20);
}, 60_000);
