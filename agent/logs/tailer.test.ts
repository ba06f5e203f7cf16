// Through rotation, copies, cuts, restarts and bad lines every line is told once. Real files; the record of positions is the test's own.
import {
  appendFileSync,
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  unlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type Batch, columnOf, valueAt } from '../../core/batch/batch.ts';
import { silentLogger } from '../../core/logger.ts';
import { INTAKE_LIMITS } from '../../ingest/limits.ts';
import { kept } from '../testing/kept.ts';
import { LogFailures } from './failures.ts';
import type { NamedFormat } from './formats/list.ts';
import { LogBatch } from './log-batch.ts';
import type { Position } from './position.ts';
import { KEPT_MS, Tailer } from './tailer.ts';

let folder = '';
let at = 1_790_000_000_000;
let tailer: Tailer | undefined;
/** What a spool would hold. */
let records: { readonly batch: Batch; readonly positions: readonly Position[] }[] = [];
let broken = false;
const leftOut = new Set<string>();
let failures = new LogFailures(silentLogger, () => undefined);
let joinMs = 0;
let formats: readonly NamedFormat[] | undefined;

const positions = (): Position[] => {
  const out = new Map<string, Position>();
  for (const record of records) for (const p of record.positions) p.gone ? out.delete(p.key) : out.set(p.key, p);
  return [...out.values()];
};
/** As after a kill: only what is in the records is known. */
const start = (globs = ['/*.log'], backlogBytes = 1 << 20): Tailer => {
  tailer?.close();
  tailer = new Tailer(
    { globs, root: folder, backlogBytes, quietMs: 5000, joinMs, log: silentLogger, failures, leftOut: (what) => leftOut.add(what) },
    new LogBatch('h', failures, formats),
    (batch, p) => {
      if (broken) throw new Error('no space');
      records.push({ batch: kept(batch.take().batch), positions: p });
    },
    positions(),
  );
  return tailer;
};
/** One round of the agent's clock. */
const round = async (ms = 1000): Promise<void> => {
  at += ms;
  tailer?.discover(at);
  await tailer?.poll(at, () => false);
};
const column = (name: string): unknown[] => records.flatMap(({ batch }) => Array.from({ length: batch.length }, (_, i) => valueAt(columnOf(batch, name), i)));
const bodies = (): unknown[] => column('body');
const path = (name: string): string => join(folder, name);
const write = (name: string, ...lines: string[]): void => appendFileSync(path(name), lines.map((l) => `${l}\n`).join(''));
/** Longer than what a file is recognised by. */
const long = (n: number): string => `line ${n} ${'x'.repeat(60)}`;
const range = (from: number, to: number): string[] => Array.from({ length: to - from + 1 }, (_, i) => long(from + i));

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'logs-'));
  records = [];
  broken = false;
  leftOut.clear();
  failures = new LogFailures(silentLogger, (what) => leftOut.add(what));
  formats = undefined;
  joinMs = 0;
});
afterEach(() => {
  tailer?.close();
  tailer = undefined;
  rmSync(folder, { recursive: true });
});

describe('log files', () => {
  test('are read from their beginning, followed, and found when they come later', async () => {
    write('a.log', 'one', 'two');
    start();
    await round();
    write('a.log', 'three');
    write('b.log', 'four');
    await round();
    await round();
    expect(bodies()).toEqual(['one', 'two', 'three', 'four']);
    expect(column('source')).toEqual([path('a.log'), path('a.log'), path('a.log'), path('b.log')]);
  });

  test('of great length are read from near their end at the first start only', async () => {
    write('a.log', ...range(1, 1000));
    start(['/*.log'], 10_000);
    await round();
    expect(bodies().at(-1)).toBe(long(1000));
    expect(bodies().length).toBeLessThan(160);
    expect(bodies().every((b) => (b as string).startsWith('line '))).toBe(true);
    write('b.log', ...range(1, 500));
    const before = bodies().length;
    await round();
    expect(bodies().length - before).toBe(500);
  });

  /** A line whose own time is so many days before now. */
  const aged = (days: number, text: string): string => `${new Date(at - days * 86_400_000).toISOString()} INFO ${text}`;

  test('give no line that the door would refuse as too old when they are met for the first time, and it is said once', async () => {
    write('a.log', aged(16, 'too old'), '  a continuation of it', aged(14, 'kept'), aged(17, 'out of order'), 'now');
    start();
    await round();
    expect(bodies().map((b) => (b as string).replace(/^.*INFO /, ''))).toEqual(['kept', 'now']);
    // All lines of one that comes later are too old: the next ones are found nevertheless.
    write('b.log', ...Array.from({ length: 12_000 }, (_, i) => aged(20, `${i}`)));
    await round();
    write('b.log', 'later');
    await round();
    expect(bodies().at(-1)).toBe('later');
    expect([tailer?.linesSkipped, tailer?.linesRead]).toEqual([12_002, 3]);
    expect([...leftOut]).toEqual(['log lines older than 15 days in files met for the first time']);
    expect(KEPT_MS).toBeLessThan(INTAKE_LIMITS.ageMs.logs);
  });

  test('that were met before give every line, however old', async () => {
    write('a.log', ...range(1, 20));
    start();
    await round();
    write('a.log', aged(30, 'written now'));
    await round();
    copyFileSync(path('a.log'), path('a.log.1'));
    truncateSync(path('a.log'));
    write('a.log', aged(50, 'written after a copy'));
    await round();
    write('a.log', aged(40, 'written while the agent was away'));
    start();
    await round();
    expect(bodies().map((b) => (b as string).replace(/^.*INFO /, ''))).toEqual([
      ...range(1, 20),
      'written now',
      'written after a copy',
      'written while the agent was away',
    ]);
    expect(tailer?.linesSkipped).toBe(0);
  });

  test('rotated by rename lose nothing, not even what is written to the old file afterwards', async () => {
    write('a.log', ...range(1, 10));
    start();
    await round();
    write('a.log', ...range(11, 12));
    renameSync(path('a.log'), path('a.log.1'));
    write('a.log.1', ...range(13, 14));
    write('a.log', ...range(15, 16));
    await round();
    write('a.log.1', long(17));
    await round();
    expect(bodies().sort()).toEqual(range(1, 17).sort());
    for (let i = 0; i < 5; i++) await round(3000);
    write('a.log', long(18));
    await round();
    expect(bodies().at(-1)).toBe(long(18));
    expect(tailer?.fileCount).toBe(1);
    expect(positions()).toHaveLength(1);
  });

  test('rotated by copy-truncate lose nothing that is in the copy', async () => {
    write('a.log', ...range(1, 10));
    start();
    await round();
    write('a.log', ...range(11, 12));
    copyFileSync(path('a.log'), path('a.log.1'));
    truncateSync(path('a.log'));
    write('a.log', long(13));
    await round();
    await round();
    expect(bodies().sort()).toEqual(range(1, 13).sort());
  });

  test('rotated by copy-truncate are not read again from the copy after a kill', async () => {
    write('a.log', ...range(1, 10));
    start();
    await round();
    write('a.log', ...range(11, 12));
    copyFileSync(path('a.log'), path('a.log.1'));
    truncateSync(path('a.log'));
    await round();
    // Long enough for the copy to be given up, which another line tells the record.
    for (let i = 0; i < 4; i++) await round(3000);
    write('b.log', 'other');
    await round();
    for (let i = 0; i < 3; i++) {
      start();
      await round();
    }
    expect(bodies()).toEqual([...range(1, 12), 'other']);
  });

  test('cut and grown beyond the old position are told apart by their content', async () => {
    write('a.log', ...range(1, 3));
    start();
    await round();
    truncateSync(path('a.log'));
    write('a.log', ...range(101, 120));
    await round();
    expect(bodies()).toEqual([...range(1, 3), ...range(101, 120)]);
  });

  test.each([
    ['renamed', (): void => renameSync(path('a.log'), path('a.log-20261120'))],
    [
      'copied and cut',
      (): void => {
        copyFileSync(path('a.log'), path('a-1.log.old'));
        truncateSync(path('a.log'));
      },
    ],
    ['renamed within the pattern', (): void => renameSync(path('a.log'), path('a-20261120.log'))],
  ])('%s while the agent is away lose and double nothing', async (_, rotate) => {
    write('a.log', ...range(1, 10));
    start();
    await round();
    write('a.log', ...range(11, 13));
    rotate();
    write('a.log', ...range(14, 15));
    for (let i = 0; i < 3; i++) {
      start();
      await round();
      await round();
    }
    expect(bodies().sort()).toEqual(range(1, 15).sort());
  });

  test('copied under a name that is followed too are not read twice', async () => {
    write('a.log', ...range(1, 10));
    start();
    await round();
    write('a.log', long(11));
    await tailer?.poll(at, () => false);
    copyFileSync(path('a.log'), path('a-old.log'));
    truncateSync(path('a.log'));
    write('a.log', long(12));
    await round();
    await round();
    expect(bodies().sort()).toEqual(range(1, 12).sort());
  });

  test('whose inode serves a new file are read from its beginning', async () => {
    write('a.log', ...range(1, 10));
    start();
    await round();
    tailer?.close();
    unlinkSync(path('a.log'));
    write('a.log', ...range(21, 40));
    start();
    await round();
    expect(bodies()).toEqual([...range(1, 10), ...range(21, 40)]);
  });

  test('go on from the last record after a kill at any moment', async () => {
    start();
    for (let i = 0; i < 30; i++) {
      write('a.log', ...range(i * 3 + 1, i * 3 + 3));
      if (i % 7 === 3) {
        renameSync(path('a.log'), path(`a.log.${i}`));
        write('a.log', `after ${i} ${'y'.repeat(300)}`);
      }
      if (i % 5 === 2) {
        copyFileSync(path('a.log'), path(`a.log.c${i}`));
        truncateSync(path('a.log'));
      }
      if (i % 2 === 0) start();
      await round();
    }
    const lines = bodies().filter((b) => (b as string).startsWith('line '));
    expect(lines.sort()).toEqual(range(1, 90).sort());
    expect(new Set(bodies()).size).toBe(bodies().length);
  });

  test('are read again where their lines could not be kept', async () => {
    write('a.log', 'one');
    start();
    broken = true;
    await round();
    write('a.log', 'two');
    await round();
    expect(bodies()).toEqual([]);
    broken = false;
    await round();
    expect(bodies()).toEqual(['one', 'two']);
  });

  test('wait while the spool is pressed', async () => {
    write('a.log', 'one');
    start();
    tailer?.discover(at);
    await tailer?.poll(at, () => true);
    expect(bodies()).toEqual([]);
    await round();
    expect(bodies()).toEqual(['one']);
  });

  test('end with a line that waits for its end, a long while', async () => {
    writeFileSync(path('a.log'), 'one\ntwo');
    start();
    await round();
    expect(bodies()).toEqual(['one']);
    appendFileSync(path('a.log'), ' and a half\nthree');
    await round();
    expect(bodies()).toEqual(['one', 'two and a half']);
    await round(6000);
    await round();
    expect(bodies()).toEqual(['one', 'two and a half', 'three']);
    appendFileSync(path('a.log'), '\nfour\n');
    await round();
    expect(bodies()).toEqual(['one', 'two and a half', 'three', 'four']);
  });

  test('may hold lines of a megabyte: kept in part, marked, the rest passed over, also through a restart', async () => {
    write('a.log', 'one', `big ${'€'.repeat(400_000)}`, 'two');
    writeFileSync(path('b.log'), `half ${'z'.repeat(300_000)}`);
    start(['/*.log'], 1 << 30);
    await round();
    start();
    appendFileSync(path('b.log'), `${'z'.repeat(300_000)}\nafter\n`);
    await round();
    const told = bodies() as string[];
    expect(told.filter((b) => b.length < 10).sort()).toEqual(['after', 'one', 'two']);
    const big = told.find((b) => b.startsWith('big')) as string;
    expect(Buffer.byteLength(big)).toBeLessThanOrEqual(65_536);
    expect(Buffer.byteLength(big)).toBeGreaterThan(65_500);
    expect(big).not.toContain('\uFFFD');
    expect(told.filter((b) => b.startsWith('half'))).toHaveLength(1);
    expect(told).toHaveLength(5);
    const marks = column('attributes').map((a) => (a as Map<string, string>).get('log.truncated'));
    expect(marks.filter((m) => m === 'true')).toHaveLength(2);
  });

  test('may hold zero bytes, noise and what is no UTF-8', async () => {
    writeFileSync(
      path('a.log'),
      Buffer.concat([Buffer.from('a\0b\n'), Buffer.from([0x68, 0xff, 0x69, 10]), Buffer.from([1, 2, 3, 4, 5, 10]), Buffer.from('\r\n\n   \nlast\r\n')]),
    );
    start();
    await round();
    expect(bodies()).toEqual(['a\\x00b', 'h\uFFFDi', '\\x01\\x02\\x03\\x04\\x05', 'last']);
    expect(column('attributes').map((a) => [...(a as Map<string, string>).keys()])).toEqual([['log.binary'], ['log.invalid_utf8'], ['log.binary'], []]);
  });

  test('take the time of the line before for what continues it, and of the file for what tells none', async () => {
    write('a.log', '2026-09-20T10:00:00Z ERROR broke');
    start();
    await round();
    write('a.log', '    at a.b(c.java:1)', 'plain');
    utimesSync(path('a.log'), 1_789_500_000, 1_789_500_000);
    await round();
    const first = BigInt(Date.UTC(2026, 8, 20, 10)) * 1_000_000n;
    expect(column('time')).toEqual([first, first, 1_789_500_000n * 1_000_000_000n]);
    expect(column('severity')).toEqual(['error', 'error', null]);
  });

  test('of syslog are all read, whatever fraction of a millisecond they were changed at', async () => {
    write('a.log', 'first');
    start();
    await round();
    const lines = Array.from({ length: 50 }, (_, i) => `Sep 15 19:20:${String(i).padStart(2, '0')} host prog[1]: line ${i}`);
    for (const [i, line] of lines.entries()) {
      write('a.log', line);
      utimesSync(path('a.log'), 1_789_500_000 + i, 1_789_500_000.0012345 + i);
      await round();
    }
    expect(column('service').slice(1)).toEqual(lines.map(() => 'prog'));
    expect(bodies()).toHaveLength(51);
    expect(failures.all).toEqual([]);
  });

  test('whose reader throws are kept as plain text, counted and told; no line is passed over', async () => {
    const throws = new Set(['two', 'three']);
    formats = [
      {
        name: 'odd',
        read: (line) => {
          if (throws.has(line)) throw new RangeError('odd');
          return false;
        },
      },
    ];
    write('a.log', 'one', 'two', 'three', 'four');
    start();
    await round();
    write('a.log', 'five');
    await round();
    expect(bodies()).toEqual(['one', 'two', 'three', 'four', 'five']);
    expect(failures.all).toEqual([{ reason: 'odd', source: path('a.log'), count: 2 }]);
    expect([...leftOut]).toEqual(['the fields of log lines whose reader failed (odd)']);
  });

  test('are found by patterns: in folders, of any depth, once for a link, never archives', async () => {
    mkdirSync(path('x/y'), { recursive: true });
    for (const name of ['x/a.txt', 'x/y/b.txt', 'x/y/.hidden.txt', 'x/c.txt.gz', 'plain']) write(name, name);
    symlinkSync(path('x/a.txt'), path('x/link.txt'));
    start(['/x/**/*.txt*', '/pl?in', '/x/[ab].txt', '/none/*']);
    await round();
    expect(bodies().sort()).toEqual(['plain', 'x/a.txt', 'x/y/b.txt']);
  });
});
