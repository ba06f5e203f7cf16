// Every line of a file that is followed is told once, whatever stands in it. Real files; the record of positions is the test's own.
import { appendFileSync, copyFileSync, mkdirSync, rmSync, symlinkSync, truncateSync, utimesSync, writeFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { INTAKE_LIMITS } from '../../ingest/limits.ts';
import { Mask } from '../mask/mask.ts';
import { Followed, long, range } from '../testing/followed.ts';
import type { Entry } from './assembler.ts';
import type { NamedFormat } from './formats/list.ts';
import { type Added, type LinePlace, LogBatch, type LogSource, type TimeBounds } from './log-batch.ts';
import { KEPT_MS } from './tailer.ts';

let logs: Followed;
const start = (globs = ['/*.log'], backlogBytes = 1 << 20): void => logs.start({ globs, backlogBytes });

beforeEach(() => {
  logs = new Followed(1_790_000_000_000);
});
afterEach(() => logs.close());

describe('log files', () => {
  test('are read from their beginning, followed, and found when they come later', async () => {
    logs.write('a.log', 'one', 'two');
    start();
    await logs.round();
    logs.write('a.log', 'three');
    logs.write('b.log', 'four');
    await logs.round();
    await logs.round();
    expect(logs.bodies).toEqual(['one', 'two', 'three', 'four']);
    expect(logs.column('source')).toEqual([logs.path('a.log'), logs.path('a.log'), logs.path('a.log'), logs.path('b.log')]);
  });

  test('of great length are read from near their end at the first start only', async () => {
    logs.write('a.log', ...range(1, 1000));
    start(['/*.log'], 10_000);
    await logs.round();
    expect(logs.bodies.at(-1)).toBe(long(1000));
    expect(logs.bodies.length).toBeLessThan(160);
    expect(logs.bodies.every((b) => (b as string).startsWith('line '))).toBe(true);
    logs.write('b.log', ...range(1, 500));
    const before = logs.bodies.length;
    await logs.round();
    expect(logs.bodies.length - before).toBe(500);
  });

  test('whose last bytes begin within a long line are read from the beginning of that, of which what is not kept is counted', async () => {
    for (const [name, length] of [
      ['a.log', 300_000],
      ['b.log', 20 << 20],
    ] as const)
      logs.write(name, 'before', `${'q'.repeat(length)}end`, 'after');
    start(['/*.log'], 10_000);
    await logs.round();
    // Of one that begins too far before them the end is passed over.
    expect(logs.bodies.toSorted()).toEqual(['after', 'after', 'q'.repeat(65_536)]);
    expect(logs.tailer.bytesCut).toBe(300_003 - 65_536 + 10_000 - 7);
    expect([...logs.leftOut]).toEqual([
      'what log files held before their last MiB when the agent began to follow them',
      'the ends of log lines longer than 64 KiB',
    ]);
    expect(logs.told).toEqual([
      ['of log files that were there before the agent only the end is read', { files: 2, bytes: 7 + (20 << 20) + 17 - 10_000, read: 10_000 }],
    ]);
  });

  test('whose names or folders are no UTF-8 are not read, and it is said', async () => {
    const odd = (path: string): Buffer => Buffer.from(logs.path(path), 'latin1');
    writeFileSync(odd('caf\xe9.log'), 'line\n');
    writeFileSync(logs.path('other\ufffd.log'), 'read\n');
    const said = 'log files whose names, or whose folders’ names, are no UTF-8';
    for (const [pattern, isMeant] of [
      ['/*.txt', false],
      ['/*.log', true],
    ] as const) {
      start([pattern]);
      await logs.round();
      expect(logs.leftOut.has(said)).toBe(isMeant);
    }
    expect(logs.bodies).toEqual(['read']);
    rmSync(odd('caf\xe9.log'));
    mkdirSync(odd('caf\xe9'));
    for (const pattern of ['/*/*.txt', '/**/*.txt']) {
      logs.leftOut.clear();
      start([pattern]);
      await logs.round();
      expect([...logs.leftOut]).toEqual([said]);
    }
  });

  /** A line whose own time is so many days before now. */
  const aged = (days: number, text: string): string => `${new Date(logs.at - days * 86_400_000).toISOString()} INFO ${text}`;

  test('give no line that the door would refuse as too old when they are met for the first time, and it is said once', async () => {
    logs.write('a.log', aged(31, 'too old'), '  a continuation of it', aged(29, 'kept'), aged(32, 'out of order'), 'now');
    start();
    await logs.round();
    expect(logs.bodies.map((b) => (b as string).replace(/^.*INFO /, ''))).toEqual(['kept', 'now']);
    // All lines of one that comes later are too old: the next ones are found nevertheless.
    logs.write('b.log', ...Array.from({ length: 12_000 }, (_, i) => aged(40, `${i}`)));
    await logs.round();
    logs.write('b.log', 'later');
    await logs.round();
    expect(logs.bodies.at(-1)).toBe('later');
    expect([logs.tailer.linesSkipped, logs.tailer.linesRead]).toEqual([12_002, 3]);
    expect([...logs.leftOut]).toEqual(['log lines older than 30 days in files met for the first time']);
    expect(KEPT_MS).toBeLessThan(INTAKE_LIMITS.ageMs.logs);
  });

  test('that were met before give every line, however old', async () => {
    logs.write('a.log', ...range(1, 20));
    start();
    await logs.round();
    logs.write('a.log', aged(30, 'written now'));
    await logs.round();
    copyFileSync(logs.path('a.log'), logs.path('a.log.1'));
    truncateSync(logs.path('a.log'));
    logs.write('a.log', aged(50, 'written after a copy'));
    await logs.round();
    logs.write('a.log', aged(40, 'written while the agent was away'));
    start();
    await logs.round();
    expect(logs.bodies.map((b) => (b as string).replace(/^.*INFO /, ''))).toEqual([
      ...range(1, 20),
      'written now',
      'written after a copy',
      'written while the agent was away',
    ]);
    expect(logs.tailer.linesSkipped).toBe(0);
  });

  test('are read again where their lines could not be kept', async () => {
    logs.write('a.log', 'one');
    start();
    logs.broken = true;
    await logs.round();
    logs.write('a.log', 'two');
    await logs.round();
    expect(logs.bodies).toEqual([]);
    logs.broken = false;
    await logs.round();
    expect(logs.bodies).toEqual(['one', 'two']);
  });

  test('wait while the spool is pressed', async () => {
    logs.write('a.log', 'one');
    start();
    logs.tailer.discover(logs.at);
    await logs.tailer.poll(logs.at, () => true);
    expect(logs.bodies).toEqual([]);
    await logs.round();
    expect(logs.bodies).toEqual(['one']);
  });

  test('end with a line that waits for its end, a long while', async () => {
    writeFileSync(logs.path('a.log'), 'one\ntwo');
    start();
    await logs.round();
    expect(logs.bodies).toEqual(['one']);
    appendFileSync(logs.path('a.log'), ' and a half\nthree');
    await logs.round();
    expect(logs.bodies).toEqual(['one', 'two and a half']);
    await logs.round(6000);
    await logs.round();
    expect(logs.bodies).toEqual(['one', 'two and a half', 'three']);
    appendFileSync(logs.path('a.log'), '\nfour\n');
    await logs.round();
    expect(logs.bodies).toEqual(['one', 'two and a half', 'three', 'four']);
  });

  test('may hold lines of a megabyte: kept in part, marked, the rest passed over, also through a restart', async () => {
    logs.write('a.log', 'one', `big ${'€'.repeat(400_000)}`, 'two');
    writeFileSync(logs.path('b.log'), `half ${'z'.repeat(300_000)}`);
    start(['/*.log'], 1 << 30);
    await logs.round();
    start();
    appendFileSync(logs.path('b.log'), `${'z'.repeat(300_000)}\nafter\n`);
    await logs.round();
    const told = logs.bodies as string[];
    expect(told.filter((b) => b.length < 10).sort()).toEqual(['after', 'one', 'two']);
    const big = told.find((b) => b.startsWith('big')) as string;
    expect(Buffer.byteLength(big)).toBeLessThanOrEqual(65_536);
    expect(Buffer.byteLength(big)).toBeGreaterThan(65_500);
    expect(big).not.toContain('\uFFFD');
    expect(told.filter((b) => b.startsWith('half'))).toHaveLength(1);
    expect(told).toHaveLength(5);
    const marks = logs.column('attributes').map((a) => (a as Map<string, string>).get('log.truncated'));
    expect(marks.filter((m) => m === 'true')).toHaveLength(2);
  });

  test('may hold zero bytes, noise and what is no UTF-8', async () => {
    writeFileSync(
      logs.path('a.log'),
      Buffer.concat([Buffer.from('a\0b\n'), Buffer.from([0x68, 0xff, 0x69, 10]), Buffer.from([1, 2, 3, 4, 5, 10]), Buffer.from('\r\n\n   \nlast\r\n')]),
    );
    start();
    await logs.round();
    expect(logs.bodies).toEqual(['a\\x00b', 'h\uFFFDi', '\\x01\\x02\\x03\\x04\\x05', 'last']);
    expect(logs.column('attributes').map((a) => [...(a as Map<string, string>).keys()])).toEqual([['log.binary'], ['log.invalid_utf8'], ['log.binary'], []]);
  });

  test('take the time of the line before for what continues it, and of the file for what tells none', async () => {
    logs.write('a.log', '2026-09-20T10:00:00Z ERROR broke');
    start();
    await logs.round();
    logs.write('a.log', '    at a.b(c.java:1)', 'plain');
    utimesSync(logs.path('a.log'), 1_789_500_000, 1_789_500_000);
    await logs.round();
    const first = BigInt(Date.UTC(2026, 8, 20, 10)) * 1_000_000n;
    expect(logs.column('time')).toEqual([first, first, 1_789_500_000n * 1_000_000_000n]);
    expect(logs.column('severity')).toEqual(['error', 'error', null]);
  });

  test('of syslog are all read, whatever fraction of a millisecond they were changed at', async () => {
    logs.write('a.log', 'first');
    start();
    await logs.round();
    const lines = Array.from({ length: 50 }, (_, i) => `Sep 15 19:20:${String(i).padStart(2, '0')} host prog[1]: line ${i}`);
    for (const [i, line] of lines.entries()) {
      logs.write('a.log', line);
      utimesSync(logs.path('a.log'), 1_789_500_000 + i, 1_789_500_000.0012345 + i);
      await logs.round();
    }
    expect(logs.column('service').slice(1)).toEqual(lines.map(() => 'prog'));
    expect(logs.bodies).toHaveLength(51);
    expect(logs.failures.all).toEqual([]);
  });

  test('whose reader throws are kept as plain text, counted and told; no line is passed over', async () => {
    const throws = new Set(['two', 'three']);
    const formats: readonly NamedFormat[] = [
      {
        name: 'odd',
        read: (line) => {
          if (throws.has(line)) throw new RangeError('odd');
          return false;
        },
      },
    ];
    logs.write('a.log', 'one', 'two', 'three', 'four');
    logs.start({ globs: ['/*.log'], formats });
    await logs.round();
    logs.write('a.log', 'five');
    await logs.round();
    expect(logs.bodies).toEqual(['one', 'two', 'three', 'four', 'five']);
    expect(logs.failures.all).toEqual([{ reason: 'odd', source: logs.path('a.log'), count: 2 }]);
    expect([...logs.leftOut]).toEqual(['the fields of log lines whose reader failed (odd)']);
  });

  test('are found by patterns: in folders, of any depth, once for a link, never archives', async () => {
    mkdirSync(logs.path('x/y'), { recursive: true });
    for (const name of ['x/a.txt', 'x/y/b.txt', 'x/y/.hidden.txt', 'x/c.txt.gz', 'plain']) logs.write(name, name);
    symlinkSync(logs.path('x/a.txt'), logs.path('x/link.txt'));
    start(['/x/**/*.txt*', '/pl?in', '/x/[ab].txt', '/none/*']);
    await logs.round();
    expect(logs.bodies.sort()).toEqual(['plain', 'x/a.txt', 'x/y/b.txt']);
  });

  test('that cannot be read are told, none of their lines is passed over or told twice, and others go on', async () => {
    let failing = true;
    /** Throws where no reader's own mistake is caught. */
    class Failing extends LogBatch {
      override add(source: LogSource, entry: Entry, bounds: TimeBounds, place: LinePlace): Added {
        if (failing && (entry.text ?? entry.bytes.toString()) === 'bad') throw new RangeError('bad');
        return super.add(source, entry, bounds, place);
      }
    }
    logs.write('a.log', 'one', 'bad', 'two');
    logs.write('b.log', 'three');
    logs.start({ batch: (failures) => new Failing('h', failures, new Mask(true, [])) });
    await logs.round();
    logs.write('b.log', 'four');
    for (let i = 0; i < 3; i++) await logs.round();
    expect(logs.bodies).toEqual(['three', 'four']);
    expect(logs.positions.map(({ path }) => path)).toEqual([logs.path('b.log')]);
    expect(logs.failures.all).toEqual([{ reason: 'read', source: logs.path('a.log'), count: 4 }]);
    expect([...logs.leftOut]).toEqual(['log files that cannot be read (bad)']);
    failing = false;
    await logs.round();
    expect(logs.bodies).toEqual(['three', 'four', 'one', 'bad', 'two']);
  });
});
