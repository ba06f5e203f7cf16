// Definitions of tables that a full disk left empty, over which the store does not start at all: the rows are whole. One whose text is known is
// written anew before the store starts; of the others it only tells which they are, as a table without its definition is removed with its rows.
import { readFileSync, readlinkSync, renameSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import type { Logger } from '../../../core/logger.ts';
import { databaseIn } from './freeze.ts';
import { entries } from './torn-files.ts';

const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

const isEmpty = (file: string): boolean => {
  try {
    return /^\0*$/.test(readFileSync(file, 'latin1'));
  } catch {
    return false;
  }
};

/** Of tables, and of databases. `dataDir`: of the embedded store. */
export const emptyDefinitions = (dataDir: string): readonly string[] => {
  const db = databaseIn(dataDir);
  const folders = entries(join(db, 'store')).flatMap((group) => entries(join(db, 'store', group)).map((uuid) => join(db, 'store', group, uuid)));
  return [join(db, 'metadata'), ...folders].flatMap((folder) =>
    entries(folder)
      .filter((name) => name.endsWith('.sql'))
      .map((name) => join(folder, name))
      .filter(isEmpty),
  );
};

/** By which the store finds the folder of a table; undefined where none leads to one. */
const uuidOf = (db: string, table: string): string | undefined => {
  for (const database of entries(join(db, 'data')))
    try {
      const uuid = basename(readlinkSync(join(db, 'data', database, table)));
      if (UUID.test(uuid)) return uuid;
    } catch {
      // Not of this database.
    }
  return undefined;
};

/** `known`: table → what stands behind its name when it is made. The store must not run. */
export const mendDefinitions = (dataDir: string, known: ReadonlyMap<string, string>, log: Logger): void => {
  for (const file of emptyDefinitions(dataDir)) {
    const table = basename(file, '.sql');
    const [text, uuid] = [known.get(table), uuidOf(databaseIn(dataDir), table)];
    if (text === undefined || uuid === undefined) continue;
    try {
      // The store removes what a start that was killed leaves under this name.
      writeFileSync(`${file}.tmp`, `ATTACH TABLE _ UUID '${uuid}' ${text}\n`, { mode: 0o600, flush: true });
      renameSync(`${file}.tmp`, file);
      log.error('the definition of a table was empty, as a full disk leaves it, and was written anew', { file });
    } catch (error) {
      log.error('the definition of a table is empty and cannot be written anew', { file, error });
    }
  }
};
