// How long the system has been running, from /proc/uptime.
import type { MakeCollector } from './collector.ts';

export const uptime: MakeCollector = (instruments, { files }) => {
  const gauge = instruments.gauge('system.uptime', 's', 'Time since the system began');
  return {
    name: 'uptime',
    collect: () => {
      const seconds = (files.ascii('/proc/uptime') ?? '').split(' ', 1)[0];
      if (seconds) gauge.set(Number(seconds));
    },
  };
};
