// How parts of samples rest in the column store: the levels and the columns of a row, which is a part (`sample-part.ts`). No SQL here.
//
// Where all values of a part are decimals (see `sample-value.ts`) it rests as whole numbers · 10^-exponent, told by how far they are from the
// first and the last value, so that a counter that only rises takes next to nothing; else as floats.

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

// A row's columns: `count`, `missing`, `stale`, `opens`, `ends`, `resets` as in `Part`; `exponent`, 127 where the values are in `floats` (first,
// last, min, max, sum, rise), else they are told by whole numbers: `first`; `span` = last − first; `below` = the lesser of first and last − min;
// `above` = max − the larger of them; `bulge` = 2 · sum − count · (first + last); `beyond` = rise − (last − first) − resets · first. `begins` and
// `lasts`: ms from `time` to the first sample, and from there to the last one; `first_start`, `last_start`: ms since 1970, 0 not known. `runs`:
// where there are several, of each ms from `time` to its first and its last sample, first value, start of the first.

/** Numbers of one run in `runs`. */
export const RUN_SIZE = 4;
