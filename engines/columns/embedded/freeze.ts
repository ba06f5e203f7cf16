// The column store's files as they were at one moment: ClickHouse's FREEZE makes hard links of the parts that are active, which takes no
// room and moments. Which files make up a store is known here alone; put where their paths say, they are a store that was stopped.
// Nothing may be written to the tables while it freezes; what is merged or removed beside it does no harm.
import { linkSync, mkdirSync, readdirSync, readlinkSync, rmSync, statSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { type Batch, columnOf, valueAt } from '../../../core/batch/batch.ts';
import type { ColumnStore } from '../port.ts';

/** A path is below the folder of the database, with `/`. */
export interface FrozenFile {
  /** Where it belongs. */
  readonly path: string;
  /** Where it is. */
  readonly file: string;
  readonly bytes: number;
}

/** How ClickHouse finds the folder of a table or database by its name. */
export interface FrozenLink {
  readonly path: string;
  /** From the link's own folder; leads to a place below the database. */
  readonly target: string;
}

export interface FrozenColumns {
  readonly files: readonly FrozenFile[];
  readonly links: readonly FrozenLink[];
  /** Number of the last migration. */
  readonly version: number;
  readonly clickhouse: string;
  /** Lets the hard links go; idempotent. Until then what is merged or removed keeps its room. */
  release(): void;
}

/** Letters alone: ClickHouse escapes other signs in the name of the folder. */
const NAME = 'backup';
/** What tells others what is still to be done goes first: then that is done twice at worst, never left out. */
const FIRST = new Set(['marks']);
const STORE = 'store';

/** `dataDir`: of the embedded store. */
export const databaseIn = (dataDir: string): string => join(dataDir, 'db');

export const releaseFrozen = (dataDir: string): void => rmSync(join(databaseIn(dataDir), 'shadow'), { recursive: true, force: true });

const texts = (batches: readonly Batch[]): readonly string[] =>
  batches.flatMap((batch) => Array.from({ length: batch.length }, (_, row) => String(valueAt(columnOf(batch, 'v'), row))));

const entries = (folder: string) => readdirSync(folder, { withFileTypes: true, recursive: true });

/**
 * `store/abc/UUID/file`: of a table its form, and mutations that have not ended; of a database the statements that made its tables. What
 * lies deeper are parts, which come and go.
 */
const linkOwnFiles = (db: string, shadow: string): void => {
  for (const group of readdirSync(join(db, STORE)))
    for (const uuid of readdirSync(join(db, STORE, group))) {
      const folder = join(STORE, group, uuid);
      for (const entry of readdirSync(join(db, folder), { withFileTypes: true })) {
        if (!entry.isFile()) continue;
        mkdirSync(join(shadow, folder), { recursive: true, mode: 0o700 });
        linkSync(join(db, folder, entry.name), join(shadow, folder, entry.name));
      }
    }
};

/** Rejects with `columns.…`. */
export const freezeColumns = async (columns: Pick<ColumnStore, 'query' | 'command'>, dataDir: string): Promise<FrozenColumns> => {
  const db = databaseIn(dataDir);
  const ask = async (sql: string): Promise<readonly string[]> => texts((await columns.query(sql)).batches);
  releaseFrozen(dataDir);
  const tables = await ask("SELECT name AS v FROM system.tables WHERE database = currentDatabase() AND engine LIKE '%MergeTree' ORDER BY name");
  const [clickhouse = ''] = await ask('SELECT version() AS v');
  const [version = '0'] = await ask('SELECT max(version) AS v FROM schema_version');
  for (const table of tables.toSorted((a, b) => Number(FIRST.has(b)) - Number(FIRST.has(a))))
    await columns.command(`ALTER TABLE \`${table}\` FREEZE WITH NAME '${NAME}'`);
  const shadow = join(db, 'shadow', NAME);
  linkOwnFiles(db, shadow);
  const links = ['metadata', 'data'].flatMap((folder) =>
    entries(join(db, folder)).flatMap((entry): FrozenLink[] => {
      const file = join(entry.parentPath, entry.name);
      return entry.isSymbolicLink() ? [{ path: relative(db, file), target: relative(dirname(file), join(dirname(file), readlinkSync(file))) }] : [];
    }),
  );
  const files = entries(shadow).flatMap((entry): FrozenFile[] => {
    const file = join(entry.parentPath, entry.name);
    return entry.isFile() ? [{ path: relative(shadow, file), file, bytes: statSync(file).size }] : [];
  });
  return {
    files,
    links,
    version: Number(version),
    clickhouse,
    release: () => releaseFrozen(dataDir),
  };
};
