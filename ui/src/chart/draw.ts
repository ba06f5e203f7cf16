// uPlot's options for one panel: axes in human steps, gaps as gaps, lone points seen, unfinished buckets hatched.
// Holds no state; the component gives it a panel and what to call.
import type uPlot from 'uplot';
import { axisLabels, axisSteps, unitForm } from '../format/units.ts';
import type { Panel } from '../result/series.ts';
import { PALETTES, strokeOf, type Theme } from './colour.ts';
import type { Mark } from './events.ts';
import { partialBuckets } from './partial.ts';

export interface Ground {
  readonly text: string;
  readonly grid: string;
  readonly hatch: string;
  readonly mark: string;
}

export interface ChartWishes {
  readonly panel: Panel;
  readonly theme: Theme;
  readonly ground: Ground;
  readonly from: number;
  readonly to: number;
  /** Milliseconds up to which buckets are final; NaN where unknown. */
  readonly completeUpTo: number;
  readonly width: number;
  readonly height: number;
  readonly sync: string | undefined;
  /** Least width of the labels beside the chart, so that charts over one another stand in line. */
  readonly margin: number;
  readonly marks: readonly Mark[];
  readonly zoom: (from: number, to: number) => void;
  readonly moved: (u: uPlot) => void;
}

const FONT = '11px "JetBrains Mono", ui-monospace, Menlo, Consolas, monospace';
/** Room at the right of a chart. */
const RIGHT = 8;
const two = (n: number): string => String(n).padStart(2, '0');

/** Clock times, with the day where it changes; seconds and milliseconds only where the step needs them. */
export const timeLabels = (splits: readonly number[], step: number): string[] => {
  let day = '';
  return splits.map((ms) => {
    const d = new Date(ms);
    const date = `${d.getFullYear()}-${two(d.getMonth() + 1)}-${two(d.getDate())}`;
    if (step >= 86_400_000) return date.slice(5);
    const clock = `${two(d.getHours())}:${two(d.getMinutes())}`;
    const exact =
      step >= 60_000
        ? clock
        : step >= 1000
          ? `${clock}:${two(d.getSeconds())}`
          : `${clock}:${two(d.getSeconds())}.${String(d.getMilliseconds()).padStart(3, '0')}`;
    const changed = day !== '' && date !== day;
    day = date;
    return changed ? `${exact}\n${date.slice(5)}` : exact;
  });
};

/** Pixels between labels: minutes need less than seconds, so a narrow chart has more than one. */
export const timeSpace = (range: number, pixels: number): number => {
  const perMinute = (pixels / range) * 60_000;
  // below 96 px a minute the next step down from minutes (30 s) would be too narrow for any label
  return perMinute >= 96 ? 76 : 46;
};

/** A label that would run over the right edge is left out. */
const withoutCut = (u: uPlot, splits: readonly number[], labels: readonly string[]): string[] =>
  labels.map((label, i) => {
    const half = (Math.max(...label.split('\n').map((line) => line.length)) * 6.7) / 2;
    return u.valToPos(splits[i] as number, 'x') + half > u.over.clientWidth + RIGHT ? '' : label;
  });

/** Ratios, and what begins near nothing, stand on 0; everything else fills the height. */
export const valueRange = (unit: string | null, min: number, max: number): [number, number] => {
  if (!Number.isFinite(min) || !Number.isFinite(max)) return [0, 1];
  const ratio = unitForm(unit).family === 'ratio';
  const fromZero = min >= 0 && (ratio || min < max * 0.7 || min === max);
  const low = fromZero ? 0 : min;
  if (ratio && max <= 1 && max > 0.8) return [low < 0 ? low * 1.05 : low, 1];
  const room = (max - low) * 0.06 || Math.abs(max) * 0.1 || 1;
  return [fromZero ? 0 : low - room, max + room];
};

const isolatedPoints = (points: readonly (number | null | undefined)[]): number[] => {
  const alone: number[] = [];
  let before: number | null | undefined = null;
  for (let i = 0; i < points.length; i++) {
    const point = points[i];
    if (point === undefined) continue;
    if (point !== null && before === null) {
      let next = i + 1;
      while (next < points.length && points[next] === undefined) next++;
      if (points[next] === null || points[next] === undefined) alone.push(i);
    }
    before = point;
  }
  return alone;
};

const hatch = (u: uPlot, from: number, to: number, colour: string): void => {
  const { ctx, bbox } = u;
  const left = Math.max(bbox.left, u.valToPos(from, 'x', true));
  const right = Math.min(bbox.left + bbox.width, u.valToPos(to, 'x', true));
  if (right - left < 1) return;
  ctx.save();
  ctx.beginPath();
  ctx.rect(left, bbox.top, right - left, bbox.height);
  ctx.clip();
  ctx.strokeStyle = colour;
  ctx.lineWidth = devicePixelRatio;
  const gap = 7 * devicePixelRatio;
  ctx.beginPath();
  for (let x = Math.floor((left - bbox.height) / gap) * gap; x < right; x += gap) {
    ctx.moveTo(x, bbox.top + bbox.height);
    ctx.lineTo(x + bbox.height, bbox.top);
  }
  ctx.stroke();
  ctx.restore();
};

/** Ticks under the axis, where something happened. */
const drawMarks = (u: uPlot, marks: readonly Mark[], colour: string): void => {
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

/** Further away than this many pixels, and than half a bucket, a point is not what the crosshair stands on. */
const READ_PIXELS = 24;

/** Whether the crosshair stands on what there is at that index of the times. */
export const isRead = (panel: Pick<Panel, 'times' | 'bucket'>, index: number, at: number, perPixel: number): boolean => {
  const away = Math.abs((panel.times[index] ?? Number.POSITIVE_INFINITY) - at);
  return away <= Math.max(READ_PIXELS * perPixel, (panel.bucket ?? 0) * 0.6);
};

/** The nearest point of a line to the cursor, where the line has none at its very time. */
const nearest = (points: readonly (number | null | undefined)[], index: number): number => {
  if (points[index] !== undefined) return index;
  for (let away = 1; away < 30; away++) {
    if (points[index - away] !== undefined && index - away >= 0) return index - away;
    if (points[index + away] !== undefined) return index + away;
  }
  return index;
};

export const chartData = (panel: Panel): uPlot.AlignedData => [panel.times, ...panel.lines.map(({ points }) => points)] as uPlot.AlignedData;

export const chartOptions = (wishes: ChartWishes): uPlot.Options => {
  const { panel, theme, ground, from, to } = wishes;
  const { unit } = panel;
  const palette = PALETTES[theme];
  const start = panel.bucket === undefined ? from : Math.min(from, Math.max(panel.times[0] ?? from, from - panel.bucket));
  return {
    width: wishes.width,
    height: wishes.height,
    ms: 1,
    legend: { show: false },
    padding: [8, RIGHT, 0, 0],
    scales: {
      x: { time: true, range: () => [start, to] },
      y: { range: (_u, min, max) => valueRange(unit, min ?? Number.NaN, max ?? Number.NaN) },
    },
    axes: [
      {
        stroke: ground.text,
        font: FONT,
        grid: { show: false },
        ticks: { stroke: ground.grid, width: 1, size: 4 },
        size: 34,
        gap: 4,
        space: (_u, _axis, min, max, pixels) => timeSpace(max - min, pixels),
        values: (u, splits, _axis, _space, step) => withoutCut(u, splits, timeLabels(splits, step)),
      },
      {
        stroke: ground.text,
        font: FONT,
        grid: { stroke: ground.grid, width: 1 },
        ticks: { show: false },
        gap: 6,
        space: wishes.height < 200 ? 24 : 32,
        incrs: axisSteps(unit),
        values: (_u, splits) => axisLabels(splits, unit),
        size: (_u, labels) => Math.max(wishes.margin, Math.ceil(Math.max(3, ...(labels ?? []).map((label) => label.length)) * 6.7) + 14),
      },
    ],
    series: [
      {},
      ...panel.lines.map(({ key, label, points }) => {
        const { colour, dash } = strokeOf(panel.scope, key);
        const stroke = palette[colour] as string;
        return {
          label,
          stroke,
          width: 1.5,
          dash: [...dash],
          spanGaps: false,
          points: { show: () => false, filter: () => isolatedPoints(points), size: 5, fill: stroke, stroke } as uPlot.Series.Points,
        };
      }),
    ],
    cursor: {
      y: false,
      drag: { x: true, y: false, setScale: false },
      focus: { prox: 24 },
      dataIdx: (u, series, index, at) => {
        if (series === 0) return index;
        const nearby = nearest(panel.lines[series - 1]?.points ?? [], index);
        return isRead(panel, nearby, at, (to - start) / Math.max(1, u.over.clientWidth)) ? nearby : null;
      },
      points: { size: 6, width: 0 },
      bind: { dblclick: () => null },
      ...(wishes.sync === undefined
        ? {}
        : { sync: { key: wishes.sync, setSeries: false, filters: { pub: (type: string) => type === 'mousemove' || type === 'mouseleave' } } }),
    },
    focus: { alpha: 0.35 },
    hooks: {
      drawClear: [
        (u) => {
          for (const part of partialBuckets(panel, from, to, wishes.completeUpTo)) hatch(u, part.from, part.to, ground.hatch);
        },
      ],
      draw: [(u) => drawMarks(u, wishes.marks, ground.mark)],
      setCursor: [wishes.moved],
      setSelect: [
        (u) => {
          if (u.select.width < 4) return;
          const left = u.posToVal(u.select.left, 'x');
          const right = u.posToVal(u.select.left + u.select.width, 'x');
          u.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
          wishes.zoom(Math.floor(left), Math.ceil(right));
        },
      ],
    },
  };
};
