// Where a rotation left what a log file held: under another name, in a copy beside it, or in files that had its name between two looks.
// It looks into folders and compares bytes; what is found is opened and read by others. A name alone proves nothing.
import { closeSync, readSync, type Stats, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { crc32 } from 'node:zlib';
import { isAfter, type Moment } from './moment.ts';
import { openLog } from './open-log.ts';
import { bornOf, FINGERPRINT_BYTES, type Fingerprint, keyOf, NOTHING, type Position } from './position.ts';
import { rotationOf, siblings } from './rotation-name.ts';

/** The kernel's clock of files goes in steps of up to 10 ms. */
const CLOCK_STEP_MS = 10;
/** Files that were written to and rotated between two looks, that are taken at once. */
const MOST_BETWEEN = 100;
/** So often a folder is looked into that changes meanwhile. */
const MOST_LOOKS = 8;
const [here, there] = [Buffer.allocUnsafeSlow(FINGERPRINT_BYTES), Buffer.allocUnsafeSlow(FINGERPRINT_BYTES)];

/** What was read of a file, and when bytes were read of it last; undefined: that is not known. */
export interface Left {
  readonly position: Position;
  readonly readAt: Moment | undefined;
}

interface Beside {
  readonly path: string;
  readonly stat: Stats;
}

/** A file that is open. */
interface Open {
  readonly fd: number;
  readonly path: string;
}

/** One that is followed. */
interface Followed extends Open {
  /** Up to here it is read, whether or not that is in the spool. */
  readonly reading: Left;
  /** Its name is another's by now. */
  readonly orphan: boolean;
}

export const statOf = (path: string): Stats | undefined => {
  try {
    return statSync(path, { throwIfNoEntry: false });
  } catch {
    return undefined;
  }
};

export const madeAfter = ({ birthtimeMs }: Stats, moment: Moment): boolean => isAfter(birthtimeMs + CLOCK_STEP_MS, moment);

/** What is asked of the files beside it, as long as they stand together: a rotation shifts names while one looks, and what was moved answers nothing. */
const askBeside = <T>(path: string, ask: (files: readonly Beside[]) => T): T => {
  const folder = dirname(path);
  for (let looks = 1; ; looks++) {
    const before = statOf(folder)?.mtimeMs;
    const found = siblings(path).flatMap((sibling) => {
      const stat = statOf(sibling);
      return stat?.isFile() === true ? [{ path: sibling, stat }] : [];
    });
    const answer = ask(found);
    if (looks === MOST_LOOKS || statOf(folder)?.mtimeMs === before) return answer;
  }
};

/**
 * After a copy-truncate: the file that holds what was read, and where reading goes on in it. One that was copied before the last lines were read
 * has nothing that was not.
 */
export const copyOf = ({ position, readAt }: Left, knows: (key: string) => boolean): { readonly path: string; readonly position: Position } | undefined =>
  askBeside(position.path, (files) => {
    const others = files.filter(({ stat }) => !knows(keyOf(stat)));
    const whole = others.find(({ path, stat }) => isCopy(path, stat, position));
    if (whole !== undefined) return { path: whole.path, position: { ...position, key: keyOf(whole.stat) } };
    const taken = others.find(({ path, stat }) => isTakenCopy(path, stat, { position, readAt }));
    return taken === undefined
      ? undefined
      : { path: taken.path, position: { ...position, key: keyOf(taken.stat), offset: taken.stat.size, tail: NOTHING, skipping: false } };
  });

/**
 * What was written to a name, and got a rotation's, since the file of that name was seen there last, the oldest first: it is nobody else's, where
 * its name is only a rotation's and it was made since. A copy of what was read is no such file, nor one of what a file of that name holds or held
 * that is among `files`: it is read there. `copies`: there is one of what the file holds that has the name.
 */
export const writtenBetween = (
  read: readonly [Left, ...Left[]],
  since: Moment,
  knows: (key: string) => boolean,
  files: readonly Followed[],
): { readonly found: readonly Beside[]; readonly copies: boolean } => {
  const { path: original } = read[0].position;
  const named = files.filter(({ orphan }) => !orphan);
  return askBeside(original, (beside) => {
    const made = beside.filter(
      ({ path, stat }) =>
        rotationOf(original, path) === 'whole' &&
        madeAfter(stat, since) &&
        !knows(keyOf(stat)) &&
        !isCopyOfRead(path, stat, [...read, ...files.map(({ reading }) => reading)]),
    );
    const found = made.filter(({ path, stat }) => !named.some((file) => isCopyOfOpen(path, stat, file)));
    return { found: found.toSorted((a, b) => a.stat.birthtimeMs - b.stat.birthtimeMs).slice(-MOST_BETWEEN), copies: found.length < made.length };
  });
};

/**
 * Where the file of a position stands that an earlier run kept: under its name, or the one that a rotation gave it. `isPutBack`: from a backup,
 * which makes other inodes.
 */
export const standsAt = (position: Position, isPutBack: boolean): { readonly path: string; readonly key: string; readonly isRenamed: boolean } | undefined => {
  const same = (stat: Stats, path: string): boolean =>
    // Devices have other numbers after a restart of the machine.
    (keyOf(stat) === position.key || (position.born !== undefined && bornOf(path) === position.born)) &&
    stat.size >= position.offset &&
    (position.head.length === 0 || holds(path, stat, position));
  const named = statOf(position.path);
  if (named !== undefined && (same(named, position.path) || (isPutBack && named.size >= position.offset && holds(position.path, named, position))))
    return { path: position.path, key: keyOf(named), isRenamed: false };
  const renamed = askBeside(position.path, (files) => files.find(({ path, stat }) => same(stat, path)));
  return renamed === undefined ? undefined : { path: renamed.path, key: keyOf(renamed.stat), isRenamed: true };
};

/** Where the file of a position stands that holds something else by now: it was cut or rewritten, and renamed then or not. */
export const cutAt = ({ path, born }: Position): { readonly path: string; readonly stat: Stats; readonly isRenamed: boolean } | undefined => {
  if (born === undefined) return undefined;
  const named = statOf(path);
  if (named !== undefined && bornOf(path) === born) return { path, stat: named, isRenamed: false };
  const renamed = askBeside(path, (files) => files.find((sibling) => bornOf(sibling.path) === born));
  return renamed === undefined ? undefined : { ...renamed, isRenamed: true };
};

/**
 * Whether a file may be a copy of one that was read so far: only by a rotation's name, since logs of one program begin alike. Within a stem
 * that is a name of its own too (`worker-2.log`), and a few lines prove nothing: better one read twice than one never read.
 */
export const isCopy = (path: string, stat: Stats, read: Position): boolean => {
  const named = rotationOf(read.path, path);
  return named !== undefined && stat.size >= read.offset && (named === 'whole' || read.head.length === FINGERPRINT_BYTES) && holds(path, stat, read);
};

/** Whether it may be a copy of one of those, of whatever part. */
export const isCopyOfRead = (path: string, stat: Stats, read: readonly Left[]): boolean =>
  read.some((left) => isCopy(path, stat, left.position) || isTakenCopy(path, stat, left));

/** A copy of less than was read, made before it was read so far: what came later may begin like it. */
const isTakenCopy = (path: string, stat: Stats, { position: read, readAt }: Left): boolean =>
  readAt !== undefined &&
  stat.size < read.offset &&
  stat.size >= FINGERPRINT_BYTES &&
  read.head.length === FINGERPRINT_BYTES &&
  !isAfter(stat.birthtimeMs - CLOCK_STEP_MS, readAt) &&
  rotationOf(read.path, path) === 'whole' &&
  opened(path, stat, (fd) => matches(fd, 0, read.head));

/** Whether it is a copy of what the open file holds now, by its beginning and its end. */
export const isCopyOfOpen = (path: string, stat: Stats, open: Open): boolean =>
  stat.size > 0 && rotationOf(open.path, path) === 'whole' && opened(path, stat, (fd) => holdsSame(fd, stat.size, open.fd));

/** Whether two open files have the same beginning, and end where the first of them does. */
export const holdsSame = (fd: number, size: number, other: number): boolean => {
  const length = Math.min(FINGERPRINT_BYTES, size);
  return size > 0 && isAlike(fd, other, 0, length) && isAlike(fd, other, size - length, length);
};

const isAlike = (a: number, b: number, at: number, length: number): boolean =>
  readSync(a, here, 0, length, at) === length && readSync(b, there, 0, length, at) === length && here.compare(there, 0, length, 0, length) === 0;

export const matches = (fd: number, at: number, expected: Fingerprint): boolean => {
  if (expected.length === 0) return true;
  const got = readSync(fd, here, 0, expected.length, at);
  return got === expected.length && crc32(here.subarray(0, got)) === expected.crc;
};

/** Whether the file holds, at the position's place, what the position remembers; false too when it cannot be read. */
const holds = (path: string, stat: Stats, { head, offset, tail }: Position): boolean =>
  head.length > 0 && opened(path, stat, (fd) => matches(fd, 0, head) && matches(fd, offset - tail.length, tail));

/** What is asked of the file that was looked at; false when it cannot be opened or has another name by now. */
const opened = (path: string, stat: Stats, ask: (fd: number) => boolean): boolean => {
  let fd: number;
  try {
    fd = openLog(path, keyOf(stat));
  } catch {
    return false;
  }
  try {
    return ask(fd);
  } catch {
    return false;
  } finally {
    closeSync(fd);
  }
};
