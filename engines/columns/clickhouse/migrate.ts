// Brings the schema of a store to this program's version, one migration after the other, and refuses a newer one.
// Two programs may do it at once: every statement of a migration may be run again.
import { type Batch, columnOf } from '../../../core/batch/batch.ts';
import { CodedError } from '../../../core/errors.ts';
import type { ColumnStore } from '../port.ts';
import { forgetTables } from './installation.ts';
import { MIGRATIONS, type Migration } from './migrations.ts';

const VERSIONS =
  "CREATE TABLE IF NOT EXISTS schema_version (version UInt32, at DateTime64(3, 'UTC')) ENGINE = MergeTree ORDER BY version SETTINGS fsync_after_insert = 1, fsync_part_directory = 1";

/** `hasRoom`: see `ColumnStore.migrate`. @throws CodedError `columns.newer-schema`, `columns.start-failed` */
export const migrateColumns = async (
  columns: Pick<ColumnStore, 'query' | 'command'>,
  migrations: readonly Migration[] = MIGRATIONS,
  hasRoom: () => boolean = () => true,
): Promise<void> => {
  await columns.command(VERSIONS);
  const { batches } = await columns.query('SELECT max(version) AS version FROM schema_version');
  const found = (columnOf(batches[0] as Batch, 'version') as { readonly values: Uint32Array }).values[0] ?? 0;
  const known = migrations.at(-1)?.version ?? 0;
  if (found > known) throw new CodedError('columns.newer-schema', { found, known });
  const pending = migrations.filter(({ version }) => version > found);
  if (pending.length > 0 && !hasRoom())
    throw new CodedError('columns.start-failed', { reason: `the disk is full, and its tables are to be brought from version ${found} to ${known}` });
  if (pending.length > 0) await forgetTables(columns);
  for (const migration of pending) {
    const { version } = migration;
    await applyMigration(columns, migration);
    await columns.command('INSERT INTO schema_version SELECT {version:UInt32}, now64(3)', { params: { version } });
  }
};

export const applyMigration = async (columns: Pick<ColumnStore, 'query' | 'command'>, { statements }: Migration): Promise<void> => {
  if (typeof statements === 'function') await statements(columns);
  else for (const statement of statements) await columns.command(statement);
};
