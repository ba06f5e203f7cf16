// Makes a line of very many points as many as a screen can show: of each step of the range its least and its largest value, in their order.
// Nothing that stands out is lost, and a step without a value stays a gap. Pure; figures are taken from the whole line, never from this.

export interface Course {
  /** Milliseconds, ascending. */
  readonly times: readonly number[];
  readonly values: readonly (number | null)[];
}

/** A line of more points is thinned. */
export const MOST_POINTS = 8000;
/** Steps it is thinned to: more than a chart has pixels. */
const STEPS = 2000;

/** Steps of a whole even number of ms from `from` on that reach `to`. */
export const stepFor = (from: number, to: number): number => 2 * Math.max(1, Math.ceil((to - from + 1) / (2 * STEPS)));

/** Two points a step, at its beginning and its middle; lines thinned with the same `from` and `step` have the same times. */
export const thinned = ({ times, values }: Course, from: number, step: number): Course => {
  const out = { times: [] as number[], values: [] as (number | null)[] };
  for (let i = 0; i < times.length; ) {
    const at = Math.floor(((times[i] as number) - from) / step);
    let low = -1;
    let high = -1;
    for (; i < times.length && Math.floor(((times[i] as number) - from) / step) === at; i++) {
      const value = values[i];
      if (value === null || value === undefined) continue;
      if (low < 0 || value < (values[low] as number)) low = i;
      if (high < 0 || value >= (values[high] as number)) high = i;
    }
    const start = from + at * step;
    out.times.push(start, start + step / 2);
    out.values.push(values[Math.min(low, high)] ?? null, values[Math.max(low, high)] ?? null);
  }
  return out;
};
