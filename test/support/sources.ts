// The files of this clone that are ours: tracked, or new and not ignored. Paths are relative to the root, with slashes.
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

export const ROOT = join(import.meta.dirname, '../..');

export const ourFiles: readonly string[] = [
  ...new Set(
    execFileSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], { cwd: ROOT, encoding: 'utf8', maxBuffer: 1 << 26 }).split('\0'),
  ),
]
  .filter((path) => path !== '' && existsSync(join(ROOT, path)))
  .sort();

export const textOf = (path: string): string => readFileSync(join(ROOT, path), 'utf8');

/** Files that hold code of ours, as opposed to text, data and pictures. */
export const isSource = (path: string): boolean => /\.(ts|js|mjs|svelte)$/.test(path) && !path.endsWith('.d.ts');
