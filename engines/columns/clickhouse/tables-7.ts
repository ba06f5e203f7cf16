// The seventh version: a log line is told from all others by its file and its position there, so that one that is read again is found.
// Lines from before keep what told them apart until then; of new ones those columns are 0 and take no room.

export const LINES_7: readonly string[] = [
  'ALTER TABLE logs ADD COLUMN IF NOT EXISTS file UInt64 DEFAULT cityHash64(boot, seq) CODEC(ZSTD(1)) AFTER sender',
  'ALTER TABLE logs ADD COLUMN IF NOT EXISTS position UInt64 DEFAULT row CODEC(Delta(8), ZSTD(1)) AFTER file',
  // The text index, which has no codec of its own, is the largest part of a line: 33 bytes as LZ4, 28 so, at no cost (`docs/decisions/line-ids.md`).
  "ALTER TABLE logs MODIFY SETTING default_compression_codec = 'ZSTD(1)'",
  'ALTER TABLE logs ADD INDEX IF NOT EXISTS file_index file TYPE bloom_filter(0.01) GRANULARITY 1',
];
