// Log files that gave their place among the open ones to files that were written to later: read to their end, closed, known still.
// It knows by size and time of change whether one was written to since. It opens none.
import type { Stats } from 'node:fs';
import { momentNow } from './moment.ts';
import { asSeen, type Position } from './position.ts';

interface Rested {
  /** The spool holds it, or nothing was read. */
  position: Position;
  readonly size: number;
  /** Ms; undefined: not known, as after a restart. */
  readonly modifiedMs: number | undefined;
  /** Bytes that came since. */
  behind: number;
  isMet: boolean;
}

export class RestedFiles {
  readonly #files = new Map<string, Rested>();

  has(key: string): boolean {
    return this.#files.has(key);
  }

  get positions(): readonly Position[] {
    return [...this.#files.values()].map(({ position }) => position);
  }

  /** Bytes that they hold beyond what was read. */
  get bytesBehind(): number {
    let bytes = 0;
    for (const { behind } of this.#files.values()) bytes += behind;
    return bytes;
  }

  /** `size`, `modifiedMs`: as of when it was read to its end. */
  add(position: Position, size: number, modifiedMs?: number): void {
    this.#files.set(position.key, { position, size, modifiedMs, behind: 0, isMet: true });
  }

  delete(key: string): void {
    this.#files.delete(key);
  }

  /** It was found under that path: where it is to be read on from; undefined while nothing was written to it. */
  met(key: string, path: string, stat: Stats): Position | undefined {
    const file = this.#files.get(key);
    if (file === undefined) return undefined;
    file.isMet = true;
    file.position = { ...file.position, path, ...asSeen(momentNow()) };
    const isSame = stat.size === file.size && (file.modifiedMs === undefined || stat.mtimeMs === file.modifiedMs);
    file.behind = isSame ? 0 : Math.max(0, stat.size - file.size);
    return isSame ? undefined : file.position;
  }

  /** A look for all files begins: those that it does not meet are gone from under their names. */
  beginLook(): void {
    for (const file of this.#files.values()) file.isMet = false;
  }

  /** Forgets those that the look did not meet; answers where each stood. */
  takeUnmet(): readonly Position[] {
    const unmet = [...this.#files.values()].filter(({ isMet }) => !isMet).map(({ position }) => position);
    for (const { key } of unmet) this.#files.delete(key);
    return unmet;
  }
}
