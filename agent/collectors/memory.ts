// Physical memory by state from /proc/meminfo. The states add up to the limit: used is what neither is free nor serves files.
import { type MakeCollector, ratio } from './collector.ts';
import { readMeminfo } from './meminfo.ts';

export const memory: MakeCollector = (instruments, { files }) => {
  const usage = instruments.gauge('system.memory.usage', 'By', 'Memory by state; the states add up to the limit', 'state');
  const utilization = instruments.gauge('system.memory.utilization', '1', 'Share of the memory in each state', 'state');
  const limit = instruments.gauge('system.memory.limit', 'By', 'Physical memory');
  const available = instruments.gauge('system.linux.memory.available', 'By', 'Memory a new program could get without swapping, as the kernel estimates');
  const slab = instruments.gauge('system.linux.memory.slab.usage', 'By', 'Memory of the kernel’s own objects', 'state');
  return {
    name: 'memory',
    collect: () => {
      const info = readMeminfo(files);
      const total = info.get('MemTotal');
      if (total === undefined) return;
      limit.set(total);
      const free = info.get('MemFree') ?? 0;
      const buffers = info.get('Buffers') ?? 0;
      const cached = (info.get('Cached') ?? 0) + (info.get('SReclaimable') ?? 0);
      const states = { used: Math.max(0, total - free - buffers - cached), free, buffers, cached };
      for (const [state, bytes] of Object.entries(states)) {
        usage.set(bytes, state);
        utilization.set(ratio(bytes, total), state);
      }
      available.set(info.get('MemAvailable'));
      slab.set(info.get('SReclaimable'), 'reclaimable');
      slab.set(info.get('SUnreclaim'), 'unreclaimable');
    },
  };
};
