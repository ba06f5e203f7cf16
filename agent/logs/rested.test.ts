// Of more files than are open at once those that were written to last are read, whenever that was: one that is read to its end gives its place, and is
// read on from where it stood when it is written to again, rotated or cut, also over a restart. Real files; the record of positions is the test's own.
import { copyFileSync, renameSync, truncateSync, unlinkSync, utimesSync } from 'node:fs';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { Followed, laterByFiles, long, range } from '../testing/followed.ts';

/** As many as are open at once. */
const MOST = 512;
const name = (day: number): string => `app-${String(day).padStart(4, '0')}.log`;
const first = (day: number): string => `first of ${day} ${'x'.repeat(60)}`;

let logs: Followed;
beforeEach(() => {
  logs = new Followed();
});
afterEach(() => logs.close());

/** One line for each day up to the last, the first day's file is the oldest. */
const dated = async (days: number): Promise<void> => {
  logs.start({ globs: ['/*.log'] });
  for (let day = 0; day < days; day++) {
    logs.write(name(day), first(day));
    const at = logs.at / 1000 - 60 * (days - day);
    utimesSync(logs.path(name(day)), at, at);
  }
  await logs.round();
  await logs.round();
};
/** A file that is new: it takes the place of the one that was written to longest ago. */
const displace = async (file: string): Promise<void> => {
  logs.write(file, `line of ${file}`);
  await logs.round();
};
const told = (text: string): number => logs.bodies.filter((body) => body === text).length;
const twice = (): readonly string[] => logs.bodies.filter((body, i) => logs.bodies.indexOf(body) !== i);

test('a file that comes when all places are taken is read, and each that comes then', async () => {
  await dated(MOST + 8);
  expect(logs.bodies).toHaveLength(MOST);
  for (let i = 0; i < 20; i++) {
    await displace(`today-${i}.log`);
    expect(logs.bodies.at(-1)).toBe(`line of today-${i}.log`);
  }
  expect(logs.tailer.fileCount).toBe(MOST);
  expect(twice()).toEqual([]);
});

test('what gave its place is read on when it is written to again, once, also after a restart', async () => {
  await dated(MOST);
  await displace('today.log');
  expect([...logs.leftOut]).toEqual([]);
  logs.write(name(0), long(1));
  await logs.round();
  expect(told(long(1))).toBe(1);
  for (const again of [2, 3]) {
    logs.start();
    for (let i = 0; i < 3; i++) await logs.round();
    for (const day of [0, 1, 2, 300, MOST - 1]) logs.write(name(day), long(day * 10 + again));
    for (let i = 0; i < 3; i++) await logs.round();
    for (const day of [0, 1, 2, 300, MOST - 1]) expect(told(long(day * 10 + again))).toBe(1);
  }
  expect(twice()).toEqual([]);
  expect(logs.positions).toHaveLength(MOST + 1);
  expect(logs.tailer.fileCount).toBe(MOST);
});

test.each([
  ['renamed', (file: string): void => renameSync(logs.path(file), logs.path(`${file}.1`))],
  [
    'copied and cut',
    (file: string): void => {
      copyFileSync(logs.path(file), logs.path(`${file}.1`));
      truncateSync(logs.path(file));
    },
  ],
])('what gave its place, was written to and %s before the next look, loses and doubles nothing', async (_, rotate) => {
  await dated(MOST);
  await displace('today.log');
  await laterByFiles();
  logs.write(name(0), ...range(1, 3));
  rotate(name(0));
  logs.write(name(0), ...range(4, 6));
  for (let i = 0; i < 5; i++) await logs.round(3000);
  for (const line of range(1, 6)) expect(told(line)).toBe(1);
  expect(twice()).toEqual([]);
});

test('of what gave its place and is removed nothing is kept', async () => {
  await dated(MOST);
  await displace('today.log');
  unlinkSync(logs.path(name(0)));
  await logs.round();
  await displace('other.log');
  expect(logs.positions.map(({ path }) => path)).not.toContain(logs.path(name(0)));
});

test('a file that is not read to its end keeps its place, and what waits counts as what the agent is behind with', async () => {
  await dated(MOST);
  logs.pressed = () => true;
  logs.write(name(0), long(1));
  const at = logs.at / 1000 - 90_000;
  utimesSync(logs.path(name(0)), at, at);
  logs.tailer.discover(logs.at);
  logs.write('today.log', 'today');
  logs.tailer.discover(logs.at);
  // The next in age gave its place.
  logs.write(name(1), long(2));
  utimesSync(logs.path(name(1)), at, at);
  logs.tailer.discover(logs.at);
  expect(logs.tailer.bytesBehind).toBe(`${long(1)}\n${long(2)}\ntoday\n`.length);
  logs.pressed = () => false;
  for (let i = 0; i < 3; i++) await logs.round();
  for (const line of [long(1), long(2), 'today']) expect(told(line)).toBe(line === long(2) ? 0 : 1);
});
