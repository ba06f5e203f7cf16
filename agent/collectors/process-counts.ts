// How many processes there are by state, each looked at once, and how many were made since the start, from /proc/stat.
import { stateOf } from '../processes/process-stat.ts';
import type { MakeCollector } from './collector.ts';

const IS_NUMBER = /^\d+$/;

export const processCounts: MakeCollector = (instruments, { files }) => {
  const count = instruments.gauge('system.process.count', '{process}', 'Processes by state', 'state');
  const created = instruments.counter('system.process.created', '{process}', 'Processes and threads made since the system began');
  const runnable = instruments.gauge('system.process.runnable', '{thread}', 'Threads that run or wait for a processor');
  const blocked = instruments.gauge('system.process.blocked', '{thread}', 'Threads that wait for a disk');
  const states = new Map<string, number>();
  return {
    name: 'process-counts',
    collect: () => {
      for (const state of states.keys()) states.set(state, 0);
      for (const pid of files.list('/proc')) {
        if (!IS_NUMBER.test(pid)) continue;
        const text = files.ascii(`/proc/${pid}/stat`);
        if (text === undefined) continue;
        const state = stateOf(text[text.lastIndexOf(')') + 2] ?? '');
        states.set(state, (states.get(state) ?? 0) + 1);
      }
      for (const [state, n] of states) count.set(n, state);
      const stat = files.ascii('/proc/stat') ?? '';
      const value = (name: string): number | undefined => {
        const found = new RegExp(`^${name} (\\d+)`, 'm').exec(stat)?.[1];
        return found === undefined ? undefined : Number(found);
      };
      created.set(value('processes'));
      runnable.set(value('procs_running'));
      blocked.set(value('procs_blocked'));
    },
  };
};
