// An embedded record store in a folder of its own, which is gone when it is closed: for tests. No part of the product.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { putPrepared } from '../../../test/support/prepared.ts';
import { type EmbeddedPostgres, startEmbeddedPostgres } from '../embedded/embedded.ts';
import type { Records } from '../port.ts';
import { openPostgres } from '../postgres/postgres.ts';

export interface TemporaryRecords {
  readonly records: Records;
  readonly server: EmbeddedPostgres;
  /** Ends the store and removes its folder. */
  close(): Promise<void>;
}

/** With the product's tables where `migrated` is not false. */
export const openTemporaryRecords = async ({ migrated = true }: { readonly migrated?: boolean } = {}): Promise<TemporaryRecords> => {
  const dataDir = mkdtempSync(join(tmpdir(), 'inframirror-records-'));
  if (migrated) await putPrepared('records', dataDir);
  const server = await startEmbeddedPostgres({ dataDir });
  const records = openPostgres(server.connection);
  const close = async (): Promise<void> => {
    await records.close();
    await server.stop();
    rmSync(dataDir, { recursive: true, force: true });
  };
  try {
    if (migrated) await records.migrate();
  } catch (error) {
    await close();
    throw error;
  }
  return { records, server, close };
};
