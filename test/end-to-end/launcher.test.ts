// The command as an old Node begins it, which cannot become another program: its child gets what is meant for it, and ends when it ends,
// even where nothing could be forwarded.
import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { eventually, newFolder, ROOT } from './support/product.ts';

let folder = '';
beforeAll(async () => {
  folder = await newFolder();
  await writeFile(join(folder, 'token'), `${'t'.repeat(43)}\n`, { mode: 0o600 });
});
const children: ChildProcess[] = [];
afterAll(async () => {
  for (const child of children) child.kill('SIGKILL');
  await rm(folder, { recursive: true, force: true });
});

/** As under Node 20. */
const OLD = ['--import', 'data:text/javascript,process.execve = undefined'];

const launched = (args: readonly string[]) => {
  const child = spawn(process.execPath, [...OLD, join(ROOT, 'bin/inframirror.js'), ...args], { cwd: ROOT, stdio: 'pipe' });
  children.push(child);
  let text = '';
  const hear = (part: Buffer): void => {
    text += part.toString();
  };
  child.stdout.on('data', hear);
  child.stderr.on('data', hear);
  // The pipes close when the last process that has them is gone.
  const closed = new Promise<number | null>((resolve) => child.once('close', resolve));
  return { child, closed, heard: () => text };
};

const childOf = (pid: number): number => {
  const [first = ''] = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ');
  return Number(first);
};

/** As in `/proc/PID/stat`; empty: it is gone. */
const stateOf = (pid: number): string => {
  try {
    return readFileSync(`/proc/${pid}/stat`, 'utf8').replace(/^.*\) (.).*$/s, '$1');
  } catch {
    return '';
  }
};

const agent = async (name: string) => {
  const data = join(folder, name);
  const args = ['--server', 'http://127.0.0.1:9', '--token-file', join(folder, 'token'), '--data', data, '--no-journal', '--logs', join(folder, 'none')];
  const running = launched(['agent', ...args]);
  await eventually('an agent that cannot send', async () => running.heard().includes('127.0.0.1:9'));
  return running;
};

test('standard input, arguments and the exit code go through', async () => {
  const { child, closed, heard } = launched(['fmt', '-']);
  child.stdin.end('from logs|limit 1');
  expect([await closed, heard().trim()]).toEqual([0, 'from logs | limit 1']);
  expect(await launched(['no-such']).closed).toBe(2);
});

test('a signal that it is sent is its child’s', async () => {
  const { child, closed } = await agent('told');
  child.kill('SIGTERM');
  expect(await closed).toBe(0);
});

test('killed without a word it takes its child with it, in order', async () => {
  const { child, closed, heard } = await agent('killed');
  const pid = childOf(child.pid as number);
  expect(readFileSync(`/proc/${pid}/cmdline`, 'utf8')).toContain('app/main.ts');
  child.kill('SIGKILL');
  try {
    // Nobody may be there to take its exit code.
    await eventually('its end', async () => /^[ZX]?$/.test(stateOf(pid)));
  } finally {
    if (stateOf(pid) !== '') process.kill(pid, 'SIGKILL');
  }
  await closed;
  expect(heard()).toContain('the agent stopped');
});
