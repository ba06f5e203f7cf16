// Files that live for less than the time between two looks for all of them: what a look at changed folders finds, what stands under the name of a
// rotation afterwards, and a random run of rotations against a count of what was written. Real files; the looks are the test's own.
import { copyFileSync, existsSync, mkdirSync, renameSync, truncateSync, unlinkSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Followed, laterByFiles, long, range } from '../testing/followed.ts';
import { dice } from '../testing/random.ts';

let logs: Followed;
beforeEach(async () => {
  logs = new Followed();
  logs.start({ globs: ['/*.log', '/*/*.log'] });
  await logs.round();
});
afterEach(() => logs.close());

/** Shifts `a.log.1` and what follows, as logrotate does, and answers the name that is free then. */
const shifted = (name: string): string => {
  const numbered = (n: number): string => logs.path(`${name}.${n}`);
  let last = 0;
  while (existsSync(numbered(last + 1))) last++;
  for (let n = last; n > 0; n--) renameSync(numbered(n), numbered(n + 1));
  return numbered(1);
};
const renamed = (name: string): void => renameSync(logs.path(name), shifted(name));
const copied = (name: string): void => {
  copyFileSync(logs.path(name), shifted(name));
  truncateSync(logs.path(name));
};
const sources = (): readonly unknown[] => [...new Set(logs.column('source'))];

describe('a look at the folders that changed', () => {
  test('opens what has come: removed then, it is read to its end', async () => {
    for (const [i, name] of ['a.log', 'b.log'].entries()) {
      logs.write(name, long(i * 2));
      logs.tailer.glance(logs.at);
      logs.write(name, long(i * 2 + 1));
      unlinkSync(logs.path(name));
    }
    await logs.read();
    expect(logs.bodies).toEqual(range(0, 3));
  });

  test('finds a folder that has come, and what comes into it', async () => {
    mkdirSync(logs.path('new'));
    logs.tailer.glance(logs.at);
    logs.write('new/a.log', long(1));
    logs.tailer.glance(logs.at);
    unlinkSync(logs.path('new/a.log'));
    await logs.read();
    expect(logs.bodies).toEqual([long(1)]);
  });

  test('finds what was rotated away before its name was seen, under the name it was written to', async () => {
    logs.write('a.log', long(1));
    renamed('a.log');
    logs.write('a.log', long(2));
    renamed('a.log');
    logs.tailer.glance(logs.at);
    await logs.read();
    expect(logs.bodies.toSorted()).toEqual(range(1, 2));
    expect(sources()).toEqual([logs.path('a.log')]);
  });

  test('reads no rotated file that was there before the agent', async () => {
    logs.write('old.log.1', long(1));
    await laterByFiles();
    logs.start({ globs: ['/*.log'] });
    await logs.round();
    await laterByFiles();
    logs.write('other.log', long(2));
    logs.tailer.glance(logs.at);
    logs.write('old.log', long(3));
    logs.tailer.glance(logs.at);
    await logs.read();
    expect(logs.bodies.toSorted()).toEqual(range(2, 3));
  });
});

describe('between two looks at a file', () => {
  test.each([
    ['renamed', renamed],
    ['copied and cut', copied],
  ])('it is %s again and again', async (_, rotate) => {
    logs.write('a.log', ...range(1, 5));
    await logs.round();
    for (let i = 0; i < 4; i++) {
      logs.write('a.log', ...range(6 + i * 5, 10 + i * 5));
      rotate('a.log');
    }
    logs.write('a.log', long(26));
    for (let i = 0; i < 4; i++) await logs.round(3000);
    expect(logs.bodies.toSorted()).toEqual(range(1, 26).toSorted());
    expect(sources()).toEqual([logs.path('a.log')]);
  });

  test.each([
    ['renamed', renamed],
    ['copied and cut', copied],
  ])('it is %s again and again while the agent is away', async (_, rotate) => {
    logs.write('a.log', ...range(1, 5));
    await logs.round();
    await laterByFiles();
    for (let i = 0; i < 4; i++) {
      logs.write('a.log', ...range(6 + i * 5, 10 + i * 5));
      rotate('a.log');
    }
    logs.write('a.log', long(26));
    for (let i = 0; i < 4; i++) {
      logs.start();
      await logs.round(3000);
    }
    expect(logs.bodies.toSorted()).toEqual(range(1, 26).toSorted());
  });

  test('a copy of what was read is nothing new, when the file is renamed then', async () => {
    logs.write('a.log', ...range(1, 10));
    await logs.round();
    await laterByFiles();
    copyFileSync(logs.path('a.log'), logs.path('a.log.bak'));
    renamed('a.log');
    logs.write('a.log', long(11));
    for (let i = 0; i < 4; i++) {
      await laterByFiles();
      await logs.round(3000);
    }
    expect(logs.bodies.toSorted()).toEqual(range(1, 11).toSorted());
  });
});

test('what is made, written and renamed is read while the file before it of that name still is, and a copy of that one is not', async () => {
  logs.write('a.log', ...range(1, 10));
  await logs.round();
  renamed('a.log');
  await laterByFiles();
  await logs.round();
  for (const from of [11, 21]) {
    await laterByFiles();
    logs.write('a.log', ...range(from, from + 9));
    renamed('a.log');
    await logs.round(10);
  }
  await laterByFiles();
  copyFileSync(logs.path('a.log.3'), logs.path('a.log.bak'));
  await logs.round(10);
  expect(logs.tailer.fileCount).toBe(3);
  expect(logs.bodies.toSorted()).toEqual(range(1, 30).toSorted());
  expect(sources()).toEqual([logs.path('a.log')]);
});

test('through any rotation at speed each line that was written comes once', { timeout: 120_000 }, async () => {
  const seed = Number(process.env.INFRAMIRROR_SEED ?? Math.floor(Math.random() * 2 ** 31));
  console.info(`INFRAMIRROR_SEED=${seed}`);
  const below = dice(seed);
  let written = 0;
  const write = (name: string): void => {
    const from = written + 1;
    written += 1 + below(12);
    logs.write(name, ...range(from, written));
  };
  const names = ['by-name.log', 'by-copy.log', 'removed.log'];
  const seen = { rotations: 0, kills: 0 };
  for (const name of names) write(name);
  await logs.round();
  for (let i = 0; i < 400; i++) {
    const what = below(20);
    const name = names[below(2)] as string;
    if (what < 9) write(names[below(3)] as string);
    else if (what < 13) {
      // A copy within a step of the clock before a look could be of before it.
      await laterByFiles();
      if (existsSync(logs.path(name))) (name === 'by-copy.log' ? copied : renamed)(name);
      write(name);
      seen.rotations++;
      await laterByFiles();
    } else if (what < 15) {
      logs.tailer.glance(logs.at);
      if (existsSync(logs.path('removed.log'))) {
        // It is open: what comes before it is removed is read.
        write('removed.log');
        unlinkSync(logs.path('removed.log'));
        await logs.read();
      }
    } else if (what < 18) await logs.round(1000);
    else if (what < 19) await logs.read();
    else {
      await logs.read();
      logs.start();
      logs.tailer.discover(logs.at);
      seen.kills++;
    }
  }
  for (let i = 0; i < 8; i++) await logs.round(3000);
  const told = new Map<string, number>();
  for (const line of logs.bodies) told.set(line, (told.get(line) ?? 0) + 1);
  const lost = range(1, written).filter((line) => !told.has(line));
  const twice = [...told].filter(([, n]) => n > 1).map(([line]) => line);
  expect({ lost: lost.map((line) => Number(line.split(' ')[1])), twice: twice.map((line) => Number(line.split(' ')[1])) }).toEqual({ lost: [], twice: [] });
  expect(told.size).toBe(written);
  expect(seen.rotations).toBeGreaterThan(20);
  expect(seen.kills).toBeGreaterThan(3);
});
