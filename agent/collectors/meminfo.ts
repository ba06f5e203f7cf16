// /proc/meminfo as bytes by name; used by whoever tells of memory.
import type { HostFiles } from '../host-files.ts';

export const readMeminfo = (files: HostFiles): ReadonlyMap<string, number> => {
  const out = new Map<string, number>();
  for (const line of (files.ascii('/proc/meminfo') ?? '').split('\n')) {
    const match = /^([^:]+):\s+(\d+)( kB)?$/.exec(line);
    if (match !== null) out.set(match[1] as string, Number(match[2]) * (match[3] === undefined ? 1 : 1024));
  }
  return out;
};
