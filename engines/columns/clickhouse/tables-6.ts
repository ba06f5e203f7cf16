// The sixth version: samples put together by five minutes and by the hour, and what of it is there (`pipeline/rollups/`). What the columns mean, says
// `schemas/rollups.ts`. Parted by month: rollups are kept for years, and a year of five-minute parts is thirteen partitions.

const DURABLE = 'fsync_after_insert = 1, fsync_part_directory = 1';

/** Small whole numbers around nothing. */
const NEAR = "Int64 CODEC(T64('bit'), ZSTD(1))";

/**
 * Of two parts of one stretch the one of the later version stands after a merge or with FINAL.
 * `order`: what comes between the metric and the series.
 */
const parts = (table: string, order: string): string => `CREATE TABLE IF NOT EXISTS ${table} (
  metric UInt32 CODEC(ZSTD(1)),
  id UInt64 CODEC(Delta(8), ZSTD(1)),
  time DateTime('UTC') CODEC(DoubleDelta, ZSTD(1)),
  count UInt32 CODEC(T64('bit'), ZSTD(1)),
  missing UInt32 CODEC(ZSTD(1)),
  stale UInt32 CODEC(ZSTD(1)),
  opens Bool CODEC(ZSTD(1)),
  ends Bool CODEC(ZSTD(1)),
  exponent Int8 CODEC(ZSTD(1)),
  first Int64 CODEC(Delta(8), T64('bit'), ZSTD(1)),
  span ${NEAR},
  below ${NEAR},
  above ${NEAR},
  bulge ${NEAR},
  beyond ${NEAR},
  resets UInt32 CODEC(T64('bit'), ZSTD(1)),
  floats Array(Float64) CODEC(ZSTD(1)),
  begins UInt32 CODEC(Delta(4), T64('bit'), ZSTD(1)),
  lasts UInt32 CODEC(T64('bit'), ZSTD(1)),
  first_start Int64 CODEC(Delta(8), ZSTD(1)),
  last_start Int64 CODEC(Delta(8), ZSTD(1)),
  runs Array(Tuple(UInt32, UInt32, Float64, Int64)) CODEC(ZSTD(1)),
  version UInt64 CODEC(Delta(8), ZSTD(1))
) ENGINE = ReplacingMergeTree(version)
PARTITION BY toYYYYMM(time)
ORDER BY (metric, ${order}id, time)
SETTINGS ${DURABLE}`;

const ROLLUP_HOURS = `CREATE TABLE IF NOT EXISTS rollup_hours (
  whole Int8 CODEC(ZSTD(1)),
  metric UInt32 CODEC(Delta(4), ZSTD(1)),
  hour DateTime64(3, 'UTC') CODEC(DoubleDelta, ZSTD(1)),
  version UInt64 CODEC(Delta(8), ZSTD(1)),
  computed DateTime64(3, 'UTC') CODEC(Delta(8), ZSTD(1)),
  fine Int8 CODEC(ZSTD(1)),
  samples UInt64 CODEC(T64('bit'), ZSTD(1))
) ENGINE = ReplacingMergeTree(computed)
PARTITION BY toYYYYMM(hour)
ORDER BY (whole, metric, hour, version)
SETTINGS ${DURABLE}`;

export const ROLLUPS_6: readonly string[] = [parts('rollups_5m', 'toDate(time), '), parts('rollups_1h', ''), ROLLUP_HOURS];
