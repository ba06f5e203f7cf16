// Whose a column store is, how far it has come, and which tables it had, as a comment of the table that knows its schema: a file beside the data, so that no
// damaged part takes it along. It is read before the schema is brought forward, as that makes what is missing anew, and empty. While a
// migration is on its way, or was not settled, it names no tables: which ones there are then is the migration's affair.
import { columnOf, valueAt } from '../../../core/batch/batch.ts';
import { type Generation, generationText, parseGeneration, type StoreIdentity } from '../../../core/generation.ts';
import type { ColumnStore } from '../port.ts';

export interface ColumnsInstallation extends StoreIdentity {
  /** Tables that it had when it was told last, and has no more. */
  readonly missing: readonly string[];
}

const NOTE = /^installation ([\w-]+); tables ([\w,]*)(?:; generation ([\d-]+))?$/;
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

const noteOf = (installation: string, tables: readonly string[], generation: Generation): string =>
  `installation ${installation}; tables ${tables.join(',')}; generation ${generationText(generation)}`;
const noteIn = (tables: ReadonlyMap<string, string>): string | undefined => tables.get('schema_version');

/** Rejects with `columns.…`. */
export const columnsInstallation = async (columns: Pick<ColumnStore, 'query'>): Promise<ColumnsInstallation> => {
  const tables = await tablesOf(columns);
  const [, installation, had = '', generation] = NOTE.exec(noteIn(tables) ?? '') ?? [];
  return { installation, generation: parseGeneration(generation), missing: had.split(',').filter((name) => name !== '' && !tables.has(name)) };
};

const tell = (columns: Pick<ColumnStore, 'command'>, note: string): Promise<void> => columns.command(`ALTER TABLE schema_version MODIFY COMMENT '${note}'`);

/** Before a migration, until `columnsBelongTo`: no table is missed, wherever that dies. Rejects with `columns.…`. */
export const forgetTables = async (columns: Pick<ColumnStore, 'query' | 'command'>): Promise<void> => {
  const [, installation, had, generation] = NOTE.exec(noteIn(await tablesOf(columns)) ?? '') ?? [];
  if (installation !== undefined && had !== '') await tell(columns, noteOf(installation, [], parseGeneration(generation)));
};

/** Of a store whose schema is there. Writes nothing where it says so already. Rejects with `columns.…`. */
export const columnsBelongTo = async (columns: Pick<ColumnStore, 'query' | 'command'>, installation: string, generation: Generation): Promise<void> => {
  if (!NAME.test(installation)) throw new TypeError(`${JSON.stringify(installation)} is no name of an installation`);
  const tables = await tablesOf(columns);
  const note = noteOf(installation, [...tables.keys()], generation);
  if (noteIn(tables) !== note) await tell(columns, note);
};
