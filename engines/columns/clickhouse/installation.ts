// Whose a column store is, and which tables it had, as a comment of the table that knows its schema: a file beside the data, so that no
// damaged part takes it along. It is read before the schema is brought forward, as that makes what is missing anew, and empty. While a
// migration is on its way, or was not settled, it names no tables: which ones there are then is the migration's affair.
import { columnOf, valueAt } from '../../../core/batch/batch.ts';
import type { ColumnStore } from '../port.ts';

export interface ColumnsInstallation {
  /** undefined: it was never told. */
  readonly installation: string | undefined;
  /** Tables that it had when it was told last, and has no more. */
  readonly missing: readonly string[];
}

const NOTE = /^installation ([\w-]+); tables ([\w,]*)$/;
const NAME = /^[\w-]+$/;
const TABLES = "SELECT name, comment FROM system.tables WHERE database = currentDatabase() AND engine LIKE '%MergeTree' ORDER BY name";

/** Table → its comment. */
const tablesOf = async (columns: Pick<ColumnStore, 'query'>): Promise<ReadonlyMap<string, string>> => {
  const { batches } = await columns.query(TABLES);
  const text = (batch: (typeof batches)[number], name: string, row: number): string => String(valueAt(columnOf(batch, name), row));
  return new Map(
    batches.flatMap((batch) => Array.from({ length: batch.length }, (_, row): [string, string] => [text(batch, 'name', row), text(batch, 'comment', row)])),
  );
};

const noteOf = (installation: string, tables: readonly string[]): string => `installation ${installation}; tables ${tables.join(',')}`;
const noteIn = (tables: ReadonlyMap<string, string>): string | undefined => tables.get('schema_version');

/** Rejects with `columns.…`. */
export const columnsInstallation = async (columns: Pick<ColumnStore, 'query'>): Promise<ColumnsInstallation> => {
  const tables = await tablesOf(columns);
  const [, installation, had = ''] = NOTE.exec(noteIn(tables) ?? '') ?? [];
  return { installation, missing: had.split(',').filter((name) => name !== '' && !tables.has(name)) };
};

const tell = (columns: Pick<ColumnStore, 'command'>, installation: string, tables: readonly string[]): Promise<void> =>
  columns.command(`ALTER TABLE schema_version MODIFY COMMENT '${noteOf(installation, tables)}'`);

/** Before a migration, until `columnsBelongTo`: no table is missed, wherever that dies. Rejects with `columns.…`. */
export const forgetTables = async (columns: Pick<ColumnStore, 'query' | 'command'>): Promise<void> => {
  const [, installation, had] = NOTE.exec(noteIn(await tablesOf(columns)) ?? '') ?? [];
  if (installation !== undefined && had !== '') await tell(columns, installation, []);
};

/** Of a store whose schema is there. Writes nothing where it says so already. Rejects with `columns.…`. */
export const columnsBelongTo = async (columns: Pick<ColumnStore, 'query' | 'command'>, installation: string): Promise<void> => {
  if (!NAME.test(installation)) throw new TypeError(`${JSON.stringify(installation)} is no name of an installation`);
  const tables = await tablesOf(columns);
  const names = [...tables.keys()];
  if (noteIn(tables) !== noteOf(installation, names)) await tell(columns, installation, names);
};
