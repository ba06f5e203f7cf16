// The axes of a chart: times as clocks with the day where it changes, values in human steps, 0 where heights are compared.
import type uPlot from 'uplot';
import { axisLabels, axisSteps, unitForm } from '../format/units.ts';
import type { Panel } from '../result/series.ts';

const FONT = '11px "JetBrains Mono", ui-monospace, Menlo, Consolas, monospace';
const LETTER = 6.7;
/** Room at the right of a chart. */
export const RIGHT = 8;
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
    const half = (Math.max(...label.split('\n').map((line) => line.length)) * LETTER) / 2;
    return u.valToPos(splits[i] as number, 'x') + half > u.over.clientWidth + RIGHT ? '' : label;
  });

/** Heights that are compared, ratios, and what begins near nothing stand on 0; everything else fills the height. */
export const valueRange = (unit: string | null, min: number, max: number, heights = false): [number, number] => {
  if (!Number.isFinite(min) || !Number.isFinite(max)) return [0, 1];
  const ratio = unitForm(unit).family === 'ratio';
  const fromZero = min >= 0 && (heights || ratio || min < max * 0.7 || min === max);
  const low = fromZero || (heights && min > 0) ? 0 : min;
  const high = heights ? Math.max(0, max) : max;
  if (ratio && high <= 1 && high > 0.8) return [low < 0 ? low * 1.05 : low, 1];
  const room = (high - low) * 0.06 || Math.abs(high) * 0.1 || 1;
  return [fromZero ? 0 : low - room, heights && high === 0 ? 0 : high + room];
};

/** Whole powers of ten around what is above 0. */
export const logRange = (min: number, max: number): [number, number] => {
  if (!(min > 0) || !Number.isFinite(max)) return [1, 10];
  const low = 10 ** Math.floor(Math.log10(min));
  const high = 10 ** Math.ceil(Math.log10(max));
  return [low, high > low ? high : low * 10];
};

/** On a log axis only powers of ten have a label, and the ones between where there are few of them. */
const logLabels = (splits: readonly number[], unit: string | null): string[] => {
  const powers = splits.filter((split) => Number.isInteger(Math.log10(split))).length;
  return splits.map((split) => {
    const first = Math.round(split / 10 ** Math.floor(Math.log10(split) + 1e-9));
    return first === 1 || (powers < 3 && (first === 2 || first === 5)) ? (axisLabels([0, split], unit)[1] as string) : '';
  });
};

export interface AxisWishes {
  readonly panel: Pick<Panel, 'unit' | 'whole'>;
  readonly text: string;
  readonly grid: string;
  readonly low: boolean;
  readonly log: boolean;
  /** Least width of the labels beside the chart, so that charts over one another stand in line. */
  readonly margin: number;
}

export const axesOf = ({ panel: { unit, whole }, text, grid, low, log, margin }: AxisWishes): uPlot.Axis[] => [
  {
    stroke: text,
    font: FONT,
    grid: { show: false },
    ticks: { stroke: grid, width: 1, size: 4 },
    size: 34,
    gap: 4,
    space: (_u, _axis, min, max, pixels) => timeSpace(max - min, pixels),
    values: (u, splits, _axis, _space, step) => withoutCut(u, splits, timeLabels(splits, step)),
  },
  {
    stroke: text,
    font: FONT,
    grid: { stroke: grid, width: 1 },
    ticks: { show: false },
    gap: 6,
    space: low ? 24 : 32,
    ...(log ? {} : { incrs: axisSteps(unit, whole) }),
    values: (_u, splits) => (log ? logLabels(splits, unit) : axisLabels(splits, unit)),
    size: (_u, labels) => Math.max(margin, Math.ceil(Math.max(3, ...(labels ?? []).map((label) => label?.length ?? 0)) * LETTER) + 14),
  },
];
