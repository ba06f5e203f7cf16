// What uPlot does not draw by itself: bars upon and beside one another, stacked areas, patterns for buckets that are not whole and for
// lines told apart by dashes, hatching, marks and thresholds. Draws what shape.ts worked out; decides nothing.
import type uPlot from 'uplot';
import type { Panel } from '../result/series.ts';
import { DASHES } from './colour.ts';
import { isBars } from './drawing.ts';
import type { Mark } from './events.ts';
import type { Shape } from './shape.ts';
import type { Threshold } from './threshold.ts';

export interface Ink {
  readonly colour: string;
  /** Index into DASHES. */
  readonly dash: number;
}

type Style = string | CanvasPattern;

/** A tile of stripes: diagonal for what is not whole, level for a dashed line's fill. */
const pattern = (ctx: CanvasRenderingContext2D, colour: string, diagonal: boolean, distance: number): Style => {
  const size = Math.round(distance * devicePixelRatio);
  const tile = document.createElement('canvas');
  tile.width = size;
  tile.height = size;
  const on = tile.getContext('2d');
  if (on === null) return colour;
  on.globalAlpha = diagonal ? 0.2 : 0.45;
  on.fillStyle = colour;
  on.fillRect(0, 0, size, size);
  on.globalAlpha = diagonal ? 0.8 : 1;
  on.strokeStyle = colour;
  on.lineWidth = devicePixelRatio;
  on.beginPath();
  if (diagonal) {
    for (const shift of [-size, 0, size]) {
      on.moveTo(shift, size);
      on.lineTo(shift + size, 0);
    }
  } else {
    on.moveTo(0, size / 2);
    on.lineTo(size, size / 2);
  }
  on.stroke();
  return ctx.createPattern(tile, 'repeat') ?? colour;
};

const PARTIAL_DISTANCE = 6;
const fillOf = (ctx: CanvasRenderingContext2D, { colour, dash }: Ink): Style => (dash === 0 ? colour : pattern(ctx, colour, false, 2 + 2 * dash));

/** The paths of one line's bars, `beside` the others or upon them. */
export const barPaths =
  (panel: Panel, shape: Shape, ink: Ink): uPlot.Series.PathBuilder =>
  (u, series, from, to) => {
    const line = series - 1;
    const whole = new Path2D();
    const cut = new Path2D();
    const layer = shape.layers[line];
    const beside = layer === undefined ? shape.visible.filter(Boolean).length : 1;
    const place = layer === undefined ? shape.visible.slice(0, line).filter(Boolean).length : 0;
    const floor = shape.log ? (u.scales.y?.min ?? 1) : 0;
    const tops = shape.points[line] ?? [];
    for (let i = from; i <= to; i++) {
      const top = tops[i];
      if (top === null || top === undefined) continue;
      const base = layer?.base[i] ?? floor;
      const begin = u.valToPos(panel.times[i] as number, 'x', true);
      const room = u.valToPos((panel.times[i] as number) + shape.width, 'x', true) - begin;
      const gap = room / beside > 3 * devicePixelRatio ? devicePixelRatio : 0;
      const left = begin + (room * place) / beside;
      const a = u.valToPos(base, 'y', true);
      const b = u.valToPos(top, 'y', true);
      // what is there is seen, however small
      const height = top === base ? 0 : Math.max(devicePixelRatio, Math.abs(a - b));
      (panel.partial[i] ? cut : whole).rect(left, b < a ? a - height : a, Math.max(0.5, room / beside - gap), height);
    }
    const fill = new Map<Style, Path2D>([
      [fillOf(u.ctx, ink), whole],
      [pattern(u.ctx, ink.colour, true, PARTIAL_DISTANCE), cut],
    ]);
    return { fill: fill as Map<CanvasRenderingContext2D['fillStyle'], Path2D>, stroke: null, clip: null, band: null, gaps: [], flags: 0 };
  };

/** A line's part of a stacked area, with its upper edge. */
export const layerPaths =
  (panel: Panel, shape: Shape): uPlot.Series.PathBuilder =>
  (u, series, from, to) => {
    const fill = new Path2D();
    const stroke = new Path2D();
    const layer = shape.layers[series - 1];
    const x = (i: number): number => u.valToPos(panel.times[i] as number, 'x', true);
    const y = (value: number): number => u.valToPos(value, 'y', true);
    for (let i = from; layer !== undefined && i <= to; i++) {
      if (layer.top[i] === null || layer.top[i] === undefined) continue;
      const begin = i;
      while (i < to && typeof layer.top[i + 1] === 'number') i++;
      for (let at = begin; at <= i; at++) {
        const top = y(layer.top[at] as number);
        if (at === begin) {
          fill.moveTo(x(at), top);
          stroke.moveTo(x(at), top);
        } else {
          fill.lineTo(x(at), top);
          stroke.lineTo(x(at), top);
        }
      }
      for (let at = i; at >= begin; at--) fill.lineTo(x(at), y(layer.base[at] as number));
      fill.closePath();
      // a time alone has no width
      if (begin === i)
        stroke.rect(
          x(i) - 1,
          Math.min(y(layer.top[i] as number), y(layer.base[i] as number)),
          2,
          Math.abs(y(layer.top[i] as number) - y(layer.base[i] as number)),
        );
    }
    return { fill, stroke, clip: null, band: null, gaps: [], flags: 0 };
  };

/** The pieces of a line to and from buckets that are not whole: dashed, alone as a ring. */
export const drawCutPieces = (u: uPlot, panel: Panel, shape: Shape, line: number, ink: Ink): void => {
  const points = shape.points[line];
  if (isBars(shape.drawing) || points === undefined || !shape.visible[line]) return;
  const { ctx, bbox } = u;
  ctx.save();
  ctx.beginPath();
  ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height);
  ctx.clip();
  ctx.globalAlpha = u.series[line + 1]?.alpha ?? 1;
  ctx.strokeStyle = ink.colour;
  ctx.lineWidth = 1.5 * devicePixelRatio;
  ctx.setLineDash([3 * devicePixelRatio, 3 * devicePixelRatio]);
  ctx.beginPath();
  let before: number | undefined;
  const last = points.findLastIndex((point) => point !== undefined);
  for (let i = 0; i < points.length; i++) {
    const point = points[i];
    if (point === undefined) continue;
    if (point === null) {
      before = undefined;
      continue;
    }
    const x = u.valToPos(panel.times[i] as number, 'x', true);
    const y = u.valToPos(point, 'y', true);
    if (before !== undefined && (panel.partial[i] || panel.partial[before])) {
      ctx.moveTo(u.valToPos(panel.times[before] as number, 'x', true), u.valToPos(points[before] as number, 'y', true));
      ctx.lineTo(x, y);
    } else if (panel.partial[i] && i === last) {
      ctx.moveTo(x + 2.5 * devicePixelRatio, y);
      ctx.arc(x, y, 2.5 * devicePixelRatio, 0, 2 * Math.PI);
    }
    before = i;
  }
  ctx.stroke();
  ctx.restore();
};

/** Behind everything: the times whose buckets are not whole. */
export const drawHatching = (u: uPlot, panel: Panel, colour: string): void => {
  const { ctx, bbox } = u;
  if (panel.bucket === undefined) return;
  ctx.save();
  ctx.beginPath();
  for (const [i, cut] of panel.partial.entries()) {
    if (!cut) continue;
    const left = Math.max(bbox.left, u.valToPos(panel.times[i] as number, 'x', true));
    const right = Math.min(bbox.left + bbox.width, u.valToPos((panel.times[i] as number) + panel.bucket, 'x', true));
    if (right > left) ctx.rect(left, bbox.top, right - left, bbox.height);
  }
  ctx.clip();
  ctx.strokeStyle = colour;
  ctx.lineWidth = devicePixelRatio;
  const gap = 7 * devicePixelRatio;
  ctx.beginPath();
  for (let x = Math.floor((bbox.left - bbox.height) / gap) * gap; x < bbox.left + bbox.width; x += gap) {
    ctx.moveTo(x, bbox.top + bbox.height);
    ctx.lineTo(x + bbox.height, bbox.top);
  }
  ctx.stroke();
  ctx.restore();
};

/** Ticks under the axis, where something happened. */
export const drawMarks = (u: uPlot, marks: readonly Mark[], colour: string): void => {
  const { ctx, bbox } = u;
  const size = 4 * devicePixelRatio;
  ctx.save();
  ctx.fillStyle = colour;
  for (const { time } of marks) {
    const x = u.valToPos(time, 'x', true);
    if (x < bbox.left || x > bbox.left + bbox.width) continue;
    const y = bbox.top + bbox.height + 1;
    ctx.beginPath();
    ctx.moveTo(x, y);
    ctx.lineTo(x + size, y + 1.5 * size);
    ctx.lineTo(x - size, y + 1.5 * size);
    ctx.fill();
  }
  ctx.restore();
};

/** Hairlines with their value at the right. */
export const drawThresholds = (u: uPlot, thresholds: readonly Threshold[], colour: string): void => {
  const { ctx, bbox } = u;
  ctx.save();
  ctx.strokeStyle = colour;
  ctx.fillStyle = colour;
  ctx.lineWidth = devicePixelRatio;
  ctx.font = `${11 * devicePixelRatio}px "JetBrains Mono", ui-monospace, monospace`;
  ctx.textAlign = 'right';
  for (const { value, label } of thresholds) {
    const y = Math.round(u.valToPos(value, 'y', true)) + 0.5;
    if (y < bbox.top || y > bbox.top + bbox.height) continue;
    ctx.beginPath();
    ctx.moveTo(bbox.left, y);
    ctx.lineTo(bbox.left + bbox.width, y);
    ctx.stroke();
    ctx.fillText(label, bbox.left + bbox.width - 2 * devicePixelRatio, y - 3 * devicePixelRatio);
  }
  ctx.restore();
};

/** Of a line in CSS pixels, for uPlot and SVG. */
export const dashOf = (dash: number): number[] => [...(DASHES[dash] ?? [])];
