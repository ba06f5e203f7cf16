// How samples could rest: the candidates for the table `samples`, each filled with the same blocks as a worker would write them (sorted,
// 250,000 rows at most, one partition each), until merges rest. Prints processor time of the store, bytes, and three questions.
// Read it with `docs/decisions/`; rows and series by `INFRAMIRROR_BENCH_SAMPLES`.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Batch, columnOf, valueAt } from '../core/batch/batch.ts';
import { createLogger } from '../core/logger.ts';
import { openClickHouse } from '../engines/columns/clickhouse/open.ts';
import { startEmbeddedColumns } from '../engines/columns/embedded/start.ts';
import type { ColumnStore } from '../engines/columns/port.ts';
import { costOf, type Figure, short } from './figure.ts';
import { sampleRows, Walks } from './sample-rows.ts';

const SAMPLES = Number(process.env.INFRAMIRROR_BENCH_SAMPLES ?? 20_000_000);
const BLOCK = 250_000;
const STEP_MS = 15_000;
const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const METRICS = 50;
/** The end of all sets. */
const TO = 1_795_219_200_000;
const UNLIMITED = { max_execution_time: 0, max_rows_to_read: 0, max_memory_usage: 0 };

const COLUMNS = `metric UInt32 CODEC(ZSTD(1)), id UInt64 CODEC(Delta(8), ZSTD(1)), time DateTime64(3, 'UTC') CODEC(DoubleDelta, ZSTD(1)),
mantissa Int64 CODEC(Delta(8), T64('bit'), ZSTD(1)), exponent Int8 CODEC(ZSTD(1)), float Float64 CODEC(ZSTD(1)), start DateTime64(3, 'UTC') CODEC(ZSTD(1)), insert UInt64 CODEC(Delta(8), ZSTD(1))`;
const DURABLE = 'fsync_after_insert = 1, fsync_part_directory = 1';
const VERTICAL = 'vertical_merge_algorithm_min_columns_to_activate = 1, merge_max_block_size = 65536';
const BY_ID = '(metric, id, time)';
const BY_HOUR = '(metric, toStartOfHour(time), id, time)';

interface Candidate {
  readonly name: string;
  readonly engine: 'MergeTree' | 'ReplacingMergeTree(insert)';
  readonly partition: 'day' | 'hour';
  readonly order: string;
  readonly settings: string;
  /** Hours are written once more, sorted so and without doubles, when they are over. */
  readonly archive?: string;
}

const REPLACING = 'ReplacingMergeTree(insert)';

const CANDIDATES: readonly Candidate[] = [
  { name: 'days, by id', engine: REPLACING, partition: 'day', order: BY_ID, settings: 'merge_selector_base = 10' },
  { name: 'days, by hour', engine: REPLACING, partition: 'day', order: BY_HOUR, settings: `${VERTICAL}, merge_selector_base = 10` },
  { name: 'days, by hour, merged seldom', engine: REPLACING, partition: 'day', order: BY_HOUR, settings: `${VERTICAL}, merge_selector_base = 30` },
  { name: 'days, by hour, plain', engine: 'MergeTree', partition: 'day', order: BY_HOUR, settings: `${VERTICAL}, merge_selector_base = 30` },
  { name: 'hours, then a day by id', engine: 'MergeTree', partition: 'hour', order: BY_ID, settings: `${VERTICAL}, merge_selector_base = 10`, archive: BY_ID },
];

const partitionOf = (candidate: Candidate): string => (candidate.partition === 'day' ? 'toYYYYMMDD(time)' : 'toStartOfHour(time)');

const log = createLogger({ level: 'error', format: 'text', write: (line) => process.stderr.write(line) });

/** Rows of some steps of all series, sorted by metric, id and time: a series' id rises with its number within its metric. */
const block = (series: number, from: number, steps: number, walks: Walks, number: number): Batch => {
  walks.reseed(number + 1);
  const perMetric = Math.max(1, Math.floor(series / METRICS));
  return sampleRows(series * steps, number, ({ metric, id, time, mantissa }) => {
    for (let s = 0, row = 0; s < series; s++)
      for (let step = 0; step < steps; step++, row++) {
        metric[row] = Math.floor(s / perMetric);
        id[row] = BigInt(s) * 18_446_744_073_709n;
        time[row] = BigInt(from + step * STEP_MS);
        mantissa[row] = BigInt(walks.next(s));
      }
  });
};

const one = async (columns: ColumnStore, sql: string): Promise<number> => {
  const { batches } = await columns.query(sql, { settings: UNLIMITED });
  const batch = batches[0];
  return batch === undefined || batch.length === 0 ? 0 : Number(valueAt(columnOf(batch, 'v'), 0));
};

const untilMerged = async (columns: ColumnStore): Promise<void> => {
  for (let calm = 0, before = -1; calm < 3; ) {
    await new Promise((resolve) => setTimeout(resolve, 1000));
    const parts = await one(columns, "SELECT sum(level * 1000 + 1) AS v FROM system.parts WHERE active AND table LIKE 'tried%'");
    const merges = await one(columns, 'SELECT count() AS v FROM system.merges');
    calm = merges === 0 && parts === before ? calm + 1 : 0;
    before = parts;
  }
};

const CALLS = 20;
const QUESTIONS: readonly ((from: string, table: string) => string)[] = [
  (from, table) => `SELECT count() AS v FROM (SELECT id, avg(mantissa) FROM ${table} WHERE metric = 7 AND time >= ${from} - INTERVAL 1 HOUR GROUP BY id)`,
  (from, table) =>
    `SELECT count() AS v FROM (SELECT toStartOfFiveMinutes(time) AS t, avg(mantissa) FROM ${table} WHERE metric = 7 AND id = (SELECT min(id) FROM ${table} WHERE metric = 7) AND time >= ${from} - INTERVAL 1 DAY GROUP BY t)`,
  (from, table) =>
    `SELECT count() AS v FROM (SELECT id, argMax(mantissa, time) FROM ${table} WHERE metric = 7 AND time >= ${from} - INTERVAL 5 MINUTE GROUP BY id)`,
];

const tried = async (candidate: Candidate, series: number): Promise<readonly Figure[]> => {
  const dataDir = mkdtempSync(join(tmpdir(), 'inframirror-bench-tables-'));
  const engine = await startEmbeddedColumns({ dataDir, log });
  const columns = openClickHouse(engine);
  const cpu = (): number => costOf(engine.pid as number).cpu;
  try {
    const make = (name: string, kind: string, partition: string, order: string): Promise<void> =>
      columns.command(
        `CREATE TABLE ${name} (${COLUMNS}) ENGINE = ${kind} PARTITION BY ${partition} ORDER BY ${order} SETTINGS ${DURABLE}, ${candidate.settings}`,
      );
    await make('tried', candidate.engine, partitionOf(candidate), candidate.order);
    const steps = Math.max(1, Math.floor(SAMPLES / series));
    const walks = new Walks(series, 1);
    const size = candidate.partition === 'day' ? DAY_MS : HOUR_MS;
    const began = cpu();
    let number = 0;
    let rows = 0;
    for (let step = 0; step < steps; ) {
      const from = TO - (steps - step) * STEP_MS;
      const left = Math.ceil((Math.floor(from / size) * size + size - from) / STEP_MS);
      const many = Math.min(steps - step, left, Math.max(1, Math.floor(BLOCK / series)));
      const batch = block(series, from, many, walks, ++number);
      await columns.insert('tried', batch, { queryId: `tried-${number}` });
      rows += batch.length;
      step += many;
    }
    await untilMerged(columns);
    const written = cpu() - began;
    const bytes = async (): Promise<number> =>
      (await one(columns, "SELECT sum(bytes_on_disk) AS v FROM system.parts WHERE active AND table LIKE 'tried%'")) / rows;
    /** Processor time of each question, ms: one metric of the last hour, one series over a day, the newest of a metric. */
    const asked = async (table: string): Promise<string> => {
      const costs: string[] = [];
      for (const sql of QUESTIONS) {
        const text = sql(`fromUnixTimestamp64Milli(${TO}, 'UTC')`, table);
        await one(columns, text);
        const before = cpu();
        for (let i = 0; i < CALLS; i++) await one(columns, text);
        costs.push(short(((cpu() - before) / CALLS) * 1000));
      }
      return costs.join(', ');
    };
    const figure = async (name: string, seconds: number, table: string): Promise<Figure> => ({
      what: `${short(series)} series, ${candidate.name}${name}`,
      value: `${short(rows / seconds)} rows/CPU-s, ${short(await bytes())} B`,
      against: `questions of ${await asked(table)} CPU-ms; ${short(rows)} rows`,
      ratio: undefined,
    });
    const figures = [await figure('', written, 'tried')];
    if (candidate.archive !== undefined) {
      await make('tried_day', 'MergeTree', 'toYYYYMMDD(time)', candidate.archive);
      const before = cpu();
      const days = Math.ceil((steps * STEP_MS) / DAY_MS) + 1;
      for (let day = 0; day < days; day++) {
        const start = Math.floor(TO / DAY_MS) * DAY_MS - day * DAY_MS;
        await columns.command(
          `INSERT INTO tried_day SELECT * FROM tried WHERE time >= fromUnixTimestamp64Milli(${start}, 'UTC') AND time < fromUnixTimestamp64Milli(${start + DAY_MS}, 'UTC')
ORDER BY ${candidate.archive.slice(1, -1)}, insert DESC LIMIT 1 BY metric, id, time`,
          { settings: { ...UNLIMITED, optimize_on_insert: 0, max_threads: 2, min_insert_block_size_rows: 4_000_000, max_bytes_before_external_sort: 1 << 30 } },
        );
      }
      await columns.command('TRUNCATE TABLE tried');
      await untilMerged(columns);
      figures.push(await figure(', archived', written + cpu() - before, 'tried_day'));
    }
    return figures;
  } finally {
    await columns.close();
    await engine.stop();
    rmSync(dataDir, { recursive: true, force: true });
  }
};

export const run = async (): Promise<readonly Figure[]> => {
  const figures: Figure[] = [];
  for (const series of [1000, 100_000, 1_000_000]) for (const candidate of CANDIDATES) figures.push(...(await tried(candidate, series)));
  return figures;
};
