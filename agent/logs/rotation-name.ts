// By which names a rotated log file is looked for beside the one that is written to, and which of them only a rotation gives.
// A name alone proves nothing: what stands in the file decides.
import { readdirSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';

/** Compressed archives that a pattern may catch. */
export const NOT_LOGS = /\.(gz|xz|zst|bz2|zip|journal)$/;
/** No name of a file is longer; what rotation adds is looked for at each place in it. */
const MOST_NAME = 255;
/** What rotation adds: numbers, dates and times, words for what was before. */
const MARK = '[._-]+(?:[a-z]?\\d[\\dTZ:+]*|old|bak|backup|prev|previous|last|orig|copy|saved?)';
const MARKS = new RegExp(`^(?:${MARK})+$`, 'i');
const MARKED = new RegExp(`(?:${MARK})+$`, 'i');

/** The name that a rotation gave this one from, where it put something behind it: `app.log` of `app.log.1`. Undefined for other names. */
export const originalOf = (name: string): string | undefined => {
  const original = name.length > MOST_NAME ? name : name.replace(MARKED, '');
  return original === name || original === '' ? undefined : original;
};

const endOf = (name: string): string => /\.[^.]*$/.exec(name)?.[0] ?? '';

/**
 * How a file is named as a rotation of another in its folder: `whole` after the whole name (`app.log.1`, `app.log-20261120`), `stem` within it
 * (`app-20261120.log`, `app.1.log`, `app-1.log.old`), as programs that write several files name these too. Undefined for any other name.
 */
export const rotationOf = (original: string, path: string): 'whole' | 'stem' | undefined => {
  const [name, other] = [basename(original), basename(path)];
  if (dirname(original) !== dirname(path)) return undefined;
  if (other.startsWith(name) && MARKS.test(other.slice(name.length))) return 'whole';
  const end = endOf(name);
  const stem = name.slice(0, name.length - end.length);
  const rest = other.slice(stem.length);
  const at = end === '' || !other.startsWith(stem) ? -1 : rest.indexOf(end);
  if (at === -1) return undefined;
  const after = rest.slice(at + end.length);
  return MARKS.test(rest.slice(0, at)) && (after === '' || MARKS.test(after)) ? 'stem' : undefined;
};

/** Files in the same folder whose names begin with the file's own name or its stem: `app.log.1`, `app.log-20261120`, `app-20261120.log`. */
export const siblings = (path: string): readonly string[] => {
  const name = basename(path);
  const stem = name.slice(0, name.length - endOf(name).length);
  try {
    return readdirSync(dirname(path))
      .filter((other) => other !== name && other.startsWith(stem) && !NOT_LOGS.test(other))
      .map((other) => join(dirname(path), other));
  } catch {
    return [];
  }
};
