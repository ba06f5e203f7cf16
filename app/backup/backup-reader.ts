// Opens the files of a backup to be read: those alone that are files below its folder, by names that are folders and files all the way. A link
// would bring back what is elsewhere, a device never ends, and a pipe has no end either. It checks no content.
import { closeSync, constants, createReadStream, fstatSync, lstatSync, openSync, type ReadStream, readFileSync, type Stats } from 'node:fs';
import { join } from 'node:path';
import { CodedError } from '../../core/errors.ts';

const FLAGS = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;

type Kinds = Pick<Stats, 'isFile' | 'isDirectory' | 'isSymbolicLink'>;

const kindText = (stat: Kinds): string => {
  if (stat.isSymbolicLink()) return 'a symbolic link';
  return stat.isDirectory() ? 'a folder' : stat.isFile() ? 'a file' : 'a device or a pipe';
};

/** The file is the caller's to close. `path`: below `dir`, with `/`. Throws `backup.damaged`; `ENOENT` and the like as they are. */
const openPlain = (dir: string, path: string): number => {
  const refuse = (file: string, stat: Kinds, wanted: string): never => {
    throw new CodedError('backup.damaged', { file, reason: `it is ${kindText(stat)}, and a backup has ${wanted} there` });
  };
  const names = path.split('/');
  for (let i = 1; i < names.length; i++) {
    const folder = join(dir, ...names.slice(0, i));
    const stat = lstatSync(folder);
    if (!stat.isDirectory()) refuse(folder, stat, 'a folder');
  }
  const file = join(dir, path);
  const before = lstatSync(file);
  if (!before.isFile()) refuse(file, before, 'a file');
  const open = openSync(file, FLAGS);
  const stat = fstatSync(open);
  if (stat.isFile()) return open;
  closeSync(open);
  return refuse(file, stat, 'a file');
};

/** Throws as `openPlain` does. */
export const streamOfBackup = (dir: string, path: string): ReadStream =>
  createReadStream(join(dir, path), { fd: openPlain(dir, path), highWaterMark: 1 << 20 });

/** Throws as `openPlain` does. */
export const textOfBackup = (dir: string, path: string): string => {
  const open = openPlain(dir, path);
  try {
    return readFileSync(open, 'utf8');
  } finally {
    closeSync(open);
  }
};
