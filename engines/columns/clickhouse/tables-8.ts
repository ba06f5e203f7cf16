// Series as intervals: which days a series has samples on is a table of its own, so that `series` has a row for each change alone; and what
// was told lately of series is found without reading what all others say.

/** A month of one series is one row after merges. */
const SERIES_DAYS = `CREATE TABLE IF NOT EXISTS series_days (
  metric UInt32 CODEC(ZSTD(1)),
  id UInt64 CODEC(ZSTD(1)),
  month UInt32 CODEC(ZSTD(1)),
  days SimpleAggregateFunction(groupBitOr, UInt32) CODEC(ZSTD(1))
) ENGINE = AggregatingMergeTree
PARTITION BY month
ORDER BY (metric, id)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1`;

/** Of samples from before. */
const DAYS_BEFORE = `INSERT INTO series_days SELECT metric, id, toYYYYMM(time) AS month, groupBitOr(toUInt32(bitShiftLeft(toUInt32(1), toDayOfMonth(time) - 1)))
FROM samples GROUP BY metric, id, month SETTINGS max_execution_time = 0, max_rows_to_read = 0, max_partitions_per_insert_block = 0`;

export const SERIES_8: readonly string[] = [
  SERIES_DAYS,
  DAYS_BEFORE,
  'ALTER TABLE series ADD INDEX IF NOT EXISTS seen_index seen TYPE minmax GRANULARITY 1',
  'ALTER TABLE series MATERIALIZE INDEX seen_index',
];
