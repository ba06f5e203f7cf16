// Which buckets of an answer are partial: a chart must not take them for a fall. Looks at the plan, never at rows.
import { Buckets } from './3-plan/bucket.ts';
import { type Every, inputsOf, type PlanNode } from './3-plan/nodes.ts';

/** The windows that made the rows' buckets: side by side where lengths differ. */
const windowsOf = (node: PlanNode): readonly Every[] => {
  if (node.node === 'every') return [node];
  const inputs = inputsOf(node);
  return (node.node === 'union' ? inputs : inputs.slice(0, 1)).flatMap(windowsOf);
};

/**
 * Starts (nanoseconds, ascending) of the buckets that the range cuts, or that do not end by `completeUpTo` (undefined: nothing more is
 * to come). Of a plan whose rows stand at buckets; whether a bucket has rows does not matter.
 */
export const partialBuckets = (plan: PlanNode, completeUpTo: bigint | undefined): readonly bigint[] => {
  const windows = windowsOf(plan);
  const [window] = windows;
  if (window === undefined || window.bucket.kind === 'all' || window.to <= window.from) return [];
  const { from, to } = window;
  const buckets = new Buckets(window.bucket, from, to);
  const end = completeUpTo === undefined || completeUpTo > to ? to : completeUpTo;
  const out: bigint[] = [];
  let first = buckets.count;
  while (first > 0 && buckets.end(first - 1) > end) first--;
  // A longer window reads what lies before the range.
  if (first > 0 && buckets.start(0) < from && windows.some((w) => w.over === undefined)) out.push(buckets.start(0));
  for (let number = first; number < buckets.count; number++) out.push(buckets.start(number));
  return out;
};
