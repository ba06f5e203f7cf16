// Swap space and page traffic, from /proc/meminfo, /proc/swaps and /proc/vmstat.
import { fieldsOf } from '../host-files.ts';
import { type MakeCollector, ratio } from './collector.ts';

export const paging: MakeCollector = (instruments, { files }) => {
  const usage = instruments.gauge('system.paging.usage', 'By', 'Swap space by device and state', 'device', 'state');
  const utilization = instruments.gauge('system.paging.utilization', '1', 'Share of a swap device in each state', 'device', 'state');
  const faults = instruments.counter('system.paging.faults', '{fault}', 'Page faults; a major one waited for a disk', 'type');
  const operations = instruments.counter(
    'system.paging.operations',
    '{operation}',
    'Pages moved between memory and disk: major ones to and from swap, minor ones of files',
    'type',
    'direction',
  );
  return {
    name: 'paging',
    collect: () => {
      for (const line of (files.text('/proc/swaps') ?? '').split('\n').slice(1)) {
        const [device, , size, used] = fieldsOf(line);
        if (device === undefined || used === undefined) continue;
        const bytes = { used: Number(used) * 1024, free: (Number(size) - Number(used)) * 1024 };
        for (const [state, value] of Object.entries(bytes)) {
          usage.set(value, device, state);
          utilization.set(ratio(value, Number(size) * 1024), device, state);
        }
      }
      const counts = new Map<string, number>();
      for (const line of (files.ascii('/proc/vmstat') ?? '').split('\n')) {
        const blank = line.indexOf(' ');
        if (line.startsWith('pg') || line.startsWith('psw')) counts.set(line.slice(0, blank), Number(line.slice(blank + 1)));
      }
      const major = counts.get('pgmajfault');
      const all = counts.get('pgfault');
      faults.set(major, 'major');
      faults.set(all === undefined ? undefined : all - (major ?? 0), 'minor');
      operations.set(counts.get('pswpin'), 'major', 'in');
      operations.set(counts.get('pswpout'), 'major', 'out');
      operations.set(counts.get('pgpgin'), 'minor', 'in');
      operations.set(counts.get('pgpgout'), 'minor', 'out');
    },
  };
};
