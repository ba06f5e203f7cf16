// How parts of samples rest in the column store: the levels, the columns of a row, and a row as the part it is (`sample-part.ts`). No SQL here.
//
// Where all values of a part are decimals (see `sample-value.ts`) it rests as whole numbers · 10^-exponent, told by how far they are from the
// first and the last value, so that a counter that only rises takes next to nothing; else as floats.

import type { Part, Run } from './sample-part.ts';
import { MOST_EXPONENT } from './sample-value.ts';

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
  /** Where there are several: ms from `time` to its first and its last sample, first value, start of the first. */
  readonly runs: readonly (readonly [number, number, number, number])[];
}

const startOf = (ms: number): number | undefined => (ms === 0 ? undefined : ms);

/** `time`: the row's, ms. Whole numbers must be exact. */
export const partOfRow = (time: number, row: RollupRow): Part => {
  const { count, missing, stale, opens, ends } = row;
  if (count === 0) return { count, missing, stale, opens, ends, some: undefined };
  const [first, last, min, max, sum, rise] = row.exponent > MOST_EXPONENT ? row.floats : decimals(row);
  const sample = (value: number | undefined, at: number, start: number) => ({ time: time + at, value: value as number, start: startOf(start) });
  const runs: readonly Run[] =
    row.runs.length === 0
      ? [{ first: sample(first, row.begins, row.first_start), to: time + row.begins + row.lasts }]
      : row.runs.map(([from, to, value, start]) => ({ first: sample(value, from, start), to: time + to }));
  return {
    count,
    missing,
    stale,
    opens,
    ends,
    some: {
      sum: { high: sum as number, low: 0 },
      min: min as number,
      max: max as number,
      last: sample(last, row.begins + row.lasts, row.last_start),
      rise: { high: rise as number, low: 0 },
      resets: row.resets,
      runs,
    },
  };
};

const decimals = ({ exponent, count, first, span, below, above, bulge, beyond, resets }: RollupRow): readonly number[] => {
  const unit = 10 ** exponent;
  const last = first + span;
  const sum = (count * (first + last) + bulge) / 2;
  return [first, last, Math.min(first, last) - below, Math.max(first, last) + above, sum, span + beyond + resets * first].map((v) => v / unit);
};
