// The real embedded stores in one folder, for the tests of the pipeline and for the process that the kill test kills.
// No part of the product.
import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Logger } from '../../core/logger.ts';
import { openClickHouse } from '../../engines/columns/clickhouse/open.ts';
import { type EmbeddedColumns, startEmbeddedColumns } from '../../engines/columns/embedded/start.ts';
import type { ColumnStore } from '../../engines/columns/port.ts';
import { startEmbeddedPostgres } from '../../engines/records/embedded/embedded.ts';
import type { Records } from '../../engines/records/port.ts';
import { openPostgres } from '../../engines/records/postgres/postgres.ts';
import { openColumnSearch } from '../../engines/search/embedded/open.ts';
import type { Search } from '../../engines/search/port.ts';
import type { EmbeddedStream } from '../../engines/stream/embedded.ts';
import { openLmdbStream } from '../../engines/stream/lmdb/open.ts';
import { putPrepared } from '../../test/support/prepared.ts';

export interface Stores {
  readonly stream: EmbeddedStream;
  readonly columns: ColumnStore;
  readonly search: Search;
  readonly records: Records;
  /** Of the column store's child; undefined between two, and where it was there already. */
  readonly columnsPid: number | undefined;
  readonly recordsPid: number | undefined;
  close(): Promise<void>;
}

/** `now`: the stream's clock, ms. `columnsAt`: a column store that runs already, and goes on. */
export const openStores = async (
  dir: string,
  log: Logger,
  now?: () => number,
  columnsAt?: Pick<EmbeddedColumns, 'url' | 'socketPath' | 'incoming' | 'statements'>,
): Promise<Stores> => {
  mkdirSync(dir, { recursive: true });
  const ours = columnsAt === undefined ? (['columns', 'records'] as const) : (['records'] as const);
  for (const kind of ours) if (!existsSync(join(dir, kind))) await putPrepared(kind, join(dir, kind));
  const clock = now === undefined ? {} : { now, retentionEveryMs: 500 };
  const stream = await openLmdbStream({ dir: join(dir, 'stream'), minFreeBytes: 0, ...clock });
  const engine = columnsAt === undefined ? await startEmbeddedColumns({ dataDir: join(dir, 'columns'), log }) : undefined;
  const { url, socketPath, incoming, statements } = engine ?? (columnsAt as NonNullable<typeof columnsAt>);
  const columns = openClickHouse({ url, socketPath, incoming, concurrency: statements });
  const postgres = await startEmbeddedPostgres({ dataDir: join(dir, 'records'), log });
  const records = openPostgres(postgres.connection, { log });
  const search = openColumnSearch(columns);
  await columns.migrate();
  await records.migrate();
  return {
    stream,
    columns,
    search,
    records,
    get columnsPid() {
      return engine?.pid;
    },
    get recordsPid() {
      return postgres.pid;
    },
    close: async () => {
      await stream.close();
      await search.close();
      await columns.close();
      await records.close();
      await engine?.stop();
      await postgres.stop();
    },
  };
};
