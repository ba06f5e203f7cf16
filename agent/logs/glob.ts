// Finds the files that patterns mean: `*`, `?` and `[…]` within a name, `**` for any depth. Names that begin with a dot must be asked for.
// It remembers when folders changed, so that what came into them is found soon for one look at each folder: a name in a folder cannot come or go
// without that. It opens no file.
import { lstatSync, readdirSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type Moment, momentNow } from './moment.ts';
import { originalOf } from './rotation-name.ts';

/** Bounds on folders looked into and files found, for patterns that mean half the disk. */
const MOST_FOLDERS = 2000;
const MOST_FILES = 10_000;
/** A folder may change again at the same time by its own clock, which counts in steps, of a second on some file systems. */
const STEP_MS = 1100;

const patternOf = (segment: string): RegExp =>
  new RegExp(
    `^${segment.replaceAll(/\[!?[^\]]+\]|[\s\S]/g, (c) => (c === '*' ? '[^/]*' : c === '?' ? '[^/]' : c.length > 1 ? c.replace('[!', '[^').replaceAll('\\', '\\\\') : c.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&')))}$`,
    'su',
  );

/** A file that has a rotation's name, which no pattern means, while one means the name it had. */
export interface Stray {
  readonly path: string;
  readonly original: string;
  /** When its folder was looked into before. */
  readonly since: Moment;
}

export interface Found {
  /** Absolute, in no order, each once. */
  readonly paths: readonly string[];
  readonly strays: readonly Stray[];
  /** A bound was met. */
  readonly cut: boolean;
  /** The patterns mean names that are no UTF-8, or lead through folders of such names: no text leads to them. */
  readonly odd: boolean;
}

interface Folder {
  /** -1: it is not there. */
  changedMs: number;
  /** When it was looked at. */
  at: Moment;
  /** When it was looked into before. */
  since: Moment | undefined;
  /** Undefined: nobody asked for them. */
  names: readonly string[] | undefined;
  /** Of the folders in it; undefined: nobody asked. */
  folders: readonly string[] | undefined;
  /** It may have changed since the look before. */
  isFresh: boolean;
  /** The look it was last needed in. */
  look: number;
}

export class Finder {
  readonly #root: string;
  readonly #patterns: readonly (readonly string[])[];
  readonly #folders = new Map<string, Folder>();
  readonly #since: Moment | undefined;
  #look = 0;
  #cut = false;
  #odd = false;

  /** `since`: when a finder before this one is known to have looked. */
  constructor(patterns: readonly string[], root: string, since?: Moment) {
    this.#root = root;
    this.#since = since;
    this.#patterns = patterns.map((pattern) => pattern.split('/').filter((s) => s !== ''));
  }

  /** All files that the patterns mean. */
  find(): Found {
    return this.#walkAll(true);
  }

  /** Those in folders that may have changed since the last look; undefined when none has. */
  changed(): Found | undefined {
    for (const [path, { changedMs, at }] of this.#folders) if (at.at - changedMs < STEP_MS || changeOf(path) !== changedMs) return this.#walkAll(false);
    return undefined;
  }

  /** What came until then was found; undefined: nothing was looked at yet. */
  get looked(): Moment | undefined {
    let oldest: Moment | undefined;
    for (const { at } of this.#folders.values()) if (oldest === undefined || at.at < oldest.at) oldest = at;
    return oldest ?? this.#since;
  }

  /** When the folder of a file was looked into before. */
  since(path: string): Moment | undefined {
    return this.#folders.get(dirname(path))?.since;
  }

  /** Of what was found there something had moved before it was met: the next look tells again what came since the look before this one. */
  moved(path: string): void {
    const folder = this.#folders.get(dirname(path));
    if (folder?.since !== undefined) folder.at = folder.since;
  }

  #walkAll(anew: boolean): Found {
    this.#look++;
    this.#cut = false;
    this.#odd = false;
    const paths = new Set<string>();
    const strays = new Map<string, Stray>();
    for (const pattern of this.#patterns) this.#walk(this.#root, pattern, anew, paths, strays);
    for (const [path, { look }] of this.#folders) if (look !== this.#look) this.#folders.delete(path);
    return {
      paths: [...paths],
      strays: [...strays.values()].filter(({ path }) => !paths.has(path)),
      cut: this.#cut || paths.size >= MOST_FILES,
      odd: this.#odd,
    };
  }

  #walk(path: string, [first, ...rest]: readonly string[], anew: boolean, paths: Set<string>, strays: Map<string, Stray>): void {
    if (first === undefined || paths.size >= MOST_FILES) return;
    const isLast = rest.length === 0;
    if (!/[*?[]/.test(first)) {
      const next = join(path, first);
      if (!isLast) this.#walk(next, rest, anew, paths, strays);
      else if (this.#folderAt(path, anew)?.isFresh === true) paths.add(next);
      return;
    }
    const folder = this.#folderAt(path, anew);
    if (folder === undefined) return;
    folder.names ??= namesIn(path);
    if (first === '**') {
      this.#walk(path, rest, anew, paths, strays);
      folder.folders ??= folder.names.filter((name) => !name.startsWith('.') && isFolder(join(path, name)));
      if (folder.names.some(mayBeOdd) && hasOddFolder(path)) this.#odd = true;
      for (const name of folder.folders) this.#walk(join(path, name), [first, ...rest], anew, paths, strays);
      return;
    }
    if (isLast && !folder.isFresh) return;
    const pattern = patternOf(first);
    const means = (name: string): boolean => pattern.test(name) && (first.startsWith('.') || !name.startsWith('.'));
    for (const name of folder.names) {
      if (!means(name)) {
        const original = isLast && folder.since !== undefined ? originalOf(name) : undefined;
        if (original === undefined || folder.since === undefined || !means(original)) continue;
        strays.set(join(path, name), { path: join(path, name), original: join(path, original), since: folder.since });
      } else if (mayBeOdd(name) && !isThere(join(path, name))) this.#odd = true;
      else if (!isLast) this.#walk(join(path, name), rest, anew, paths, strays);
      else if (paths.size < MOST_FILES) paths.add(join(path, name));
    }
  }

  /** `anew`: it is looked into whether or not it changed. Undefined beyond the bound. */
  #folderAt(path: string, anew: boolean): Folder | undefined {
    const known = this.#folders.get(path);
    if (known?.look === this.#look) return known;
    if (known === undefined && this.#folders.size >= MOST_FOLDERS) {
      this.#cut = true;
      return undefined;
    }
    const at = momentNow();
    const changedMs = changeOf(path);
    const isFresh = anew || known === undefined || known.changedMs !== changedMs || known.at.at - changedMs < STEP_MS;
    const folder: Folder = isFresh
      ? { changedMs, at, since: known?.at ?? this.#since, names: undefined, folders: undefined, isFresh, look: this.#look }
      : { ...known, isFresh, look: this.#look };
    this.#folders.set(path, folder);
    return folder;
  }
}

const changeOf = (path: string): number => {
  try {
    return statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? -1;
  } catch {
    return -1;
  }
};

const namesIn = (path: string): readonly string[] => {
  try {
    return readdirSync(path);
  } catch {
    return [];
  }
};

/** What is no UTF-8 in a name reads so, as does a name that holds the sign itself. */
const mayBeOdd = (name: string): boolean => name.includes('\ufffd');

const isThere = (path: string): boolean => {
  try {
    return lstatSync(path, { throwIfNoEntry: false }) !== undefined;
  } catch {
    return false;
  }
};

const hasOddFolder = (path: string): boolean => {
  try {
    const entries = readdirSync(path, { withFileTypes: true });
    return entries.some((entry) => entry.isDirectory() && !entry.name.startsWith('.') && mayBeOdd(entry.name) && !isThere(join(path, entry.name)));
  } catch {
    return false;
  }
};

const isFolder = (path: string): boolean => {
  try {
    // Links to folders are not followed below `**`: they may lead in a circle.
    return lstatSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
  } catch {
    return false;
  }
};
