// How many lines came while someone was reading what was there.
import type { Lines } from './lines.ts';

/** Without the `Z`, so that more digits are later. */
const exact = (time: unknown): string => String(time).slice(0, -1);

/** Lines of `now` that are newer than all of `held`, or of its newest time and more than it has of that. */
export const newLines = (held: Lines, now: Lines): number => {
  let newest = '';
  for (const time of held.times) if (exact(time) > newest) newest = exact(time);
  const count = ({ times }: Lines): number => times.reduce<number>((n, time) => n + (exact(time) >= newest ? 1 : 0), 0);
  return Math.max(0, count(now) - count(held));
};
