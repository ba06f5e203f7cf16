// No file keeps others waiting, whatever it is: full of holes, endless, one of thousands. Real files; a poll is one turn of each.
import {
  appendFileSync,
  closeSync,
  ftruncateSync,
  linkSync,
  mkdirSync,
  openSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { Followed } from '../testing/followed.ts';
import { TURN } from './log-file.ts';

const MIB = 1 << 20;
const HOLES = 'holes in log files: zero bytes where no line stands';

let logs: Followed;
beforeEach(() => {
  logs = new Followed();
});
afterEach(() => logs.close());

/** One turn of each file; true where there is more. */
const turn = (): Promise<boolean> => logs.tailer.poll(logs.at, () => logs.pressed());
const lines = (name: string, count: number): string => Array.from({ length: count }, (_, i) => `${name} ${i} ${'x'.repeat(90)}\n`).join('');
const count = (text: string): number => logs.bodies.filter((body) => body.startsWith(text)).length;

test('a file of 30 GiB without anything in it holds nobody up', async () => {
  writeFileSync(logs.path('a.log'), '');
  truncateSync(logs.path('a.log'), 30 * 1024 * MIB);
  logs.write('b.log', 'one');
  logs.start();
  logs.tailer.discover(logs.at);
  for (const [i, line] of ['one', 'two', 'three'].entries()) {
    if (i > 0) logs.write('b.log', line);
    expect(await turn()).toBe(true);
    expect(logs.bodies.at(-1)).toBe(line);
  }
  expect(logs.tailer.bytesBehind).toBeGreaterThanOrEqual(30 * 1024 * MIB);
});

test('holes are passed over once something stands behind them, counted and said; a line before one has ended', async () => {
  const fd = openSync(logs.path('a.log'), 'w');
  writeSync(fd, 'one\nhalf a line', 0);
  writeSync(fd, 'two\nthree\n', 40 * MIB);
  writeSync(fd, 'four\n', 40 * MIB + 5000);
  writeSync(fd, `long ${'y'.repeat(400_000)}`, 41 * MIB);
  writeSync(fd, 'five\n', 50 * MIB);
  closeSync(fd);
  logs.start();
  await logs.round();
  expect(logs.bodies.map((body) => body.slice(0, 11))).toEqual(['one', 'half a line', 'two', 'three', 'four', 'long yyyyyy', 'five']);
  const held = 'one\nhalf a line'.length + 'two\nthree\n'.length + 'four\n'.length + 400_005 + 'five\n'.length;
  expect(logs.tailer.bytesOfHoles).toBe(50 * MIB + 'five\n'.length - held);
  expect([...logs.leftOut]).toContain(HOLES);
  logs.start();
  appendFileSync(logs.path('a.log'), 'six\n');
  await logs.round();
  expect(logs.bodies.slice(7)).toEqual(['six']);
});

test('zero bytes at the end of a file may be filled, as by a writer that maps it: what is written there is read', async () => {
  const fd = openSync(logs.path('a.log'), 'w');
  ftruncateSync(fd, 3 * MIB);
  writeSync(fd, 'one\n', 0);
  logs.start();
  await logs.round();
  writeSync(fd, 'two\nthr', 4);
  await logs.round();
  await logs.round();
  expect(logs.bodies).toEqual(['one', 'two']);
  writeSync(fd, 'ee\n', 11);
  logs.at += 10;
  utimesSync(logs.path('a.log'), logs.at / 1000, logs.at / 1000);
  await logs.round();
  // The writer ends, and cuts what it did not use.
  ftruncateSync(fd, 14);
  closeSync(fd);
  appendFileSync(logs.path('a.log'), 'four\n');
  await logs.round();
  expect(logs.bodies).toEqual(['one', 'two', 'three', 'four']);
  expect(logs.tailer.bytesOfHoles).toBe(0);
});

test('files take turns of so many bytes, also one that grows faster than it is read', async () => {
  const much = lines('a', 40_000);
  writeFileSync(logs.path('a.log'), much);
  writeFileSync(logs.path('b.log'), lines('b', 40_000));
  logs.pressed = () => {
    appendFileSync(logs.path('a.log'), much);
    return false;
  };
  logs.start();
  logs.tailer.discover(logs.at);
  expect(await turn()).toBe(true);
  // A record more than a turn at most.
  const most = 3 * (TURN / 100);
  for (const name of ['a', 'b']) {
    expect(count(name)).toBeGreaterThan(TURN / 2 / 100);
    expect(count(name)).toBeLessThan(most);
  }
  for (let i = 0; i < 6; i++) await turn();
  expect(count('b')).toBe(40_000);
});

test('where records are taken one at a time, each file has its turn', async () => {
  for (const name of ['a', 'b', 'c']) writeFileSync(logs.path(`${name}.log`), lines(name, 30_000));
  logs.start();
  logs.tailer.discover(logs.at);
  for (let i = 0; i < 3; i++) {
    const before = logs.records.length;
    logs.pressed = () => logs.records.length > before;
    expect(await turn()).toBe(false);
  }
  expect(['a', 'b', 'c'].map((name) => count(name) > 0)).toEqual([true, true, true]);
});

test('a line that never ends and thousands of files let timers run meanwhile', async () => {
  for (let i = 0; i < 200; i++) writeFileSync(logs.path(`small-${i}.log`), lines('s', 1000));
  const fd = openSync(logs.path('endless.log'), 'w');
  for (let i = 0; i < 30; i++) writeSync(fd, Buffer.alloc(MIB, 'x'));
  closeSync(fd);
  logs.start();
  logs.tailer.discover(logs.at);
  let ran = 0;
  const beat = setInterval(() => ran++, 1);
  while (await turn());
  clearInterval(beat);
  expect(ran).toBeGreaterThan(10);
  expect(count('s')).toBe(200_000);
  expect(count('x')).toBe(1);
  expect(logs.tailer.bytesCut).toBe(30 * MIB - 65_536);
});

test('of more files than can be followed those that were written to last are read, and it is said', async () => {
  for (let i = 0; i < 700; i++) {
    logs.write(`f-${i}.log`, `line of ${i}`);
    // In no order that a folder would have them in.
    const at = logs.at / 1000 - ((i * 277) % 700);
    utimesSync(logs.path(`f-${i}.log`), at, at);
  }
  logs.start();
  await logs.round();
  const newest = Array.from({ length: 700 }, (_, i) => i).filter((i) => (i * 277) % 700 < 512);
  expect(logs.bodies.toSorted()).toEqual(newest.map((i) => `line of ${i}`).toSorted());
  expect([...logs.leftOut]).toEqual(['log files beyond the 512 that were written to last']);
});

test('a folder of links, to one file and in circles, is one file', async () => {
  mkdirSync(logs.path('links'));
  logs.write('real.txt', 'one');
  for (let i = 0; i < 1000; i++) symlinkSync(i % 2 === 0 ? '../real.txt' : `l-${(i + 2) % 1000}.log`, logs.path(`links/l-${i}.log`));
  for (let i = 0; i < 100; i++) linkSync(logs.path('real.txt'), logs.path(`links/hard-${i}.log`));
  symlinkSync('.', logs.path('links/again'));
  logs.start();
  for (let i = 0; i < 3; i++) await logs.round();
  expect(logs.bodies).toEqual(['one']);
  expect(logs.tailer.fileCount).toBe(1);
});
