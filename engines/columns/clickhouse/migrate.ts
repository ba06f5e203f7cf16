// Brings the schema of a store to this program's version, one migration after the other, and refuses a newer one.
// Two programs may do it at once: every statement of a migration may be run again.
import { columnOf, valueAt } from '../../../core/batch/batch.ts';
import { CodedError } from '../../../core/errors.ts';
import type { ColumnStore } from '../port.ts';
import { FORGOTTEN, forgetTables, lacksNotes, NOTED_SINCE } from './installation.ts';
import { MIGRATIONS, type Migration } from './migrations.ts';

const VERSIONS = "(version UInt32, at DateTime64(3, 'UTC')) ENGINE = MergeTree ORDER BY version SETTINGS fsync_after_insert = 1, fsync_part_directory = 1";
/** Tables that are ever the same, so that a lost definition can be written anew: what stands behind the name. Versions up to 13 lost this one on full disks. */
export const DEFINITIONS: ReadonlyMap<string, string> = new Map([['schema_version', `${VERSIONS} COMMENT '${FORGOTTEN}'`]]);
const IS_THERE = "SELECT name FROM system.tables WHERE database = currentDatabase() AND name = 'schema_version'";

/** 0 where there is none. */
const versionOf = async (columns: Pick<ColumnStore, 'query'>): Promise<number> => {
  const { batches: tables } = await columns.query(IS_THERE);
  if (tables.every(({ length }) => length === 0)) return 0;
  const { batches } = await columns.query('SELECT max(version) AS version FROM schema_version');
  const [batch] = batches;
  return batch === undefined ? 0 : Number(valueAt(columnOf(batch, 'version'), 0));
};

/** `hasRoom`: see `ColumnStore.migrate`; asked before each statement. @throws CodedError `columns.newer-schema`, `columns.start-failed` */
export const migrateColumns = async (
  columns: Pick<ColumnStore, 'query' | 'command'>,
  migrations: readonly Migration[] = MIGRATIONS,
  hasRoom: () => boolean = () => true,
): Promise<void> => {
  const version = await versionOf(columns);
  const known = migrations.at(-1)?.version ?? 0;
  if (version > known) throw new CodedError('columns.newer-schema', { found: version, known });
  // Lost, as was accepted: made anew, and empty.
  const found = (await lacksNotes(columns)) ? NOTED_SINCE - 1 : version;
  const pending = migrations.filter((migration) => migration.version > found);
  if (pending.length === 0) return;
  const withRoom: Pick<ColumnStore, 'query' | 'command'> = {
    query: (...asked) => columns.query(...asked),
    command: async (...asked) => {
      // A definition that is written on a full disk is left empty, and then the store never starts again.
      if (!hasRoom())
        throw new CodedError('columns.start-failed', { reason: `the disk is full, and its tables are to be brought from version ${found} to ${known}` });
      await columns.command(...asked);
    },
  };
  await withRoom.command(`CREATE TABLE IF NOT EXISTS schema_version ${VERSIONS}`);
  await forgetTables(withRoom);
  for (const migration of pending) {
    await applyMigration(withRoom, migration);
    await withRoom.command('INSERT INTO schema_version SELECT {version:UInt32}, now64(3)', { params: { version: migration.version } });
  }
};

export const applyMigration = async (columns: Pick<ColumnStore, 'query' | 'command'>, { statements }: Migration): Promise<void> => {
  if (typeof statements === 'function') await statements(columns);
  else for (const statement of statements) await columns.command(statement);
};
