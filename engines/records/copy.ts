// All rows of a record store as lines of JSON, and back into an empty one of the same schema. Rows go as PostgreSQL itself writes them
// (`ROW::text`), so that each value comes back as it was, whatever its type; what a table looks like is the migrations' part.
//
// Lines: `{"table", "columns"}`, then its rows `{"rows": […]}`, and so on; `{"sequence", "value", "called"}`; `{"tables", "total"}` last.
import { CodedError } from '../../core/errors.ts';
import type { RecordQueries, RecordSnapshot } from './port.ts';

/** Filled by the migrations. */
const OWN = 'schema_versions';
/** Rows of a line. */
const ROWS = 1000;

type Line =
  | { readonly table: string; readonly columns: readonly string[] }
  | { readonly rows: readonly string[] }
  | { readonly sequence: string; readonly value: string; readonly called: boolean }
  | { readonly tables: number; readonly total: number };

interface Table {
  readonly name: string;
  readonly columns: readonly string[];
}

const TABLES = `SELECT c.relname AS name, array_agg(a.attname::text ORDER BY a.attnum) AS columns
FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
WHERE c.relkind = 'r' AND c.relnamespace = 'public'::regnamespace AND c.relname <> '${OWN}'
GROUP BY c.relname ORDER BY c.relname`;

const PARENTS = `SELECT c.relname AS child, p.relname AS parent FROM pg_constraint f
JOIN pg_class c ON c.oid = f.conrelid JOIN pg_class p ON p.oid = f.confrelid WHERE f.contype = 'f' AND f.conrelid <> f.confrelid`;

const SEQUENCES = "SELECT sequencename AS name FROM pg_sequences WHERE schemaname = 'public' ORDER BY 1";

const quoted = (name: string): string => `public."${name.replaceAll('"', '""')}"`;

/** What others refer to comes first. */
const tablesOf = async (store: RecordQueries): Promise<readonly Table[]> => {
  const waiting = new Map((await store.query(TABLES)).map(({ name, columns }) => [name as string, columns as readonly string[]]));
  const parents = (await store.query(PARENTS)).map(({ child, parent }) => [child as string, parent as string] as const);
  const out: Table[] = [];
  while (waiting.size > 0) {
    const free = [...waiting.keys()].filter((name) => !parents.some(([child, parent]) => child === name && waiting.has(parent)));
    // Tables in a circle could be filled in no order; our schema has none.
    if (free.length === 0) throw new TypeError(`tables refer to each other in a circle: ${[...waiting.keys()].join(', ')}`);
    for (const name of free) {
      out.push({ name, columns: waiting.get(name) ?? [] });
      waiting.delete(name);
    }
  }
  return out;
};

/** Number of the last migration. */
export const recordsVersion = async (store: RecordQueries): Promise<number> =>
  ((await store.query(`SELECT coalesce(max(version), 0) AS version FROM ${OWN}`))[0]?.version ?? 0) as number;

/** Each ends with a line feed. */
export const copyOut = async function* (store: RecordSnapshot): AsyncGenerator<string> {
  const line = (value: Line): string => `${JSON.stringify(value)}\n`;
  const tables = await tablesOf(store);
  let total = 0;
  for (const { name, columns } of tables) {
    yield line({ table: name, columns });
    await store.query(`DECLARE copied NO SCROLL CURSOR FOR SELECT t::text AS row FROM ${quoted(name)} AS t`);
    for (;;) {
      const rows = (await store.query(`FETCH ${ROWS} FROM copied`)).map(({ row }) => row as string);
      if (rows.length > 0) yield line({ rows });
      total += rows.length;
      if (rows.length < ROWS) break;
    }
    await store.query('CLOSE copied');
  }
  for (const { name } of await store.query(SEQUENCES)) {
    const [row] = await store.query(`SELECT last_value::text AS value, is_called AS called FROM ${quoted(name as string)}`);
    yield line({ sequence: name as string, value: row?.value as string, called: row?.called as boolean });
  }
  yield line({ tables: tables.length, total });
};

/** `lines` without line feeds; `file`: their name for people. Throws `records.damaged-copy`; then the store is to be thrown away. */
export const copyIn = async (store: RecordQueries, lines: AsyncIterable<string>, file: string): Promise<void> => {
  const damaged = (reason: string): CodedError => new CodedError('records.damaged-copy', { file, reason });
  const known = new Map((await tablesOf(store)).map(({ name, columns }) => [name, columns]));
  // What migrations have put there is in the copy too.
  if (known.size > 0) await store.query(`TRUNCATE ${Array.from(known.keys(), quoted).join(', ')}`);
  let table: string | undefined;
  let total = 0;
  let end: { readonly tables: number; readonly total: number } | undefined;
  for await (const text of lines) {
    const read = parsed(text);
    if (read === undefined || end !== undefined) throw damaged(end === undefined ? 'a line of it cannot be read' : 'something stands behind its end');
    if ('table' in read) {
      const columns = known.get(read.table);
      if (columns === undefined || columns.join() !== read.columns.join()) throw damaged(`its table ${read.table} is none of this schema`);
      table = read.table;
    } else if ('rows' in read) {
      if (table === undefined) throw damaged('rows of it belong to no table');
      await store.query(`INSERT INTO ${quoted(table)} OVERRIDING SYSTEM VALUE SELECT r.* FROM unnest($1::${quoted(table)}[]) AS r`, [read.rows]);
      total += read.rows.length;
    } else if ('sequence' in read) await store.query('SELECT setval($1::regclass, $2::int8, $3)', [quoted(read.sequence), read.value, read.called]);
    else end = read;
  }
  if (end === undefined) throw damaged('its end is missing');
  if (end.tables !== known.size || end.total !== total) throw damaged(`it has ${total} rows of ${end.total}, ${known.size} tables of ${end.tables}`);
};

const parsed = (text: string): Line | undefined => {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as Line) : undefined;
  } catch {
    return undefined;
  }
};
