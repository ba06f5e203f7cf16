// The thirteenth version: who sent samples of which series in which hour, for some days, so that an hour in which two did is known before the
// second one's samples are there.

/** An hour lies together, as it is asked for; of a series and sender it has one row after merges. What a power cut takes of it is told again. */
const SERIES_SENDERS = `CREATE TABLE IF NOT EXISTS series_senders (
  metric UInt32 CODEC(ZSTD(1)),
  id UInt64 CODEC(Delta(8), ZSTD(1)),
  hour DateTime64(3, 'UTC') CODEC(ZSTD(1)),
  sender UInt64 CODEC(ZSTD(1))
) ENGINE = ReplacingMergeTree
PARTITION BY toYYYYMMDD(hour)
ORDER BY (hour, metric, id, sender)`;

export const SENDERS_13: readonly string[] = [SERIES_SENDERS];
