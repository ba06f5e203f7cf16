// Through rotation, copies, cuts and kills every line is told once. Real files; the record of positions is the test's own.
import { copyFileSync, renameSync, truncateSync, unlinkSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Followed } from '../testing/followed.ts';

let logs: Followed;
const start = (globs = ['/*.log'], backlogBytes = 1 << 20): void => logs.start({ globs, backlogBytes });
/** Longer than what a file is recognised by. */
const long = (n: number): string => `line ${n} ${'x'.repeat(60)}`;
const range = (from: number, to: number): string[] => Array.from({ length: to - from + 1 }, (_, i) => long(from + i));

beforeEach(() => {
  logs = new Followed(1_790_000_000_000);
});
afterEach(() => logs.close());

describe('log files', () => {
  test('rotated by rename lose nothing, not even what is written to the old file afterwards', async () => {
    logs.write('a.log', ...range(1, 10));
    start();
    await logs.round();
    logs.write('a.log', ...range(11, 12));
    renameSync(logs.path('a.log'), logs.path('a.log.1'));
    logs.write('a.log.1', ...range(13, 14));
    logs.write('a.log', ...range(15, 16));
    await logs.round();
    logs.write('a.log.1', long(17));
    await logs.round();
    expect(logs.bodies.sort()).toEqual(range(1, 17).sort());
    for (let i = 0; i < 5; i++) await logs.round(3000);
    logs.write('a.log', long(18));
    await logs.round();
    expect(logs.bodies.at(-1)).toBe(long(18));
    expect(logs.tailer.fileCount).toBe(1);
    expect(logs.positions).toHaveLength(1);
  });

  test('rotated by copy-truncate lose nothing that is in the copy', async () => {
    logs.write('a.log', ...range(1, 10));
    start();
    await logs.round();
    logs.write('a.log', ...range(11, 12));
    copyFileSync(logs.path('a.log'), logs.path('a.log.1'));
    truncateSync(logs.path('a.log'));
    logs.write('a.log', long(13));
    await logs.round();
    await logs.round();
    expect(logs.bodies.sort()).toEqual(range(1, 13).sort());
  });

  test('rotated by copy-truncate are not read again from the copy after a kill', async () => {
    logs.write('a.log', ...range(1, 10));
    start();
    await logs.round();
    logs.write('a.log', ...range(11, 12));
    copyFileSync(logs.path('a.log'), logs.path('a.log.1'));
    truncateSync(logs.path('a.log'));
    await logs.round();
    // Long enough for the copy to be given up, which another line tells the record.
    for (let i = 0; i < 4; i++) await logs.round(3000);
    logs.write('b.log', 'other');
    await logs.round();
    for (let i = 0; i < 3; i++) {
      start();
      await logs.round();
    }
    expect(logs.bodies).toEqual([...range(1, 12), 'other']);
  });

  test('cut and grown beyond the old position are told apart by their content', async () => {
    logs.write('a.log', ...range(1, 3));
    start();
    await logs.round();
    truncateSync(logs.path('a.log'));
    logs.write('a.log', ...range(101, 120));
    await logs.round();
    expect(logs.bodies).toEqual([...range(1, 3), ...range(101, 120)]);
  });

  test.each([
    ['renamed', (): void => renameSync(logs.path('a.log'), logs.path('a.log-20261120'))],
    [
      'copied and cut',
      (): void => {
        copyFileSync(logs.path('a.log'), logs.path('a-1.log.old'));
        truncateSync(logs.path('a.log'));
      },
    ],
    ['renamed within the pattern', (): void => renameSync(logs.path('a.log'), logs.path('a-20261120.log'))],
  ])('%s while the agent is away lose and double nothing', async (_, rotate) => {
    logs.write('a.log', ...range(1, 10));
    start();
    await logs.round();
    logs.write('a.log', ...range(11, 13));
    rotate();
    logs.write('a.log', ...range(14, 15));
    for (let i = 0; i < 3; i++) {
      start();
      await logs.round();
      await logs.round();
    }
    expect(logs.bodies.sort()).toEqual(range(1, 15).sort());
  });

  test('copied under a name that is followed too are not read twice', async () => {
    logs.write('a.log', ...range(1, 10));
    start();
    await logs.round();
    logs.write('a.log', long(11));
    await logs.tailer.poll(logs.at, () => false);
    copyFileSync(logs.path('a.log'), logs.path('a-old.log'));
    truncateSync(logs.path('a.log'));
    logs.write('a.log', long(12));
    await logs.round();
    await logs.round();
    expect(logs.bodies.sort()).toEqual(range(1, 12).sort());
  });

  test('whose inode serves a new file are read from its beginning', async () => {
    logs.write('a.log', ...range(1, 10));
    start();
    await logs.round();
    logs.tailer.close();
    unlinkSync(logs.path('a.log'));
    logs.write('a.log', ...range(21, 40));
    start();
    await logs.round();
    expect(logs.bodies).toEqual([...range(1, 10), ...range(21, 40)]);
  });

  test('go on from the last record after a kill at any moment', async () => {
    start();
    for (let i = 0; i < 30; i++) {
      logs.write('a.log', ...range(i * 3 + 1, i * 3 + 3));
      if (i % 7 === 3) {
        renameSync(logs.path('a.log'), logs.path(`a.log.${i}`));
        logs.write('a.log', `after ${i} ${'y'.repeat(300)}`);
      }
      if (i % 5 === 2) {
        copyFileSync(logs.path('a.log'), logs.path(`a.log.c${i}`));
        truncateSync(logs.path('a.log'));
      }
      if (i % 2 === 0) start();
      await logs.round();
    }
    const lines = logs.bodies.filter((b) => (b as string).startsWith('line '));
    expect(lines.sort()).toEqual(range(1, 90).sort());
    expect(new Set(logs.bodies).size).toBe(logs.bodies.length);
  });
});
