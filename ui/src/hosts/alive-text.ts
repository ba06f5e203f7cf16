// Processes that are alive, as a text: those seen in the newest sampling of their host. The one recipe for every page.
import { bounds, isMoving, type Range } from '../address/range.ts';

/** Longer than a few samplings (an agent takes one every 15 s): a host that was not heard for so long has none that is known to live. */
const LAST_MS = 120_000;

const rangeText = (range: Range): string => {
  if (isMoving(range)) return 'last 2m';
  const { from, to } = bounds(range, Date.now());
  return `between @${new Date(Math.max(from, to - LAST_MS)).toISOString()} and @${new Date(to).toISOString()}`;
};

/** All rows of one sampling have one time. `where`: a condition, empty for all hosts. */
export const aliveText = (range: Range, where: string): string =>
  `from processes ${rangeText(range)}${where === '' ? '' : `\n| where ${where}`}\n| top 1 time by max(time) per host`;
