// Names of users by number, from /etc/passwd; read again when the file changes. A number without a name stays a number.
import { bounded } from '../bounded.ts';
import type { HostFiles } from '../host-files.ts';

/** Characters of a name. */
const MOST_NAME = 256;

export class Users {
  readonly #files: HostFiles;
  #names = new Map<number, string>();
  #version = '';

  constructor(files: HostFiles) {
    this.#files = files;
  }

  refresh(): void {
    const stat = this.#files.stat('/etc/passwd');
    const version = stat === undefined ? '' : `${stat.ino}:${stat.mtimeMs}:${stat.size}`;
    if (version === this.#version) return;
    this.#version = version;
    this.#names = new Map();
    for (const line of (this.#files.text('/etc/passwd') ?? '').split('\n')) {
      const [name, , id] = line.split(':');
      if (name && id && !this.#names.has(Number(id))) this.#names.set(Number(id), bounded(name, MOST_NAME));
    }
  }

  name(id: number): string {
    return this.#names.get(id) ?? String(id);
  }
}
