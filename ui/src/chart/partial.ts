// Which buckets of a chart do not hold all they will: cut by the range's start or end, or still filling.
import type { Panel } from '../result/series.ts';

export interface Partial {
  /** Milliseconds, end exclusive. */
  readonly from: number;
  readonly to: number;
}

/** Times in milliseconds; `completeUpTo` NaN where unknown. Lines that are not in buckets have none. */
export const partialBuckets = ({ bucket, times }: Pick<Panel, 'bucket' | 'times'>, from: number, to: number, completeUpTo: number): Partial[] => {
  if (bucket === undefined) return [];
  const end = Number.isNaN(completeUpTo) ? to : Math.min(to, completeUpTo);
  return times.filter((at) => at < from || at + bucket > end).map((at) => ({ from: at, to: at + bucket }));
};
