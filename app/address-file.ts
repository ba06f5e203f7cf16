// The file `address` of the data folder, by which the commands find the server that runs from it. They can be told the address too, so that a
// disk without room for it stops nothing: it is written when there is some.
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Logger } from '../core/logger.ts';
import { writePrivate } from '../core/node/private-file.ts';

export class AddressFile {
  readonly #file: string;
  readonly #text: string;
  readonly #log: Logger;

  constructor(dataDir: string, url: string, log: Logger) {
    this.#file = join(dataDir, 'address');
    this.#text = `${url}\n`;
    this.#log = log;
  }

  /** Writes it where it does not stand; may be called again and again. */
  keep(): void {
    try {
      // Of a start that was killed: on a full disk what stands already needs no room.
      if (this.#found() !== this.#text) writePrivate(this.#file, this.#text);
    } catch (error) {
      this.#log.warn('the address could not be written down: commands need `--server` until it can', { file: this.#file, error });
      // That of a former start would lead them elsewhere.
      rmSync(this.#file, { force: true });
    }
  }

  remove(): void {
    rmSync(this.#file, { force: true });
  }

  #found(): string | undefined {
    try {
      return readFileSync(this.#file, 'utf8');
    } catch {
      return undefined;
    }
  }
}
