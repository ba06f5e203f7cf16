// Whether what cannot be undone is wanted: said by `--yes`, or by whoever sits at the terminal.
import { createInterface } from 'node:readline/promises';
import { CodedError } from '../../core/errors.ts';
import { plain } from '../../core/plain.ts';
import type { Arguments } from './arguments.ts';

/** Throws `command.usage` where nobody can be asked. */
export const isWanted = async (read: Arguments, question: string): Promise<boolean> => {
  if (read.flags.has('yes')) return true;
  if (!process.stdin.isTTY) throw new CodedError('command.usage', { problem: `${question} Say so with --yes` });
  const asking = createInterface({ input: process.stdin, output: process.stderr });
  try {
    return /^y(es)?$/i.test((await asking.question(`${plain(question)} [y/N] `)).trim());
  } finally {
    asking.close();
  }
};
