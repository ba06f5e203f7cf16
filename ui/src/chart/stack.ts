// Puts lines upon one another: for each line where its part begins and ends at each time. Positive parts grow up from 0, negative ones down.
// Nothing is interpolated: what is missing takes no room, and what was sampled less often stands for as long as its own step.
import type { Point } from '../result/series.ts';

export interface Layer {
  /** Aligned with the times; `top` is null where the line has no part. `base` is nearer to 0 than `top`. */
  readonly base: readonly number[];
  readonly top: readonly (number | null)[];
}

/** The values a line stands for: with `hold`, its last value until its next one; a gap (null) is a gap. */
export const heldPoints = (points: readonly Point[]): (number | null)[] => {
  let held: number | null = null;
  // behind the last sample nothing is known
  const end = points.findLastIndex((point) => point !== undefined);
  return points.map((point, i) => {
    if (point !== undefined) held = point;
    return i <= end ? held : null;
  });
};

/** From the lowest layer up. */
export const stack = (lines: readonly (readonly Point[])[], size: number, hold: boolean): Layer[] => {
  const up = new Float64Array(size);
  const down = new Float64Array(size);
  return lines.map((points) => {
    const values = hold ? heldPoints(points) : points;
    const base = new Array<number>(size).fill(0);
    const top = new Array<number | null>(size).fill(null);
    for (let i = 0; i < size; i++) {
      const value = values[i];
      if (value === null || value === undefined) continue;
      const sums = value < 0 ? down : up;
      base[i] = sums[i] as number;
      top[i] = (sums[i] as number) + value;
      sums[i] = top[i] as number;
    }
    return { base, top };
  });
};

/** What all lines add up to at a time; null where none has a value there. */
export const totalAt = (lines: readonly (readonly Point[])[], index: number): number | null => {
  let total: number | null = null;
  for (const points of lines) {
    const value = points[index];
    if (value !== null && value !== undefined) total = (total ?? 0) + value;
  }
  return total;
};
