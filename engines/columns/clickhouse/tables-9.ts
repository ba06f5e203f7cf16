// The ninth version: histograms and summaries, each a row a moment of a series with its buckets as lists.
//
// Bounds repeat from row to row, so they cost a fraction of a byte and need no table of their own; see `docs/decisions/`. Of two rows for one
// (metric, id, time) the one of the later insert stands after a merge or with FINAL, which whoever reads them has to say: they are too few for
// a ledger of hours. A missing start is 1970-01-01.

const DURABLE = 'fsync_after_insert = 1, fsync_part_directory = 1';

const KEY = `
  metric UInt32 CODEC(ZSTD(1)),
  id UInt64 CODEC(Delta(8), ZSTD(1)),
  time DateTime64(3, 'UTC') CODEC(DoubleDelta, ZSTD(1)),
  start DateTime64(3, 'UTC') CODEC(Delta(8), ZSTD(1)),
  stale Bool CODEC(ZSTD(1)),
  count UInt64 CODEC(Delta(8), ZSTD(1)),
  sum Nullable(Float64) CODEC(ZSTD(1)),`;

const ENGINE = `
  insert UInt64 CODEC(Delta(8), ZSTD(1))
) ENGINE = ReplacingMergeTree(insert)
PARTITION BY toYYYYMMDD(time)
ORDER BY (metric, toStartOfHour(time), id, time)
SETTINGS ${DURABLE}, merge_selector_base = 10`;

const HISTOGRAMS = `CREATE TABLE IF NOT EXISTS histograms (${KEY}
  min Nullable(Float64) CODEC(ZSTD(1)),
  max Nullable(Float64) CODEC(ZSTD(1)),
  bounds Array(Float64) CODEC(ZSTD(1)),
  counts Array(UInt64) CODEC(ZSTD(3)),
  scale Nullable(Int8) CODEC(ZSTD(1)),
  zero_count UInt64 CODEC(Delta(8), ZSTD(1)),
  zero_threshold Float64 CODEC(ZSTD(1)),
  positive_offset Int32 CODEC(Delta(4), ZSTD(1)),
  positive_counts Array(UInt64) CODEC(T64, ZSTD(3)),
  negative_offset Int32 CODEC(Delta(4), ZSTD(1)),
  negative_counts Array(UInt64) CODEC(T64, ZSTD(3)),${ENGINE}`;

const SUMMARIES = `CREATE TABLE IF NOT EXISTS summaries (${KEY}
  quantiles Array(Float64) CODEC(ZSTD(1)),
  values Array(Float64) CODEC(ZSTD(1)),${ENGINE}`;

export const DISTRIBUTIONS_9: readonly string[] = [HISTOGRAMS, SUMMARIES];
