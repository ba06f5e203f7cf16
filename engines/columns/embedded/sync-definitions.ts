// Brings the definitions of tables onto the disk: ClickHouse writes each as a new file that takes its name, and flushes the file, but not the
// folder, so that a power cut might take the table of which others know already.
import { existsSync, readdirSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { databaseIn } from './freeze.ts';

/** `dataDir`: of the embedded store; `table`: one of those that are meant. */
export const syncDefinitions = async (dataDir: string, table: string): Promise<void> => {
  const store = join(databaseIn(dataDir), 'store');
  for (const group of readdirSync(store))
    for (const uuid of readdirSync(join(store, group))) {
      const folder = join(store, group, uuid);
      if (!existsSync(join(folder, `${table}.sql`))) continue;
      const handle = await open(folder, 'r');
      try {
        await handle.sync();
      } finally {
        await handle.close();
      }
    }
};
