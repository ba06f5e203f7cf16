// Answers to five typical texts over 10 M samples of 1,000 series and 1 M log lines, through the whole service, each beside the
// plain SQL somebody would write by hand for the same question. Data is made inside the store; the folder is removed.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createLogger } from '../core/logger.ts';
import type { ColumnStore } from '../engines/columns/port.ts';
import { openTemporaryStore } from '../engines/columns/testing/temporary-store.ts';
import { startEmbeddedPostgres } from '../engines/records/embedded/embedded.ts';
import { openPostgres } from '../engines/records/postgres/postgres.ts';
import { openColumnSearch } from '../engines/search/embedded/open.ts';
import { LearnedCatalogue } from '../query/ask/learned-catalogue.ts';
import { unlimited } from '../query/caller.ts';
import { QueryService } from '../query/service.ts';
import { DATASETS } from '../schemas/catalogue.ts';
import { metricHash } from '../schemas/series-id.ts';
import type { Figure } from './figure.ts';
import { insertSeries } from './load-store.ts';

const SERIES = 500;
const SAMPLES = 10_000;
const LOGS = 1_000_000;
const STEP_MS = 10_000;
const TO_MS = 1_795_176_000_000;
const FROM_MS = TO_MS - SAMPLES * STEP_MS;
const TIMES = 40;

const log = createLogger({ level: 'error', format: 'text', write: (line) => process.stderr.write(line) });

const METRICS = [
  { name: 'bench.utilization', kind: 'gauge' as const, unit: '1', mantissa: 'toInt64(rand(1) % 1000)', exponent: 3 },
  { name: 'bench.requests', kind: 'counter' as const, unit: '{request}', mantissa: 'toInt64(t * 7 + rand(2) % 7)', exponent: 0 },
];

const load = async (columns: ColumnStore): Promise<void> => {
  for (const [i, { name, kind, unit, mantissa, exponent }] of METRICS.entries())
    await insertSeries(columns, {
      count: SERIES,
      metric: String(metricHash(name)),
      name: `'${name}'`,
      id: `cityHash64(${i}, s)`,
      labels: "map('host', concat('host-', toString(s)), 'service', concat('service-', toString(s % 20)))",
      enrichment: "map('datacenter', if(s % 4 = 0, 'fra1', 'ams1'))",
      ...{ kind, unit, fromMs: FROM_MS, stepMs: STEP_MS, samples: SAMPLES, mantissa, exponent },
    });
  await columns.command(
    `INSERT INTO logs (time, severity, body, service, host, attributes, numbers, sender, file, position, insert)
    SELECT fromUnixTimestamp64Nano(toInt64(${TO_MS - 86_400_000} + number * 86.4) * 1000000), ['debug', 'info', 'info', 'info', 'info', 'info', 'info', 'warn', 'warn', 'error'][rand(3) % 10 + 1],
      if(rand(4) % 1000 = 0, concat('connection refused by upstream ', toString(rand(5) % 1000)), concat('request ', toString(rand(6)), ' served in ', toString(rand(7) % 900), ' ms for user ', toString(rand(8) % 50000))),
      concat('service-', toString(rand(9) % 20)), concat('host-', toString(rand(10) % 500)), map(), map('status', [200., 200., 404., 500.][rand(11) % 4 + 1]), 'bench', 1, number, 1 FROM numbers(${LOGS})`,
    { settings: { max_partitions_per_insert_block: 10, max_execution_time: 600 } },
  );
  for (const table of ['samples', 'logs']) await columns.command(`OPTIMIZE TABLE ${table} FINAL`, { settings: { max_execution_time: 600 } });
};

const hash = (i: number): number => metricHash((METRICS[i] as { name: string }).name);
const since = (hours: number): string => `time >= fromUnixTimestamp64Milli(${TO_MS - hours * 3_600_000}) AND time < fromUnixTimestamp64Milli(${TO_MS})`;

const QUESTIONS: readonly { readonly text: string; readonly sql: string }[] = [
  {
    text: 'from metrics.bench.utilization last 1h | every 1m avg | max by host',
    sql: `SELECT t, labels['host'] AS host, max(v) FROM (SELECT id, toStartOfMinute(time) AS t, avg(mantissa / 1000) AS v FROM samples WHERE metric = ${hash(0)} AND ${since(1)} GROUP BY id, t) AS a INNER JOIN series USING id GROUP BY t, host ORDER BY t, host`,
  },
  {
    text: 'from metrics.bench.requests last 6h | every 5m rate | sum by service',
    sql: `SELECT t, labels['service'] AS service, sum(v) FROM (SELECT id, toStartOfFiveMinutes(time) AS t, (max(mantissa) - min(mantissa)) / 300 AS v FROM samples WHERE metric = ${hash(1)} AND ${since(6)} GROUP BY id, t) AS a INNER JOIN series USING id GROUP BY t, service ORDER BY t, service`,
  },
  {
    text: 'from metrics.bench.utilization last 24h | where datacenter == "fra1" | every 1h p95 | top 5 by value',
    sql: `SELECT toStartOfHour(time) AS t, id, quantileExactInclusive(0.95)(mantissa / 1000) AS v FROM samples WHERE metric = ${hash(0)} AND ${since(24)} AND id IN (SELECT id FROM series WHERE metric = ${hash(0)} AND enrichment['datacenter'] = 'fra1') GROUP BY t, id ORDER BY v DESC LIMIT 5`,
  },
  {
    text: 'from logs last 24h | search "connection refused" | every 1h count by service',
    sql: `SELECT toStartOfHour(time) AS t, service, count() FROM logs WHERE ${since(24)} AND body ILIKE '%connection refused%' GROUP BY t, service ORDER BY t, service`,
  },
  {
    text: 'from logs last 1h | where severity >= "error" | limit 100',
    sql: `SELECT * FROM logs WHERE ${since(1)} AND severity IN ('error', 'fatal') ORDER BY time DESC LIMIT 100`,
  },
];

const percentile = (sorted: readonly number[], p: number): number => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * p))] as number;

/** Milliseconds of each call; the two in turn, so that a slow moment of the machine meets both. */
const timed = async (a: () => Promise<unknown>, b: () => Promise<unknown>): Promise<readonly [readonly number[], readonly number[]]> => {
  const [left, right]: [number[], number[]] = [[], []];
  for (let i = 0; i < TIMES + 3; i++) {
    for (const [work, out] of [
      [a, left],
      [b, right],
    ] as const) {
      const begun = performance.now();
      await work();
      if (i >= 3) out.push(performance.now() - begun);
    }
  }
  return [left.toSorted((x, y) => x - y), right.toSorted((x, y) => x - y)];
};

export const run = async (): Promise<readonly Figure[]> => {
  const { columns, close } = await openTemporaryStore({ log });
  const dataDir = mkdtempSync(join(tmpdir(), 'inframirror-bench-'));
  const server = await startEmbeddedPostgres({ dataDir });
  const records = openPostgres(server.connection);
  try {
    await load(columns);
    const search = openColumnSearch(columns);
    const catalogue = new LearnedCatalogue(DATASETS, columns, search);
    await catalogue.refresh(TO_MS);
    const service = new QueryService({ ports: { columns, search, records }, catalogue, completeUpTo: () => undefined, now: () => TO_MS }).for(
      unlimited('bench'),
    );
    const figures: Figure[] = [];
    for (const { text, sql } of QUESTIONS) {
      const ask = async (): Promise<void> => {
        const { diagnostics, rowCount } = await service.query(text);
        if (rowCount === 0) throw new Error(`no rows: ${text}: ${diagnostics.map((d) => d.message).join('; ')}`);
      };
      const [ours, plain] = await timed(ask, () => columns.query(sql));
      const [p50, p95] = [percentile(ours, 0.5), percentile(ours, 0.95)];
      figures.push({
        what: text,
        value: `p50 ${p50.toFixed(1)} ms, p95 ${p95.toFixed(1)} ms`,
        against: `plain SQL p50 ${percentile(plain, 0.5).toFixed(1)} ms`,
        ratio: p50 / percentile(plain, 0.5),
      });
    }
    return figures;
  } finally {
    await records.close();
    await server.stop();
    await close();
    rmSync(dataDir, { recursive: true, force: true });
  }
};
