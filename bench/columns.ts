// The embedded column store: starting, inserting samples, what they take on disk, and the shortest query.
// Processor time is the child's, from /proc, so this bench runs on Linux only.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Batch, valueAt } from '../core/batch/batch.ts';
import { createLogger } from '../core/logger.ts';
import { openClickHouse } from '../engines/columns/clickhouse/open.ts';
import { type EmbeddedColumns, startEmbeddedColumns } from '../engines/columns/embedded/start.ts';
import type { ColumnStore } from '../engines/columns/port.ts';
import { type Figure, short } from './figure.ts';
import { sampleRows, Walks } from './sample-rows.ts';

const SERIES = 5000;
const PER_BLOCK = 10;
const BLOCK = SERIES * PER_BLOCK;
const BLOCKS = 60;
const FROM = 1_795_219_200_000;
const TICKS_PER_SECOND = 100;

const log = createLogger({ level: 'error', format: 'text', write: (line) => process.stderr.write(line) });

/** Blocks in the order of time, as workers write them. */
const blocks = function* (): Generator<Batch> {
  const walks = new Walks(SERIES, 1);
  for (let block = 0; block < BLOCKS; block++)
    yield sampleRows(BLOCK, FROM + block, walks.kind, ({ metric, id, time, mantissa }) => {
      for (let row = 0; row < BLOCK; row++) {
        const series = row % SERIES;
        metric[row] = series % 100;
        id[row] = BigInt.asUintN(64, BigInt(series) * 11400714819323198485n);
        time[row] = BigInt(FROM + (block * PER_BLOCK + Math.floor(row / SERIES)) * 15_000);
        mantissa[row] = BigInt(walks.next(series));
      }
    });
};

const childSeconds = ({ pid }: EmbeddedColumns): number => {
  const fields = readFileSync(`/proc/${pid}/stat`, 'latin1').split(') ')[1]?.split(' ') ?? [];
  return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
};

const median = async (work: () => Promise<unknown>, calls: number): Promise<number> => {
  const times: number[] = [];
  for (let i = 0; i < calls; i++) {
    const began = performance.now();
    await work();
    times.push(performance.now() - began);
  }
  return times.sort((a, b) => a - b)[calls >> 1] as number;
};

/** Rows per second of the child's processor time. */
const insertAll = async (engine: EmbeddedColumns, columns: ColumnStore, table: string, all: readonly Batch[]): Promise<number> => {
  const before = childSeconds(engine);
  for (const [i, batch] of all.entries()) await columns.insert(table, batch, { queryId: `${table}-${i}` });
  return (BLOCK * all.length) / (childSeconds(engine) - before);
};

const bytesPerRow = async (columns: ColumnStore, table: string): Promise<number> => {
  await columns.command(`OPTIMIZE TABLE ${table} FINAL`, { settings: { max_execution_time: 0 } });
  const { batches } = await columns.query('SELECT sum(bytes_on_disk) / sum(rows) AS b FROM system.parts WHERE active AND table = {table:String}', {
    params: { table },
  });
  return Number(valueAt((batches[0] as Batch).columns[0] as Batch['columns'][number], 0));
};

export const run = async (): Promise<readonly Figure[]> => {
  const dataDir = mkdtempSync(join(tmpdir(), 'inframirror-bench-columns-'));
  const timedStart = async (): Promise<readonly [EmbeddedColumns, ColumnStore, number]> => {
    const began = performance.now();
    const engine = await startEmbeddedColumns({ dataDir, log });
    const columns = openClickHouse(engine);
    await columns.migrate();
    return [engine, columns, performance.now() - began];
  };
  const bareBegan = performance.now();
  spawnSync(process.execPath, ['-e', '0']);
  const bareMs = performance.now() - bareBegan;

  const [first, before, firstMs] = await timedStart();
  await before.close();
  await first.stop();
  const [engine, columns, laterMs] = await timedStart();
  try {
    const all = [...blocks()];
    const merged = await insertAll(engine, columns, 'samples', all);
    const small = await bytesPerRow(columns, 'samples');
    await columns.command('CREATE TABLE unmerged AS samples');
    await columns.command('SYSTEM STOP MERGES unmerged');
    const unmerged = await insertAll(engine, columns, 'unmerged', all);
    await columns.command(
      "CREATE TABLE floats (id UInt64 CODEC(Delta, ZSTD(1)), time DateTime64(3, 'UTC') CODEC(DoubleDelta, ZSTD(1)), value Float64 CODEC(ZSTD(1))) ENGINE = MergeTree ORDER BY (id, time)",
    );
    await columns.command('INSERT INTO floats SELECT id, time, mantissa / 10 FROM samples ORDER BY id, time', { settings: { max_execution_time: 0 } });
    const floats = await bytesPerRow(columns, 'floats');
    const queryMs = await median(() => columns.query('SELECT 1'), 200);
    const metricMs = await median(() => columns.query('SELECT id, avg(mantissa / exp10(exponent)) FROM samples WHERE metric = 7 GROUP BY id'), 50);
    const startOf = (what: string, ms: number): Figure => ({
      what,
      value: `${short(ms)} ms`,
      against: `${short(bareMs)} ms (an empty node)`,
      ratio: ms / bareMs,
    });
    return [
      startOf('column store, first start', firstMs),
      startOf('column store, later start', laterMs),
      {
        what: 'insert samples, merges included',
        value: `${short(merged)} rows/CPU-s`,
        against: `${short(unmerged)} rows/CPU-s (without merges)`,
        ratio: merged / unmerged,
      },
      {
        what: 'sample on disk, one-decimal walk (goal 0.8)',
        value: `${short(small)} bytes`,
        against: `${short(floats)} bytes (as Float64)`,
        ratio: small / floats,
      },
      { what: 'average by series of one metric', value: `${short(metricMs)} ms`, against: `${short(queryMs)} ms (SELECT 1)`, ratio: metricMs / queryMs },
    ];
  } finally {
    await columns.close();
    await engine.stop();
    rmSync(dataDir, { recursive: true, force: true });
  }
};
