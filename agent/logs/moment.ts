// A moment by the clock and by the kernel's own count of time, which nobody can set: files are made by the clock, which may be set between a look at
// them and the next, or while the agent is away. It looks at no file but the kernel's name of its run.
import { readFileSync } from 'node:fs';

/** Time since the kernel began, ms, and which run of the kernel that is. */
export interface KernelTime {
  readonly run: string;
  readonly ms: number;
}

export interface Moment {
  /** By the clock, ms since 1970. */
  readonly at: number;
  /** An older version did not keep it. */
  readonly kernel?: KernelTime;
}

/** Less is the difference of two clocks that both go right. */
const LEAST_STEP_MS = 1000;
/** The clock is let go slower or faster by no more than that, to set it right. */
const MOST_DRIFT = 0.001;

const runOfKernel = (): string => {
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').slice(0, 13);
  } catch {
    return '';
  }
};
const run = runOfKernel();
const kernelMs = (): number => Number(process.hrtime.bigint() / 1_000_000n);

export const momentNow = (): Moment => ({ at: Date.now(), kernel: { run, ms: kernelMs() } });

/**
 * Whether a time that a file has, ms by the clock as it was then, is later than the moment. Where the clock was set since, what came after that
 * has times by the new one: from as long ago as the kernel counted, or from its beginning where it began anew.
 */
export const isAfter = (ms: number, { at, kernel }: Moment): boolean => {
  if (ms > at) return true;
  if (kernel === undefined) return false;
  const now = Date.now();
  const passed = kernel.run === run ? kernelMs() - kernel.ms : kernelMs();
  const since = now - passed;
  return at - since > LEAST_STEP_MS + passed * MOST_DRIFT && ms > since && ms <= now + LEAST_STEP_MS;
};
