// Reads the small files of /proc, /sys and /etc below a root, into one buffer used over and over.
// A file that is missing, vanishes while read, or may not be read gives undefined; nothing here throws.
import { closeSync, openSync, readdirSync, readSync, type Stats, statSync } from 'node:fs';
import { join } from 'node:path';

export type ReadFailure = 'missing' | 'denied';

export class HostFiles {
  readonly root: string;
  /** Why the last read gave undefined. */
  failure: ReadFailure = 'missing';
  #buffer = Buffer.allocUnsafeSlow(64 << 10);

  constructor(root: string) {
    this.root = root;
  }

  path(name: string): string {
    return this.root === '/' ? name : join(this.root, name);
  }

  /** Whole, as far as it is below `most` bytes; bytes that are no UTF-8 become U+FFFD. */
  text(name: string, most = 4 << 20): string | undefined {
    const length = this.#read(name, most);
    return length === undefined ? undefined : this.#buffer.toString('utf8', 0, length);
  }

  /** One character a byte: cheaper where only ASCII matters. */
  ascii(name: string): string | undefined {
    const length = this.#read(name, 4 << 20);
    return length === undefined ? undefined : this.#buffer.toString('latin1', 0, length);
  }

  number(name: string): number | undefined {
    const text = this.ascii(name)?.trim();
    return text === undefined || text === '' || Number.isNaN(Number(text)) ? undefined : Number(text);
  }

  /** Names in a folder; empty when there is none. */
  list(name: string): readonly string[] {
    try {
      return readdirSync(this.path(name));
    } catch (error) {
      this.#failed(error);
      return [];
    }
  }

  stat(name: string): Stats | undefined {
    try {
      return statSync(this.path(name), { throwIfNoEntry: false });
    } catch (error) {
      this.#failed(error);
      return undefined;
    }
  }

  #read(name: string, most: number): number | undefined {
    let fd: number;
    try {
      fd = openSync(this.path(name), 'r');
    } catch (error) {
      return this.#failed(error);
    }
    try {
      let length = 0;
      for (;;) {
        if (length === this.#buffer.length) {
          if (length >= most) return length;
          const grown = Buffer.allocUnsafeSlow(length * 2);
          this.#buffer.copy(grown);
          this.#buffer = grown;
        }
        const got = readSync(fd, this.#buffer, length, this.#buffer.length - length, null);
        if (got === 0) return length;
        length += got;
        if (length >= most) return most;
      }
    } catch (error) {
      return this.#failed(error);
    } finally {
      closeSync(fd);
    }
  }

  #failed(error: unknown): undefined {
    const { code } = error as NodeJS.ErrnoException;
    this.failure = code === 'EACCES' || code === 'EPERM' ? 'denied' : 'missing';
    return undefined;
  }
}

/** Non-empty lines. */
export const linesOf = (text: string): readonly string[] => text.split('\n').filter((line) => line !== '');
/** Fields between runs of blanks. */
export const fieldsOf = (line: string): readonly string[] => line.trim().split(/\s+/);
