// Finds and reads the file in which a JVM keeps its counters: `/tmp/hsperfdata_USER/PID`, as the process itself sees `/tmp` and its number. Anyone may
// have put anything there, so no link is followed, nothing is waited for, a file counts only where it is its process's user's and the process has it
// in its memory, and only so much is looked at. What rests elsewhere than on this machine is let be: who serves it may never answer.
import { closeSync, constants, type Dir, fstatSync, openSync, readlinkSync, readSync, type Stats } from 'node:fs';
import { opendir } from 'node:fs/promises';
import { COUNTED, unescaped } from '../collectors/filesystem.ts';
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
/** Beside those that hold files of their own. */
const LAYERED: ReadonlySet<string> = new Set(['overlay', 'aufs', 'ramfs', 'rootfs']);
/** Names looked at in a `/tmp`, in one of its folders, and in all of a pass. */
const MOST_NAMES = 50_000;
const MOST_PIDS = 20_000;
const MOST_OF_PASS = 500_000;
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
  /** Of each `/tmp`, by the mounts and the root of who sees it. */
  #folders = new Map<string, readonly PerfFolder[]>();
  #looked = 0;
  #buffer = Buffer.allocUnsafeSlow(CHUNK);

  constructor(files: HostFiles, leftOut: (what: string) => void) {
    this.#files = files;
    this.#leftOut = leftOut;
  }

  /** Looks anew at what there is. */
  begin(): void {
    this.#folders = new Map();
    this.#looked = 0;
  }

  /** What it gives holds until the next call. `isKnown`: the process is known to have the file in its memory. Never throws. */
  async read(process: SeenProcess, isKnown: boolean): Promise<PerfFile> {
    try {
      const folder = `/proc/${process.pid}`;
      const view = ['ns/mnt', 'root'].map((name) => readlinkSync(this.#files.path(`${folder}/${name}`))).join(' ');
      const folders = this.#folders.get(view) ?? (await this.#look(folder));
      this.#folders.set(view, folders);
      return this.#readIn(folders, process, isKnown);
    } catch (error) {
      return isDenied(error) ? 'denied' : 'none';
    }
  }

  #readIn(folders: readonly PerfFolder[], process: SeenProcess, isKnown: boolean): PerfFile {
    const name = String(process.ownPid);
    let isRefused = false;
    for (const folder of folders) {
      if (folder.uid !== process.uid || !folder.pids.has(name)) continue;
      try {
        if (!isKnown && !this.#isMapped(process.pid, `/${folder.name}/${name}`)) continue;
        const found = opened(this.#tmp(`/proc/${process.pid}`), FOLDER, (tmp) => this.#readFile(tmp, folder.name, name, process.uid));
        if (found !== undefined) return found;
      } catch (error) {
        isRefused ||= isDenied(error);
      }
    }
    return isRefused ? 'denied' : 'none';
  }

  #tmp(process: string): string {
    return this.#files.path(`${process}/root/tmp`);
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

  /** What the process sees in its `/tmp`; throws where it may not be looked at. */
  async #look(process: string): Promise<readonly PerfFolder[]> {
    const { isLocal, mounted } = mountsOf(this.#files.text(`${process}/mountinfo`) ?? '');
    if (!isLocal) {
      this.#leftOut('JVMs whose /tmp is not of this machine');
      return [];
    }
    let tmp: number;
    try {
      tmp = openSync(this.#tmp(process), FOLDER);
    } catch (error) {
      if (isDenied(error)) throw error;
      return [];
    }
    try {
      return await this.#foldersIn(tmp, mounted);
    } finally {
      closeSync(tmp);
    }
  }

  async #foldersIn(tmp: number, mounted: ReadonlySet<string>): Promise<readonly PerfFolder[]> {
    const found: PerfFolder[] = [];
    const ofUser = new Map<number, number>();
    let looked = 0;
    for await (const name of namesIn(within(tmp, ''))) {
      if (++looked > MOST_NAMES || ++this.#looked > MOST_OF_PASS || found.length >= MOST_FOLDERS) {
        this.#leftOut('JVMs in a /tmp that has too many names');
        break;
      }
      if (!name.startsWith(PREFIX) || mounted.has(name)) continue;
      try {
        const folder = openSync(within(tmp, name), FOLDER);
        try {
          const { uid } = fstatSync(folder);
          const before = ofUser.get(uid) ?? 0;
          ofUser.set(uid, before + 1);
          if (before < MOST_OF_USER) found.push({ name, uid, pids: await this.#pidsIn(folder) });
        } finally {
          closeSync(folder);
        }
      } catch {
        // A file, a link, or what the agent may not look into.
      }
    }
    return found;
  }

  async #pidsIn(folder: number): Promise<ReadonlySet<string>> {
    const pids = new Set<string>();
    let looked = 0;
    for await (const name of namesIn(within(folder, ''))) {
      if (++looked > MOST_PIDS || ++this.#looked > MOST_OF_PASS) {
        this.#leftOut('JVMs in a /tmp that has too many names');
        break;
      }
      if (IS_NUMBER.test(name)) pids.add(name);
    }
    return pids;
  }
}

/** Whether `/tmp` rests on this machine, and what in it something is mounted on, by `/proc/PID/mountinfo`. */
const mountsOf = (text: string): { readonly isLocal: boolean; readonly mounted: ReadonlySet<string> } => {
  const types = new Map<string, string>();
  const mounted = new Set<string>();
  for (const line of text.split('\n')) {
    const [before = '', after = ''] = line.split(' - ', 2);
    const mountpoint = unescaped(before.split(' ', 5)[4] ?? '');
    // Of one over another the last is seen.
    if (mountpoint === '/' || mountpoint === '/tmp') types.set(mountpoint, after.split(' ', 1)[0] ?? '');
    else if (mountpoint.startsWith('/tmp/')) mounted.add(mountpoint.split('/', 3)[2] ?? '');
  }
  const type = types.get('/tmp') ?? types.get('/');
  // Of a root that is a plain folder it is not told.
  return { isLocal: type === undefined || COUNTED.has(type) || LAYERED.has(type), mounted };
};

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
