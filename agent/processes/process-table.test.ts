// What is told of processes: of recorded ones to the last column, of real ones as they come and go.

import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type Batch, type Value, valueAt } from '../../core/batch/batch.ts';
import { HostFiles } from '../host-files.ts';
import { Mask } from '../mask/mask.ts';
import { parseProcessStat } from './process-stat.ts';
import { ProcessTable } from './process-table.ts';

let root = '';
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'proc-'));
});
afterEach(() => rmSync(root, { recursive: true }));

const write = (name: string, text: string): void => {
  mkdirSync(dirname(join(root, name)), { recursive: true });
  writeFileSync(join(root, name), text);
};
const stat = (pid: number, name: string, state: string, ticks: number, started: number): string =>
  `${pid} (${name}) ${state} 1 ${pid} ${pid} 0 -1 4194560 100 0 0 0 ${ticks} 5 0 0 20 0 3 0 ${started} 1048576 256 18446744073709551615 1 1 0 0 0\n`;
const record = (pid: number, name: string, state: string, ticks: number, started = 1000): void => {
  write(`proc/${pid}/stat`, stat(pid, name, state, ticks, started));
  write(`proc/${pid}/status`, `Name:\t${name}\nUid:\t1000\t33\t1000\t1000\n`);
  write(`proc/${pid}/cmdline`, `/usr/bin/${name}\0--flag\0a b\0`);
  write(`proc/${pid}/io`, `rchar: 1\nwchar: 1\nread_bytes: ${ticks * 100}\nwrite_bytes: 4096\n`);
  mkdirSync(join(root, `proc/${pid}/fd`), { recursive: true });
  write(`proc/${pid}/fd/0`, '');
};
const table = (folder: string, leftOut: string[] = []): ProcessTable =>
  new ProcessTable({
    files: new HostFiles(folder),
    host: 'h',
    systemStart: 1_700_000_000_000,
    mask: new Mask(true, []),
    leftOut: (what) => leftOut.push(what),
  });
const rows = (batch: Batch): Record<string, Value>[] =>
  Array.from({ length: batch.length }, (_, i) => Object.fromEntries(batch.fields.map((f, c) => [f.name, valueAt(batch.columns[c] as never, i)])));

describe('of recorded processes', () => {
  test('every column is told, rates from the second time on', async () => {
    write('etc/passwd', 'root:x:0:0::/:/bin/sh\nwww-data:x:33:33::/:/bin/sh\n');
    record(7, 'web (1) x', 'S', 100);
    const processes = table(root);
    const now = 1_700_000_100_000;
    expect(rows(await processes.sample(now))).toEqual([
      {
        time: BigInt(now),
        host: 'h',
        pid: 7,
        start: 1_700_000_010_000n,
        parent: 1,
        name: 'web (1) x',
        command: '/usr/bin/web (1) x --flag a b',
        user: 'www-data',
        state: 'sleeping',
        cpu: null,
        memory: 1_048_576n,
        virtual_memory: 1_048_576n,
        threads: 3,
        open_files: 1,
        'io.read': null,
        'io.write': null,
      },
    ]);
    record(7, 'web (1) x', 'R', 850);
    expect(rows(await processes.sample(now + 15_000))[0]).toMatchObject({ state: 'running', cpu: 0.5, 'io.read': 5000, 'io.write': 0 });
  });

  test('a pid used anew is another process; one that just began has used its time since', async () => {
    record(7, 'old', 'S', 900);
    const processes = table(root);
    const now = 1_700_000_100_000;
    await processes.sample(now);
    // Began 5 s before the next sample and used 1.05 s.
    record(7, 'new', 'Z', 100, 11_000);
    expect(rows(await processes.sample(now + 15_000))[0]).toMatchObject({
      name: 'new',
      start: 1_700_000_110_000n,
      state: 'zombie',
      cpu: 0.21,
      'io.read': null,
    });
  });

  test('kernel threads, unknown users, missing io and vanished ones are told as far as they go', async () => {
    record(2, 'kthreadd', 'I', 0);
    write('proc/2/cmdline', '');
    rmSync(join(root, 'proc/2/io'));
    write('proc/3/stat', stat(3, 'gone', 'S', 1, 1));
    mkdirSync(join(root, 'proc/4'), { recursive: true });
    write('proc/5/stat', '5 (cut) S 1');
    write('proc/notes', '');
    const [only, ...others] = rows(await table(root).sample(1_700_000_100_000));
    expect(others).toEqual([]);
    expect(only).toMatchObject({ name: 'kthreadd', command: '[kthreadd]', user: '33', state: 'idle', 'io.read': null });
  });
});

test('names with parentheses and blanks are read whole', () => {
  expect(parseProcessStat(stat(1, 'a) S 1 (b', 'D', 1, 2))).toMatchObject({ name: 'a) S 1 (b', state: 'disk-sleep', threads: 3, started: 2 });
  for (const text of ['', '1', '1 (', ')(', '1 (x) S']) expect(parseProcessStat(text)).toBeUndefined();
});

describe.skipIf(process.platform !== 'linux')('of this machine', () => {
  test('this process is told as it is, and a child from its birth to its end', async () => {
    const processes = table('/');
    const child = spawn(process.execPath, ['-e', 'for(;;);', 'marked'], { stdio: 'ignore' });
    try {
      const of = async (pid: number | undefined, now: number) => rows(await processes.sample(now)).find((r) => r.pid === pid);
      const now = Date.now();
      expect(await of(process.pid, now)).toMatchObject({ user: userInfo().username, parent: process.ppid, state: expect.stringMatching(/running|sleeping/) });
      await new Promise((resolve) => setTimeout(resolve, 300));
      const busy = await of(child.pid, Date.now());
      expect(busy?.command).toContain('marked');
      expect(busy?.cpu).toBeGreaterThan(0);
      expect(busy?.open_files).toBeGreaterThan(2);
      expect(Number(busy?.memory)).toBeGreaterThan(10_000_000);
    } finally {
      const ended = new Promise((resolve) => child.once('exit', resolve));
      child.kill('SIGKILL');
      await ended;
    }
    expect(rows(await processes.sample(Date.now())).some((r) => r.pid === child.pid)).toBe(false);
  });

  test('processes that vanish while they are read do no harm', async () => {
    const processes = table('/');
    const children = Array.from({ length: 20 }, () => spawn('/bin/sh', ['-c', 'for i in 1 2 3 4 5 6 7 8 9; do /bin/true; done'], { stdio: 'ignore' }));
    const ended = Promise.all(children.map((c) => new Promise((resolve) => c.once('exit', resolve))));
    for (let i = 0; i < 20; i++) expect((await processes.sample(Date.now())).length).toBeGreaterThan(0);
    await ended;
  });
});
