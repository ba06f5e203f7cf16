// The seventeenth version: JVMs, each a row at each sampling, as processes are.

/** What was answered as written survives a power cut. */
const DURABLE = 'fsync_after_insert = 1, fsync_part_directory = 1';
const WORDS = 'LowCardinality(Nullable(String)) CODEC(ZSTD(1))';
const WHOLE = 'Nullable(Int64) CODEC(Delta(8), ZSTD(1))';
const NUMBER = 'Nullable(Float64) CODEC(ZSTD(1))';
const NUMBERS = 'Map(LowCardinality(String), Float64) CODEC(ZSTD(1))';

const JVM = `CREATE TABLE IF NOT EXISTS jvm (
  time DateTime64(3, 'UTC') CODEC(DoubleDelta, ZSTD(1)),
  host LowCardinality(String) CODEC(ZSTD(1)),
  pid Int32 CODEC(Delta(4), ZSTD(1)),
  start DateTime64(3, 'UTC') CODEC(Delta(8), ZSTD(1)),
  user ${WORDS},
  perf_data ${WORDS},
  main_class ${WORDS},
  arguments Nullable(String) CODEC(ZSTD(1)),
  options Nullable(String) CODEC(ZSTD(1)),
  version ${WORDS},
  \`heap.used\` ${WHOLE},
  \`heap.committed\` ${WHOLE},
  \`heap.max\` ${WHOLE},
  \`heap.utilization\` ${NUMBER},
  pools ${NUMBERS},
  \`gc.name\` ${WORDS},
  \`gc.count\` ${WHOLE},
  \`gc.time\` ${NUMBER},
  \`gc.last\` Nullable(DateTime64(3, 'UTC')) CODEC(ZSTD(1)),
  \`collections\` ${NUMBERS},
  \`collection_times\` ${NUMBERS},
  threads Nullable(Int32) CODEC(ZSTD(1)),
  \`threads.daemon\` Nullable(Int32) CODEC(ZSTD(1)),
  classes ${WHOLE},
  \`safepoint.count\` ${WHOLE},
  \`safepoint.time\` ${NUMBER},
  \`safepoint.sync\` ${NUMBER},
  deadlocks Nullable(Int32) CODEC(ZSTD(1)),
  region ${WORDS},
  datacenter ${WORDS},
  env ${WORDS},
  role ${WORDS},
  owner ${WORDS},
  insert UInt64 CODEC(Delta(8), ZSTD(1))
) ENGINE = ReplacingMergeTree(insert)
PARTITION BY toYYYYMMDD(time)
ORDER BY (host, pid, start, time)
SETTINGS ${DURABLE}`;

export const JVM_17: readonly string[] = [JVM];
