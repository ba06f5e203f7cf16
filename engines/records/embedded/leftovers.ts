// What a former run left behind: a server still going on in the same folder, and files that name processes long gone.
// Never touches a process that does not work in that folder.
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { CodedError } from '../../../core/errors.ts';

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

export const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
};

const postmasterPid = (folder: string): number | undefined => {
  try {
    const pid = Number(readFileSync(join(folder, 'postmaster.pid'), 'utf8').split('\n')[0]);
    return Number.isInteger(pid) && pid > 0 ? pid : undefined;
  } catch {
    return undefined;
  }
};

/** Whether the server of that pid takes connections, by the last line of its pid file. */
export const isReady = (folder: string, pid: number): boolean => {
  try {
    const lines = readFileSync(join(folder, 'postmaster.pid'), 'utf8').split('\n');
    return Number(lines[0]) === pid && lines[7]?.trim() === 'ready';
  } catch {
    return false;
  }
};

/** Server processes whose current folder is the database's: the postmaster and all its children. */
const serversOn = (folder: string): number[] => {
  if (process.platform !== 'linux') {
    const pid = postmasterPid(folder);
    if (pid === undefined || !isAlive(pid)) return [];
    try {
      return execFileSync('ps', ['-o', 'comm=', '-p', String(pid)], { encoding: 'utf8' })
        .trim()
        .endsWith('postgres')
        ? [pid]
        : [];
    } catch {
      return [];
    }
  }
  const home = statSync(folder);
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => {
      try {
        const { dev, ino } = statSync(`/proc/${pid}/cwd`);
        return dev === home.dev && ino === home.ino && readFileSync(`/proc/${pid}/comm`, 'utf8').startsWith('postgres');
      } catch {
        return false;
      }
    });
};

/** Fast shutdown, immediate shutdown, kill: how long each gets, in ms. */
const STEPS = [
  ['SIGINT', 10_000],
  ['SIGQUIT', 5_000],
  ['SIGKILL', 5_000],
] as const;

const signal = (pid: number, name: NodeJS.Signals): void => {
  try {
    process.kill(pid, name);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
};

/** Ends a server that hangs, with all its processes: none of them would heed less. */
export const killServers = (folder: string): void => {
  for (const pid of serversOn(folder)) signal(pid, 'SIGKILL');
};

/** Resolves when no server works in the folder and nothing keeps a new one from starting. */
export const endLeftovers = async (folder: string): Promise<void> => {
  for (const [name, ms] of STEPS) {
    const left = serversOn(folder);
    if (left.length === 0) break;
    // The postmaster takes its children along; what has none any more gets the signal itself.
    const postmaster = postmasterPid(folder);
    for (const pid of postmaster !== undefined && left.includes(postmaster) && name !== 'SIGKILL' ? [postmaster] : left) signal(pid, name);
    for (const end = performance.now() + ms; serversOn(folder).length > 0 && performance.now() < end; ) await sleep(20);
  }
  const left = serversOn(folder);
  if (left.length > 0)
    throw new CodedError('records.start-failed', { reason: `a former server still runs (process ${left.join(', ')}) and could not be ended` });
  // PostgreSQL itself checks the files of dead processes; a pid that someone else has by now it would believe.
  const pid = postmasterPid(folder);
  if (pid !== undefined && isAlive(pid)) rmSync(join(folder, 'postmaster.pid'), { force: true });
  rmSync(join(folder, '.s.PGSQL.5432.lock'), { force: true });
};
