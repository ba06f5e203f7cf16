// The column store's table of log lines held to the contract of search, on the embedded column store.
import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createLogger } from '../../../core/logger.ts';
import { TABLE_FIELDS } from '../../../schemas/tables.ts';
import { openClickHouse } from '../../columns/clickhouse/open.ts';
import { startEmbeddedColumns } from '../../columns/embedded/start.ts';
import { searchConformance } from '../conformance.ts';
import { openColumnSearch } from './open.ts';

const silent = createLogger({ level: 'error', format: 'text', write: () => {} });
const quoted = (text: string): string => `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;

searchConformance('the column store’s log lines', async () => {
  const dataDir = mkdtempSync(join(tmpdir(), 'inframirror-search-'));
  const engine = await startEmbeddedColumns({ dataDir, log: silent });
  const columns = openClickHouse({ url: engine.url, socketPath: engine.socketPath, concurrency: engine.statements });
  const search = openColumnSearch(columns);
  return {
    search,
    write: (batch) => columns.insert('logs', batch, { queryId: randomUUID() }),
    phrase: (sender, words) =>
      `SELECT body FROM logs WHERE sender = ${quoted(sender)} AND hasPhrase(words, lowerUTF8(${quoted(words)})) ORDER BY time, position`,
    all: (sender) => `SELECT ${TABLE_FIELDS.logs.map((f) => `\`${f.name}\``).join(', ')} FROM logs WHERE sender = ${quoted(sender)} ORDER BY file, position`,
    crash: () => {
      if (engine.pid !== undefined) process.kill(engine.pid, 'SIGKILL');
    },
    dispose: async () => {
      await search.close();
      await columns.close();
      await engine.stop();
      rmSync(dataDir, { recursive: true, force: true });
    },
  };
});
