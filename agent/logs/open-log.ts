// Opens a file that a pattern found, for reading: never a device, a pipe or a folder, never waiting for one,
// and never through a link by which another user than its target's owner or root could show us a file that is not theirs.
import { closeSync, constants, fstatSync, lstatSync, openSync, readlinkSync, realpathSync } from 'node:fs';
import { keyOf } from './position.ts';

const FLAGS = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK | constants.O_NOCTTY;

const CHANGED = 'links among the log files that change while they are followed';

/** Why a file is not read although it could be. */
export class RefusedLog extends Error {
  override readonly name = 'RefusedLog';
}

/** Another file has that name by now: a rotation goes on. */
export class MovedLog extends Error {
  override readonly name = 'MovedLog';
}

/** The file descriptor. `key`: of the file that is meant. Throws `RefusedLog`, `MovedLog`, or the file system's error. */
export const openLog = (path: string, key?: string): number => {
  const target = realpathSync(path);
  const fd = openSync(target, FLAGS);
  try {
    // A folder on the way may have been exchanged for a link between looking and opening: then it is not the file that was looked at.
    if (readlinkSync(`/proc/self/fd/${fd}`) !== target) throw target === path ? new MovedLog('another file has its name') : new RefusedLog(CHANGED);
    const stat = fstatSync(fd);
    if (!stat.isFile()) throw new RefusedLog('log files that are no files');
    if (key !== undefined && keyOf(stat) !== key) throw new MovedLog('another file has its name');
    if (target !== path) {
      const { owners, end } = linksOn(path);
      if (end !== target) throw new RefusedLog(CHANGED);
      for (const owner of owners) if (owner !== 0 && owner !== stat.uid) throw new RefusedLog('links among the log files that lead to another user’s file');
    }
    return fd;
  } catch (error) {
    closeSync(fd);
    throw error;
  }
};

/** Who owns each link on the way (the last part of the path and every folder before it, and the links these lead to), and where it ends. */
const linksOn = (path: string): { readonly owners: readonly number[]; readonly end: string } => {
  const owners: number[] = [];
  let rest = path.split('/').filter((part) => part !== '');
  let at = '';
  for (let steps = 0; rest.length > 0 && steps < 256; steps++) {
    const [part, ...others] = rest as [string, ...string[]];
    rest = others;
    if (part === '.') continue;
    if (part === '..') {
      at = at.slice(0, at.lastIndexOf('/'));
      continue;
    }
    const here = `${at}/${part}`;
    const stat = lstatSync(here);
    if (!stat.isSymbolicLink()) {
      at = here;
      continue;
    }
    owners.push(stat.uid);
    const to = readlinkSync(here);
    const after = lstatSync(here);
    if (keyOf(after) !== keyOf(stat) || after.uid !== stat.uid) throw new RefusedLog(CHANGED);
    if (to.startsWith('/')) at = '';
    rest = [...to.split('/').filter((p) => p !== ''), ...rest];
  }
  return { owners, end: at };
};
