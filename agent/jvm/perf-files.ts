// Finds and reads the file in which a JVM keeps its counters: `/tmp/hsperfdata_USER/PID`, as the process itself sees `/tmp` and its number. Anyone may
// have put anything there, so no link is followed, nothing is waited for, a file counts only where it is its process's user's and the process has it
// in its memory, and only so much is looked at.
import { closeSync, constants, type Dir, fstatSync, openSync, readSync, type Stats } from 'node:fs';
import { opendir } from 'node:fs/promises';
import type { HostFiles } from '../host-files.ts';
import type { SeenProcess } from '../processes/process-table.ts';

/** `none`: it has no counters. `denied`: the agent may not look. */
export type PerfFile = Uint8Array | 'none' | 'denied';

interface PerfFolder {
  readonly name: string;
  readonly uid: number;
  /** Names in it that are numbers. */
  readonly pids: ReadonlySet<string>;
}

const { O_RDONLY, O_NOFOLLOW, O_NONBLOCK, O_NOCTTY, O_DIRECTORY } = constants;
const FILE = O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY;
const FOLDER = FILE | O_DIRECTORY;
const PREFIX = 'hsperfdata_';
const IS_NUMBER = /^\d+$/;
/** Names looked at in a `/tmp`, and in one of its folders. */
const MOST_NAMES = 50_000;
const MOST_PIDS = 20_000;
/** Of one user in one `/tmp`, and of all. */
const MOST_OF_USER = 4;
const MOST_FOLDERS = 1000;
/** As much as HotSpot can be told to use, and 32 times what it does. */
const MOST_BYTES = 1 << 20;
const CHUNK = 64 << 10;

/** By the kernel's way to what is open already, which no link can change. */
const within = (fd: number, name: string): string => `/proc/self/fd/${fd}/${name}`;
const isDenied = (error: unknown): boolean => ['EACCES', 'EPERM'].includes((error as NodeJS.ErrnoException).code ?? '');

export class PerfFiles {
  readonly #files: HostFiles;
  readonly #leftOut: (what: string) => void;
  /** By what a `/tmp` is, whichever way leads to it. */
  #folders = new Map<string, readonly PerfFolder[]>();
  #buffer = Buffer.allocUnsafeSlow(CHUNK);

  constructor(files: HostFiles, leftOut: (what: string) => void) {
    this.#files = files;
    this.#leftOut = leftOut;
  }

  /** Looks anew at what there is. */
  begin(): void {
    this.#folders = new Map();
  }

  /** What it gives holds until the next call. `isKnown`: the process is known to have the file in its memory. Never throws. */
  async read(process: SeenProcess, isKnown: boolean): Promise<PerfFile> {
    let tmp: number | undefined;
    try {
      tmp = openSync(this.#files.path(`/proc/${process.pid}/root/tmp`), FOLDER);
      return await this.#readIn(tmp, process, isKnown);
    } catch (error) {
      return isDenied(error) ? 'denied' : 'none';
    } finally {
      if (tmp !== undefined) closeSync(tmp);
    }
  }

  async #readIn(tmp: number, process: SeenProcess, isKnown: boolean): Promise<PerfFile> {
    const { dev, ino } = fstatSync(tmp);
    const key = `${dev}:${ino}`;
    const folders = this.#folders.get(key) ?? (await this.#look(tmp));
    this.#folders.set(key, folders);
    const name = String(process.ownPid);
    let isRefused = false;
    for (const folder of folders) {
      if (folder.uid !== process.uid || !folder.pids.has(name)) continue;
      try {
        if (!isKnown && !this.#isMapped(process.pid, `/${folder.name}/${name}`)) continue;
        const found = this.#readFile(tmp, folder.name, name, process.uid);
        if (found !== undefined) return found;
      } catch (error) {
        isRefused ||= isDenied(error);
      }
    }
    return isRefused ? 'denied' : 'none';
  }

  #readFile(tmp: number, folder: string, name: string, uid: number): Uint8Array | undefined {
    return opened(within(tmp, folder), FOLDER, (at, stat) =>
      stat.uid !== uid
        ? undefined
        : opened(within(at, name), FILE, (fd, file) => (file.isFile() && file.uid === uid ? this.#buffer.subarray(0, this.#fill(fd)) : undefined)),
    );
  }

  #fill(fd: number): number {
    let length = 0;
    for (;;) {
      if (length === this.#buffer.length) {
        if (length >= MOST_BYTES) return length;
        const grown = Buffer.allocUnsafeSlow(length * 2);
        this.#buffer.copy(grown);
        this.#buffer = grown;
      }
      const got = readSync(fd, this.#buffer, length, this.#buffer.length - length, null);
      if (got === 0) return length;
      length += got;
    }
  }

  /** Whether the process has a file of such a name in its memory: a file may be left from another that had its number. */
  #isMapped(pid: number, end: string): boolean {
    const needle = Buffer.from(`${end}\n`);
    const fd = openSync(this.#files.path(`/proc/${pid}/maps`), FILE);
    try {
      const chunk = Buffer.allocUnsafe(CHUNK + needle.length);
      let kept = 0;
      for (;;) {
        const got = readSync(fd, chunk, kept, CHUNK, null);
        if (got === 0) return false;
        const length = kept + got;
        if (chunk.subarray(0, length).includes(needle)) return true;
        kept = Math.min(needle.length, length);
        chunk.copy(chunk, 0, length - kept, length);
      }
    } finally {
      closeSync(fd);
    }
  }

  async #look(tmp: number): Promise<readonly PerfFolder[]> {
    const found: PerfFolder[] = [];
    const ofUser = new Map<number, number>();
    let looked = 0;
    for await (const name of namesIn(within(tmp, ''))) {
      if (++looked > MOST_NAMES || found.length >= MOST_FOLDERS) {
        this.#leftOut(`JVMs in a /tmp with more than ${looked > MOST_NAMES ? `${MOST_NAMES} names` : `${MOST_FOLDERS} folders of them`}`);
        break;
      }
      if (!name.startsWith(PREFIX)) continue;
      try {
        const folder = openSync(within(tmp, name), FOLDER);
        try {
          const { uid } = fstatSync(folder);
          const before = ofUser.get(uid) ?? 0;
          ofUser.set(uid, before + 1);
          if (before < MOST_OF_USER) found.push({ name, uid, pids: await pidsIn(folder) });
        } finally {
          closeSync(folder);
        }
      } catch {
        // A file, a link, or what the agent may not look into.
      }
    }
    return found;
  }
}

/** Closed when `use` is done. Throws the file system's error. */
const opened = <T>(path: string, flags: number, use: (fd: number, stat: Stats) => T): T => {
  const fd = openSync(path, flags);
  try {
    return use(fd, fstatSync(fd));
  } finally {
    closeSync(fd);
  }
};

async function* namesIn(path: string): AsyncGenerator<string> {
  const folder: Dir = await opendir(path, { bufferSize: 256 });
  for await (const { name } of folder) yield name;
}

const pidsIn = async (folder: number): Promise<ReadonlySet<string>> => {
  const pids = new Set<string>();
  let looked = 0;
  for await (const name of namesIn(within(folder, ''))) {
    if (++looked > MOST_PIDS) break;
    if (IS_NUMBER.test(name)) pids.add(name);
  }
  return pids;
};
