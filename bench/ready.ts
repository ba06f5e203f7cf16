// How long a start takes until the product answers and its first own sample can be queried: the first start after installation and a
// later one on the same data, each beside the bare start of Node in the same run. Also what each process takes of memory then.
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { Figure } from './figure.ts';

const MAIN = fileURLToPath(new URL('../app/main.ts', import.meta.url));

const start = async (dataDir: string): Promise<{ readonly ms: number; readonly child: ChildProcess }> => {
  const begun = performance.now();
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', MAIN, 'start', '--data', dataDir, '--listen', '127.0.0.1:0'], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  if (child.stdout === null) throw new Error('no output to read');
  for await (const line of createInterface({ input: child.stdout }))
    if (line.startsWith('InfraMirror is ready at ')) return { ms: performance.now() - begun, child };
  throw new Error('the product ended before it was ready');
};

/** Resident bytes of a process and those it started, by the file each runs. */
const memory = (root: number): ReadonlyMap<string, number> => {
  const parents = new Map<number, number>();
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    const stat = readStat(name);
    if (stat !== undefined) parents.set(Number(name), stat);
  }
  const isOurs = (pid: number): boolean => pid === root || (parents.has(pid) && isOurs(parents.get(pid) as number));
  const out = new Map<string, number>();
  for (const pid of parents.keys()) {
    if (!isOurs(pid)) continue;
    const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
    const role = command.includes('agent')
      ? 'agent'
      : command.some((part) => part.endsWith('columns/embedded/child.ts'))
        ? 'column store'
        : command.includes('start')
          ? 'server'
          : 'record store';
    const resident = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
    out.set(role, (out.get(role) ?? 0) + Number(resident ?? 0) * 1024);
  }
  return out;
};

const readStat = (pid: string): number | undefined => {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]);
  } catch {
    return undefined;
  }
};

const stop = async (child: ChildProcess): Promise<number> => {
  const begun = performance.now();
  const ended = once(child, 'exit');
  child.kill('SIGTERM');
  await ended;
  return performance.now() - begun;
};

export const run = async (): Promise<readonly Figure[]> => {
  const dataDir = mkdtempSync(join(tmpdir(), 'inframirror-ready-'));
  try {
    const bareBegun = performance.now();
    spawnSync(process.execPath, ['-e', '0']);
    const bare = performance.now() - bareBegun;
    const first = await start(dataDir);
    const firstStop = await stop(first.child);
    const later = await start(dataDir);
    await new Promise((resolve) => setTimeout(resolve, 20_000));
    const resident = memory(later.child.pid ?? 0);
    const laterStop = await stop(later.child);
    const against = `Node alone ${bare.toFixed(0)} ms`;
    const seconds = (ms: number): string => `${(ms / 1000).toFixed(2)} s`;
    return [
      { what: 'ready, first start (goal 10 s)', value: seconds(first.ms), against, ratio: first.ms / bare },
      { what: 'ready, later start (goal 5 s)', value: seconds(later.ms), against, ratio: later.ms / bare },
      { what: 'stop', value: `${seconds(firstStop)}, ${seconds(laterStop)}`, against: '', ratio: undefined },
      ...[...resident].map(
        ([role, bytes]): Figure => ({
          what: `memory of the ${role}`,
          value: `${(bytes / 2 ** 20).toFixed(0)} MiB`,
          against: '20 s after the start',
          ratio: undefined,
        }),
      ),
    ];
  } finally {
    rmSync(dataDir, { recursive: true, force: true });
  }
};
