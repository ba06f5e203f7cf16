// `inframirror accept-loss STORE --data DIR`: lets the next start begin a store anew that was lost, or go on with an older copy of it, and says what is gone with it. It changes
// no store; a store that is there after all goes on.
import { existsSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { CodedError, hasCode } from '../../core/errors.ts';
import { ownName } from '../../core/node/own-name.ts';
import { plain } from '../../core/plain.ts';
import { holdDataFolder } from '../data-folder.ts';
import { STORES } from '../installation/installation.ts';
import { readStoreNotes, STORE_NAMES, type StoreName, type StoreNotes, writeStoreNotes } from '../installation/notes.ts';
import { command, type Options, suggestion } from './arguments.ts';
import { isWanted } from './confirm.ts';
import { dataFolderOf } from './data-folder.ts';
import { writeOut } from './write-out.ts';

const OPTIONS: Options = {
  data: {
    type: 'string',
    value: 'DIR',
    summary: 'data folder of the server, which must not run (INFRAMIRROR_DATA; default that of the file INFRAMIRROR_CONFIG, else ./data)',
  },
  yes: { type: 'boolean', summary: 'do not ask' },
};

/** Throws `command.usage`. */
const storeOf = (given: string | undefined): StoreName => {
  const found = STORE_NAMES.find((name) => name === given);
  if (found !== undefined) return found;
  const problem = given === undefined ? 'name the store that was lost' : `there is no store ${JSON.stringify(given)}${suggestion(given, STORE_NAMES)}`;
  throw new CodedError('command.usage', { problem: `${problem}: accept-loss ${STORE_NAMES.join(' | ')}` });
};

/** As far as is known without opening it. A store that cannot be opened at all must be moved away first. */
const isWhole = (dataDir: string, store: StoreName, { refused }: StoreNotes): boolean => {
  const size = statSync(join(dataDir, STORES[store].mark), { throwIfNoEntry: false })?.size ?? 0;
  return size > 0 && (refused === undefined || refused.stores?.includes(store) === false);
};

export const acceptLoss = (args: readonly string[]): Promise<number> =>
  command(
    args,
    'accept-loss STORE [OPTIONS]',
    'Accepts that a store is gone for good (stream, columns or records): the next start begins it anew, or goes on\n' +
      'with the older copy that it is, and puts that into the audit. Without it a start with such a store is refused. Run it as the user that runs the server, while that is stopped.',
    OPTIONS,
    1,
    async (read) => {
      const store = storeOf(read.positionals[0]);
      const dataDir = resolve(dataFolderOf(read));
      const owner = statSync(dataDir, { throwIfNoEntry: false })?.uid;
      const refuse = (reason: string): never => {
        throw new CodedError('store.not-accepted', { folder: dataDir, reason });
      };
      if (owner === undefined || !existsSync(join(dataDir, 'instance'))) refuse('it is no data folder of a server');
      if (process.getuid?.() === 0 && owner !== 0) refuse(`it belongs to another user (${owner}), who must say so`);
      const lock = await holdDataFolder(dataDir).catch((error: unknown) => {
        if (hasCode(error, 'data.in-use')) refuse(`its server runs (${error.parameters.holder}); stop that first, as only a start begins a store anew`);
        throw error;
      });
      try {
        const notes = readStoreNotes(dataDir) ?? refuse('its stores were never all made, so that none is missed');
        if (isWhole(dataDir, store, notes)) refuse(`${STORES[store].name} is there, and no start was refused for it: start the server`);
        const { name, cost, older } = STORES[store];
        const question = `${cost}${older === undefined ? '' : ` Of an older copy that goes on: ${older}`} Accept that ${name} is lost for good?`;
        if (!(await isWanted(read, question))) return 1;
        const accepted = notes.accepted.filter((other) => other.store !== store);
        writeStoreNotes(dataDir, { ...notes, accepted: [...accepted, { store, who: ownName(), at: new Date().toISOString() }] });
      } finally {
        lock.release();
      }
      const { name, cost, older } = STORES[store];
      const copy =
        older === undefined ? 'An older copy of it is put aside then, and it begins anew too.' : `Where it is an older copy of itself, that goes on. ${older}`;
      writeOut(`${plain(dataDir)}: where ${name} is not there at the next start, it begins anew.\n${cost}\n${copy}\n`);
      return 0;
    },
  );
