// When log lines wait because the agent's disk is nearly full: by how much is left, how seldom it looks, and what a refusal means.
import { expect, test } from 'vitest';
import { DiskRoom, type LookAtDisk } from './disk-room.ts';

const MIB = 1 << 20;
const disk = (bytes: number, free: number, bsize = 4096): ReturnType<LookAtDisk> => ({ bavail: free / bsize, blocks: bytes / bsize, bsize });

test.each([
  ['a large disk with 16 MiB left', disk(100_000 * MIB, 16 * MIB), false],
  ['a large disk with less', disk(100_000 * MIB, 16 * MIB - 4096), true],
  ['a large disk that is full', disk(100_000 * MIB, 0), true],
  ['a small disk with a quarter left', disk(8 * MIB, 2 * MIB), false],
  ['a small disk with less', disk(8 * MIB, 2 * MIB - 4096), true],
  ['blocks of another size', disk(100_000 * MIB, 15 * MIB, 65_536), true],
  ['a file system that tells nothing of itself', disk(0, 0), false],
])('%s: short is %s', (_, figures, isShort) => {
  expect(new DiskRoom('/x', () => figures).isShort(0)).toBe(isShort);
});

test('it looks at the agent’s own folder, every two seconds at most', () => {
  let free = 0;
  const looks: string[] = [];
  const room = new DiskRoom('/data/agent', (folder) => {
    looks.push(folder);
    return disk(1000 * MIB, free);
  });
  expect([0, 500, 1999].map((now) => room.isShort(now))).toEqual([true, true, true]);
  free = 500 * MIB;
  expect([1999, 2000, 3999].map((now) => room.isShort(now))).toEqual([true, false, false]);
  free = 0;
  expect(room.isShort(4000)).toBe(true);
  expect(looks).toEqual(Array(3).fill('/data/agent'));
});

test('a refusal counts for fifteen seconds, as no look tells of a quota', () => {
  const room = new DiskRoom('/x', () => disk(1000 * MIB, 500 * MIB));
  expect(room.isShort(0)).toBe(false);
  room.refused(100);
  expect([100, 2100, 15_099].map((now) => room.isShort(now))).toEqual([true, true, true]);
  expect(room.isShort(15_100)).toBe(false);
});

test('a folder whose disk does not answer is no short one, and a real one is looked at', () => {
  const gone = new DiskRoom('/x', () => {
    throw new Error('ENOENT');
  });
  expect(gone.isShort(0)).toBe(false);
  expect(new DiskRoom('/nowhere/at/all').isShort(0)).toBe(false);
  expect(new DiskRoom(process.cwd()).isShort(0)).toBeTypeOf('boolean');
});
