// What each store's folder takes of its disk. A folder of many parts takes a while to measure: that is done at most twice a minute,
// in turn, and whoever asks gets what was found last. It changes nothing and follows no link.
import { lstat, opendir } from 'node:fs/promises';
import { join } from 'node:path';
import type { StoreSpace } from '../graphql/service.ts';
import { askDisk } from './disk.ts';

const FRESH_MS = 30_000;
/** Of a block of `lstat`, whatever the file system's. */
const BLOCK = 512;

/** undefined: it is not there any more. */
const present = <T>(work: Promise<T>): Promise<T | undefined> =>
  work.catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT') throw error;
    return undefined;
  });

/** Disk space of all files below a folder; what goes away meanwhile is left out. */
export const bytesBelow = async (path: string): Promise<number> => {
  let bytes = 0;
  const folder = await present(opendir(path));
  if (folder === undefined) return 0;
  for await (const entry of folder) {
    const below = join(path, entry.name);
    if (entry.isDirectory()) bytes += await bytesBelow(below);
    else bytes += ((await present(lstat(below)))?.blocks ?? 0) * BLOCK;
  }
  return bytes;
};

export class StoreSpaces {
  readonly #folders: ReadonlyMap<string, string>;
  readonly #bytes = new Map<string, number>();
  #measured = Number.NEGATIVE_INFINITY;
  #measuring: Promise<void> | undefined;

  /** Name for people → folder. */
  constructor(folders: ReadonlyMap<string, string>) {
    this.#folders = folders;
  }

  async read(): Promise<readonly StoreSpace[]> {
    if (performance.now() - this.#measured > FRESH_MS) this.#measuring ??= this.#measure();
    // Only the first asker waits a moment, so that the first page has figures.
    if (this.#bytes.size < this.#folders.size) await Promise.race([this.#measuring, new Promise((resolve) => setTimeout(resolve, 500).unref())]);
    return Promise.all(Array.from(this.#folders, ([name, folder]) => this.#one(name, folder)));
  }

  async #one(name: string, folder: string): Promise<StoreSpace> {
    const disk = await askDisk(folder);
    return { name, bytes: this.#bytes.get(name), diskFree: disk?.free, diskSize: disk?.size };
  }

  async #measure(): Promise<void> {
    for (const [name, folder] of this.#folders) {
      const bytes = await bytesBelow(folder).catch(() => undefined);
      if (bytes !== undefined) this.#bytes.set(name, bytes);
    }
    this.#measured = performance.now();
    this.#measuring = undefined;
  }
}
