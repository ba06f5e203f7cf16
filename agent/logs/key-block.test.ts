// A private key that is written line by line stays masked, whatever comes between its lines: a kill, a rotation of either kind, one while nobody looked.
import { copyFileSync, existsSync, mkdtempSync, renameSync, rmSync, truncateSync, unlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { columnOf, type Value, valueAt } from '../../core/batch/batch.ts';
import { silentLogger } from '../../core/logger.ts';
import { Mask } from '../mask/mask.ts';
import { Followed, laterByFiles } from '../testing/followed.ts';
import { recorded, standInJournal } from '../testing/journalctl.ts';
import { kept } from '../testing/kept.ts';
import { YESTERDAY } from '../testing/yesterday.ts';
import { LogFailures } from './failures.ts';
import { Journal } from './journal.ts';
import { LogBatch } from './log-batch.ts';
import type { Position } from './position.ts';

const keyLine = (n: number): string => Buffer.from(`secret of the key ${n} `.repeat(5)).toString('base64').slice(0, 64);
const KEY = Array.from({ length: 20 }, (_, n) => keyLine(n));
const BEGIN = [`${YESTERDAY}T10:00:00Z INFO before`, '-----BEGIN RSA PRIVATE KEY-----', ...KEY.slice(0, 8)];
const END = [...KEY.slice(8), '-----END RSA PRIVATE KEY-----', `${YESTERDAY}T10:00:09Z INFO Done`];

describe('of a file', () => {
  let logs: Followed;
  beforeEach(() => {
    logs = new Followed();
  });
  afterEach(() => logs.close());

  const name = (): string => logs.path('a.log');
  const rename = (): void => renameSync(name(), `${name()}.1`);
  const copy = (): void => {
    copyFileSync(name(), `${name()}.1`);
    truncateSync(name());
  };
  const giveUp = async (): Promise<void> => {
    for (let i = 0; i < 4; i++) await logs.round(3000);
  };
  const CASES: readonly (readonly [what: string, between: () => unknown])[] = [
    ['a kill', () => logs.start()],
    ['two kills', () => [logs.start(), logs.start()]],
    ['a rotation by rename', rename],
    ['a rotation by copy', copy],
    ['a rotation by rename while it was away', () => [rename(), logs.start()]],
    ['a rotation by copy while it was away', () => [copy(), logs.start()]],
    ['a rotation whose old file is gone', () => [rename(), unlinkSync(`${name()}.1`), logs.start()]],
    ['a rotation a long time before the next line', async () => [rename(), logs.write('a.log'), await giveUp()]],
    ['a rotation a long time before the next file', async () => [rename(), await giveUp()]],
    ['a cut', () => truncateSync(name())],
    [
      'a record that is refused',
      async () => {
        logs.broken = true;
        logs.write('a.log', 'a word of its own');
        await logs.round();
        logs.broken = false;
      },
    ],
  ];
  test.each(CASES)('over %s', async (what, between) => {
    logs.start();
    logs.write('a.log', ...BEGIN);
    await logs.round();
    await logs.round();
    await laterByFiles();
    await between();
    const rest = what === 'a record that is refused' ? [] : END;
    if (rest.length > 0) logs.write('a.log', ...rest);
    for (let i = 0; i < 4; i++) await logs.round(3000);
    const text = logs.whole.join('\n');
    for (const line of KEY) expect(text).not.toContain(line);
    expect(text).toContain(rest.length > 0 ? 'INFO Done' : 'a word of its own');
    expect(existsSync(name())).toBe(true);
  });

  test('a block in a file that was rotated twice while it was away is of the last one too', async () => {
    logs.start();
    logs.write('a.log', ...BEGIN);
    await logs.round();
    await logs.round();
    await laterByFiles();
    rename();
    logs.write('a.log', ...KEY.slice(8, 12));
    renameSync(`${name()}.1`, `${name()}.2`);
    rename();
    logs.write('a.log', ...KEY.slice(12), '-----END RSA PRIVATE KEY-----', `${YESTERDAY}T10:00:09Z INFO Done`);
    logs.start();
    for (let i = 0; i < 5; i++) await logs.round(3000);
    const text = logs.whole.join('\n');
    for (const line of KEY) expect(text).not.toContain(line);
    expect(text).toContain('INFO Done');
  });

  test('a beginning without a key masks nothing for long, nor the next file', async () => {
    logs.start();
    logs.write('a.log', '-----BEGIN RSA PRIVATE KEY-----', 'a line of words');
    await logs.round();
    rename();
    logs.start();
    logs.write('a.log', KEY[0] as string, 'Done');
    for (let i = 0; i < 4; i++) await logs.round(3000);
    expect(logs.whole.slice(-2)).toEqual([KEY[0], 'Done']);
  });
});

test('of the journal, over a restart', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'key-journal-'));
  const write = standInJournal(folder);
  let positions: readonly Position[] = [];
  const bodies: Value[] = [];
  const failures = new LogFailures(silentLogger, () => undefined);
  const until = async (lines: readonly string[], from: number, count: number): Promise<void> => {
    const options = { root: folder, command: join(folder, 'journalctl'), joinMs: 20, failures, leftOut: () => undefined };
    const batch = new LogBatch('h', failures, new Mask(true, []));
    const deliver = (taken: LogBatch, at: readonly Position[]): void => {
      const rows = kept(taken.take().batch);
      positions = at;
      for (let row = 0; row < rows.length; row++) bodies.push(valueAt(columnOf(rows, 'body'), row));
    };
    const journal = new Journal(options, batch, deliver, positions);
    journal.start();
    write(...lines.map((MESSAGE, i) => recorded(from + i, { MESSAGE })));
    const taken = (): number => {
      journal.poll(Date.now(), () => false);
      return bodies.length;
    };
    await expect.poll(taken, { timeout: 30_000, interval: 20 }).toBe(count);
    await journal.stop();
  };
  try {
    await until(BEGIN, 1, BEGIN.length);
    await until(END, 100, BEGIN.length + END.length);
    expect(bodies.at(-1)).toBe('Done');
    for (const line of KEY) expect(bodies).not.toContain(line);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
