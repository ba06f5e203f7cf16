// The text of IQL a command is about: its argument, or standard input where that is `-` or left out.
import { CodedError } from '../../core/errors.ts';
import type { Arguments } from './arguments.ts';

const MOST_BYTES = 8 << 20;

/** Throws `command.usage` where there is none. */
export const textOf = async (args: Arguments): Promise<string> => {
  const [given] = args.positionals;
  if (given !== undefined && given !== '-') return given;
  if (given === undefined && process.stdin.isTTY) throw new CodedError('command.usage', { problem: 'the text is missing' });
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of process.stdin) {
    size += (chunk as Buffer).length;
    if (size > MOST_BYTES) throw new CodedError('command.usage', { problem: `the text is longer than ${MOST_BYTES} bytes` });
    chunks.push(chunk as Buffer);
  }
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: false }).decode(Buffer.concat(chunks)).replace(/\n$/, '');
  } catch {
    throw new CodedError('command.usage', { problem: 'the text is not UTF-8' });
  }
};
