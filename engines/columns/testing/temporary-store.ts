// An embedded column store in a folder of its own, which is gone when it is closed: for tests and benches. No part of the product.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Logger, silentLogger } from '../../../core/logger.ts';
import { putPrepared } from '../../../test/support/prepared.ts';
import { openClickHouse } from '../clickhouse/open.ts';
import { type EmbeddedColumns, startEmbeddedColumns } from '../embedded/start.ts';
import type { ColumnStore } from '../port.ts';

export interface TemporaryStore {
  readonly columns: ColumnStore;
  readonly engine: EmbeddedColumns;
  readonly dataDir: string;
  /** Ends the store and removes its folder. */
  close(): Promise<void>;
}

/** With the product's tables where `migrated` is not false. */
export const openTemporaryStore = async ({
  log = silentLogger,
  migrated = true,
}: {
  readonly log?: Logger;
  readonly migrated?: boolean;
} = {}): Promise<TemporaryStore> => {
  const dataDir = mkdtempSync(join(tmpdir(), 'inframirror-columns-'));
  if (migrated) await putPrepared('columns', dataDir);
  const engine = await startEmbeddedColumns({ dataDir, log });
  const columns = openClickHouse({ url: engine.url, socketPath: engine.socketPath, incoming: engine.incoming, concurrency: engine.statements });
  const close = async (): Promise<void> => {
    await columns.close();
    await engine.stop();
    rmSync(dataDir, { recursive: true, force: true });
  };
  try {
    if (migrated) await columns.migrate();
  } catch (error) {
    await close();
    throw error;
  }
  return { columns, engine, dataDir, close };
};
