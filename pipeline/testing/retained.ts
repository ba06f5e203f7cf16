// Real stores for the tests of retention, emptied before each of them, and days of rows to put into them. No part of the product.
import { beforeEach, expect } from 'vitest';
import { columnOf, type Value, valueAt } from '../../core/batch/batch.ts';
import { createLogger, type Logger, silentLogger } from '../../core/logger.ts';
import { TelemetryRegistry } from '../../core/telemetry.ts';
import type { ColumnStore } from '../../engines/columns/port.ts';
import { RETENTION } from '../../schemas/retention.ts';
import { TIMED_TABLES } from '../retention/days.ts';
import { Retention, type RetentionOptions } from '../retention/retention.ts';
import { holdStores } from './held-stores.ts';
import type { Stores } from './stores.ts';

export const DAY = 86_400_000;
export const ALWAYS = new AbortController().signal;
export const today = Math.floor(Date.now() / DAY) * DAY;
export const now = today + DAY / 2;
/** Errors that a logger was told. */
export const listening = (): { readonly log: Logger; readonly lines: string[] } => {
  const lines: string[] = [];
  return { log: createLogger({ level: 'warn', format: 'json', write: (line) => lines.push((JSON.parse(line) as { message: string }).message) }), lines };
};

export const moment = (ms: number): string => `fromUnixTimestamp64Milli(toInt64(${ms}), 'UTC')`;
const TIMES = { samples: 'time', histograms: 'time', summaries: 'time', processes: 'time', logs: 'fromUnixTimestamp64Nano(toUnixTimestamp64Nano(time))' };
const READING = "SELECT count() FROM system.processes WHERE query LIKE '%sleepEachRow%' AND query NOT LIKE '%system.processes%'";

/** Stores while tests run, and what is asked of them. */
export let stores: Stores;

/** To be called once, outside of tests. */
export const withStores = (): void => {
  holdStores('retention', (opened) => {
    stores = opened;
  });
  beforeEach(async () => {
    for (const table of [...Object.keys(TIMED_TABLES), 'series', 'series_days', 'series_senders', 'marks'])
      await stores.columns.command(`TRUNCATE TABLE ${table}`);
    for (const table of ['events', 'audit', 'hosts', 'hosts_heard', 'hosts_history', 'settings', 'sessions', 'agents'])
      await stores.records.query(`DELETE FROM ${table}`);
  });
};

export const rowsOf = async (sql: string, columns: Pick<ColumnStore, 'query'> = stores.columns): Promise<readonly (readonly Value[])[]> =>
  (await columns.query(sql)).batches.flatMap((batch) => Array.from({ length: batch.length }, (_, row) => batch.columns.map((column) => valueAt(column, row))));
/** `rows` rows at noon of a day so many days ago. */
export const put = (table: keyof typeof TIMES, ago: number, rows = 10): Promise<void> =>
  stores.columns.command(`INSERT INTO ${table} (time, insert) SELECT ${moment(today - ago * DAY + DAY / 2)}, number FROM numbers(${rows})`);
/** Days ago, oldest first. */
export const days = async (table: string): Promise<readonly number[]> =>
  (await rowsOf(`SELECT DISTINCT toInt64(toUnixTimestamp64Milli(toDateTime64(toStartOfDay(time), 3, 'UTC'))) AS day FROM ${table} ORDER BY day`)).map(
    ([day]) => (today - Number(day)) / DAY,
  );
/** One insert of many rows of a day. */
export const many = (ago: number, rows: number): Promise<void> =>
  stores.columns.command(
    `INSERT INTO samples (time, id, insert) SELECT ${moment(today - ago * DAY)} + toIntervalMillisecond(number), number, 1 FROM numbers(${rows})`,
  );
/** A question over them that takes so long for each, s, when it has begun to read. No rows: it was ended before its end. */
export const slowly = async (each: number, signal = ALWAYS): Promise<{ readonly rows: Promise<Value | undefined> }> => {
  const slow = 'max_block_size = 100, max_threads = 1, max_execution_time = 0, function_sleep_max_microseconds_per_block = 0';
  const sql = `SELECT count(), sum(sleepEachRow(${each})) FROM samples WHERE insert = 1 SETTINGS ${slow}`;
  const rows = stores.columns.query(sql, { signal }).then(
    ({ batches: [batch] }) => batch && valueAt(columnOf(batch, 'count()'), 0),
    () => undefined,
  );
  await expect.poll(() => rowsOf(READING), { timeout: 30_000 }).toEqual([[1n]]);
  return { rows };
};
export const retention = (over: Partial<RetentionOptions> = {}): Retention =>
  new Retention({
    columns: stores.columns,
    records: stores.records,
    telemetry: new TelemetryRegistry(),
    log: silentLogger,
    now: () => now,
    kept: RETENTION,
    missingRoom: () => 0,
    hasRoom: () => true,
    noticeMs: 0,
    ...over,
  });
