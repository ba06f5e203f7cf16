// Load averages from /proc/loadavg.
import type { MakeCollector } from './collector.ts';

export const load: MakeCollector = (instruments, { files }) => {
  const gauges = ['1m', '5m', '15m'].map((span) =>
    instruments.gauge(`system.cpu.load_average.${span}`, '{thread}', `Threads running or waiting for a processor or a disk, averaged over ${span}`),
  );
  return {
    name: 'load',
    collect: () => {
      const fields = (files.ascii('/proc/loadavg') ?? '').split(' ');
      for (const [i, gauge] of gauges.entries()) if (fields[i]) gauge.set(Number(fields[i]));
    },
  };
};
