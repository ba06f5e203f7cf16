// uPlot's options for one panel: its axes, each line as its drawing wants it, the crosshair, drag to zoom.
// Holds no state; the component gives it a panel and what to call.
import type uPlot from 'uplot';
import type { Panel, Point } from '../result/series.ts';
import { axesOf, logRange, RIGHT, valueRange } from './axes.ts';
import { isBars } from './drawing.ts';
import type { Mark } from './events.ts';
import { barPaths, dashOf, drawCutPieces, drawHatching, drawMarks, drawThresholds, type Ink, layerPaths } from './paint.ts';
import { readIndex } from './read.ts';
import type { Shape } from './shape.ts';
import type { Threshold } from './threshold.ts';

export interface Ground {
  readonly text: string;
  readonly grid: string;
  readonly hatch: string;
  readonly mark: string;
  readonly threshold: string;
}

export interface ChartWishes {
  readonly panel: Panel;
  readonly shape: Shape;
  /** Of each line. */
  readonly inks: readonly Ink[];
  readonly ground: Ground;
  readonly from: number;
  readonly to: number;
  readonly width: number;
  readonly height: number;
  readonly sync: string | undefined;
  /** Least width of the labels beside the chart, so that charts over one another stand in line. */
  readonly margin: number;
  readonly marks: readonly Mark[];
  readonly thresholds: readonly Threshold[];
  readonly zoom: (from: number, to: number) => void;
  readonly moved: (u: uPlot) => void;
}

const isolatedPoints = (points: readonly Point[]): number[] => {
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

/** Lines end at the last whole bucket; the rest of them is dashed by `drawCutPieces`. */
const wholePoints = (panel: Panel, shape: Shape, line: number): readonly Point[] => {
  const points = shape.points[line] ?? [];
  return isBars(shape.drawing) || shape.layers[line] !== undefined || !panel.partial.includes(true)
    ? points
    : points.map((point, i) => (panel.partial[i] ? null : point));
};

/** The height of what is drawn: an axis reaches a threshold that is near. */
const reach = ({ min, max }: Shape, thresholds: readonly Threshold[]): [number, number] => {
  let high = max;
  for (const { value } of thresholds) if (value > high && value < high * 2.5) high = value;
  return [min, high];
};

const seriesOf = (wishes: ChartWishes, line: number, points: readonly Point[]): uPlot.Series => {
  const { panel, shape, inks } = wishes;
  const ink = inks[line] as Ink;
  const stroke = ink.colour;
  const shared = { label: panel.lines[line]?.label ?? '', show: shape.visible[line] ?? true, stroke, spanGaps: false };
  const none = { show: false } as uPlot.Series.Points;
  if (isBars(shape.drawing)) return { ...shared, width: 0, paths: barPaths(panel, shape, ink), points: none };
  if (shape.layers[line] !== undefined)
    return { ...shared, width: 1, fill: `${stroke}8c`, dash: dashOf(ink.dash), paths: layerPaths(panel, shape), points: none };
  const dots = { show: () => false, filter: () => isolatedPoints(points), size: 5, fill: stroke, stroke } as unknown as uPlot.Series.Points;
  return { ...shared, width: 1.5, dash: dashOf(ink.dash), points: dots, ...(shape.drawing === 'area' ? { fill: `${stroke}38` } : {}) };
};

export const chartOf = (wishes: ChartWishes): { readonly options: uPlot.Options; readonly data: uPlot.AlignedData } => {
  const { panel, shape, ground, from, to, thresholds } = wishes;
  const start = panel.bucket === undefined ? from : Math.min(from, Math.max(panel.times[0] ?? from, from - panel.bucket));
  const lines = panel.lines.map((_, line) => wholePoints(panel, shape, line));
  const heights = shape.drawing !== 'line';
  const range = shape.log ? logRange(shape.min, shape.max) : valueRange(panel.unit, ...reach(shape, thresholds), heights);
  const options: uPlot.Options = {
    width: wishes.width,
    height: wishes.height,
    ms: 1,
    legend: { show: false },
    padding: [8, RIGHT, 0, 0],
    scales: { x: { time: true, range: () => [start, to] }, y: { distr: shape.log ? 3 : 1, range: () => range } },
    axes: axesOf({ panel, text: ground.text, grid: ground.grid, low: wishes.height < 200, log: shape.log, margin: wishes.margin }),
    series: [{}, ...lines.map((points, line) => seriesOf(wishes, line, points))],
    cursor: {
      y: false,
      drag: { x: true, y: false, setScale: false },
      focus: { prox: isBars(shape.drawing) ? -1 : 24 },
      dataIdx: (u, series, index, at) =>
        series === 0 ? index : readIndex(panel, shape, series - 1, index, at, (to - start) / Math.max(1, u.over.clientWidth)),
      points: { size: 6, width: 0, show: !isBars(shape.drawing) },
      bind: { dblclick: () => null },
      ...(wishes.sync === undefined
        ? {}
        : { sync: { key: wishes.sync, setSeries: false, filters: { pub: (type: string) => type === 'mousemove' || type === 'mouseleave' } } }),
    },
    focus: { alpha: 0.35 },
    hooks: {
      drawClear: [(u) => (isBars(shape.drawing) ? undefined : drawHatching(u, panel, ground.hatch))],
      drawSeries: [(u, series) => drawCutPieces(u, panel, shape, series - 1, wishes.inks[series - 1] as Ink)],
      draw: [
        (u) => {
          drawThresholds(u, thresholds, ground.threshold);
          drawMarks(u, wishes.marks, ground.mark);
        },
      ],
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
  return { options, data: [panel.times, ...lines] as uPlot.AlignedData };
};
