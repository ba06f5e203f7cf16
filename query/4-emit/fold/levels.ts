// From where a window's samples are read: of hours that were put together from their parts, where no window begins or ends within one.
import { FIVE_MINUTES, HOUR } from '../../../schemas/rollups.ts';
import type { Every, Scan } from '../../3-plan/nodes.ts';
import type { RolledHours } from '../known.ts';
import { windowsOf } from './windows.ts';

/** ms, closed-open. */
export interface LevelStretch {
  readonly from: number;
  readonly to: number;
}

export interface Levels {
  readonly samples: readonly LevelStretch[];
  readonly fine: readonly LevelStretch[];
  readonly whole: readonly LevelStretch[];
  /** Of the range, ms. */
  readonly end: number;
}

const add = (list: LevelStretch[], from: number, to: number): void => {
  const last = list.at(-1);
  if (last?.to === from) list[list.length - 1] = { from: last.from, to };
  else list.push({ from, to });
};

/** The hours that the window's input is read in, cut by level; undefined: nothing of them was put together so that it helps. */
export const levelsOf = (node: Every & { readonly input: Scan }, rolled: RolledHours): Levels | undefined => {
  const { range, before } = node.input;
  if (range === undefined || rolled.size === 0) return undefined;
  const [from, to] = [range.from - before, range.to].map((ns) => Number((ns + 999_999n) / 1_000_000n)) as [number, number];
  const windows = windowsOf(node);
  /** Hours in which some window begins or ends, and whether each does so by five minutes. */
  const cut = new Map<number, boolean>();
  for (const bound of [windows.from, windows.to])
    for (const moment of bound) {
      if (moment % HOUR.stepMs === 0) continue;
      const hour = Math.floor(moment / HOUR.stepMs);
      cut.set(hour, (cut.get(hour) ?? true) && moment % FIVE_MINUTES.stepMs === 0);
    }
  const levels = { samples: [] as LevelStretch[], fine: [] as LevelStretch[], whole: [] as LevelStretch[] };
  for (let hour = Math.floor(from / HOUR.stepMs); hour * HOUR.stepMs < to; hour++) {
    const [begin, end] = [hour * HOUR.stepMs, (hour + 1) * HOUR.stepMs];
    const isFine = rolled.get(hour);
    const isCut = cut.get(hour);
    if (isFine !== undefined && isCut === undefined) add(levels.whole, begin, end);
    else if (isFine === true && isCut === true) add(levels.fine, begin, end);
    else add(levels.samples, Math.max(begin, from), Math.min(end, to));
  }
  return levels.fine.length + levels.whole.length === 0 ? undefined : { ...levels, end: to };
};
