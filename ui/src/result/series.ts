// Turns rows (time, keys, values) into lines for charts: one panel per unit, one line per key, gaps kept as gaps.
// Works on whole columns, never on a list of row objects; changes no value.
import type { Column } from '../data/types.ts';
import { rolesOf } from './choose.ts';

export interface Line {
  /** What tells this line from the others; stable over refreshes and panels, gives the colour. */
  readonly key: string;
  /** The same for people. */
  readonly label: string;
  /** Aligned with the panel's times: null is a gap, undefined is nothing at this time (the line goes on). */
  readonly points: (number | null | undefined)[];
  readonly last: number | null;
  readonly min: number | null;
  readonly max: number | null;
  readonly avg: number | null;
}
export interface Panel {
  readonly unit: string | null;
  readonly title: string;
  /** The names of the keys that tell the lines apart: lines of one scope share their colours over panels. */
  readonly scope: string;
  /** Milliseconds, ascending. */
  readonly times: number[];
  readonly lines: readonly Line[];
  /** Lines there would be without the limit. */
  readonly total: number;
  /** Width of the buckets in ms where the times are aligned to one, else undefined. */
  readonly bucket: number | undefined;
}

export const MOST_LINES = 20;

interface Gathered {
  readonly times: number[];
  readonly values: (number | null)[];
}

const numberOf = (value: unknown): number | null => {
  const number = typeof value === 'string' && value !== '' ? Number(value) : value;
  return typeof number === 'number' && Number.isFinite(number) ? number : null;
};

/** Key columns that differ between rows; where none does, all of them. */
const tellingKeys = (keys: readonly Column[]): readonly Column[] => {
  const varying = keys.filter((column) => column.values.some((value) => value !== column.values[0]));
  return varying.length > 0 ? varying : keys;
};

const median = (numbers: number[]): number => numbers.sort((a, b) => a - b)[Math.floor((numbers.length - 1) / 2)] ?? 0;

const stepOf = (times: readonly number[]): number => {
  const steps: number[] = [];
  for (let i = 1; i < times.length && steps.length < 500; i++) {
    const step = (times[i] as number) - (times[i - 1] as number);
    if (step > 0) steps.push(step);
  }
  return median(steps);
};

const bucketOf = (times: readonly number[]): number | undefined => {
  let smallest = Number.POSITIVE_INFINITY;
  for (let i = 1; i < times.length; i++) smallest = Math.min(smallest, (times[i] as number) - (times[i - 1] as number));
  return Number.isFinite(smallest) && smallest >= 1000 && times.every((time) => (time - (times[0] as number)) % smallest === 0 && time % 1000 === 0)
    ? smallest
    : undefined;
};

const gather = (time: Float64Array, keys: readonly Column[], value: Column, prefix: string): Map<string, Gathered> => {
  const order = Uint32Array.from(time.keys());
  let sorted = true;
  for (let i = 1; i < time.length && sorted; i++) sorted = (time[i - 1] as number) <= (time[i] as number);
  if (!sorted) order.sort((a, b) => (time[a] as number) - (time[b] as number) || a - b);
  const lines = new Map<string, Gathered>();
  for (const row of order) {
    const at = time[row] as number;
    if (Number.isNaN(at)) continue;
    const key = JSON.stringify([prefix, ...keys.map((column) => column.values[row] ?? null)]);
    let line = lines.get(key);
    if (line === undefined) {
      line = { times: [], values: [] };
      lines.set(key, line);
    }
    line.times.push(at);
    line.values.push(numberOf(value.values[row]));
  }
  return lines;
};

const align = (line: Gathered, position: ReadonlyMap<number, number>, size: number): (number | null | undefined)[] => {
  const points = new Array<number | null | undefined>(size).fill(undefined);
  const step = stepOf(line.times);
  for (let i = 0; i < line.times.length; i++) {
    const at = position.get(line.times[i] as number) as number;
    points[at] = line.values[i] ?? null;
    if (i > 0 && step > 0 && (line.times[i] as number) - (line.times[i - 1] as number) > step * 1.9) {
      const before = position.get(line.times[i - 1] as number) as number;
      // the union of all times has at least one in between: `unionTimes` put it there
      points.fill(null, before + 1, at);
    }
  }
  return points;
};

const unionTimes = (lines: Iterable<Gathered>): number[] => {
  const all = new Set<number>();
  for (const line of lines) {
    const step = stepOf(line.times);
    for (let i = 0; i < line.times.length; i++) {
      const at = line.times[i] as number;
      all.add(at);
      const before = line.times[i - 1];
      if (before !== undefined && step > 0 && at - before > step * 1.9) all.add(before + step);
    }
  }
  return [...all].sort((a, b) => a - b);
};

const statsOf = (values: readonly (number | null)[]): Pick<Line, 'last' | 'min' | 'max' | 'avg'> => {
  let last: number | null = null;
  let min: number | null = null;
  let max: number | null = null;
  let sum = 0;
  let n = 0;
  for (const value of values) {
    if (value === null) continue;
    last = value;
    if (min === null || value < min) min = value;
    if (max === null || value > max) max = value;
    sum += value;
    n++;
  }
  return { last, min, max, avg: n === 0 ? null : sum / n };
};

const labelOf = (key: string, keys: readonly Column[], name: string, severalValues: boolean): string => {
  const parts = (JSON.parse(key) as unknown[]).slice(1).map((value, i) => (value === null ? `no ${keys[i]?.name}` : String(value)));
  if (parts.length === 0) return name;
  return severalValues ? `${parts.join(' · ')} · ${name}` : parts.join(' · ');
};

/** One panel per unit; the lines with the highest average first, at most `most` of them. `width`: of a bucket, where the text says it. */
export const panelsOf = (columns: readonly Column[], width?: number, most = MOST_LINES): Panel[] => {
  const { time, keys, values } = rolesOf(columns);
  if (time === undefined) return [];
  const times = Float64Array.from(time.values, (value) => (typeof value === 'string' ? Date.parse(value) : Number.NaN));
  const telling = tellingKeys(keys);
  const byUnit = new Map<string | null, Column[]>();
  for (const value of values) byUnit.set(value.unit, [...(byUnit.get(value.unit) ?? []), value]);
  return [...byUnit].map(([unit, columnsOfUnit]): Panel => {
    const several = columnsOfUnit.length > 1;
    const candidates = columnsOfUnit.flatMap((value) =>
      [...gather(times, telling, value, several ? value.name : '')].map(([key, line]) => ({
        line,
        stats: statsOf(line.values),
        key: several || telling.length > 0 ? key : '',
        label: labelOf(key, telling, value.name, several),
      })),
    );
    const ranked = candidates.sort((a, b) => Math.abs(b.stats.avg ?? 0) - Math.abs(a.stats.avg ?? 0) || (a.key < b.key ? -1 : 1));
    const shown = ranked.slice(0, most);
    const union = unionTimes(shown.map(({ line }) => line));
    const position = new Map(union.map((at, i) => [at, i]));
    return {
      unit,
      title: columnsOfUnit.map(({ name }) => name).join(', '),
      scope: telling.map(({ name }) => name).join(' '),
      times: union,
      lines: shown.map(({ line, stats, key, label }) => ({ key, label, points: align(line, position, union.length), ...stats })),
      total: ranked.length,
      bucket: union.length === 1 ? width : bucketOf(union),
    };
  });
};
