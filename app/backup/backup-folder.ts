// A backup as it is written: under a name that says it is not whole, each file on disk and with its checksum, renamed when all of it is
// there. Whatever fails, `abandon` leaves nothing of it.
import { createHash, randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, rmSync, statSync } from 'node:fs';
import { type FileHandle, mkdir, open, rename, rm } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { CodedError } from '../../core/errors.ts';
import { type BackupFile, MANIFEST, MANIFEST_SUM, type Manifest, sumOf } from './manifest.ts';

const PARTIAL = /\.partial-[0-9a-f]{8}$/;
/** Tells a folder of ours from one that only has such a name. */
const MARK = 'unfinished';

/** A name in a folder survives a power cut only when the folder is on disk too. */
export const syncFolder = async (folder: string): Promise<void> => {
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
};

const writeAll = async (handle: FileHandle, chunk: Uint8Array): Promise<void> => {
  for (let at = 0; at < chunk.length; ) at += (await handle.write(chunk, at)).bytesWritten;
};

/** Writes a new file of mode 0600 to the disk; `wrote`: told of each piece. */
export const writeFileWhole = async (path: string, chunks: AsyncIterable<Uint8Array>, wrote: (bytes: number) => void): Promise<Omit<BackupFile, 'path'>> => {
  const hash = createHash('sha256');
  let bytes = 0;
  const handle = await open(path, 'wx', 0o600);
  try {
    for await (const chunk of chunks) {
      hash.update(chunk);
      await writeAll(handle, chunk);
      bytes += chunk.length;
      wrote(chunk.length);
    }
    await handle.datasync();
  } finally {
    await handle.close();
  }
  return { bytes, sha256: hash.digest('hex') };
};

export class BackupFolder {
  /** What it is called until it is whole. */
  readonly partial: string;
  readonly #dir: string;
  readonly #files: BackupFile[] = [];
  readonly #folders = new Set<string>();
  readonly #wrote: (bytes: number) => void;

  private constructor(dir: string, wrote: (bytes: number) => void) {
    this.#dir = dir;
    this.partial = `${dir}.partial-${randomBytes(4).toString('hex')}`;
    this.#wrote = wrote;
  }

  /** Throws `backup.folder`. */
  static begin(dir: string, wrote: (bytes: number) => void): BackupFolder {
    const folder = new BackupFolder(resolve(dir), wrote);
    try {
      if (existsSync(dir) && (!statSync(dir).isDirectory() || readdirSync(dir).length > 0))
        throw new Error('it is there already, and a backup is never written over');
      // Not made: where a disk is not mounted the backup would lie on another.
      if (!existsSync(dirname(folder.#dir))) throw new Error(`the folder above it, ${dirname(folder.#dir)}, is not there`);
      mkdirSync(folder.partial, { mode: 0o700 });
      mkdirSync(join(folder.partial, MARK));
    } catch (error) {
      throw new CodedError('backup.folder', { dir, reason: (error as Error).message }, { cause: error });
    }
    return folder;
  }

  /** `path`: below the folder, with `/`. */
  async write(path: string, chunks: AsyncIterable<Uint8Array>): Promise<void> {
    const whole = join(this.partial, path);
    const folder = dirname(whole);
    if (!this.#folders.has(folder)) {
      await mkdir(folder, { recursive: true, mode: 0o700 });
      this.#folders.add(folder);
    }
    this.#files.push({ path, ...(await writeFileWhole(whole, chunks, this.#wrote)) });
  }

  /** All of it stands under its own name, on disk. */
  async finish(about: Omit<Manifest, 'files'>): Promise<Manifest> {
    const manifest: Manifest = { ...about, files: this.#files };
    const text = `${JSON.stringify(manifest, undefined, 1)}\n`;
    for (const [name, content] of [
      [MANIFEST_SUM, `${sumOf(text)}\n`],
      [MANIFEST, text],
    ] as const)
      await writeFileWhole(join(this.partial, name), one(content), () => undefined);
    for (const folder of this.#folders) await syncFolder(folder);
    await rm(join(this.partial, MARK), { recursive: true });
    await syncFolder(this.partial);
    await rename(this.partial, this.#dir);
    await syncFolder(dirname(this.#dir));
    return manifest;
  }

  abandon(): Promise<void> {
    return rm(this.partial, { recursive: true, force: true });
  }
}

const one = async function* (text: string): AsyncGenerator<Uint8Array> {
  yield Buffer.from(text);
};

/** Removes what a run that was killed has left under such a name; nothing else. */
export const removePartial = (path: string): void => {
  if (PARTIAL.test(path) && existsSync(join(path, MARK))) rmSync(path, { recursive: true, force: true });
};
