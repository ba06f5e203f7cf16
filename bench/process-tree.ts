// What a process and all that it started have cost, by the kernel's account. Linux only.
import { readdirSync, readFileSync } from 'node:fs';

const TICKS_PER_SECOND = 100;

interface Stat {
  readonly parent: number;
  readonly cpu: number;
}

const statOf = (pid: number): Stat | undefined => {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    // ppid, then utime, stime, cutime and cstime: fields 4 and 14 to 17 of proc(5).
    return { parent: Number(fields[1]), cpu: [11, 12, 13, 14].reduce((sum, at) => sum + Number(fields[at]), 0) / TICKS_PER_SECOND };
  } catch {
    return undefined;
  }
};

const treeOf = (root: number): ReadonlyMap<number, Stat> => {
  const all = new Map<number, Stat>();
  for (const name of readdirSync('/proc')) {
    const stat = /^\d+$/.test(name) ? statOf(Number(name)) : undefined;
    if (stat !== undefined) all.set(Number(name), stat);
  }
  const isOurs = (pid: number): boolean => pid === root || (all.has(pid) && isOurs((all.get(pid) as Stat).parent));
  return new Map([...all].filter(([pid]) => isOurs(pid)));
};

/** Seconds of processor time, those of children that have ended included. */
export const treeCpu = (root: number): number =>
  treeOf(root)
    .values()
    .reduce((sum, { cpu }) => sum + cpu, 0);

/** Bytes that are resident now; a page that several processes share is counted once, each has its part (PSS of proc(5)). */
export const treeMemory = (root: number): number =>
  treeOf(root)
    .keys()
    .reduce((sum, pid) => sum + residentOf(pid), 0);

const residentOf = (pid: number): number => {
  try {
    return Number(/^Pss:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, 'latin1'))?.[1] ?? 0) * 1024;
  } catch {
    return 0;
  }
};

/**
 * Resolves when the processes rest, merges too: below 15 % of a core for six seconds. Not lower: with a million series the questions that the
 * server asks by itself every five seconds take 7 %.
 */
export const untilIdle = async (root: number): Promise<void> => {
  for (let before = treeCpu(root), calm = 0; calm < 3; ) {
    await new Promise((resolve) => setTimeout(resolve, 2000));
    const cpu = treeCpu(root);
    calm = cpu - before < 0.3 ? calm + 1 : 0;
    before = cpu;
  }
};
