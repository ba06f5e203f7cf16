// Finds the files that a pattern means: `*`, `?` and `[…]` within a name, `**` for any depth. Names that begin with a dot must be asked for.
import { lstatSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

/** Bounds on folders looked into and files found, for patterns that mean half the disk. */
const MOST_FOLDERS = 2000;
const MOST_FILES = 2000;

const patternOf = (segment: string): RegExp =>
  new RegExp(
    `^${segment.replaceAll(/\[!?[^\]]+\]|[\s\S]/g, (c) => (c === '*' ? '[^/]*' : c === '?' ? '[^/]' : c.length > 1 ? c.replace('[!', '[^').replaceAll('\\', '\\\\') : c.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&')))}$`,
    'su',
  );

/** Absolute paths below `root`, in no order, each once; `cut` when a bound was met. */
export const findFiles = (patterns: readonly string[], root: string): { readonly paths: readonly string[]; readonly cut: boolean } => {
  const found = new Set<string>();
  let folders = 0;
  const list = (folder: string): readonly string[] => {
    if (folders++ >= MOST_FOLDERS) return [];
    try {
      return readdirSync(folder);
    } catch {
      return [];
    }
  };
  const walk = (folder: string, segments: readonly string[]): void => {
    const [first, ...rest] = segments;
    if (first === undefined || found.size >= MOST_FILES) return;
    if (first === '**') {
      walk(folder, rest);
      for (const name of list(folder)) if (!name.startsWith('.') && isFolder(join(folder, name))) walk(join(folder, name), segments);
      return;
    }
    const plain = !/[*?[]/.test(first);
    const pattern = plain ? undefined : patternOf(first);
    const names = plain ? [first] : list(folder).filter((name) => pattern?.test(name) && (first.startsWith('.') || !name.startsWith('.')));
    for (const name of names) {
      const path = join(folder, name);
      if (rest.length > 0) walk(path, rest);
      else if (found.size < MOST_FILES) found.add(path);
    }
  };
  for (const pattern of patterns)
    walk(
      root,
      pattern.split('/').filter((s) => s !== ''),
    );
  return { paths: [...found], cut: folders > MOST_FOLDERS || found.size >= MOST_FILES };
};

const isFolder = (path: string): boolean => {
  try {
    // Links to folders are not followed below `**`: they may lead in a circle.
    return lstatSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
  } catch {
    return false;
  }
};
