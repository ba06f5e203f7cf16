// The tables of the first version: sorted, partitioned and packed as measured (see `docs/decisions/`).
//
// Missing values: a column is Nullable where a value may be missing and is not part of a sort key, so that empty text and 0
// stay what they are. Columns of a sort key and the ids of rows are never missing; a batch that says so is refused.
// Of a map, an absent key is the missing value.

/** What was answered as written survives a power cut. */
const DURABLE = 'fsync_after_insert = 1, fsync_part_directory = 1';
const KEEP_WORDS = 'LowCardinality(Nullable(String)) CODEC(ZSTD(1))';
const ENRICHMENT = `
  region ${KEEP_WORDS},
  datacenter ${KEEP_WORDS},
  env ${KEEP_WORDS},
  role ${KEEP_WORDS},
  owner ${KEEP_WORDS},`;

/**
 * A value rests as mantissa · 10^-exponent where that is exact, else in `float`: 0.7 bytes a sample instead of 2.
 * Of two rows for one (metric, id, time) the one of the later insert stands after a merge or with FINAL.
 * Merges wait for more parts than usual: each row is merged 2.4 times instead of 4, a quarter less work in all.
 */
const SAMPLES = `CREATE TABLE IF NOT EXISTS samples (
  metric UInt32 CODEC(ZSTD(1)),
  id UInt64 CODEC(Delta(8), ZSTD(1)),
  time DateTime64(3, 'UTC') CODEC(DoubleDelta, ZSTD(1)),
  mantissa Int64 CODEC(Delta(8), T64('bit'), ZSTD(1)),
  exponent Int8 CODEC(ZSTD(1)),
  float Float64 CODEC(ZSTD(1)),
  insert UInt64 CODEC(Delta(8), ZSTD(1))
) ENGINE = ReplacingMergeTree(insert)
PARTITION BY toYYYYMMDD(time)
ORDER BY (metric, id, time)
SETTINGS ${DURABLE}, merge_selector_base = 10`;

/** The newest \`seen\` of a definition stands. */
const SERIES = `CREATE TABLE IF NOT EXISTS series (
  metric UInt32 CODEC(ZSTD(1)),
  name LowCardinality(String) CODEC(ZSTD(1)),
  id UInt64 CODEC(ZSTD(1)),
  since DateTime64(3, 'UTC') CODEC(Delta(8), ZSTD(1)),
  seen DateTime64(3, 'UTC') CODEC(Delta(8), ZSTD(1)),
  kind LowCardinality(String) CODEC(ZSTD(1)),
  temporality LowCardinality(String) CODEC(ZSTD(1)),
  unit LowCardinality(Nullable(String)) CODEC(ZSTD(1)),
  description LowCardinality(Nullable(String)) CODEC(ZSTD(1)),
  interval UInt32 CODEC(ZSTD(1)),
  labels Map(LowCardinality(String), String) CODEC(ZSTD(1)),
  enrichment Map(LowCardinality(String), String) CODEC(ZSTD(1))
) ENGINE = ReplacingMergeTree(seen)
ORDER BY (metric, id, since)
SETTINGS ${DURABLE}`;

const PROCESSES = `CREATE TABLE IF NOT EXISTS processes (
  time DateTime64(3, 'UTC') CODEC(DoubleDelta, ZSTD(1)),
  host LowCardinality(String) CODEC(ZSTD(1)),
  pid Int32 CODEC(Delta(4), ZSTD(1)),
  start DateTime64(3, 'UTC') CODEC(Delta(8), ZSTD(1)),
  parent Nullable(Int32) CODEC(ZSTD(1)),
  name ${KEEP_WORDS},
  command Nullable(String) CODEC(ZSTD(1)),
  user ${KEEP_WORDS},
  state ${KEEP_WORDS},
  cpu Nullable(Float64) CODEC(ZSTD(1)),
  memory Nullable(Int64) CODEC(Delta(8), ZSTD(1)),
  virtual_memory Nullable(Int64) CODEC(Delta(8), ZSTD(1)),
  threads Nullable(Int32) CODEC(ZSTD(1)),
  open_files Nullable(Int32) CODEC(ZSTD(1)),
  \`io.read\` Nullable(Float64) CODEC(ZSTD(1)),
  \`io.write\` Nullable(Float64) CODEC(ZSTD(1)),${ENRICHMENT}
  insert UInt64 CODEC(Delta(8), ZSTD(1))
) ENGINE = ReplacingMergeTree(insert)
PARTITION BY toYYYYMMDD(time)
ORDER BY (host, pid, start, time)
SETTINGS ${DURABLE}`;

/**
 * A line as it is searched: lower case, and every sign outside ASCII that is no letter and no digit a space; the
 * tokenizer splits at the other signs, so that a token is what iql.md says: a longest run of letters and digits.
 */
const WORDS = "replaceRegexpAll(lowerUTF8(body), '[^\\\\x00-\\\\x7F\\\\p{L}\\\\p{N}]+', ' ')";

/** Sorted by time alone: 36 bytes a line against 43 by (service, host, time), and the newest lines are at hand. */
const LOGS = `CREATE TABLE IF NOT EXISTS logs (
  time DateTime64(9, 'UTC') CODEC(Delta(8), ZSTD(1)),
  severity ${KEEP_WORDS},
  body Nullable(String) CODEC(ZSTD(1)),
  service ${KEEP_WORDS},
  host ${KEEP_WORDS},
  source ${KEEP_WORDS},
  trace_id Nullable(String) CODEC(ZSTD(1)),
  span_id Nullable(String) CODEC(ZSTD(1)),
  attributes Map(LowCardinality(String), String) CODEC(ZSTD(1)),
  numbers Map(LowCardinality(String), Float64) CODEC(ZSTD(1)),${ENRICHMENT}
  sender LowCardinality(String) CODEC(ZSTD(1)),
  boot UInt64 CODEC(ZSTD(1)),
  seq UInt64 CODEC(Delta(8), ZSTD(1)),
  row UInt32 CODEC(Delta(4), ZSTD(1)),
  message UInt64 CODEC(ZSTD(1)),
  insert UInt64 CODEC(Delta(8), ZSTD(1)),
  words Nullable(String) ALIAS ${WORDS},
  INDEX words_index (${WORDS}) TYPE text(tokenizer = splitByNonAlpha),
  INDEX message_index message TYPE bloom_filter(0.001) GRANULARITY 1,
  INDEX trace_index trace_id TYPE bloom_filter(0.001) GRANULARITY 1
) ENGINE = MergeTree
PARTITION BY toYYYYMMDD(time)
ORDER BY time
SETTINGS ${DURABLE}`;

const DIRTY = `CREATE TABLE IF NOT EXISTS dirty (
  table LowCardinality(String),
  hour DateTime64(3, 'UTC')
) ENGINE = ReplacingMergeTree
ORDER BY (table, hour)
SETTINGS ${DURABLE}`;

export const TABLES_1: readonly string[] = [SAMPLES, SERIES, PROCESSES, LOGS, DIRTY];
