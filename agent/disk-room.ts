// Whether the disk of the agent's own folder has room for log lines: what is left when it is nearly full is for metrics and events, which cannot wait,
// while lines can, in their own files. Looks at the disk seldom, and frees nothing.
import { statfsSync } from 'node:fs';

/** Kept free for what cannot wait: hours of metrics, processes and events; of a small disk a quarter. Bytes. */
const KEPT_FREE = 16 << 20;
const KEPT_SHARE = 0.25;
/** Between two looks, ms. */
const LOOK_MS = 2000;
/** After the disk refused lines, as a quota does that no look tells, ms. */
const REFUSED_MS = 15_000;

/** Of the disk that a folder is on, in blocks of so many bytes; throws where it cannot be told. */
export type LookAtDisk = (folder: string) => { readonly bavail: number; readonly blocks: number; readonly bsize: number };

export class DiskRoom {
  readonly #folder: string;
  readonly #look: LookAtDisk;
  #isShort = false;
  #nextLook = 0;

  constructor(folder: string, look: LookAtDisk = statfsSync) {
    this.#folder = folder;
    this.#look = look;
  }

  /** `now`: ms of a clock that is not set. */
  isShort(now: number): boolean {
    if (now < this.#nextLook) return this.#isShort;
    this.#nextLook = now + LOOK_MS;
    try {
      const { bavail, blocks, bsize } = this.#look(this.#folder);
      this.#isShort = bavail * bsize < Math.min(KEPT_FREE, blocks * bsize * KEPT_SHARE);
    } catch {
      this.#isShort = false;
    }
    return this.#isShort;
  }

  /** Lines were not taken. */
  refused(now: number): void {
    this.#isShort = true;
    this.#nextLook = now + REFUSED_MS;
  }
}
