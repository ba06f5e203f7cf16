// The histogram above log lines: the text that asks for it, and its bars from the answer, severities stacked.
// Only for texts whose pipes keep every line whole; for others there is no honest volume to show.
import { bucketFor, type Range } from '../address/range.ts';
import type { Column, Value } from '../data/types.ts';
import { partsOf, withoutTrailing } from '../edit/filter-text.ts';
import { ownRange } from '../edit/own-range.ts';
import { severityRank } from './severity.ts';

const KEEPS_LINES = new Set(['where', 'search', 'set', 'parse', 'extract', 'json', 'logfmt']);
const TRAILING = new Set(['sort', 'limit', 'sample']);
/** undefined where the text does more than choose lines. */
export const volumeText = (text: string, range: Range): string | undefined => {
  const parts = partsOf(text);
  let count = parts.length;
  while (count > 1 && TRAILING.has((parts[count - 1] as { word: string }).word)) count--;
  if (!parts.slice(1, count).every(({ word }) => KEEPS_LINES.has(word))) return undefined;
  const own = ownRange(text, 0);
  const width = bucketFor(own === undefined ? range : { kind: 'absolute', ...own }, 90);
  return `${withoutTrailing(text)}\n| every ${width} count by severity`;
};

export interface VolumeBar {
  /** Milliseconds; no two bars have the same. */
  readonly time: number;
  readonly total: number;
  /** From the least severe up, each severity once; `from` and `to` are counts. */
  readonly parts: readonly { readonly severity: string | null; readonly from: number; readonly to: number }[];
}

export interface Volume {
  readonly bars: readonly VolumeBar[];
  /** Milliseconds of one bar. */
  readonly width: number;
  readonly highest: number;
}

/** A text may have made numbers or anything else of its severities: what is there is told apart, only what is missing is null. */
const severityOf = (value: Value | undefined): string | null =>
  value === null || value === undefined ? null : typeof value === 'object' ? JSON.stringify(value) : String(value);

export const volumeOf = (columns: readonly Column[]): Volume => {
  const of = (name: string): readonly Value[] => columns.find((column) => column.name === name)?.values ?? [];
  const [severities, counts] = [of('severity'), of('count')];
  const byTime = new Map<number, Map<string | null, number>>();
  for (const [row, time] of of('time').entries()) {
    const at = Date.parse(String(time));
    const severity = severityOf(severities[row]);
    const count = Number(counts[row] ?? 0);
    // what is no time or no number of lines has no bar
    if (Number.isNaN(at) || !(count <= Number.MAX_SAFE_INTEGER)) continue;
    let there = byTime.get(at);
    if (there === undefined) {
      there = new Map();
      byTime.set(at, there);
    }
    there.set(severity, (there.get(severity) ?? 0) + count);
  }
  const bars = [...byTime]
    .sort(([a], [b]) => a - b)
    .map(([time, there]): VolumeBar => {
      let total = 0;
      const parts = [...there]
        .filter(([, count]) => count > 0)
        .sort(([a], [b]) => severityRank(a) - severityRank(b))
        .map(([severity, count]) => {
          total += count;
          return { severity, from: total - count, to: total };
        });
      return { time, total, parts };
    });
  let width = Number.POSITIVE_INFINITY;
  let highest = 0;
  for (const [i, { time, total }] of bars.entries()) {
    if (i > 0) width = Math.min(width, time - (bars[i - 1] as VolumeBar).time);
    highest = Math.max(highest, total);
  }
  return { bars, width: Number.isFinite(width) ? width : 60_000, highest };
};

export interface SeverityTotal {
  readonly severity: string | null;
  readonly total: number;
}

/** How many lines of each severity the bars hold, the worst first. */
export const totalsOf = (bars: readonly VolumeBar[]): SeverityTotal[] => {
  const totals = new Map<string | null, number>();
  for (const { parts } of bars) for (const { severity, from, to } of parts) totals.set(severity, (totals.get(severity) ?? 0) + to - from);
  return [...totals].map(([severity, total]) => ({ severity, total })).sort((a, b) => severityRank(b.severity) - severityRank(a.severity));
};

/** Milliseconds; those that people count in. */
const STEPS = [1, 2, 5, 10, 15, 30]
  .map((n) => n * 1000)
  .concat(
    [1, 2, 5, 10, 15, 30].map((n) => n * 60_000),
    [1, 2, 3, 6, 12].map((n) => n * 3_600_000),
    [1, 2, 7, 14, 30].map((n) => n * 86_400_000),
  );

/** Round local times of a range, so many that each has `room` pixels; and the step between them. */
export const timeTicks = (from: number, to: number, pixels: number, room: number): { readonly ticks: readonly number[]; readonly step: number } => {
  const least = ((to - from) / Math.max(1, pixels)) * room;
  const step = STEPS.find((one) => one >= least) ?? Math.ceil(least / 86_400_000) * 86_400_000;
  const zone = new Date(from).getTimezoneOffset() * 60_000;
  const ticks: number[] = [];
  for (let at = Math.ceil((from - zone) / step) * step + zone; at < to && ticks.length < 200; at += step) ticks.push(at);
  return { ticks, step };
};
