// What of a panel is drawn where: the points of each line as they stand on the axis, stacked or not, and how far the axis has to reach.
// Pure; the canvas is in paint.ts.
import type { Panel, Point } from '../result/series.ts';
import { type Drawing, isBars, isStacked } from './drawing.ts';
import { type Layer, stack } from './stack.ts';

export interface Shape {
  readonly drawing: Drawing;
  readonly log: boolean;
  /** Whether each line is drawn. */
  readonly visible: readonly boolean[];
  /** Where each line stands, aligned with the times; null: not there. */
  readonly points: readonly (readonly Point[])[];
  /** Of the drawn lines, where they are stacked. */
  readonly layers: readonly (Layer | undefined)[];
  /** NaN where there is nothing. */
  readonly min: number;
  readonly max: number;
  /** Width of a bar in ms. */
  readonly width: number;
  /** Values that a log axis has no place for. */
  readonly left: number;
}

const smallestStep = (times: readonly number[]): number => {
  let smallest = Number.POSITIVE_INFINITY;
  for (let i = 1; i < times.length; i++) smallest = Math.min(smallest, (times[i] as number) - (times[i - 1] as number));
  return smallest;
};

/** `isolated`: keys of the lines that are drawn; empty: all. */
export const shapeOf = (panel: Panel, drawing: Drawing, log: boolean, isolated: ReadonlySet<string>): Shape => {
  const visible = panel.lines.map(({ key }) => isolated.size === 0 || isolated.has(key));
  const size = panel.times.length;
  let left = 0;
  const positive = (point: Point): Point => {
    if (typeof point !== 'number' || point > 0) return point;
    left++;
    return null;
  };
  const points = panel.lines.map(({ points: own }, i) => (log && visible[i] ? own.map(positive) : own));
  let layers: (Layer | undefined)[] = [];
  if (isStacked(drawing)) {
    const drawn = points.flatMap((_, i) => (visible[i] ? [i] : []));
    // amounts that are missing are none; what is measured less often stands for its own step
    const hold = !panel.additive && !isBars(drawing);
    const filled = drawn.map((i) =>
      panel.additive && !isBars(drawing) ? (points[i] as readonly Point[]).map((point) => point ?? 0) : (points[i] as readonly Point[]),
    );
    const stacked = stack(filled, size, hold);
    layers = points.map((_, i) => stacked[drawn.indexOf(i)]);
  }
  let min = Number.NaN;
  let max = Number.NaN;
  const standing = points.map((own, i) => layers[i]?.top ?? own);
  for (const [i, own] of standing.entries()) {
    if (!visible[i]) continue;
    for (const point of own) {
      if (point === null || point === undefined) continue;
      if (!(point >= min)) min = point;
      if (!(point <= max)) max = point;
    }
  }
  const step = panel.bucket ?? smallestStep(panel.times);
  return { drawing, log, visible, points: standing, layers, min, max, width: Number.isFinite(step) ? step : 60_000, left };
};
