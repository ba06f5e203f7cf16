// The one file that decides between real and embedded engines. Today all four are embedded; what is behind the ports is known here alone.
import { join } from 'node:path';
import { CodedError } from '../core/errors.ts';
import type { Logger } from '../core/logger.ts';
import type { Telemetry } from '../core/telemetry.ts';
import { openClickHouse } from '../engines/columns/clickhouse/open.ts';
import { startEmbeddedColumns } from '../engines/columns/embedded/start.ts';
import type { Columns } from '../engines/columns/port.ts';
import { startEmbeddedPostgres } from '../engines/records/embedded/embedded.ts';
import type { Records } from '../engines/records/port.ts';
import { openPostgres } from '../engines/records/postgres/postgres.ts';
import { openColumnSearch } from '../engines/search/embedded/open.ts';
import type { Search } from '../engines/search/port.ts';
import { openLmdbStream } from '../engines/stream/lmdb/open.ts';
import type { Stream } from '../engines/stream/port.ts';

export interface Engines {
  readonly stream: Stream;
  readonly columns: Columns;
  readonly search: Search;
  readonly records: Records;
  /** Ends what was started, the stream last: nothing acknowledged is lost by any order. */
  stop(): Promise<void>;
}

/** Starts and migrates all stores; rejects with `start.part`, which names the one that failed, after ending the others. */
export const startEngines = async (dataDir: string, log: Logger, telemetry: Telemetry): Promise<Engines> => {
  const undo: (() => Promise<void>)[] = [];
  const stop = async (): Promise<void> => {
    for (const end of undo.splice(0).reverse()) await end().catch((error: unknown) => log.error('a store did not end cleanly', { error }));
  };
  const part = async <T>(name: string, start: () => Promise<T>): Promise<T> => {
    try {
      return await start();
    } catch (error) {
      throw new CodedError('start.part', { part: name, reason: (error as Error).message }, { cause: error });
    }
  };
  try {
    // First and alone: its lock tells a second start on this folder.
    const stream = await part('the stream', () => openLmdbStream({ dir: join(dataDir, 'stream'), telemetry }));
    undo.push(() => stream.close());
    const started = await Promise.allSettled([
      part('the column store', async () => {
        const child = await startEmbeddedColumns({ dataDir: join(dataDir, 'columns'), log });
        undo.push(() => child.stop());
        const columns = openClickHouse({ url: child.url, socketPath: child.socketPath, concurrency: child.statements });
        undo.push(() => columns.close());
        await columns.migrate();
        const search = openColumnSearch(columns);
        await search.migrate();
        return { columns, search };
      }),
      part('the record store', async () => {
        const server = await startEmbeddedPostgres({ dataDir: join(dataDir, 'records'), log });
        undo.push(() => server.stop());
        const records = openPostgres(server.connection, { log });
        undo.push(() => records.close());
        await records.migrate();
        return records;
      }),
    ]);
    const [columns, records] = started;
    if (columns.status === 'rejected') throw columns.reason;
    if (records.status === 'rejected') throw records.reason;
    return { stream, columns: columns.value.columns, search: columns.value.search, records: records.value, stop };
  } catch (error) {
    await stop();
    throw error;
  }
};
