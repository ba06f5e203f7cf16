// When the system began. The kernel's own answer moves by a second when the clock is set; it is read once per run of the kernel
// and kept, because with it the start of a process would move, and the start is part of its identity.
import type { HostFiles } from './host-files.ts';
import type { AgentState } from './state.ts';

/** ms since 1970; 0 where /proc does not say. */
export const systemStart = (files: HostFiles, state: AgentState): number => {
  const run = (files.ascii('/proc/sys/kernel/random/boot_id') ?? '').trim();
  const kept = state.stored.kernel;
  if (kept !== undefined && run !== '' && kept.run === run) return kept.started * 1000;
  const started = Number(/^btime (\d+)/m.exec(files.ascii('/proc/stat') ?? '')?.[1] ?? 0);
  if (run !== '') state.keep({ kernel: { run, started } });
  return started * 1000;
};
