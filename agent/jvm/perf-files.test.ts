// What anyone may put in the way of the reader of JVMs' files: none of it is followed, waited for or believed, and the others are found beside it.
import { execFileSync } from 'node:child_process';
import {
  ftruncateSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type Batch, type Value, valueAt } from '../../core/batch/batch.ts';
import { HostFiles } from '../host-files.ts';
import { Mask } from '../mask/mask.ts';
import type { SeenProcess } from '../processes/process-table.ts';
import { perfBytes } from '../testing/perf-bytes.ts';
import { JvmTable } from './jvm-table.ts';

const NOW = 1_700_000_100_000;
const UID = process.getuid?.() ?? 0;
const PERF = perfBytes([
  ['java.threads.live', 7],
  ['sun.rt.safepoints', 40],
  ['sun.rt.javaCommand', 'Shop'],
]);

let root: string;
let leftOut: string[];
let table: JvmTable;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'perf-'));
  leftOut = [];
  table = new JvmTable({ files: new HostFiles(root), host: 'h', mask: new Mask(true, []), leftOut: (what) => leftOut.push(what) });
});
afterEach(() => rmSync(root, { recursive: true }));

const tmpOf = (pid: number): string => join(root, `root-${pid}/tmp`);
const folderOf = (pid: number): string => join(tmpOf(pid), 'hsperfdata_shop');
const stat = (pid: number, started: number): string => `${pid} (java) S 1 ${pid} ${pid} 0 -1 0 0 0 0 0 1 5 0 0 20 0 3 0 ${started} 1 1 1\n`;

/** A process as the system shows it, with a root of its own and its file in its memory. */
const record = (pid: number, { mounts = '', mapped = `hsperfdata_shop/${pid}`, started = 1000 } = {}): SeenProcess => {
  const folder = join(root, `proc/${pid}`);
  mkdirSync(join(folder, 'ns'), { recursive: true });
  mkdirSync(folderOf(pid), { recursive: true });
  symlinkSync(`mnt:[${pid}]`, join(folder, 'ns/mnt'));
  symlinkSync(join(root, `root-${pid}`), join(folder, 'root'));
  writeFileSync(join(folder, 'mountinfo'), mounts);
  writeFileSync(
    join(folder, 'maps'),
    `${'7f00-7f10 r--p 00000000 08:01 1 /usr/lib/x.so\n'.repeat(3000)}7f20-7f28 rw-s 0 08:01 9 /tmp/${mapped}\n7f30-7f38 r--p 0\n`,
  );
  writeFileSync(join(folder, 'stat'), stat(pid, started));
  writeFileSync(join(folder, 'cmdline'), 'java\0Shop\0');
  return { pid, started, start: NOW - 90_000, name: 'java', user: 'shop', uid: UID, ownPid: pid };
};
const sound = (pid: number, more: Parameters<typeof record>[1] = {}): SeenProcess => {
  const process = record(pid, more);
  writeFileSync(join(folderOf(pid), String(pid)), PERF);
  return process;
};
const rowsOf = (batch: Batch): readonly Readonly<Record<string, Value>>[] =>
  Array.from({ length: batch.length }, (_, i) => Object.fromEntries(batch.fields.map((f, c) => [f.name, valueAt(batch.columns[c] as never, i)])));
const told = async (...processes: readonly SeenProcess[]): Promise<Readonly<Record<number, Value>>> =>
  Object.fromEntries(rowsOf(await table.sample(NOW, processes)).map((row) => [row.pid, row.perf_data as Value]));

const hostile: readonly (readonly [string, (file: string, pid: number) => void])[] = [
  [
    'a link to a sound file',
    (file) => {
      writeFileSync(`${file}x`, PERF);
      symlinkSync(`${file}x`, file);
    },
  ],
  [
    'a pipe that nobody writes to',
    (file) => {
      execFileSync('mkfifo', [file]);
    },
  ],
  [
    'a folder',
    (file) => {
      mkdirSync(file);
    },
  ],
  [
    'a link to a device that waits',
    (file) => {
      symlinkSync('/dev/tty', file);
    },
  ],
  [
    'a link to itself',
    (file) => {
      symlinkSync(file, file);
    },
  ],
  [
    'a folder that is a link',
    (file, pid) => {
      const elsewhere = join(root, 'elsewhere');
      mkdirSync(elsewhere);
      writeFileSync(join(elsewhere, String(pid)), PERF);
      rmSync(join(file, '..'), { recursive: true });
      symlinkSync(elsewhere, join(file, '..'));
    },
  ],
  [
    'a folder that is a pipe',
    (file) => {
      rmSync(join(file, '..'), { recursive: true });
      execFileSync('mkfifo', [join(file, '..')]);
    },
  ],
  [
    'a /tmp that is a link',
    (file, pid) => {
      writeFileSync(file, PERF);
      renameSync(tmpOf(pid), join(root, 'moved'));
      symlinkSync(join(root, 'moved'), tmpOf(pid));
    },
  ],
  [
    'no /tmp',
    (_, pid) => {
      rmSync(tmpOf(pid), { recursive: true });
    },
  ],
];
test.each(hostile)('%s is no file of a JVM; the next one is read', async (_, put) => {
  const [victim, other] = [record(41), sound(42)];
  put(join(folderOf(41), '41'), 41);
  expect(await told(victim, other)).toEqual({ 41: 'none', 42: 'read' });
});

test.each([
  ['empty', 0],
  ['cut', PERF.length - 9],
])('one that is %s is damaged', async (_, length) => {
  const process = sound(41);
  truncateSync(join(folderOf(41), '41'), length);
  expect(await told(process)).toEqual({ 41: 'damaged' });
});

test('of one that has no end so much is read as a JVM can be told to use', async () => {
  const process = record(41);
  const fd = openSync(join(folderOf(41), '41'), 'w');
  writeFileSync(fd, PERF);
  ftruncateSync(fd, 2 ** 40);
  expect(await told(process)).toEqual({ 41: 'read' });
});

test('the file of another user, or one that the process does not have in its memory, is not its own', async () => {
  const strange = { ...sound(41), uid: UID + 1 };
  const stale = sound(42, { mapped: 'hsperfdata_shop/4' });
  expect(await told(strange, stale)).toEqual({ 41: 'none', 42: 'none' });
});

test('a process that is no Java is told only where it has such a file', async () => {
  expect(await told({ ...record(41), name: 'nginx' }, { ...sound(42), name: 'jsvc' })).toEqual({ 42: 'read' });
});

test('one that has just begun is not told as one without a file', async () => {
  const process = { ...record(41), start: NOW - 2000 };
  expect(await told(process)).toEqual({});
});

test('whose number another process has by now is not told', async () => {
  const process = sound(41);
  writeFileSync(join(root, 'proc/41/stat'), stat(41, 2000));
  expect(await told(process)).toEqual({});
});

test('a /tmp over a network is not looked at, nor a folder on which something is mounted, nor what is below one', async () => {
  const disk = '1 0 8:1 / / rw - ext4 /dev/sda1 rw\n';
  const over = (mountpoint: string): string => `2 1 0:9 / ${mountpoint} rw shared:1 - fuse.sshfs x rw\n`;
  expect(
    await told(
      sound(41, { mounts: `${disk}${over('/tmp')}` }),
      sound(42, { mounts: `${disk}${over('/tmp/hsperfdata_shop')}` }),
      sound(43, { mounts: `${disk}${over('/tmp/hsperfdata_shop/43')}` }),
      sound(44, { mounts: '1 0 0:5 / / rw - nfs4 x:/ rw\n' }),
      sound(45, { mounts: `${disk}${over('/tmp/other')}` }),
      sound(46, { mounts: '1 0 0:5 / / rw - nfs4 x:/ rw\n2 1 0:6 / /tmp rw - tmpfs tmpfs rw\n' }),
    ),
  ).toEqual({ 41: 'none', 42: 'none', 43: 'none', 44: 'none', 45: 'read', 46: 'read' });
  expect(leftOut).toEqual(['JVMs whose /tmp is not of this machine', 'JVMs whose /tmp is not of this machine']);
});

test('names with control bytes, and many folders of one user, hide no other', async () => {
  const process = sound(41);
  for (const name of ['hsperfdata_\n', 'hsperfdata_\u001b[2J', 'hsperfdata_', '\u0007']) mkdirSync(join(tmpOf(41), name));
  writeFileSync(join(folderOf(41), '41\n'), PERF);
  expect(await told(process)).toEqual({ 41: 'read' });
});

test('of a /tmp with very many names so many are looked at; other roots are not concerned', async () => {
  const [crowded, other] = [sound(41), sound(42)];
  const file = join(tmpOf(41), 'f');
  writeFileSync(file, '');
  for (let i = 0; i < 50_010; i++) linkSync(file, `${file}${i}`);
  // In which order a folder has its names is the filesystem's.
  expect(await told(crowded, other)).toMatchObject({ 42: 'read' });
  expect(leftOut).toEqual(['JVMs in a /tmp that has too many names']);
});

test('nothing stays open, whatever was there', async () => {
  const processes = [sound(41), record(42), sound(43, { mapped: 'x' })];
  symlinkSync('/dev/zero', join(folderOf(42), '42'));
  await told(...processes);
  const before = readdirSync('/proc/self/fd').length;
  for (let i = 0; i < 20; i++) await told(...processes);
  expect(readdirSync('/proc/self/fd').length).toBe(before);
});

test('what counts never goes back, and counts on from where it is then', async () => {
  const process = sound(41);
  const file = join(folderOf(41), '41');
  const seen: Value[] = [];
  for (const safepoints of [40, 50, 3, 4, -1, 5]) {
    writeFileSync(file, perfBytes([['sun.rt.safepoints', safepoints]]));
    seen.push(rowsOf(await table.sample(NOW, [process]))[0]?.['safepoint.count'] as Value);
  }
  expect(seen).toEqual([40n, 50n, null, 4n, null, 5n]);
});

test('one that was read and is damaged now keeps its place', async () => {
  const process = sound(41);
  expect(await told(process)).toEqual({ 41: 'read' });
  writeFileSync(join(folderOf(41), '41'), readFileSync(join(folderOf(41), '41')).subarray(0, 40));
  expect(await told(process)).toEqual({ 41: 'damaged' });
  writeFileSync(join(folderOf(41), '41'), PERF);
  expect(await told(process)).toEqual({ 41: 'read' });
});
