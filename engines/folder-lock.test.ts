// The lock of a folder between real processes: one holds it, also against other namespaces, and death of any kind lets it go.
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { holderOf, lockFolder } from './folder-lock.ts';

const ends: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

const folder = (): string => {
  const dir = mkdtempSync(join(tmpdir(), 'lock-'));
  ends.push(() => rmSync(dir, { recursive: true, force: true }));
  return dir;
};

const PROGRAM = `import { lockFolder } from ${JSON.stringify(new URL('./folder-lock.ts', import.meta.url).href)};
const lock = await lockFolder(process.argv[1]);
console.log(lock === undefined ? 'in use' : 'held');
if (lock !== undefined) setInterval(() => {}, 1000);`;

interface Other {
  readonly child: ChildProcess;
  /** What it says first. */
  readonly said: string;
}

/** Another process that asks for the folder and keeps it, started by `by`. */
const other = async (dir: string, ...by: readonly string[]): Promise<Other> => {
  const [command, ...args] = [...by, process.execPath, '--input-type=module', '-e', PROGRAM, dir];
  const child = spawn(command as string, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  ends.push(() => child.kill('SIGKILL'));
  const said = await new Promise<string>((resolve) => {
    child.stdout?.once('data', (text: Buffer) => resolve(String(text).trim()));
    child.once('exit', () => resolve('ended'));
  });
  return { child, said };
};

const ended = (child: ChildProcess): Promise<unknown> => new Promise((resolve) => child.once('exit', resolve));

const CONTENDER = `import { closeSync, openSync, unlinkSync } from 'node:fs';
import { lockFolder } from ${JSON.stringify(new URL('./folder-lock.ts', import.meta.url).href)};
let two = 0;
for (let had = 0; had < 100; ) {
  const lock = await lockFolder(process.argv[1]);
  if (lock === undefined) continue;
  had++;
  let alone = false;
  try {
    closeSync(openSync(process.argv[1] + '/alone', 'wx'));
    alone = true;
  } catch {
    two++;
  }
  await new Promise((resolve) => setTimeout(resolve, 1));
  if (alone) unlinkSync(process.argv[1] + '/alone');
  lock.release(had % 3 === Number(process.argv[2]));
}
console.log(two);`;

test.each([
  ['its file stays the same, and empty', 3],
  ['nor where its file is removed again and again', 2],
])(
  'three processes that take turns never have the folder at the same time; %s',
  async (_, removesAt) => {
    const dir = folder();
    (await lockFolder(dir))?.release();
    const { ino } = statSync(join(dir, 'lock'));
    const run = (): Promise<string> => {
      const child = spawn(process.execPath, ['--input-type=module', '-e', CONTENDER, dir, String(removesAt)], { stdio: ['ignore', 'pipe', 'inherit'] });
      ends.push(() => child.kill('SIGKILL'));
      let said = '';
      child.stdout.on('data', (text: Buffer) => {
        said += String(text);
      });
      return new Promise((resolve) => child.once('close', () => resolve(said.trim())));
    };
    expect(await Promise.all([run(), run(), run()])).toEqual(['0', '0', '0']);
    if (removesAt === 3) expect(statSync(join(dir, 'lock'))).toMatchObject({ ino, size: 0 });
    (await lockFolder(dir))?.release(true);
    expect(readdirSync(dir)).toEqual([]);
  },
  60_000,
);

test('one process has a folder; another one gets it when that ends, by kill -9 too', async () => {
  const dir = folder();
  const first = await other(dir);
  expect(first.said).toBe('held');
  expect((await other(dir)).said).toBe('in use');
  expect(await lockFolder(dir)).toBeUndefined();
  expect(holderOf(dir)).toMatch(new RegExp(`^process ${first.child.pid} on ${hostname()}, since `));
  // Whoever was refused has let nothing go.
  expect(await lockFolder(dir)).toBeUndefined();
  const over = ended(first.child);
  first.child.kill('SIGKILL');
  await over;
  const lock = await lockFolder(dir);
  expect(lock).toBeDefined();
  expect(statSync(join(dir, 'lock')).size).toBe(0);
  expect((await other(dir)).said).toBe('in use');
  lock?.release();
  lock?.release();
  expect((await other(dir)).said).toBe('held');
});

test('within one process too a folder is had once', async () => {
  const dir = folder();
  const lock = await lockFolder(dir);
  expect(await lockFolder(dir)).toBeUndefined();
  // The attempt has not let go what is held.
  expect((await other(dir)).said).toBe('in use');
  const later = lockFolder(dir, 60_000);
  setTimeout(() => lock?.release(), 200);
  const next = await later;
  expect(next).toBeDefined();
  next?.release();
});

test('a folder that cannot be used is an error, not one in use', async () => {
  await expect(lockFolder(join(folder(), 'missing'))).rejects.toThrow();
  const dir = folder();
  mkdirSync(join(dir, 'lock'));
  await expect(lockFolder(dir)).rejects.toThrow();
});

const NAMESPACES = ['unshare', '--user', '--map-root-user', '--fork', '--pid', '--mount-proc', '--net', '--ipc', '--uts'];
const hasNamespaces = spawnSync(NAMESPACES[0] as string, [...NAMESPACES.slice(1), 'true']).status === 0;

test.skipIf(!hasNamespaces)('containers that share a volume see each other’s lock, though each is process 1 of its own', async () => {
  const dir = folder();
  const first = await other(dir, ...NAMESPACES);
  expect(first.said).toBe('held');
  expect(holderOf(dir)).toContain('process 1 on ');
  expect((await other(dir, ...NAMESPACES)).said).toBe('in use');
  expect(await lockFolder(dir)).toBeUndefined();
  const over = ended(first.child);
  // `unshare` does not pass it on; the first process of its namespace is.
  spawnSync('pkill', ['-KILL', '-P', String(first.child.pid)]);
  await over;
  const lock = await lockFolder(dir, 10_000);
  expect(lock).toBeDefined();
  expect((await other(dir, ...NAMESPACES)).said).toBe('in use');
  lock?.release();
});
