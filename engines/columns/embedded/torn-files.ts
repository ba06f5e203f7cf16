// Small files of the column store that a full disk or a power cut left empty or half written, and over which it would not start at all:
// they are put aside before it starts. It opens no store and moves nothing that is whole, or of a form that it does not know.
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Logger } from '../../../core/logger.ts';
import { databaseIn } from './freeze.ts';

/** A change of a table's rows that is still to be done. On a full disk the store leaves it empty under this name; other files get theirs when they are whole. */
const MUTATION = /^mutation_\d+\.txt$/;
const HEAD = 'format version: 1\n';
const COMMANDS = /^commands: [^\n]*\n/m;

/** `text`: of a file of a mutation, as the store writes it. */
export const isTorn = (text: string): boolean =>
  /^\0*$/.test(text) || (text.length < HEAD.length ? HEAD.startsWith(text) : text.startsWith(HEAD) && !COMMANDS.test(text));

/** None where there is no such folder. */
export const entries = (folder: string): readonly string[] => {
  try {
    return readdirSync(folder);
  } catch {
    // Not made yet, or no folder: the store says what it thinks of that.
    return [];
  }
};

const mutations = (db: string): readonly (readonly [table: string, file: string])[] =>
  entries(join(db, 'store')).flatMap((group) =>
    entries(join(db, 'store', group)).flatMap((table) =>
      entries(join(db, 'store', group, table)).flatMap((name) => (MUTATION.test(name) ? [[table, join(db, 'store', group, table, name)] as const] : [])),
    ),
  );

/** Returns where each of them lies now. `dataDir`: of the embedded store, which must not run. */
export const putTornAside = (dataDir: string, log: Logger): readonly string[] => {
  const aside = join(dataDir, 'aside');
  return mutations(databaseIn(dataDir)).flatMap(([table, file]) => {
    try {
      const text = readFileSync(file, 'latin1');
      if (!isTorn(text)) return [];
      const to = join(aside, `${new Date().toISOString().replaceAll(':', '-')}_${table}_${file.slice(file.lastIndexOf('mutation_'))}`);
      move(file, to, aside, text === '');
      log.error('a change of a table that was only half written was put aside, so that the column store starts', { file, to, bytes: text.length });
      return [to];
    } catch (error) {
      log.error('a file of the column store that is only half written cannot be put aside', { file, error });
      return [];
    }
  });
};

/** On a full disk there may be no room for the folder; an empty file is nothing to keep. */
const move = (file: string, to: string, folder: string, isEmpty: boolean): void => {
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    renameSync(file, to);
  } catch (error) {
    if (!isEmpty) throw error;
    rmSync(file);
  }
};
