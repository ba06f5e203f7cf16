// The journal: recorded output of `journalctl` is read field by field, and a program that prints it in its place is followed, killed and gone on with.

import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type Batch, columnOf, valueAt } from '../../core/batch/batch.ts';
import { silentLogger } from '../../core/logger.ts';
import { Mask } from '../mask/mask.ts';
import { recorded, standInJournal } from '../testing/journalctl.ts';
import { kept } from '../testing/kept.ts';
import { LogFailures } from './failures.ts';
import { JOURNAL, Journal } from './journal.ts';
import { journalEntry } from './journal-entry.ts';
import { LogBatch } from './log-batch.ts';
import type { Position } from './position.ts';

describe('an entry', () => {
  test('has its message, time, level, program and unit', () => {
    const entry = journalEntry(recorded(7, { MESSAGE: 'Started', __REALTIME_TIMESTAMP: '1790000000123456', PRIORITY: '3' }));
    expect(entry).toMatchObject({ time: 1_790_000_000_123_456_000n, sender: '712 shop', cursor: 's=0639e3a1;i=7;b=2f7c;m=7;t=64aa;x=7' });
    expect(entry?.message.toString()).toBe('Started');
    expect(entry?.origin).toEqual({
      service: 'shop',
      severity: { value: 'error', over: true },
      attributes: [
        ['systemd.unit', 'shop.service'],
        ['pid', 712],
        ['journal.transport', 'stdout'],
      ],
    });
  });

  test('may hold bytes as numbers, fields more than once, none, or be no entry at all', () => {
    expect(journalEntry(recorded(1, { MESSAGE: [104, 255, 105] }))?.message).toEqual(Buffer.from([104, 255, 105]));
    expect(journalEntry(recorded(1, { MESSAGE: 'a', SYSLOG_IDENTIFIER: ['x', 'y'] }))?.origin.service).toBe('x');
    expect(journalEntry(recorded(1, { MESSAGE: [[97], [98]] }))?.message.toString()).toBe('a');
    for (const MESSAGE of [null, undefined, 7, {}, [], [null]]) expect(journalEntry(recorded(1, { MESSAGE }))?.message.length).toBe(0);
    for (const PRIORITY of [null, '', 'x', '99', '-1', 7, []]) expect(journalEntry(recorded(1, { MESSAGE: 'a', PRIORITY }))?.cursor).toBeDefined();
    for (const line of ['', 'null', '[]', '7', '{', '{}', '-- No entries --', '{"__CURSOR":7}']) expect(journalEntry(line)).toBeUndefined();
  });
});

let folder = '';
let records: { readonly batch: Batch; readonly positions: readonly Position[] }[] = [];
let journal: Journal | undefined;
let broken = false;
let write: (...lines: readonly string[]) => void;
const leftOut = new Set<string>();

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'journal-'));
  write = standInJournal(folder);
  records = [];
  broken = false;
  leftOut.clear();
});
afterEach(async () => {
  await journal?.stop();
  journal = undefined;
  rmSync(folder, { recursive: true });
});

const start = (command = join(folder, 'journalctl')): Journal => {
  const positions = new Map(records.flatMap((record) => record.positions).map((position) => [position.key, position]));
  const failures = new LogFailures(silentLogger, (what) => leftOut.add(what));
  journal = new Journal(
    { root: folder, joinMs: 200, failures, leftOut: (what) => leftOut.add(what), command, pausesMs: [20, 100] },
    new LogBatch('h', failures, new Mask(true, [])),
    (batch, positions) => {
      const taken = kept(batch.take().batch);
      if (broken) throw new Error('no space');
      records.push({ batch: taken, positions });
    },
    positions.values(),
  );
  journal.start();
  return journal;
};
const column = (name: string): unknown[] => records.flatMap(({ batch }) => Array.from({ length: batch.length }, (_, i) => valueAt(columnOf(batch, name), i)));
const until = async (count: number): Promise<void> => {
  const end = Date.now() + 100_000;
  while (records.reduce((rows, { batch }) => rows + batch.length, 0) < count && Date.now() < end) {
    journal?.poll(Date.now(), () => false);
    await sleep(20);
  }
};
const entry = (n: number, MESSAGE: string, more: Readonly<Record<string, unknown>> = {}): string => recorded(n, { MESSAGE, ...more });

describe('the journal', () => {
  test('is followed, its entries joined and read by their forms; the cursor goes with the lines', async () => {
    write(
      entry(1, '{"level":"warn","msg":"slow"}'),
      entry(2, 'java.lang.Error: x'),
      entry(3, '\tat a.B'),
      entry(4, 'other', { _PID: '9', SYSLOG_IDENTIFIER: 'cron' }),
      entry(5, '\tat c.D'),
      entry(6, ''),
    );
    start();
    await until(4);
    expect(column('body')).toEqual(['slow', 'java.lang.Error: x\n\tat a.B', 'other', '\tat c.D']);
    expect(column('severity').slice(0, 3)).toEqual(['warn', 'error', 'info']);
    expect(column('service')).toEqual(['shop', 'shop', 'cron', 'shop']);
    expect(column('source')).toEqual(Array(4).fill(JOURNAL));
    expect(records.at(-1)?.positions).toMatchObject([{ key: JOURNAL, cursor: expect.stringContaining('i=5;') as string }]);
    expect([...leftOut]).toEqual(['journal entries that only root and the groups adm and systemd-journal may read']);
    expect(JSON.parse(readFileSync(join(folder, 'starts'), 'utf8').split('\n')[0] as string)).toContain('--lines=1000');
  });

  test('goes on behind the last record after a kill, an end of journalctl and a full disk: each entry once', async () => {
    write(...Array.from({ length: 50 }, (_, i) => entry(i + 1, `line ${i + 1}`)));
    start();
    await until(49);
    await journal?.stop();
    write('END', ...Array.from({ length: 50 }, (_, i) => entry(i + 51, `line ${i + 51}`)));
    start();
    await until(60);
    broken = true;
    write(...Array.from({ length: 20 }, (_, i) => entry(i + 101, `line ${i + 101}`)));
    for (let i = 0; i < 20; i++) {
      journal?.poll(Date.now(), () => false);
      await sleep(20);
    }
    broken = false;
    await until(120);
    expect(column('body')).toEqual(Array.from({ length: 120 }, (_, i) => `line ${i + 1}`));
  });

  test('waits while the spool is pressed', async () => {
    write(entry(1, 'one'), entry(2, 'two'));
    const running = start();
    for (let i = 0; i < 20; i++) {
      running.poll(Date.now(), () => true);
      await sleep(20);
    }
    expect(column('body')).toEqual([]);
    await until(2);
    expect(column('body')).toEqual(['one', 'two']);
  });

  test('is left out, and that is said, where there is none or nothing reads it', async () => {
    start(join(folder, 'none'));
    await expect.poll(() => [...leftOut], { timeout: 20_000 }).toEqual(['the systemd journal (there is no journalctl)']);
    await journal?.stop();
    leftOut.clear();
    rmSync(join(folder, 'var'), { recursive: true });
    start();
    expect([...leftOut]).toEqual(['the systemd journal (there is none)']);
  });

  test('of more than is held at once comes whole, an entry beyond all measure is passed over and counted', async () => {
    const text = 'z'.repeat(60_000);
    write(...Array.from({ length: 150 }, (_, i) => entry(i + 1, `line ${i + 1} ${text}`)));
    write(entry(151, 'y'.repeat(20 << 20)), entry(152, 'after'));
    const running = start();
    await until(151);
    expect(column('body').slice(0, 150)).toEqual(Array.from({ length: 150 }, (_, i) => `line ${i + 1} ${text}`));
    expect(column('body').slice(150)).toEqual(['after']);
    expect(running.bytesCut).toBeGreaterThan(16 << 20);
  });

  test('ends though much waits that nobody reads, and goes on when a full disk has room, though much waits', async () => {
    write(...Array.from({ length: 300 }, (_, i) => entry(i + 1, `line ${i + 1} ${'z'.repeat(60_000)}`)));
    const running = start();
    await sleep(1500);
    await running.stop();
    start();
    await sleep(1000);
    broken = true;
    journal?.poll(Date.now(), () => false);
    broken = false;
    await until(300);
    expect(column('body').map((body) => (body as string).split(' ')[1])).toEqual(Array.from({ length: 300 }, (_, i) => String(i + 1)));
  });
});
