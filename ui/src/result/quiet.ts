// Whether the newest value of a line is one of now: a host that fell silent has a last value, and it must not pass for a current one.
// Pure; all times in milliseconds.
import type { Asked } from '../data/run.svelte.ts';
import type { Result } from '../data/types.ts';

export interface Quiet {
  /** Of the newest value. */
  readonly at: number;
  /** From the end of its bucket to the end of what could have come. */
  readonly age: number;
}

/** Buckets that may be late, and the least that is told: agents send in steps of up to a minute. */
const BUCKETS = 3;
const LEAST_MS = 120_000;

/** Up to when values can be there: the range may reach beyond what was complete when it was asked. */
export const endOf = ({ completeUpTo }: Pick<Result, 'completeUpTo'>, { to, at }: Pick<Asked, 'to' | 'at'>): number => {
  const complete = completeUpTo === null ? Number.NaN : Date.parse(completeUpTo);
  return Math.min(to, at, Number.isNaN(complete) ? at : complete);
};

/** `width` of a bucket, 0 for moments; `step` between two values of the line; null: the value is of now. */
export const quietOf = (newest: number, width: number, step: number, end: number): Quiet | null => {
  const age = end - (newest + width);
  return age > Math.max(LEAST_MS, BUCKETS * Math.max(width, step)) ? { at: newest, age } : null;
};
