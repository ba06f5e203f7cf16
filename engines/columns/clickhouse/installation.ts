// Whose a column store is, how far it has come, and which tables it had, as the last row of a table. It is read before the schema is brought
// forward, as that makes what is missing anew, and empty. While a migration is on its way, or was not settled, it names no tables: which ones
// there are then is the migration's affair. Before version 14 it was the comment of the table that knows the schema; only what is told regularly
// must be no comment, as a definition that is rewritten on a full disk is left empty.
import { type Batch, columnOf, valueAt } from '../../../core/batch/batch.ts';
import { type Generation, generationText, parseGeneration, type StoreIdentity } from '../../../core/generation.ts';
import type { ColumnStore } from '../port.ts';

export interface ColumnsInstallation extends StoreIdentity {
  /** Tables that it had when it was told last, and has no more. */
  readonly missing: readonly string[];
  /** The comment was lost with the definition, which was mended. */
  readonly isForgotten: boolean;
}

interface Note extends StoreIdentity {
  readonly had: readonly string[];
}

/** The comment of a definition that was written anew, without what it said. */
export const FORGOTTEN = 'forgotten';

const NAME = /^[\w-]+$/;
const COMMENT = /^installation ([\w-]+); tables ([\w,]*)(?:; generation ([\d-]+))?$/;
const TABLES = "SELECT name, comment FROM system.tables WHERE database = currentDatabase() AND engine LIKE '%MergeTree' ORDER BY name";
const TABLE = 'installation';
/** The version that has it. */
export const NOTED_SINCE = 14;
const LAST = `SELECT installation AS name, arrayStringConcat(tables, ',') AS had, generation AS text FROM ${TABLE} ORDER BY no DESC LIMIT 1`;
const TELL = `INSERT INTO ${TABLE} SELECT (SELECT max(no) FROM ${TABLE}) + 1, {installation:String}, {tables:Array(String)}, {generation:String}`;

const textAt = (batch: Batch, name: string, row: number): string => String(valueAt(columnOf(batch, name), row));
const namesIn = (text: string): readonly string[] => text.split(',').filter((name) => name !== '');

/** Table → its comment. */
const tablesOf = async (columns: Pick<ColumnStore, 'query'>): Promise<ReadonlyMap<string, string>> => {
  const { batches } = await columns.query(TABLES);
  return new Map(
    batches.flatMap((batch) => Array.from({ length: batch.length }, (_, row): [string, string] => [textAt(batch, 'name', row), textAt(batch, 'comment', row)])),
  );
};

const commentOf = (tables: ReadonlyMap<string, string>): string => tables.get('schema_version') ?? '';

const noteIn = async (columns: Pick<ColumnStore, 'query'>, tables: ReadonlyMap<string, string>): Promise<Note> => {
  const { batches } = tables.has(TABLE) ? await columns.query(LAST) : { batches: [] };
  const row = batches.find(({ length }) => length > 0);
  if (row !== undefined)
    return { installation: textAt(row, 'name', 0), generation: parseGeneration(textAt(row, 'text', 0)), had: namesIn(textAt(row, 'had', 0)) };
  // Of an earlier version, or of one that was brought forward and not settled.
  const [, installation, had = '', generation] = COMMENT.exec(commentOf(tables)) ?? [];
  return { installation, generation: parseGeneration(generation), had: namesIn(had) };
};

/** Whether the store is of a version that has the table of this, and has it no more. Rejects with `columns.…`. */
export const lacksNotes = async (columns: Pick<ColumnStore, 'query'>, tables?: ReadonlyMap<string, string>): Promise<boolean> => {
  const there = tables ?? (await tablesOf(columns));
  if (there.has(TABLE) || !there.has('schema_version')) return false;
  const { batches } = await columns.query(`SELECT 1 AS found FROM schema_version WHERE version >= ${NOTED_SINCE} LIMIT 1`);
  return batches.some(({ length }) => length > 0);
};

/** Rejects with `columns.…`. */
export const columnsInstallation = async (columns: Pick<ColumnStore, 'query'>): Promise<ColumnsInstallation> => {
  const tables = await tablesOf(columns);
  const { installation, generation, had } = await noteIn(columns, tables);
  const names = (await lacksNotes(columns, tables)) ? [...had, TABLE] : had;
  const isForgotten = installation === undefined && commentOf(tables) === FORGOTTEN;
  return { installation, generation, missing: names.filter((name) => !tables.has(name)), isForgotten };
};

const tell = (columns: Pick<ColumnStore, 'command'>, installation: string, tables: readonly string[], generation: Generation): Promise<void> =>
  columns.command(TELL, { params: { installation, tables, generation: generationText(generation) } });

/** Before a migration, until `columnsBelongTo`: no table is missed, wherever that dies. There must be room on the disk. Rejects with `columns.…`. */
export const forgetTables = async (columns: Pick<ColumnStore, 'query' | 'command'>): Promise<void> => {
  const tables = await tablesOf(columns);
  const { installation, generation, had } = await noteIn(columns, tables);
  if (installation === undefined || had.length === 0) return;
  if (tables.has(TABLE)) return tell(columns, installation, [], generation);
  await columns.command(`ALTER TABLE schema_version MODIFY COMMENT 'installation ${installation}; tables ; generation ${generationText(generation)}'`);
};

/** Of a store whose schema is there. What finds no room rejects, and leaves what was told before. Rejects with `columns.…`. */
export const columnsBelongTo = async (columns: Pick<ColumnStore, 'query' | 'command'>, installation: string, generation: Generation): Promise<void> => {
  if (!NAME.test(installation)) throw new TypeError(`${JSON.stringify(installation)} is no name of an installation`);
  await tell(columns, installation, [...(await tablesOf(columns)).keys()], generation);
};
