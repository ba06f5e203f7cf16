// Disks of their own for tests that fill one. Where none can be mounted the test is a visible skip, which is a failure in CI.
// A disk is gone when its test has finished; what holds files on it ends before, in the test or its `afterEach`.
import { execFileSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { appendFileSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statfsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished, type TestContext } from 'vitest';

const run = (file: string, ...args: string[]): unknown => execFileSync(file, args, { stdio: 'ignore' });

const mounted = (context: TestContext, name: string, mount: (disk: string) => void): string => {
  const folder = mkdtempSync(join(tmpdir(), 'small-disk-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const disk = join(folder, name);
  mkdirSync(disk);
  try {
    mount(disk);
  } catch {
    return context.skip('a small disk cannot be mounted here');
  }
  onTestFinished(() => void run('/bin/umount', '-l', disk));
  return disk;
};

/** Where it is mounted: a folder called `name` in one that is the test’s own. `size` as `mount` takes it: 300k, 1400m. */
export const smallDisk = (context: TestContext, size: string, name = 'disk'): string =>
  mounted(context, name, (disk) => run('/bin/mount', '-t', 'tmpfs', '-o', `size=${size}`, 'tmpfs', disk));

/** One of which so much is kept for root. */
export const smallDiskOfRoot = (context: TestContext, size: string, percent: number): string =>
  mounted(context, 'disk', (disk) => {
    run('truncate', '-s', size, `${disk}.image`);
    run('mkfs.ext4', '-q', '-m', String(percent), `${disk}.image`);
    run('/bin/mount', '-o', 'loop', `${disk}.image`, disk);
  });

export const freeOn = (disk: string): number => {
  const { bavail, bsize } = statfsSync(disk);
  return bavail * bsize;
};

/** By a file of that size of which nothing is written. */
export const takeRoom = (file: string, bytes: number): void => void run('fallocate', '-l', String(bytes), file);

/** Writes until there is no room. */
export const fillDisk = (disk: string): void => {
  const file = join(disk, `fill-${randomUUID()}`);
  try {
    for (;;) appendFileSync(file, new Uint8Array(1 << 20));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
  }
};

/** Removes what it was filled with. */
export const clearDisk = (disk: string): void => {
  for (const name of readdirSync(disk)) if (name.startsWith('fill-')) rmSync(join(disk, name));
};
