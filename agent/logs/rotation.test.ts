// Through rotation, copies, cuts and kills every line is told once. Real files; the record of positions is the test's own.
import { copyFileSync, renameSync, truncateSync, unlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Followed, laterByFiles, long, range } from '../testing/followed.ts';

let logs: Followed;
const start = (globs = ['/*.log'], backlogBytes = 1 << 20): void => logs.start({ globs, backlogBytes });

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

  test('without a name any more are not given up while nothing is taken', async () => {
    logs.write('a.log', ...range(1, 10));
    start();
    await logs.round();
    logs.write('a.log', ...range(11, 12));
    renameSync(logs.path('a.log'), logs.path('a.log.1'));
    logs.pressed = () => true;
    for (let i = 0; i < 5; i++) await logs.round(3000);
    unlinkSync(logs.path('a.log.1'));
    for (let i = 0; i < 5; i++) await logs.round(3000);
    logs.pressed = () => false;
    for (let i = 0; i < 5; i++) await logs.round(3000);
    expect(logs.bodies).toEqual(range(1, 12));
    expect(logs.tailer.fileCount).toBe(0);
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
    await laterByFiles();
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

  test.each([
    ['as they are', false],
    ['and written to again', true],
  ])('that were empty at the last look, copied and cut then, %s, lose nothing', async (_, isWritten) => {
    for (const cut of ['a.log', 'new.log']) {
      if (cut === 'a.log') {
        logs.write(cut, ...range(1, 10));
        await logs.round();
        truncateSync(logs.path(cut));
      } else logs.write(cut);
      start();
      await logs.round();
      await laterByFiles();
      const from = cut === 'a.log' ? 11 : 101;
      logs.write(cut, ...range(from, from + 19));
      copyFileSync(logs.path(cut), logs.path(`${cut}.1`));
      truncateSync(logs.path(cut));
      if (isWritten) logs.write(cut, long(from + 20));
      for (let i = 0; i < 8; i++) {
        await laterByFiles();
        await logs.round();
      }
    }
    const last = isWritten ? 21 : 20;
    expect(logs.bodies.toSorted()).toEqual([...range(11, 10 + last), ...range(101, 100 + last)].toSorted());
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

  test.each([
    ['a few lines', 2],
    ['many lines', 10],
  ])('copied under a rotation name that is followed too are not read twice, %s, whenever the cut comes', async (_, lines) => {
    for (const rounds of [0, 1, 3]) {
      const [name, from] = [`cut-after-${rounds}.log`, rounds * 100 + 1];
      logs.write(name, ...range(from, from + lines - 1));
      start([`/${name}*`]);
      await logs.round();
      logs.write(name, long(from + lines));
      copyFileSync(logs.path(name), logs.path(`${name}.1`));
      for (let i = 0; i < rounds; i++) await logs.round();
      truncateSync(logs.path(name));
      logs.write(name, long(from + lines + 1));
      for (let i = 0; i < 12; i++) await logs.round();
      logs.write(`${name}.1`, long(from + lines + 2));
      await logs.round();
    }
    expect(logs.bodies.sort()).toEqual([0, 1, 3].flatMap((rounds) => range(rounds * 100 + 1, rounds * 100 + lines + 3)).sort());
  });

  test('copied under a rotation name but never cut, or under another name, are files of their own', async () => {
    logs.write('app.log', ...range(1, 10));
    start(['/*']);
    await logs.round();
    for (const copy of ['app.log.1', 'other.log', 'app-worker.log']) copyFileSync(logs.path('app.log'), logs.path(copy));
    await logs.round();
    const told = (name: string): string[] => logs.bodies.filter((_, i) => logs.column('source')[i] === logs.path(name));
    expect([told('other.log'), told('app-worker.log')]).toEqual([range(1, 10), range(1, 10)]);
    for (let i = 0; i < 6; i++) await logs.round();
    expect(told('app.log.1')).toEqual(range(1, 10));
    expect(logs.bodies).toHaveLength(40);
  });

  test('that begin like others in their folder are read for themselves', async () => {
    const lines = ['starting worker', 'loading config /etc/app.yaml', 'listening on 8080'];
    start();
    const names = ['wk-1.log', 'wk-2.log', 'wk-3.log', 'wk.log', 'wk-10.log', 'wk-1.1.log'];
    for (const name of names) {
      logs.write(name, ...lines);
      for (let i = 0; i < 3; i++) await logs.round(2000);
    }
    expect(logs.bodies).toEqual(names.flatMap(() => lines));
    expect([...new Set(logs.column('source'))]).toEqual(names.map((name) => logs.path(name)));
  });

  test('of one line that others hold already are read for themselves', async () => {
    for (const name of ['worker.log', 'worker-1.log', 'db.log']) logs.write(name, 'service starting');
    start();
    await logs.round();
    for (const name of ['worker-a.log', 'worker-2.log']) logs.write(name, 'service starting');
    await logs.round();
    expect(logs.bodies).toEqual(Array(5).fill('service starting'));
  });

  test('that begin like one which is cut at that moment are read for themselves', async () => {
    logs.write('wk-1.log', 'starting worker', 'listening');
    start();
    await logs.round();
    // Between looking for files and reading them: the cut is seen first.
    logs.tailer.discover(logs.at);
    truncateSync(logs.path('wk-1.log'));
    for (const name of ['wk-10.log', 'wk-1-2.log']) logs.write(name, 'starting worker', 'listening', 'ready');
    await logs.tailer.poll(logs.at, () => false);
    await logs.round();
    await logs.round();
    expect(logs.bodies.filter((body) => body === 'starting worker')).toHaveLength(3);
    expect(logs.bodies.filter((body) => body === 'ready')).toHaveLength(2);
  });

  test('with as long a beginning in common as files are known by are read for themselves while none is cut', async () => {
    logs.write('worker.log', ...range(1, 10));
    start();
    await logs.round();
    logs.write('worker-2.log', ...range(1, 12));
    for (let i = 0; i < 7; i++) await logs.round();
    expect(logs.bodies).toEqual([...range(1, 10), ...range(1, 12)]);
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
        await laterByFiles();
        copyFileSync(logs.path('a.log'), logs.path(`a.log.c${i}`));
        await laterByFiles();
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

describe('files that a command writes anew each time it runs', () => {
  const report = (middle: string, last: string): string[] => ['== report ==', 'x'.repeat(300), middle, 'y'.repeat(300), last];
  const rewrite = (lines: readonly string[]): void => {
    writeFileSync(logs.path('cron.log'), lines.map((line) => `${line}\n`).join(''));
  };

  test('are told whole where they differ anywhere, and not again where they do not', async () => {
    const texts = [
      report('free 10', 'done'),
      report('free 12', 'done'),
      report('free 13', 'done'),
      [...report('free 14', 'done'), 'more'],
      report('free 14', 'fail'),
    ];
    start();
    for (const text of texts) {
      rewrite(text);
      for (let i = 0; i < 2; i++) {
        await laterByFiles();
        await logs.round();
      }
    }
    expect(logs.bodies).toEqual(texts.flat());
    for (const again of [() => rewrite(texts.at(-1) as string[]), () => utimesSync(logs.path('cron.log'), 1e9, 1e9)]) {
      again();
      await logs.round();
    }
    expect(logs.bodies).toHaveLength(texts.flat().length);
    logs.write('cron.log', 'appended');
    await logs.round();
    expect(logs.bodies.slice(texts.flat().length)).toEqual(['appended']);
  });
});
