// The embedded store held to the contract of the port, through the client that also speaks to a server.
import { createConnection } from 'node:net';
import { openClickHouse } from '../clickhouse/open.ts';
import { columnsConformance } from '../conformance.ts';
import { openTemporaryStore } from '../testing/temporary-store.ts';

columnsConformance('the embedded engine', async () => {
  const { columns, engine, close } = await openTemporaryStore({ migrated: false });
  return {
    columns,
    crash: () => {
      if (engine.pid !== undefined) process.kill(engine.pid, 'SIGKILL');
    },
    connect: () => createConnection({ path: engine.socketPath, allowHalfOpen: true }),
    openThrough: (socketPath, requestTimeoutMs) =>
      openClickHouse({ url: engine.url, socketPath, ...(requestTimeoutMs === undefined ? {} : { requestTimeoutMs }) }),
    dispose: close,
  };
});
