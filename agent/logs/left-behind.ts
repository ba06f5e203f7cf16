// Opens what a rotation left of a log that is followed: the rest of it in a copy, and files that had its name between two looks and lost it again.
// Where these stand `rotations.ts` finds out. Their lines are told of under the name they were written to.
import type { Stats } from 'node:fs';
import { LogFile } from './log-file.ts';
import type { Moment } from './moment.ts';
import type { OpenFiles } from './open-files.ts';
import { asSeen, keyOf, seenOf } from './position.ts';
import { copyOf, type Left, statOf, writtenBetween } from './rotations.ts';

/** So often a file is looked for again that had another name by the time it was opened. */
const TRIES = 8;

/** After a copy-truncate: the rest of the old content is in the copy, which stands beside the file under a rotation's name. */
export const followCopy = (files: OpenFiles, left: Left, now: number, tries = TRIES): void => {
  const copy = copyOf(left, (key) => files.knows(key));
  if (copy === undefined) return;
  files.openOrphan(copy.position, copy.path, now, false);
  if (tries > 0 && !files.knows(copy.position.key) && hasMoved(copy.path, copy.position.key)) followCopy(files, left, now, tries - 1);
};

/**
 * What was written to a name, and got a rotation's, since the file of that name was seen there last; true where there is a copy of what stands
 * there now. `read`: of files that had the name too.
 */
export const followBetween = (files: OpenFiles, left: Left, now: number, read: readonly Left[] = [], tries = TRIES): boolean => {
  const { path: original } = left.position;
  const since = seenOf(left.position);
  if (since === undefined) return false;
  const ofName = [...files.all()].filter((file) => file.path === original || file.committed.path === original);
  const { found, copies } = writtenBetween([left, ...read], since, (key) => files.knows(key), ofName);
  for (const { path, stat } of found) openBetween(files, stat, path, original, since, now);
  const moved = found.some(({ path, stat }) => !files.knows(keyOf(stat)) && hasMoved(path, keyOf(stat)));
  return moved && tries > 0 ? followBetween(files, left, now, read, tries - 1) : copies;
};

/** It was written to the original name since that moment. */
export const openBetween = (files: OpenFiles, stat: Stats, path: string, original: string, since: Moment, now: number): void => {
  const key = keyOf(stat);
  files.openOrphan({ ...LogFile.start(key, original), ...asSeen(since) }, path, now, false);
  const file = files.get(key);
  if (file !== undefined) file.metAt = stat.size;
};

const hasMoved = (path: string, key: string): boolean => {
  const stat = statOf(path);
  return stat === undefined || keyOf(stat) !== key;
};
