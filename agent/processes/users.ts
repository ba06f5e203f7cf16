// Names of users by number, from /etc/passwd; read again when the file changes. A number without a name stays a number.
import type { HostFiles } from '../host-files.ts';

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
      if (name && id && !this.#names.has(Number(id))) this.#names.set(Number(id), name);
    }
  }

  name(id: number): string {
    return this.#names.get(id) ?? String(id);
  }
}
