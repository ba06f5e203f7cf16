// The embedded store held to the contract of the port, through the client that also speaks to a server.
import { mkdtempSync, rmSync } from 'node:fs';
import { createConnection } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createLogger } from '../../../core/logger.ts';
import { openClickHouse } from '../clickhouse/open.ts';
import { columnsConformance } from '../conformance.ts';
import { startEmbeddedColumns } from './start.ts';

const silent = createLogger({ level: 'error', format: 'text', write: () => {} });

columnsConformance('the embedded engine by @clickhouse/client', async () => {
  const dataDir = mkdtempSync(join(tmpdir(), 'inframirror-columns-'));
  const engine = await startEmbeddedColumns({ dataDir, log: silent });
  const columns = openClickHouse({ url: engine.url, socketPath: engine.socketPath, incoming: engine.incoming, concurrency: engine.statements });
  return {
    columns,
    crash: () => {
      if (engine.pid !== undefined) process.kill(engine.pid, 'SIGKILL');
    },
    connect: () => createConnection({ path: engine.socketPath, allowHalfOpen: true }),
    openThrough: (socketPath, requestTimeoutMs) =>
      openClickHouse({ url: engine.url, socketPath, ...(requestTimeoutMs === undefined ? {} : { requestTimeoutMs }) }),
    dispose: async () => {
      await columns.close();
      await engine.stop();
      rmSync(dataDir, { recursive: true, force: true });
    },
  };
});
