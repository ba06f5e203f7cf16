// Files among the logs that are made to harm: links to others' files, pipes, holes, lines without end, times that cannot be.
import { execFileSync } from 'node:child_process';
import {
  appendFileSync,
  chownSync,
  closeSync,
  ftruncateSync,
  lchownSync,
  mkdirSync,
  openSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { SIGNAL_FIELDS } from '../../schemas/tables.ts';
import { Followed } from '../testing/followed.ts';
import { YESTERDAY, YESTERDAY_OF_SYSLOG } from '../testing/yesterday.ts';

let logs: Followed;
beforeEach(() => {
  logs = new Followed();
  logs.start();
});
afterEach(() => logs.close());

test.skipIf(process.getuid?.() !== 0)('a link is followed only to a file of its own owner, or where root made it', async () => {
  const [mine, other] = [1001, 1002];
  writeFileSync(logs.path('secret'), 'secret\n', { mode: 0o600 });
  writeFileSync(logs.path('own.txt'), 'own\n');
  chownSync(logs.path('own.txt'), mine, mine);
  mkdirSync(logs.path('app'));
  mkdirSync(logs.path('elsewhere'));
  writeFileSync(logs.path('elsewhere/deep.log'), 'deep\n');
  rmSync(logs.path('elsewhere/deep.log'));
  for (const [name, target, owner] of [
    ['app/theirs.log', '../secret', mine],
    ['app/own.log', '../own.txt', mine],
    ['app/root.log', '../own.txt', 0],
    ['app/chain.log', 'chain', 0],
    ['app/chain', '../secret', other],
  ] as const) {
    symlinkSync(target, logs.path(name));
    lchownSync(logs.path(name), owner, owner);
  }
  await logs.round();
  expect(logs.column('body')).toEqual(['own']);
  expect([...logs.leftOut]).toEqual(['links among the log files that lead to another user’s file']);
});

test('pipes and devices are named, and hold up nothing', async () => {
  execFileSync('/usr/bin/mkfifo', [logs.path('pipe.log')]);
  symlinkSync('/dev/zero', logs.path('zero.log'));
  symlinkSync(logs.path('nowhere'), logs.path('broken.log'));
  symlinkSync(logs.path('circle.log'), logs.path('circle.log'));
  mkdirSync(logs.path('folder.log'));
  writeFileSync(logs.path('a.log'), 'one\n');
  await logs.round();
  expect(logs.column('body')).toEqual(['one']);
  expect([...logs.leftOut]).toEqual(['pipes and devices among the log files']);
});

test('a hole is passed over, and the line behind it is read', async () => {
  writeFileSync(logs.path('a.log'), `${'x'.repeat(300)} one\n`);
  await logs.round();
  // As a writer leaves it that goes on at its place after the file was cut.
  const fd = openSync(logs.path('a.log'), 'r+');
  ftruncateSync(fd, 0);
  writeSync(fd, 'two\nthree\n', 200 << 20);
  closeSync(fd);
  await logs.round();
  await logs.round();
  expect(logs.column('body').slice(1)).toEqual(['two', 'three']);
  appendFileSync(logs.path('a.log'), 'four\n');
  await logs.round();
  expect(logs.column('body').slice(1)).toEqual(['two', 'three', 'four']);
});

test('a file of 120 MB without a line feed gives its beginning, what is not kept is counted, and memory does not grow with it', async () => {
  const fd = openSync(logs.path('a.log'), 'w');
  const part = Buffer.alloc(1 << 20, 'x');
  for (let i = 0; i < 120; i++) writeSync(fd, part);
  closeSync(fd);
  const used = (): number => {
    const { heapUsed, external } = process.memoryUsage();
    return heapUsed + external;
  };
  const before = used();
  let most = 0;
  logs.at += 1000;
  logs.tailer.discover(logs.at);
  logs.pressed = () => {
    most = Math.max(most, used() - before);
    return false;
  };
  await logs.read();
  expect(most).toBeLessThan(32 << 20);
  expect(logs.column('body')).toEqual(['x'.repeat(65_536)]);
  expect(logs.tailer.bytesCut).toBe((120 << 20) - 65_536);
  expect([...logs.leftOut]).toEqual(['the ends of log lines longer than 64 KiB']);
  appendFileSync(logs.path('a.log'), `${'y'.repeat(100)}\nafter\n`);
  await logs.round();
  expect(logs.column('body').slice(1)).toEqual(['after']);
});

test('a file that is cut while it is read goes on with what comes then', async () => {
  writeFileSync(logs.path('a.log'), `${Array.from({ length: 50_000 }, (_, i) => `line ${i} ${'z'.repeat(40)}`).join('\n')}\n`);
  let asked = 0;
  logs.at += 1000;
  logs.tailer.discover(logs.at);
  logs.pressed = () => {
    if (++asked === 3) truncateSync(logs.path('a.log'));
    return false;
  };
  await logs.read();
  appendFileSync(logs.path('a.log'), 'after\n');
  await logs.round();
  await logs.round();
  const bodies = logs.column('body') as string[];
  expect(bodies.at(-1)).toBe('after');
  expect(bodies.slice(0, -1)).toEqual(bodies.slice(0, -1).map((_, i) => `line ${i} ${'z'.repeat(40)}`));
});

test('signs of control, escapes and markup are text', async () => {
  const line = '\u001b]0;title\u0007 <script>alert(1)</script> \u202e "quoted" \u0001 \ttab';
  writeFileSync(logs.path('a.log'), `${line}\n`);
  await logs.round();
  expect(logs.column('body')).toEqual([line]);
});

test('a line of a time far off is told with the time it was read, and its own beside it', async () => {
  writeFileSync(logs.path('a.log'), 'first\n');
  await logs.round();
  const year = 365 * 86_400_000;
  const [past, future] = [new Date(logs.at - year).toISOString(), new Date(logs.at + year).toISOString()];
  appendFileSync(logs.path('a.log'), `${past} INFO past\n${future} INFO future\n0001-01-01T00:00:00Z INFO none\n`);
  await logs.round();
  expect(logs.column('body')).toEqual(['first', 'past', 'future', '0001-01-01T00:00:00Z INFO none']);
  const now = BigInt(logs.at) * 1_000_000n;
  expect(logs.column('time').slice(1, 3)).toEqual([now, now]);
  expect(logs.column('attributes').map((a) => (a as Map<string, string>).get('log.time'))).toEqual([undefined, past, future, undefined]);
  expect(logs.failures.all).toEqual([
    { reason: 'old', source: logs.path('a.log'), count: 1 },
    { reason: 'future', source: logs.path('a.log'), count: 1 },
  ]);
  expect(logs.leftOut.size).toBe(2);
});

test('ten thousand attributes, and ones named as every column, leave the line and its columns whole', async () => {
  const columns = SIGNAL_FIELDS.logs.map((field) => field.name);
  const attributesOf = (count: number) => Object.fromEntries(Array.from({ length: count }, (_, i) => [`a${i}`, 1]));
  const named = JSON.stringify({
    msg: 'named',
    ...Object.fromEntries(columns.filter((name) => name !== 'time').map((name) => [name, `own ${name}`])),
    __proto__x: 'p',
  });
  const wide = JSON.stringify({ msg: 'wide', ...attributesOf(6000) });
  // Longer than what is kept of a line: it is read whole, its text is cut.
  const wider = JSON.stringify({ msg: 'wider', ...attributesOf(10_000) });
  const odd = '{"msg":"odd","__proto__":{"x":"1"},"constructor":"c","toString":"t","":"empty"}';
  writeFileSync(logs.path('a.log'), `${named}\n${wide}\n${odd}\n${wider}\nafter\n`);
  await logs.round();
  await logs.round();
  expect(logs.column('body').map((body) => (body as string).slice(0, 20))).toEqual(['named', 'wide', 'odd', 'wider', 'after']);
  expect(
    logs
      .column('raw')
      .slice(0, 3)
      .map((raw, i) => raw === [named, wide, odd][i]),
  ).toEqual([true, true, true]);
  expect(logs.column('raw')[3] === wider.slice(0, 65_536)).toBe(true);
  expect(logs.column('host')).toEqual(Array(5).fill('h'));
  expect(logs.column('source')).toEqual(Array(5).fill(logs.path('a.log')));
  const attributes = logs.column('attributes') as Map<string, string>[];
  for (const name of ['body', 'raw', 'host', 'source', 'attributes', 'numbers']) expect(attributes[0]?.get(name)).toBe(`own ${name}`);
  const numbers = logs.column('numbers') as Map<string, number>[];
  expect(numbers[1]?.size).toBe(65);
  expect(numbers[1]?.get('log.dropped_attributes')).toBe(6000 - 64);
  expect(numbers[3]?.get('log.dropped_attributes')).toBe(10_000 - 64);
  expect(attributes[3]?.get('log.truncated')).toBe('true');
  expect(attributes[2]?.get('constructor')).toBe('c');
  expect(logs.failures.all).toEqual([]);
});

test('the files that a machine has by itself name no service but where their form does', async () => {
  mkdirSync(logs.path('apt'));
  writeFileSync(logs.path('dpkg.log'), `${YESTERDAY} 10:00:00 upgrade libc6:amd64 2.41-1 2.41-2\n${YESTERDAY} 10:00:00 status installed libc6:amd64 2.41-2\n`);
  writeFileSync(
    logs.path('apt/history.log'),
    `Start-Date: ${YESTERDAY}  10:00:00\nCommandline: apt-get -y upgrade\nUpgrade: libsystemd0:amd64 (1, 2), libudev1:amd64 (1, 2)\n`,
  );
  writeFileSync(logs.path('apt/term.log'), `Log started: ${YESTERDAY}  10:00:00\nUnpacking libsystemd0:amd64 (2) over (1) ...\n`);
  writeFileSync(logs.path('alternatives.log'), `update-alternatives ${YESTERDAY} 10:00:00: run with --quiet --install /usr/bin/pager pager /usr/bin/less 77\n`);
  writeFileSync(logs.path('syslog.log'), `${YESTERDAY_OF_SYSLOG} 10:00:00 web-1 sshd[7]: Accepted publickey\n`);
  for (let i = 0; i < 4; i++) await logs.round();
  expect(logs.column('body').length).toBeGreaterThanOrEqual(7);
  expect(
    logs
      .column('service')
      .map((service, i) => [service, logs.column('source')[i]])
      .filter(([service]) => service !== null),
  ).toEqual([['sshd', logs.path('syslog.log')]]);
});

test('an object of up to 256 KiB is read whole, whatever wraps it; of a longer line the beginning is kept as text', async () => {
  const long = (n: number): string => JSON.stringify({ pad: 'p'.repeat(n), level: 'error', time: new Date(logs.at).toISOString(), msg: `after ${n}` });
  const message = JSON.stringify({ level: 'warn', msg: 'm'.repeat(100_000) });
  const cri = `${new Date(logs.at).toISOString()} stderr F ${long(70_000)}`;
  writeFileSync(logs.path('a.log'), `before\n${long(70_000)}\n${long(250_000)}\n${message}\n${cri}\n${long(263_000)}\nafter\n`);
  for (let i = 0; i < 3; i++) await logs.round();
  expect((logs.column('body') as string[]).map((body) => body.slice(0, 12))).toEqual([
    'before',
    'after 70000',
    'after 250000',
    'mmmmmmmmmmmm',
    'after 70000',
    '{"pad":"pppp',
    'after',
  ]);
  expect((logs.column('body') as string[]).map((body) => body.length)[3]).toBe(65_536);
  expect(logs.column('severity')).toEqual([null, 'error', 'error', 'warn', 'error', null, null]);
  expect(logs.column('raw').map((raw) => (raw as string | null)?.length ?? 0)).toEqual([0, 65_536, 65_536, 65_536, 65_536, 0, 0]);
  expect((logs.column('attributes') as Map<string, string>[]).map((each) => each.get('log.truncated') ?? '')).toEqual([
    '',
    'true',
    'true',
    'true',
    'true',
    'true',
    '',
  ]);
  expect((logs.column('attributes') as Map<string, string>[])[4]?.get('log.iostream')).toBe('stderr');
  expect([...logs.leftOut]).toEqual(['the ends of log lines longer than 64 KiB']);
});

test('a line of more than 64 KiB that is still being written waits for its end', async () => {
  const object = JSON.stringify({ pad: 'p'.repeat(100_000), msg: 'whole' });
  writeFileSync(logs.path('a.log'), `before\n${object.slice(0, 90_000)}`);
  await logs.round();
  expect(logs.column('body')).toEqual(['before']);
  appendFileSync(logs.path('a.log'), `${object.slice(90_000)}\n`);
  await logs.round();
  expect(logs.column('body')).toEqual(['before', 'whole']);
});
