// What the crosshair reads: the value of each drawn line at a time, the highest first, their total where they add up, and where the box
// with them stands: beside the pointer, never over it.
import type { Panel, Point } from '../result/series.ts';
import { isBars, isStacked } from './drawing.ts';
import type { Shape } from './shape.ts';
import { totalAt } from './stack.ts';

/** Further away than this many pixels, and than half a bucket, a point is not what the crosshair stands on. */
const READ_PIXELS = 24;

/** Whether the crosshair stands on what there is at that index of the times. */
export const isRead = (panel: Pick<Panel, 'times' | 'bucket'>, index: number, at: number, perPixel: number): boolean => {
  const away = Math.abs((panel.times[index] ?? Number.POSITIVE_INFINITY) - at);
  return away <= Math.max(READ_PIXELS * perPixel, (panel.bucket ?? 0) * 0.6);
};

/** The nearest point of a line to the cursor, where the line has none at its very time. */
export const nearest = (points: readonly Point[], index: number): number => {
  if (points[index] !== undefined) return index;
  for (let away = 1; away < 30; away++) {
    if (points[index - away] !== undefined && index - away >= 0) return index - away;
    if (points[index + away] !== undefined) return index + away;
  }
  return index;
};

/** The bar a time lies in: bars stand on their bucket, not around its beginning. Undefined between bars. */
export const barAt = (times: readonly number[], width: number, at: number): number | undefined => {
  let low = 0;
  let high = times.length - 1;
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if ((times[middle] as number) <= at) low = middle;
    else high = middle - 1;
  }
  const time = times[low];
  return time !== undefined && at >= time && at < time + width ? low : undefined;
};

/** The index each line is read at; null: it has nothing there. `perPixel`: milliseconds. */
export const readIndex = (panel: Panel, shape: Shape, line: number, index: number, at: number, perPixel: number): number | null => {
  if (isBars(shape.drawing)) return barAt(panel.times, shape.width, at) ?? null;
  const nearby = isStacked(shape.drawing) ? index : nearest(panel.lines[line]?.points ?? [], index);
  return isRead(panel, nearby, at, perPixel) ? nearby : null;
};

export interface Reading {
  readonly line: number;
  readonly value: number;
}

export interface Readings {
  /** The highest first. */
  readonly lines: readonly Reading[];
  /** Where the drawn lines add up to something and there are several. */
  readonly total: number | null;
}

/** `indices`: of each line, as `readIndex` gave them. */
export const readingsAt = (panel: Panel, shape: Shape, indices: readonly (number | null | undefined)[]): Readings => {
  const lines: Reading[] = [];
  for (const [line, { points }] of panel.lines.entries()) {
    const index = indices[line];
    const value = shape.visible[line] && typeof index === 'number' ? points[index] : undefined;
    if (typeof value === 'number') lines.push({ line, value });
  }
  lines.sort((a, b) => b.value - a.value);
  const adds = (panel.additive || isStacked(shape.drawing)) && lines.length > 1;
  return {
    lines,
    total: adds
      ? totalAt(
          lines.map(({ value }) => [value]),
          0,
        )
      : null,
  };
};

export interface Place {
  readonly left: number;
  readonly top: number;
  /** Room the box has on its side of the pointer. */
  readonly most: number;
}

/** Between pointer and box. */
const AWAY = 14;
/** Room in which names and figures can be read; a box that has been narrowed does not say how wide it would be. */
const ENOUGH = 260;

/** All in pixels of the chart: where the pointer is, how large the box and the chart are. On the right where it surely fits, else where there is more room. */
export const placeBeside = (
  x: number,
  y: number,
  box: { readonly width: number; readonly height: number },
  chart: { readonly width: number; readonly height: number },
): Place => {
  const right = chart.width - x - AWAY;
  const leftRoom = x - AWAY;
  const onRight = right >= leftRoom || (right >= ENOUGH && box.width <= right);
  const most = Math.max(0, onRight ? right : leftRoom);
  const width = Math.min(box.width, most);
  const top = Math.max(0, Math.min(y + AWAY, chart.height - box.height));
  return { left: onRight ? x + AWAY : x - AWAY - width, top, most };
};
