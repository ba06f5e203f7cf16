// Where the last run of the agent stood in its log files: each goes on from there, under its name or the one that a rotation gave it meanwhile.
// Of those that do not hold any more what was read, the rest is in copies. What came to their names since, others look for.
import { followCopy } from './left-behind.ts';
import { LogFile } from './log-file.ts';
import type { Moment } from './moment.ts';
import type { OpenFiles } from './open-files.ts';
import { keyOf, type Position, seenOf } from './position.ts';
import { cutAt, isCopyOfOpen, isCopyOfRead, standsAt } from './rotations.ts';

/** When the last run of the agent looked into the folders before its last record. */
export const lookedOf = (known: readonly Position[]): Moment | undefined => {
  let latest: Moment | undefined;
  for (const position of known) {
    const looked = position.looked ?? seenOf(position);
    if (looked !== undefined && (latest === undefined || looked.at > latest.at)) latest = looked;
  }
  return latest;
};

/**
 * Answers those whose files do not hold any more what was read of them, and notes in `cut` the generation of each such file that still stands under
 * its name, by what it was born as. `isPutBack`: files may have come back from a backup, under other inodes.
 */
export const resume = (files: OpenFiles, known: readonly Position[], cut: Map<string, number>, isPutBack: boolean, now: number): readonly Position[] => {
  // Copies are looked for last: one of them may have a position of its own.
  const lost = known.filter((position) => !restore(files, position, isPutBack, now));
  recover(files, lost, cut, now);
  return lost;
};

/** Where a run of the agent stood: under the same name or the one a rotation gave it; false when there is no such file. */
const restore = (files: OpenFiles, position: Position, isPutBack: boolean, now: number): boolean => {
  const place = standsAt(position, isPutBack);
  if (place === undefined) return false;
  const known = { ...position, key: place.key };
  const recorded = known.key === position.key;
  if (!recorded) files.tellGone({ ...position, gone: true });
  if (place.isRenamed) files.openOrphan(known, place.path, now, recorded);
  else files.open(known, place.path, now, recorded);
  if (files.get(known.key) === undefined) files.rest(known);
  return true;
};

/** What was not read of these is in copies, and what their files hold now is read from its beginning. */
const recover = (files: OpenFiles, lost: readonly Position[], cut: Map<string, number>, now: number): void => {
  for (const position of lost) {
    files.leave(position.path, position.keyLines);
    if (position.head.length > 0) followCopy(files, { position, readAt: seenOf(position) }, now);
  }
  for (const position of lost) {
    const { key, path, born, generation = 0 } = position;
    const place = cutAt(position);
    if (place === undefined || born === undefined) {
      files.tellGone({ ...position, gone: true });
      continue;
    }
    const start = { ...LogFile.start(key, path), born, generation: generation + 1 };
    if (!place.isRenamed) {
      cut.set(born, generation);
      files.tellGone(start);
      continue;
    }
    files.tellGone({ ...position, gone: true });
    const others = [...files.all()].filter((file) => file.path === path);
    const read = [...lost.map((other) => ({ position: other, readAt: seenOf(other) })), ...others.map(({ reading }) => reading)];
    const isKnown = files.knows(keyOf(place.stat)) || isCopyOfRead(place.path, place.stat, read);
    if (isKnown || others.some((file) => !file.orphan && isCopyOfOpen(place.path, place.stat, file))) continue;
    files.openOrphan({ ...start, key: keyOf(place.stat) }, place.path, now, false);
  }
};
