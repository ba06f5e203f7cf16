// How parts of samples rest in the column store: the levels, the columns of a row, and a row as the part it is (`sample-part.ts`). No SQL here.
//
// Where all values of a part are decimals (see `sample-value.ts`) it rests as whole numbers · 10^-exponent, told by how far they are from the
// first and the last value, so that a counter that only rises takes next to nothing; else as floats.

import { Part, type Run } from './sample-part.ts';
import { MOST_EXPONENT, POWERS } from './sample-value.ts';

export interface Level {
  readonly table: 'rollups_5m' | 'rollups_1h';
  readonly stepMs: number;
}

export const FIVE_MINUTES: Level = { table: 'rollups_5m', stepMs: 300_000 };
export const HOUR: Level = { table: 'rollups_1h', stepMs: 3_600_000 };

/**
 * Five-minute parts are made of a metric's hour where its series are read this often, ms: a tenth of the step, and a quarter for readings
 * that are missing. With fewer in each, parts would take more room than the samples themselves. Parts of an hour are made of all metrics.
 */
export const LONGEST_INTERVAL_MS = 40_000;

/** How long a mark of late samples is waited for: by then they stand, or are marked again. */
export const SETTLE_MS = 600_000;

/** A row as it is read. A start of 0 is not known. */
export interface RollupRow {
  readonly count: number;
  readonly missing: number;
  readonly stale: number;
  readonly opens: boolean;
  readonly ends: boolean;
  /** 127: the values are in `floats`. */
  readonly exponent: number;
  readonly first: number;
  /** last − first */
  readonly span: number;
  /** The lesser of first and last − min, max − the larger of them. */
  readonly below: number;
  readonly above: number;
  /** 2 · sum − count · (first + last) */
  readonly bulge: number;
  /** rise − (last − first) − resets · first */
  readonly beyond: number;
  readonly resets: number;
  /** first, last, min, max, sum, rise */
  readonly floats: readonly number[];
  /** ms from `time` to the first sample, and from there to the last one. */
  readonly begins: number;
  readonly lasts: number;
  /** ms since 1970. */
  readonly first_start: number;
  readonly last_start: number;
  /** Where there are several, of each: ms from `time` to its first and its last sample, first value, start of the first. */
  readonly runs: readonly number[];
}

/** Numbers of one run in `runs`. */
export const RUN_SIZE = 4;

/** `time`: the row's, ms. Whole numbers must be exact. */
export const partOfRow = (time: number, row: RollupRow): Part => {
  const part = new Part();
  part.count = row.count;
  part.missing = row.missing;
  part.stale = row.stale;
  part.opens = row.opens;
  part.ends = row.ends;
  if (row.count === 0) return part;
  const [first, last, min, max, sum, rise] = (row.exponent > MOST_EXPONENT ? row.floats : decimals(row)) as [number, number, number, number, number, number];
  part.min = min;
  part.max = max;
  part.sum = sum;
  part.rise = rise;
  part.resets = row.resets;
  part.lastTime = time + row.begins + row.lasts;
  part.lastValue = last;
  part.lastStart = row.last_start;
  const runs: Run[] = [];
  for (let i = 0; i < row.runs.length; i += RUN_SIZE) {
    const [from, to, value, start] = row.runs.slice(i, i + RUN_SIZE) as [number, number, number, number];
    runs.push({ first: { time: time + from, value, start }, to: time + to });
  }
  const { first: begin } = runs.pop() ?? { first: { time: time + row.begins, value: first, start: row.first_start } };
  part.closed = runs;
  part.runTime = begin.time;
  part.runValue = begin.value;
  part.runStart = begin.start;
  return part;
};

const decimals = ({ exponent, count, first, span, below, above, bulge, beyond, resets }: RollupRow): readonly number[] => {
  const unit = POWERS[exponent] as number;
  const last = first + span;
  const sum = (count * (first + last) + bulge) / 2;
  return [first, last, Math.min(first, last) - below, Math.max(first, last) + above, sum, span + beyond + resets * first].map((v) => v / unit);
};
