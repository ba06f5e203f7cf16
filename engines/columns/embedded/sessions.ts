// Sessions of the library that questions take in turn, as opening one costs half of what the shortest question does. On a session stay the
// parameters that were set on it, so a question gets one that has no others than its own; settings it must not set there.
import type { Session } from 'chdb';
import { closeConnection, openConnection } from './connection.ts';

export interface Kept {
  readonly session: Session;
  /** Names of its parameters. */
  readonly params: Set<string>;
}

const MOST_IDLE = 8;

export class Sessions {
  readonly #path: string;
  /** Those given back last at the end. */
  readonly #idle: Kept[] = [];

  constructor(path: string) {
    this.#path = path;
  }

  take(params: ReadonlyMap<string, string>): Kept {
    const at = this.#idle.findLastIndex(({ params: names }) => names.isSubsetOf(params));
    return at < 0 ? { session: openConnection(this.#path), params: new Set() } : (this.#idle.splice(at, 1)[0] as Kept);
  }

  /** After a statement that succeeded: what failed stays in the engine's list of statements until its session goes. */
  give(kept: Kept): void {
    this.#idle.push(kept);
    if (this.#idle.length > MOST_IDLE) closeConnection((this.#idle.shift() as Kept).session);
  }

  close(): void {
    for (const { session } of this.#idle.splice(0)) closeConnection(session);
  }
}
