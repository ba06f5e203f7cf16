// Time of the processors by mode, each and all together, from /proc/stat. Guests are part of user, as the kernel counts them.
import { fieldsOf, linesOf } from '../host-files.ts';
import { type MakeCollector, ratio } from './collector.ts';

/** Kernel ticks a second that /proc speaks in; 100 on every Linux a program can meet. */
export const TICKS = 100;

/** cpu.mode in the order of /proc/stat; hard and soft interrupts are one. */
const MODES = ['user', 'nice', 'system', 'idle', 'iowait', 'interrupt', 'steal'] as const;

/** Ticks by mode from the numbers behind `cpu`. */
const byMode = (fields: readonly string[]): readonly number[] => {
  const [user = 0, nice = 0, system = 0, idle = 0, iowait = 0, irq = 0, softirq = 0, steal = 0] = fields.slice(1).map(Number);
  return [user, nice, system, idle, iowait, irq + softirq, steal];
};

export const cpu: MakeCollector = (instruments, { files }) => {
  const time = instruments.counter('system.cpu.time', 's', 'Time each logical processor spent in each mode', 'cpu.logical_number', 'cpu.mode');
  const utilization = instruments.gauge('system.cpu.utilization', '1', 'Share of all processors’ time in each mode since the last sample', 'cpu.mode');
  const count = instruments.gauge('system.cpu.logical.count', '{cpu}', 'Logical processors that are online');
  let before: readonly number[] | undefined;
  return {
    name: 'cpu',
    collect: () => {
      let online = 0;
      for (const line of linesOf(files.ascii('/proc/stat') ?? '')) {
        if (!line.startsWith('cpu')) break;
        const fields = fieldsOf(line);
        const ticks = byMode(fields);
        const number = (fields[0] as string).slice(3);
        if (number !== '') {
          online++;
          for (const [i, mode] of MODES.entries()) time.set((ticks[i] as number) / TICKS, number, mode);
          continue;
        }
        if (before !== undefined) {
          // The kernel may take back a little idle or iowait time.
          const spent = ticks.map((t, i) => Math.max(0, t - ((before as readonly number[])[i] as number)));
          const all = spent.reduce((sum, t) => sum + t, 0);
          for (const [i, mode] of MODES.entries()) utilization.set(ratio(spent[i] as number, all), mode);
        }
        before = ticks;
      }
      if (online > 0) count.set(online);
    },
  };
};
