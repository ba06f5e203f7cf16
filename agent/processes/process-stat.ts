// What /proc/<pid>/stat says, taken from its text (https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html).

import { bounded } from '../bounded.ts';

/** Characters; the kernel keeps 15, of its own threads 63. */
const MOST_NAME = 256;

export interface ProcessStat {
  readonly name: string;
  readonly state: string;
  readonly parent: number;
  /** Processor time in ticks, user and system together. */
  readonly ticks: number;
  readonly threads: number;
  /** When it began, in ticks since the system did. */
  readonly started: number;
  /** Bytes. */
  readonly virtualMemory: number;
  /** Pages. */
  readonly residentPages: number;
}

const STATES: Readonly<Record<string, string>> = {
  R: 'running',
  S: 'sleeping',
  D: 'disk-sleep',
  T: 'stopped',
  t: 'stopped',
  Z: 'zombie',
  X: 'zombie',
  x: 'zombie',
  I: 'idle',
};

/** The word for a letter of the kernel; older kernels' further letters are kinds of sleep. */
export const stateOf = (letter: string): string => STATES[letter] ?? 'sleeping';

/** Undefined when the text is not whole. The name may hold blanks and parentheses, so fields are counted from its last one. */
export const parseProcessStat = (text: string): ProcessStat | undefined => {
  const open = text.indexOf('(');
  const close = text.lastIndexOf(')');
  if (open < 0 || close < open) return undefined;
  const fields = text.slice(close + 2).split(' ');
  if (fields.length < 22) return undefined;
  const number = (i: number): number => Number(fields[i]);
  return {
    name: bounded(text.slice(open + 1, close), MOST_NAME),
    state: stateOf(fields[0] as string),
    parent: number(1),
    ticks: number(11) + number(12),
    threads: number(17),
    started: number(19),
    virtualMemory: number(20),
    residentPages: number(21),
  };
};
