// One server a data folder: who holds the log is written in the log itself, within a transaction, so two that start at
// once cannot both win. A holder that is dead, by process id and start time, is passed over; nothing waits.
import { readFileSync } from 'node:fs';
import type { Environment } from './environment.ts';
import { metaKey } from './layout.ts';

interface Owner {
  readonly pid: number;
  /** Tells a process from a later one with the same id; empty where the system does not say. */
  readonly started: string;
}

/** Start of a process in ticks since boot, with the boot's id; empty where /proc is missing, undefined where the process is. */
const startOf = (pid: number): string | undefined => {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    // A zombie holds nothing any more.
    if (fields[0] === 'Z' || fields[0] === 'X') return undefined;
    return `${readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()}/${fields[19]}`;
  } catch {
    try {
      process.kill(pid, 0);
      return '';
    } catch (error) {
      return (error as NodeJS.ErrnoException).code === 'EPERM' ? '' : undefined;
    }
  }
};

const KEY = metaKey('owner');

/** Takes the log for this process; returns the process id of another live holder instead. */
export const takeOwnership = ({ root, meta }: Environment): number | undefined =>
  root.transactionSync(() => {
    const record = meta.get(KEY);
    const owner = record === undefined ? undefined : (JSON.parse(record.toString()) as Owner);
    // Within this process `openLmdbStream` has looked already.
    if (owner !== undefined && owner.pid !== process.pid) {
      const started = startOf(owner.pid);
      if (started !== undefined && (started === owner.started || started === '')) return owner.pid;
    }
    meta.putSync(KEY, Buffer.from(JSON.stringify({ pid: process.pid, started: startOf(process.pid) ?? '' } satisfies Owner)));
    return undefined;
  });

export const giveUpOwnership = ({ root, meta }: Environment): void => {
  root.transactionSync(() => {
    meta.removeSync(KEY);
  });
};
