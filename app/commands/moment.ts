// A moment as an option of a command names it: a time, a day, or so long before another moment.
import { CodedError } from '../../core/errors.ts';
import { parseTime } from '../../core/time.ts';
import type { Arguments } from './arguments.ts';

const SPANS: Readonly<Record<string, bigint>> = { s: 1n, m: 60n, h: 3600n, d: 86_400n, w: 604_800n };

/** ns; undefined where the option is not given. `before`: that spans are counted back from, and what `now` means. Throws `command.usage`. */
export const momentOf = (args: Arguments, name: string, before: bigint): bigint | undefined => {
  const text = args.values.get(name);
  if (text === undefined) return undefined;
  const span = /^-?(\d{1,9})([smhdw])$/.exec(text);
  if (span !== null) return before - BigInt(span[1] as string) * (SPANS[span[2] as string] as bigint) * 1_000_000_000n;
  const moment = text === 'now' ? before : parseTime(/^\d{4}-\d\d-\d\d$/.test(text) ? `${text}T00:00:00Z` : text);
  if (moment === undefined)
    throw new CodedError('command.usage', { problem: `--${name} ${JSON.stringify(text)} is no time; write 2026-11-20T10:00:00Z, or 6h for six hours before` });
  return moment;
};
