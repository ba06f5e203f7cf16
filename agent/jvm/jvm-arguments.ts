// What a JVM says it was started with, as the texts in its counters have it: arguments parted by blanks, without a sign of which blanks are their own.
// Where those the process was given are known, they tell; a secret with blanks is masked as a whole then.
import { bounded } from '../bounded.ts';
import type { Mask } from '../mask/mask.ts';

export interface JvmArguments {
  /** A class, a module with one, or a file of classes. */
  readonly main: string;
  readonly arguments: string;
  readonly options: string;
}

const MOST_TEXT = 4096;

/** `command`, `options`: of the counters; `given`: to the process. */
export const jvmArguments = (command: string, options: string, given: readonly string[], mask: Mask): JvmArguments => {
  const spaced = given.filter((arg) => arg.includes(' '));
  const [main = '', ...rest] = partsOf(bounded(command, MOST_TEXT), ' ', spaced);
  return {
    main: mask.command([main]),
    arguments: masked(rest, mask),
    options: masked(partsOf(bounded(options, MOST_TEXT), ' -', spaced), mask),
  };
};

/** Cut before each `parting`, whose blank is left out, but not within one of `spaced`; the last may be cut off itself. */
const partsOf = (text: string, parting: string, spaced: readonly string[]): readonly string[] => {
  const parts: string[] = [];
  for (let at = 0; at < text.length; ) {
    const rest = text.slice(at);
    const whole = spaced.find((arg) => (arg.length >= rest.length ? arg.startsWith(rest) : rest.startsWith(`${arg} `)));
    const next = text.indexOf(parting, at);
    const end = whole === undefined ? (next === -1 ? text.length : next) : Math.min(at + whole.length, text.length);
    parts.push(text.slice(at, end));
    at = end + 1;
  }
  return parts;
};

/** The program's name, by which the mask knows options, is no part of it. */
const masked = (args: readonly string[], mask: Mask): string =>
  mask
    .command(['java', ...args])
    .slice('java'.length)
    .trim();
