// Labels as they are given on a command line.
import { CodedError } from '../../core/errors.ts';

/** Throws `command.usage`. */
export const labelsOf = (given: readonly string[]): ReadonlyMap<string, string> =>
  new Map(
    given.map((pair) => {
      const at = pair.indexOf('=');
      if (at < 1) throw new CodedError('command.usage', { problem: `--label ${JSON.stringify(pair)} is not KEY=VALUE` });
      return [pair.slice(0, at), pair.slice(at + 1)] as const;
    }),
  );
