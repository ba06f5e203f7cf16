// Files among the logs that are made to harm: links to others' files, pipes, holes, lines without end, times that cannot be.
import { execFileSync } from 'node:child_process';
import {
  appendFileSync,
  chownSync,
  closeSync,
  ftruncateSync,
  lchownSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type Batch, columnOf, valueAt } from '../../core/batch/batch.ts';
import { silentLogger } from '../../core/logger.ts';
import { SIGNAL_FIELDS } from '../../schemas/tables.ts';
import { kept } from '../testing/kept.ts';
import { LogFailures } from './failures.ts';
import { LogBatch } from './log-batch.ts';
import { Tailer } from './tailer.ts';

let folder = '';
let at = 0;
let batches: Batch[] = [];
let failures: LogFailures;
let tailer: Tailer;
const leftOut = new Set<string>();

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'hostile-'));
  batches = [];
  leftOut.clear();
  at = Date.now();
  const tell = (what: string): void => void leftOut.add(what);
  failures = new LogFailures(silentLogger, tell);
  tailer = new Tailer(
    { globs: ['/**/*.log'], root: folder, backlogBytes: 2 ** 40, quietMs: 5000, joinMs: 0, log: silentLogger, failures, leftOut: tell },
    new LogBatch('h', failures),
    (batch) => void batches.push(kept(batch.take().batch)),
    [],
  );
});
afterEach(() => {
  tailer.close();
  rmSync(folder, { recursive: true });
});
const path = (name: string): string => join(folder, name);
const round = async (): Promise<void> => {
  at += 1000;
  tailer.discover(at);
  await tailer.poll(at, () => false);
};
const column = (name: string): unknown[] => batches.flatMap((batch) => Array.from({ length: batch.length }, (_, i) => valueAt(columnOf(batch, name), i)));

test.skipIf(process.getuid?.() !== 0)('a link is followed only to a file of its own owner, or where root made it', async () => {
  const [mine, other] = [1001, 1002];
  writeFileSync(path('secret'), 'secret\n', { mode: 0o600 });
  writeFileSync(path('own.txt'), 'own\n');
  chownSync(path('own.txt'), mine, mine);
  mkdirSync(path('app'));
  mkdirSync(path('elsewhere'));
  writeFileSync(path('elsewhere/deep.log'), 'deep\n');
  rmSync(path('elsewhere/deep.log'));
  for (const [name, target, owner] of [
    ['app/theirs.log', '../secret', mine],
    ['app/own.log', '../own.txt', mine],
    ['app/root.log', '../own.txt', 0],
    ['app/chain.log', 'chain', 0],
    ['app/chain', '../secret', other],
  ] as const) {
    symlinkSync(target, path(name));
    lchownSync(path(name), owner, owner);
  }
  await round();
  expect(column('body')).toEqual(['own']);
  expect([...leftOut]).toEqual(['links among the log files that lead to another user’s file']);
});

test('pipes and devices are named, and hold up nothing', async () => {
  execFileSync('/usr/bin/mkfifo', [path('pipe.log')]);
  symlinkSync('/dev/zero', path('zero.log'));
  symlinkSync(path('nowhere'), path('broken.log'));
  symlinkSync(path('circle.log'), path('circle.log'));
  mkdirSync(path('folder.log'));
  writeFileSync(path('a.log'), 'one\n');
  await round();
  expect(column('body')).toEqual(['one']);
  expect([...leftOut]).toEqual(['pipes and devices among the log files']);
});

test('a hole is passed over, and the line behind it is read', async () => {
  writeFileSync(path('a.log'), `${'x'.repeat(300)} one\n`);
  await round();
  // As a writer leaves it that goes on at its place after the file was cut.
  const fd = openSync(path('a.log'), 'r+');
  ftruncateSync(fd, 0);
  writeSync(fd, 'two\nthree\n', 200 << 20);
  closeSync(fd);
  await round();
  await round();
  expect(column('body').slice(1)).toEqual(['two', 'three']);
  appendFileSync(path('a.log'), 'four\n');
  await round();
  expect(column('body').slice(1)).toEqual(['two', 'three', 'four']);
});

test('a file without a line feed gives its beginning, and what is not kept is counted', async () => {
  const fd = openSync(path('a.log'), 'w');
  const part = Buffer.alloc(1 << 20, 'x');
  for (let i = 0; i < 50; i++) writeSync(fd, part);
  closeSync(fd);
  await round();
  await round();
  expect(column('body')).toEqual(['x'.repeat(65_536)]);
  expect(tailer.bytesCut).toBe((50 << 20) - 65_536);
  expect([...leftOut]).toEqual(['the ends of log lines longer than 64 KiB']);
  appendFileSync(path('a.log'), `${'y'.repeat(100)}\nafter\n`);
  await round();
  expect(column('body').slice(1)).toEqual(['after']);
});

test('a file that is cut while it is read goes on with what comes then', async () => {
  writeFileSync(path('a.log'), `${Array.from({ length: 50_000 }, (_, i) => `line ${i} ${'z'.repeat(40)}`).join('\n')}\n`);
  let asked = 0;
  at += 1000;
  tailer.discover(at);
  await tailer.poll(at, () => {
    if (++asked === 3) truncateSync(path('a.log'));
    return false;
  });
  appendFileSync(path('a.log'), 'after\n');
  await round();
  await round();
  const bodies = column('body') as string[];
  expect(bodies.at(-1)).toBe('after');
  expect(bodies.slice(0, -1)).toEqual(bodies.slice(0, -1).map((_, i) => `line ${i} ${'z'.repeat(40)}`));
});

test('signs of control, escapes and markup are text', async () => {
  const line = '\u001b]0;title\u0007 <script>alert(1)</script> \u202e "quoted" \u0001 \ttab';
  writeFileSync(path('a.log'), `${line}\n`);
  await round();
  expect(column('body')).toEqual([line]);
});

test('a line of a time far off is told with the time it was read, and its own beside it', async () => {
  writeFileSync(path('a.log'), 'first\n');
  await round();
  const year = 365 * 86_400_000;
  const [past, future] = [new Date(at - year).toISOString(), new Date(at + year).toISOString()];
  appendFileSync(path('a.log'), `${past} INFO past\n${future} INFO future\n0001-01-01T00:00:00Z INFO none\n`);
  await round();
  expect(column('body')).toEqual(['first', 'past', 'future', '0001-01-01T00:00:00Z INFO none']);
  const now = BigInt(at) * 1_000_000n;
  expect(column('time').slice(1, 3)).toEqual([now, now]);
  expect(column('attributes').map((a) => (a as Map<string, string>).get('log.time'))).toEqual([undefined, past, future, undefined]);
  expect(failures.all).toEqual([
    { reason: 'old', source: path('a.log'), count: 1 },
    { reason: 'future', source: path('a.log'), count: 1 },
  ]);
  expect(leftOut.size).toBe(2);
});

test('ten thousand attributes, and ones named as every column, leave the line and its columns whole', async () => {
  const columns = SIGNAL_FIELDS.logs.map((field) => field.name);
  const attributesOf = (count: number) => Object.fromEntries(Array.from({ length: count }, (_, i) => [`a${i}`, 1]));
  const named = JSON.stringify({
    msg: 'named',
    ...Object.fromEntries(columns.filter((name) => name !== 'time').map((name) => [name, `own ${name}`])),
    __proto__x: 'p',
  });
  // One that fits into what is kept of a line is read, a longer one is kept as text up to there.
  const wide = JSON.stringify({ msg: 'wide', ...attributesOf(6000) });
  const wider = JSON.stringify({ msg: 'wider', ...attributesOf(10_000) });
  const odd = '{"msg":"odd","__proto__":{"x":"1"},"constructor":"c","toString":"t","":"empty"}';
  writeFileSync(path('a.log'), `${named}\n${wide}\n${odd}\n${wider}\nafter\n`);
  await round();
  await round();
  expect(column('body').map((body) => (body as string).slice(0, 20))).toEqual(['named', 'wide', 'odd', wider.slice(0, 20), 'after']);
  expect(
    column('raw')
      .slice(0, 3)
      .map((raw, i) => raw === [named, wide, odd][i]),
  ).toEqual([true, true, true]);
  expect(column('body')[3] === wider.slice(0, 65_536)).toBe(true);
  expect(column('host')).toEqual(Array(5).fill('h'));
  expect(column('source')).toEqual(Array(5).fill(path('a.log')));
  const attributes = column('attributes') as Map<string, string>[];
  for (const name of ['body', 'raw', 'host', 'source', 'attributes', 'numbers']) expect(attributes[0]?.get(name)).toBe(`own ${name}`);
  const numbers = column('numbers') as Map<string, number>[];
  expect(numbers[1]?.size).toBe(65);
  expect(numbers[1]?.get('log.dropped_attributes')).toBe(6000 - 64);
  expect(attributes[3]?.get('log.truncated')).toBe('true');
  expect(attributes[2]?.get('constructor')).toBe('c');
  expect(failures.all).toEqual([]);
});

test('the files that a machine has by itself name no service but where their form does', async () => {
  mkdirSync(path('apt'));
  writeFileSync(path('dpkg.log'), '2026-11-20 10:00:00 upgrade libc6:amd64 2.41-1 2.41-2\n2026-11-20 10:00:00 status installed libc6:amd64 2.41-2\n');
  writeFileSync(
    path('apt/history.log'),
    'Start-Date: 2026-11-20  10:00:00\nCommandline: apt-get -y upgrade\nUpgrade: libsystemd0:amd64 (1, 2), libudev1:amd64 (1, 2)\n',
  );
  writeFileSync(path('apt/term.log'), 'Log started: 2026-11-20  10:00:00\nUnpacking libsystemd0:amd64 (2) over (1) ...\n');
  writeFileSync(path('alternatives.log'), 'update-alternatives 2026-11-20 10:00:00: run with --quiet --install /usr/bin/pager pager /usr/bin/less 77\n');
  writeFileSync(path('syslog.log'), 'Nov 20 10:00:00 web-1 sshd[7]: Accepted publickey\n');
  for (let i = 0; i < 4; i++) await round();
  expect(column('body').length).toBeGreaterThanOrEqual(8);
  expect(
    column('service')
      .map((service, i) => [service, column('source')[i]])
      .filter(([service]) => service !== null),
  ).toEqual([['sshd', path('syslog.log')]]);
});
