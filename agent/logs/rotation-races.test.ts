// Rotations that come at any moment of the agent's work, as they do where it gets little of a processor: before any call of the file system that it
// makes, others may write, rename, or copy and cut. What they did is counted against what was told. Real files; nothing of the calls is changed.
import { copyFileSync, existsSync, renameSync, truncateSync } from 'node:fs';
import { afterAll, afterEach, expect, test } from 'vitest';
import { sized } from '../../test/support/long.ts';
import { type Change, changeCalls } from '../testing/change-calls.ts';
import { Followed, range } from '../testing/followed.ts';
import { dice } from '../testing/random.ts';

/** What others do before a call of the file system. */
const others = { step: (): void => undefined };
const after: Change =
  (call) =>
  (...args) => {
    others.step();
    return call(...args);
  };
const restore = changeCalls({ statSync: after, readdirSync: after, openSync: after, fstatSync: after, readSync: after });
afterAll(restore);

let logs: Followed;
afterEach(() => {
  others.step = () => undefined;
  logs.close();
});

/** The clock of files goes in steps. */
const sleep = (ms: number): void => void Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);

/** Histories that hold, one of which every run tries; the long form tries any. Of 139 random ones all hold. */
const HELD = [11, 22, 33, 44, 55, 66, 77, 3715273, 1679114529, 1890541509, 1780226853, 1875746872, 550784322, 88];

test.each([
  ['the patterns find the files only', ['/*.log']],
  ['the patterns find what was rotated too', ['/*']],
])('each line comes once, %s', { timeout: 300_000 }, async (_, globs) => {
  const seed = Number(process.env.INFRAMIRROR_SEED ?? sized(HELD[Math.floor(Math.random() * HELD.length)] as number, Math.floor(Math.random() * 2 ** 31)));
  console.info(`INFRAMIRROR_SEED=${seed}`);
  const below = dice(seed);
  let written = 0;
  const write = (name: string): void => {
    const from = written + 1;
    written += 1 + below(12);
    logs.write(name, ...range(from, written));
  };
  /** Copied, and not cut yet. */
  const copied = new Set<string>();
  const shift = (name: string): void => {
    let last = 0;
    while (existsSync(logs.path(`${name}.${last + 1}`))) last++;
    for (let n = last; n > 0; n--) renameSync(logs.path(`${name}.${n}`), logs.path(`${name}.${n + 1}`));
  };
  const names = ['by-name.log', 'by-copy.log', 'by-copy-too.log'];
  const seen = { rotations: 0, steps: 0, kills: 0 };
  const rotate = (name: string): void => {
    const path = logs.path(name);
    sleep(12);
    if (copied.delete(name)) {
      truncateSync(path);
      write(name);
    } else if (existsSync(path)) {
      shift(name);
      if (name === 'by-name.log') renameSync(path, `${path}.1`);
      else {
        copyFileSync(path, `${path}.1`);
        copied.add(name);
      }
    }
    seen.rotations++;
    sleep(12);
  };
  const step = (odds: number): void => {
    if (below(odds) > 0 || seen.steps > 400) return;
    const name = names[below(3)] as string;
    others.step = () => undefined;
    seen.steps++;
    // What comes between copy and cut is nobody's.
    if (!copied.has(name) && (below(3) > 0 || seen.rotations > 60)) write(name);
    else rotate(name);
    others.step = () => step(odds);
  };
  logs = new Followed();
  logs.start({ globs });
  for (const name of names) write(name);
  await logs.round();
  for (let i = 0; i < 60; i++) {
    others.step = () => step(15);
    await logs.round(200);
    others.step = () => undefined;
    if (below(10) > 0 && (i < 59 || seen.kills > 0)) continue;
    logs.start();
    seen.kills++;
  }
  for (const name of copied) truncateSync(logs.path(name));
  for (let i = 0; i < 12; i++) {
    sleep(12);
    await logs.round(3000);
  }
  const told = new Map<string, number>();
  for (const line of logs.bodies) told.set(line, (told.get(line) ?? 0) + 1);
  const numbers = (lines: readonly string[]): number[] => lines.map((line) => Number(line.split(' ')[1]));
  const lost = numbers(range(1, written).filter((line) => !told.has(line)));
  const twice = numbers([...told].filter(([, n]) => n > 1).map(([line]) => line));
  expect({ lost, twice }).toEqual({ lost: [], twice: [] });
  expect(told.size).toBe(written);
  expect(seen.rotations).toBeGreaterThan(20);
  expect(seen.kills).toBeGreaterThan(0);
});

test.each([
  ['', false],
  [' and has a next one', true],
])('a new file that is renamed%s at any moment of a look is read', { timeout: 300_000 }, async (_, hasNext) => {
  const last = hasNext ? 6 : 3;
  let isOver = false;
  for (let moment = 1; !isOver; moment++) {
    if (moment > 1) logs.close();
    logs = new Followed();
    logs.start({ globs: ['/*.log'] });
    logs.write('other.log', 'first');
    await logs.round();
    sleep(12);
    logs.write('new.log', ...range(1, 3));
    let calls = 0;
    others.step = () => {
      if (++calls !== moment) return;
      sleep(12);
      renameSync(logs.path('new.log'), logs.path('new.log.1'));
      if (hasNext) logs.write('new.log', ...range(4, last));
      sleep(12);
    };
    await logs.round();
    isOver = calls < moment;
    others.step = () => undefined;
    for (let i = 0; i < 3; i++) await logs.round();
    expect(logs.bodies.toSorted(), `at call ${moment}`).toEqual(['first', ...range(1, isOver ? 3 : last)]);
  }
});

test('a new file that is renamed at any moment of a round whose last record comes later is read after a kill', { timeout: 300_000 }, async () => {
  let isOver = false;
  for (let moment = 1; !isOver; moment++) {
    if (moment > 1) logs.close();
    logs = new Followed();
    logs.start({ globs: ['/*.log'] });
    logs.write('other.log', 'first');
    await logs.round();
    sleep(12);
    logs.write('other.log', 'second');
    let calls = 0;
    others.step = () => {
      if (++calls !== moment) return;
      logs.write('new.log', ...range(1, 3));
      sleep(12);
      renameSync(logs.path('new.log'), logs.path('new.log.1'));
      sleep(12);
      logs.write('other.log', 'third');
    };
    await logs.round();
    isOver = calls < moment;
    others.step = () => undefined;
    logs.start();
    for (let i = 0; i < 3; i++) await logs.round();
    expect(logs.bodies.toSorted(), `at call ${moment}`).toEqual(['first', ...(isOver ? [] : range(1, 3)), 'second', ...(isOver ? [] : ['third'])]);
  }
});
