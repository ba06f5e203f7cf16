// Putting samples together by five minutes and by the hour (`pipeline/rollups/`): processor time of the store a million samples, beside a bare
// GROUP BY of the same samples in the same run, and the bytes of the parts once they are merged. Left out: what the keeper itself does, which
// is a handful of statements an hour. Samples by `INFRAMIRROR_BENCH_SAMPLES`.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { columnOf, valueAt } from '../core/batch/batch.ts';
import { createLogger } from '../core/logger.ts';
import { openClickHouse } from '../engines/columns/clickhouse/open.ts';
import { startEmbeddedColumns } from '../engines/columns/embedded/start.ts';
import type { ColumnStore } from '../engines/columns/port.ts';
import { rollUpHour } from '../pipeline/rollups/hour.ts';
import { costOf, type Figure, short } from './figure.ts';

const SAMPLES = Number(process.env.INFRAMIRROR_BENCH_SAMPLES ?? 20_000_000);
const HOUR_MS = 3_600_000;
const STEP_MS = 15_000;
const HOURS = 6;
const METRICS = 50;
const FROM = Math.floor(Date.now() / 86_400_000) * 86_400_000 - 2 * 86_400_000;
const UNLIMITED = { max_execution_time: 0, max_rows_to_read: 0, max_memory_usage: 0, max_partitions_per_insert_block: 0, max_block_size: 500 };

/** What a series reads: its first value and steps as whole numbers, and the exponent; `n` is its number, `i` that of the reading. */
const KINDS: Readonly<Record<string, { readonly step: string; readonly exponent: number }>> = {
  'gauges of one decimal': { step: 'toInt64(cityHash64(n, i) % 21) - 10', exponent: 1 },
  counters: { step: 'toInt64(cityHash64(n, i) % 20000)', exponent: 0 },
  'ratios of four decimals': { step: 'toInt64(cityHash64(n, i) % 401) - 200', exponent: 4 },
};

const log = createLogger({ level: 'error', format: 'text', write: (line) => process.stderr.write(line) });

const one = async (columns: ColumnStore, sql: string): Promise<number> => {
  const { batches } = await columns.query(sql, { settings: UNLIMITED });
  const [batch] = batches;
  return batch === undefined || batch.length === 0 ? 0 : Number(valueAt(columnOf(batch, 'v'), 0));
};

const ofKind = async (name: string, { step, exponent }: { readonly step: string; readonly exponent: number }): Promise<readonly Figure[]> => {
  const dataDir = mkdtempSync(join(tmpdir(), 'inframirror-bench-rollups-'));
  const engine = await startEmbeddedColumns({ dataDir, log });
  const columns = openClickHouse(engine);
  const cpu = (): number => costOf(engine.pid as number).cpu;
  try {
    await columns.migrate();
    const readings = (HOURS * HOUR_MS) / STEP_MS;
    const series = Math.max(METRICS, Math.floor(SAMPLES / readings));
    // A reading comes some milliseconds late, as an agent's does.
    await columns.command(
      `INSERT INTO samples (metric, id, time, mantissa, exponent, insert) SELECT n % ${METRICS}, cityHash64(n), fromUnixTimestamp64Milli(toInt64(${FROM} + (k - 1) * ${STEP_MS} + n % ${STEP_MS - 20} + cityHash64(n, k) % 4), 'UTC'), m, ${exponent}, 1
FROM (SELECT n, arrayJoin(arrayZip(arrayEnumerate(ms), ms)) AS km, km.1 AS k, km.2 AS m
  FROM (SELECT number AS n, arrayCumSum(arrayConcat([toInt64(5000 + n % 1000)], arrayMap(i -> ${step}, range(1, ${readings})))) AS ms FROM numbers(${series})))`,
      { settings: { ...UNLIMITED, max_threads: 1 } },
    );
    await columns.command('OPTIMIZE TABLE samples FINAL', { settings: UNLIMITED });
    const rows = await one(columns, 'SELECT count() AS v FROM samples');
    const before = cpu();
    await one(
      columns,
      `SELECT count() AS v FROM (SELECT id, avg(mantissa) FROM samples GROUP BY metric, toStartOfHour(time), id, intDiv(toUnixTimestamp64Milli(time), 300000)) SETTINGS max_threads = 1, optimize_aggregation_in_order = 1`,
    );
    const scanned = cpu() - before;
    const begun = cpu();
    const { signal } = new AbortController();
    for (let hour = 0; hour < HOURS; hour++) await rollUpHour({ store: columns, hour: FROM + hour * HOUR_MS, metrics: undefined, version: hour + 1, signal });
    const spent = cpu() - begun;
    for (const table of ['rollups_5m', 'rollups_1h']) await columns.command(`OPTIMIZE TABLE ${table} FINAL`, { settings: UNLIMITED });
    const bytes = async (table: string): Promise<number> =>
      (await one(columns, `SELECT sum(bytes_on_disk) AS v FROM system.parts WHERE active AND database = currentDatabase() AND table = '${table}'`)) / rows;
    const perMillion = (seconds: number): string => `${short((seconds / rows) * 1e6)} CPU-s/M`;
    const size = async (table: string, goal: number): Promise<Figure> => {
      const of = await bytes(table);
      return {
        what: `${name}: ${table}`,
        value: `${short(of)} B a sample`,
        against: `goal ${goal}; samples ${short(await bytes('samples'))} B`,
        ratio: of / goal,
      };
    };
    return [
      {
        what: `${name}: put together`,
        value: perMillion(spent),
        against: `a bare GROUP BY by five minutes, ${perMillion(scanned)}; ${short(rows)} samples`,
        ratio: spent / scanned,
      },
      await size('rollups_5m', 0.36),
      await size('rollups_1h', 0.04),
    ];
  } finally {
    await columns.close();
    await engine.stop();
    rmSync(dataDir, { recursive: true, force: true });
  }
};

export const run = async (): Promise<readonly Figure[]> => {
  const figures: Figure[] = [];
  for (const [name, kind] of Object.entries(KINDS)) figures.push(...(await ofKind(name, kind)));
  return figures;
};
