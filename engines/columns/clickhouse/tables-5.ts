// The fifth version: samples rest by metric, hour and series, so that a question about an hour reads what it asks for, and late samples cost
// their own hour alone; they have the time at which their counter began. The ledger names the metric of each mark.
import { columnOf, valueAt } from '../../../core/batch/batch.ts';
import type { ColumnStore } from '../port.ts';

const DURABLE = 'fsync_after_insert = 1, fsync_part_directory = 1';

/**
 * Values and doubles: see `tables-1.ts`. An hour of a metric lies together, by series and time. Merges go column by column in large blocks
 * (\`npm run bench -- tables\`).
 */
const samples = (name: string): string => `CREATE TABLE IF NOT EXISTS ${name} (
  metric UInt32 CODEC(ZSTD(1)),
  id UInt64 CODEC(Delta(8), ZSTD(1)),
  time DateTime64(3, 'UTC') CODEC(DoubleDelta, ZSTD(1)),
  mantissa Int64 CODEC(Delta(8), T64('bit'), ZSTD(1)),
  exponent Int8 CODEC(ZSTD(1)),
  float Float64 CODEC(ZSTD(1)),
  start DateTime64(3, 'UTC') CODEC(ZSTD(1)),
  insert UInt64 CODEC(Delta(8), ZSTD(1))
) ENGINE = ReplacingMergeTree(insert)
PARTITION BY toYYYYMMDD(time)
ORDER BY (metric, toStartOfHour(time), id, time)
SETTINGS ${DURABLE}, merge_selector_base = 30, vertical_merge_algorithm_min_columns_to_activate = 1, merge_max_block_size = 65536`;

/** Not parted: one insert of it may name hours of many days. */
const MARKS = `CREATE TABLE IF NOT EXISTS marks (
  kind LowCardinality(String),
  metric UInt32,
  hour DateTime64(3, 'UTC'),
  marked DateTime64(3, 'UTC') DEFAULT now64(3)
) ENGINE = ReplacingMergeTree(marked)
ORDER BY (kind, metric, hour)
SETTINGS ${DURABLE}`;

const UNBOUNDED = { max_execution_time: 0, max_rows_to_read: 0, max_partitions_per_insert_block: 0 };

/** Marks of values named their metric behind a stroke; a double was marked for all metrics of its hour. */
const OLD_MARKS: readonly string[] = [
  `INSERT INTO marks (kind, metric, hour, marked) SELECT substring(table, 9, position(table, '/') - 9), toUInt32(substring(table, position(table, '/') + 1)), hour, marked
FROM dirty WHERE startsWith(table, 'samples.')`,
  `INSERT INTO marks (kind, metric, hour) SELECT DISTINCT 'double', metric, toStartOfHour(time) AS hour FROM samples
WHERE toStartOfHour(time) IN (SELECT hour FROM dirty WHERE table = 'samples')`,
];

const tablesOf = async (columns: Pick<ColumnStore, 'query'>): Promise<ReadonlyMap<string, string>> => {
  const { batches } = await columns.query(
    'SELECT toString(name) AS name, toString(sorting_key) AS sorted FROM system.tables WHERE database = currentDatabase()',
  );
  return new Map(
    batches.flatMap((batch) =>
      Array.from(
        { length: batch.length },
        (_, row) => [String(valueAt(columnOf(batch, 'name'), row)), String(valueAt(columnOf(batch, 'sorted'), row))] as const,
      ),
    ),
  );
};

const isByHour = (sortingKey: string | undefined): boolean => sortingKey?.includes('toStartOfHour') === true;

/** Carries over what the version before had, a day at a time; may be run again after a start that died in it. */
export const samplesByHour = async (columns: Pick<ColumnStore, 'query' | 'command'>): Promise<void> => {
  const settings = { settings: UNBOUNDED };
  const found = await tablesOf(columns);
  await columns.command(MARKS);
  if (found.has('samples') && !isByHour(found.get('samples'))) {
    for (const sql of OLD_MARKS) await columns.command(sql, settings);
    await columns.command('DROP TABLE IF EXISTS samples_next SYNC');
    await columns.command(samples('samples_next'));
    await columns.command('INSERT INTO samples_next SELECT metric, id, time, mantissa, exponent, float, 0, insert FROM samples', settings);
    await columns.command('RENAME TABLE samples TO samples_before');
  }
  // A start that died here left the new table under its first name.
  if (!isByHour((await tablesOf(columns)).get('samples'))) await columns.command('RENAME TABLE samples_next TO samples');
  await columns.command('DROP TABLE IF EXISTS samples_before SYNC');
  await columns.command('DROP TABLE IF EXISTS dirty SYNC');
};
