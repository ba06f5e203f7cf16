// One process a folder: a lock of the kernel on the file `lock` in it, which ends with the process that holds it, however that ends, and which holds
// between containers and other namespaces of processes and networks on one machine. It protects nothing from what does not ask for it.
// While it is held the process must not open that file in another way: on POSIX closing it would let the lock go. The file stays, empty,
// when the lock is released, but where nothing is to be left: so whoever has locked a file looks whether it is still the one in the folder.
import { closeSync, fstatSync, openSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';

export interface FolderLock {
  /** `leaveNothing`: the file `lock` goes too. */
  release(leaveNothing?: boolean): void;
}

/** SQLite's code for what another one has locked (https://www.sqlite.org/rescode.html#busy). */
const BUSY = 5;
const PAUSE_MS = 50;

const holderFile = (folder: string): string => join(folder, 'lock.holder');

/** On a disk that is full it stays untold. */
const tellHolder = (folder: string): void => {
  try {
    writeFileSync(holderFile(folder), `process ${process.pid} on ${hostname()}, since ${new Date().toISOString()}\n`, { mode: 0o600 });
  } catch {
    rmSync(holderFile(folder), { force: true });
  }
};

const fileOf = (path: string): bigint | undefined => statSync(path, { bigint: true, throwIfNoEntry: false })?.ino;

/** Of Linux (open(2)), not among Node's constants: opens no content, and closing it lets no lock go. Others take it for nothing. */
const O_PATH = process.platform === 'linux' ? 0o10_000_000 : 0;

/** What is at the path now; as long as it is pinned no other file gets its number. undefined: nothing is. */
const pin = (path: string): { readonly number: bigint; unpin(): void } | undefined => {
  if (O_PATH === 0) {
    const number = fileOf(path);
    return number === undefined ? undefined : { number, unpin: () => {} };
  }
  try {
    const opened = openSync(path, O_PATH);
    return { number: fstatSync(opened, { bigint: true }).ino, unpin: () => closeSync(opened) };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
};

const held = (folder: string, file: DatabaseSync): FolderLock => {
  tellHolder(folder);
  let isHeld = true;
  return {
    release: (leaveNothing = false) => {
      if (!isHeld) return;
      isHeld = false;
      rmSync(holderFile(folder), { force: true });
      if (leaveNothing) rmSync(join(folder, 'lock'), { force: true });
      file.close();
    },
  };
};

/** undefined: it is in use, also by this process itself. Throws where the folder cannot be written, or where locks are not to be had. */
const tryLock = (folder: string): FolderLock | undefined => {
  const path = join(folder, 'lock');
  const before = pin(path);
  try {
    const file = new DatabaseSync(path);
    try {
      // Nothing is ever written, not even a journal: the file stays empty, and what is held is its lock. So it is to be had on a full disk too.
      file.exec('PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE');
    } catch (error) {
      file.close();
      if ((error as { readonly errcode?: number }).errcode === BUSY) return undefined;
      if (before?.number !== fileOf(path)) return tryLock(folder);
      throw error;
    }
    if (before !== undefined && before.number === fileOf(path)) return held(folder, file);
    // It came, or was removed, while it was opened: the one that is there now is to be locked.
    file.close();
    return tryLock(folder);
  } finally {
    before?.unpin();
  }
};

/** Waits so long for one that is just ending; undefined when the folder, which must be there, is still in use then. */
export const lockFolder = async (folder: string, patienceMs = 0): Promise<FolderLock | undefined> => {
  const until = performance.now() + patienceMs;
  for (;;) {
    const lock = tryLock(folder);
    if (lock !== undefined || performance.now() >= until) return lock;
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
  }
};

/** Who holds the folder, in words, as far as it was written down: a process id is that of its own container. */
export const holderOf = (folder: string): string => {
  try {
    return readFileSync(holderFile(folder), 'utf8').trim() || 'another process';
  } catch {
    return 'another process';
  }
};
