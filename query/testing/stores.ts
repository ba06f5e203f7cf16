// Real stores with data in them, for tests of the language: the embedded column store, search on it, and PostgreSQL. One load serves many texts.
import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createLogger } from '../../core/logger.ts';
import { openClickHouse } from '../../engines/columns/clickhouse/open.ts';
import { startEmbeddedColumns } from '../../engines/columns/embedded/start.ts';
import { startEmbeddedPostgres } from '../../engines/records/embedded/embedded.ts';
import { openPostgres } from '../../engines/records/postgres/postgres.ts';
import { openElasticsearch } from '../../engines/search/elasticsearch/open.ts';
import { openColumnSearch } from '../../engines/search/embedded/open.ts';
import { putPrepared } from '../../test/support/prepared.ts';
import type { Known } from '../4-emit/known.ts';
import type { StorePorts } from '../ask/ask.ts';
import { SeriesFeed } from '../ask/series-feed.ts';
import { RUN_FUNCTIONS } from '../functions/run/functions.ts';
import { SeriesFinder } from '../series/find-series.ts';
import type { Rows } from './memory-source.ts';
import { rawRows } from './raw-rows.ts';
import type { StoreData } from './store-data.ts';

export interface LoadedStores {
  readonly ports: StorePorts;
  readonly known: Pick<Known, 'marks' | 'series'> & Partial<Pick<Known, 'rolled'>>;
  /** What the tables hold, by no emitter; read when it is first asked for. */
  readonly rows: Rows;
  /** Takes in series that were put in since. */
  learn(): Promise<void>;
  stop(): Promise<void>;
}

const FACTS = 'host, id, os, kernel, architecture, cores, memory, addresses, region, datacenter, env, role, owner, agent_version';
const HOSTS = `${FACTS}, first_seen, last_seen, sender`;
const HISTORY = `${FACTS}, valid_from, valid_to, sender`;
const EVENTS = 'time, kind, title, host, service, region, datacenter, env, role, owner, sender, boot, seq, "row"';
const places = (count: number): string => Array.from({ length: count }, (_, i) => `$${i + 1}`).join(', ');

export const loadStores = async (data: StoreData): Promise<LoadedStores> => {
  const dataDir = mkdtempSync(join(tmpdir(), 'inframirror-query-'));
  const log = createLogger({ level: 'error', format: 'text', write: () => {} });
  await Promise.all((['columns', 'records'] as const).map((kind) => putPrepared(kind, join(dataDir, kind))));
  const [engine, server] = await Promise.all([
    startEmbeddedColumns({ dataDir: join(dataDir, 'columns'), log }),
    startEmbeddedPostgres({ dataDir: join(dataDir, 'records') }),
  ]);
  const columns = openClickHouse({ url: engine.url, socketPath: engine.socketPath, incoming: engine.incoming, concurrency: engine.statements });
  const search = openColumnSearch(columns);
  const records = openPostgres(server.connection);
  await Promise.all([columns.migrate(), records.migrate()]);
  for (const [i, { table, batch }] of data.inserts.entries()) await columns.insert(table, batch, { queryId: `load-${i}` });
  for (const row of data.hosts) await records.query(`INSERT INTO hosts (${HOSTS}) VALUES (${places(row.length)})`, row as never);
  for (const row of data.history) await records.query(`INSERT INTO hosts_history (${HISTORY}) VALUES (${places(row.length)})`, row as never);
  for (const row of data.events) await records.query(`INSERT INTO events (${EVENTS}) VALUES (${places(row.length)})`, row as never);
  let feed = new SeriesFeed(columns);
  const learn = async (): Promise<void> => {
    feed = new SeriesFeed(columns);
    await feed.learn(Date.now());
  };
  await learn();
  const ports = { columns, search, records };
  return {
    ports,
    rows: rawRows(ports),
    known: {
      marks: data.marks,
      get series() {
        return new SeriesFinder(feed.index, RUN_FUNCTIONS);
      },
    },
    learn,
    stop: async () => {
      await search.close();
      await Promise.all([columns.close(), records.close()]);
      await Promise.all([engine.stop(), server.stop()]);
      rmSync(dataDir, { recursive: true, force: true });
    },
  };
};

/** The same stores, but for log lines, which are in the Elasticsearch of that address. */
export const withElasticsearch = async (loaded: LoadedStores, { inserts }: Pick<StoreData, 'inserts'>, url: string): Promise<LoadedStores> => {
  const { search, writer } = openElasticsearch({ nodes: [url], indexPrefix: `query-${randomUUID()}` });
  await search.migrate();
  for (const { table, batch } of inserts) {
    if (table !== 'logs') continue;
    const lines = writer.begin(batch);
    await lines.send(AbortSignal.timeout(60_000));
    if (lines.refused.length > 0) throw new Error(`lines were refused: ${JSON.stringify(lines.refused.slice(0, 3))}`);
  }
  await fetch(`${url}/_refresh`, { method: 'POST' });
  const ports = { ...loaded.ports, search };
  return { ...loaded, ports, rows: rawRows(ports), stop: () => search.close() };
};
