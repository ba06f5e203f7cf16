// What a bench module gives: figures that hold on any machine because each stands beside something measured in the same run.
// A module `bench/X.ts` exports `run(): Promise<readonly Figure[]>`; `bench/main.ts` lists them.
import { readFileSync } from 'node:fs';

export interface Figure {
  readonly what: string;
  /** The measured figure with its unit. */
  readonly value: string;
  /** The same of what it is compared with, in this run; empty where there is none. */
  readonly against: string;
  /** value ÷ reference (above 1: larger than the reference); undefined where there is none. */
  readonly ratio: number | undefined;
}

/** Seconds of processor time that `work` takes per call, user and system, all threads: the best of `rounds`. */
export const cpuSeconds = async (work: () => unknown, calls: number, rounds = 5): Promise<number> => {
  let best = Number.POSITIVE_INFINITY;
  for (let round = 0; round < rounds; round++) {
    const before = process.cpuUsage();
    for (let i = 0; i < calls; i++) await work();
    const { user, system } = process.cpuUsage(before);
    best = Math.min(best, (user + system) / 1e6 / calls);
  }
  return best;
};

export const median = (values: readonly number[]): number => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;

/** Three digits that mean something. */
export const short = (n: number): string =>
  n >= 1e6 ? `${(n / 1e6).toPrecision(3)} M` : n >= 1e4 ? `${(n / 1e3).toPrecision(3)} k` : Number(n.toPrecision(3)).toString();

/** Seconds of CPU and bytes of memory of a process, by the kernel's account. */
export const costOf = (pid: number): { readonly cpu: number; readonly rss: number } => {
  const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const rss = Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'latin1'))?.[1] ?? 0) * 1024;
  return { cpu: (Number(fields[11]) + Number(fields[12])) / 100, rss };
};
