// `inframirror identity DIR`: makes what all processes of an installation share, once: its name, its tokens, its command keys. It replaces none.
import { existsSync, readdirSync } from 'node:fs';
import { resolve } from 'node:path';
import { CodedError } from '../../core/errors.ts';
import { plain } from '../../core/plain.ts';
import { openCommandKeys } from '../command-keys.ts';
import { makeIdentity } from '../data-folder.ts';
import { command } from './arguments.ts';
import { writeOut } from './write-out.ts';

export const identity = (args: readonly string[]): Promise<number> =>
  command(
    args,
    'identity DIR',
    'Makes the name, tokens and keys of an installation of several processes, each of which has them by `identity: DIR` in its settings.',
    {},
    1,
    async (read) => {
      const [given] = read.positionals;
      if (given === undefined) throw new CodedError('command.usage', { problem: 'name the folder: identity DIR' });
      const folder = resolve(given);
      if (existsSync(folder) && readdirSync(folder).length > 0)
        throw new CodedError('data.identity', { folder, reason: 'it is there already, and is never replaced' });
      process.umask(0o077);
      makeIdentity(folder);
      openCommandKeys(folder);
      writeOut(
        `${plain(folder)}: instance, token, agent-token, metrics-token, command-keys. Give them to each process by \`identity: DIR\`; they are secret.\n`,
      );
      return 0;
    },
  );
