// How samples could rest: the candidates for the table `samples`, each filled with the same blocks as a worker would write them (sorted,
// 250,000 rows at most, one partition each), until merges rest. Prints processor time of the store, bytes, and three questions.
// Read it with `docs/decisions/`; rows by `INFRAMIRROR_BENCH_SAMPLES`, some only by `INFRAMIRROR_BENCH_SERIES` and, counted from 0,
// `INFRAMIRROR_BENCH_CANDIDATES` (both with commas).
import { UNLIMITED, withColumnStore } from './column-store.ts';
import { type Figure, short } from './figure.ts';
import { STEP_MS, sampleBlocks } from './sample-rows.ts';

const SAMPLES = Number(process.env.INFRAMIRROR_BENCH_SAMPLES ?? 20_000_000);
const listOf = (name: string, otherwise: readonly number[]): readonly number[] => process.env[name]?.split(',').map(Number) ?? otherwise;
const SERIES = listOf('INFRAMIRROR_BENCH_SERIES', [1000, 100_000, 1_000_000]);
const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
/** The end of all sets. */
const TO = 1_795_219_200_000;

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

const CALLS = 20;
const QUESTIONS: readonly ((from: string, table: string) => string)[] = [
  (from, table) => `SELECT count() AS v FROM (SELECT id, avg(mantissa) FROM ${table} WHERE metric = 7 AND time >= ${from} - INTERVAL 1 HOUR GROUP BY id)`,
  (from, table) =>
    `SELECT count() AS v FROM (SELECT toStartOfFiveMinutes(time) AS t, avg(mantissa) FROM ${table} WHERE metric = 7 AND id = (SELECT min(id) FROM ${table} WHERE metric = 7) AND time >= ${from} - INTERVAL 1 DAY GROUP BY t)`,
  (from, table) =>
    `SELECT count() AS v FROM (SELECT id, argMax(mantissa, time) FROM ${table} WHERE metric = 7 AND time >= ${from} - INTERVAL 5 MINUTE GROUP BY id)`,
];

const tried = (candidate: Candidate, series: number): Promise<readonly Figure[]> =>
  withColumnStore(async ({ columns, storeCpu: cpu, one, untilMerged, bytes }) => {
    const make = (name: string, kind: string, partition: string, order: string): Promise<void> =>
      columns.command(
        `CREATE TABLE ${name} (${COLUMNS}) ENGINE = ${kind} PARTITION BY ${partition} ORDER BY ${order} SETTINGS ${DURABLE}, ${candidate.settings}`,
      );
    await make('tried', candidate.engine, partitionOf(candidate), candidate.order);
    const began = cpu();
    let rows = 0;
    let number = 0;
    for (const batch of sampleBlocks({ series, samples: SAMPLES, to: TO, partitionMs: candidate.partition === 'day' ? DAY_MS : HOUR_MS })) {
      await columns.insert('tried', batch, { queryId: `tried-${++number}` });
      rows += batch.length;
    }
    await untilMerged('tried%');
    const written = cpu() - began;
    /** Processor time of each question, ms: one metric of the last hour, one series over a day, the newest of a metric. */
    const asked = async (table: string): Promise<string> => {
      const costs: string[] = [];
      for (const sql of QUESTIONS) {
        const text = sql(`fromUnixTimestamp64Milli(${TO}, 'UTC')`, table);
        await one(text);
        const before = cpu();
        for (let i = 0; i < CALLS; i++) await one(text);
        costs.push(short(((cpu() - before) / CALLS) * 1000));
      }
      return costs.join(', ');
    };
    const figure = async (name: string, seconds: number, table: string): Promise<Figure> => ({
      what: `${short(series)} series, ${candidate.name}${name}`,
      value: `${short(rows / seconds)} rows/CPU-s, ${short((await bytes('tried%')) / rows)} B`,
      against: `questions of ${await asked(table)} CPU-ms; ${short(rows)} rows`,
      ratio: undefined,
    });
    const figures = [await figure('', written, 'tried')];
    if (candidate.archive !== undefined) {
      await make('tried_day', 'MergeTree', 'toYYYYMMDD(time)', candidate.archive);
      const before = cpu();
      const days = Math.ceil((Math.floor(SAMPLES / series) * STEP_MS) / DAY_MS) + 1;
      for (let day = 0; day < days; day++) {
        const start = Math.floor(TO / DAY_MS) * DAY_MS - day * DAY_MS;
        await columns.command(
          `INSERT INTO tried_day SELECT * FROM tried WHERE time >= fromUnixTimestamp64Milli(${start}, 'UTC') AND time < fromUnixTimestamp64Milli(${start + DAY_MS}, 'UTC')
ORDER BY ${candidate.archive.slice(1, -1)}, insert DESC LIMIT 1 BY metric, id, time`,
          { settings: { ...UNLIMITED, optimize_on_insert: 0, max_threads: 2, min_insert_block_size_rows: 4_000_000, max_bytes_before_external_sort: 1 << 30 } },
        );
      }
      await columns.command('TRUNCATE TABLE tried');
      await untilMerged('tried%');
      figures.push(await figure(', archived', written + cpu() - before, 'tried_day'));
    }
    return figures;
  });

export const run = async (): Promise<readonly Figure[]> => {
  const figures: Figure[] = [];
  const chosen = CANDIDATES.filter((_, i) => listOf('INFRAMIRROR_BENCH_CANDIDATES', [...CANDIDATES.keys()]).includes(i));
  for (const series of SERIES) for (const candidate of chosen) figures.push(...(await tried(candidate, series)));
  return figures;
};
