// How long the bytes that messages of a partition share are kept: while a message that named them is there. Which was the last is known of
// this run; for the next one a lease is written, which runs ahead so that a message seldom costs more than itself. It writes nothing.
import type { SharedBytes } from '../port.ts';
import { costOf, type Lease } from './layout.ts';

/** Offsets that a lease runs ahead: a record of some bytes in so many messages of the partition. */
const AHEAD = 1n << 16n;
const MOST_KEY = 128;
const MOST_BYTES = 16 << 20;

interface Held extends Lease {
  /** The last offset that named them, or may have. */
  used: bigint;
}

interface Change {
  readonly lease: Lease;
  readonly undo: () => void;
}

/** Throws `RangeError`. */
export const checkShared = ({ key, value }: SharedBytes): void => {
  if (key.length > MOST_KEY || value.length === 0 || value.length > MOST_BYTES)
    throw new RangeError(`messages share ${value.length} bytes under a key of ${key.length} characters; 1 to ${MOST_BYTES}, and ${MOST_KEY}, are possible`);
};

export class Leases {
  readonly #held: Map<string, Held>;
  /** What the bytes take of the file. */
  cost = 0;

  constructor(leases: Iterable<readonly [string, Lease]> = []) {
    this.#held = new Map();
    for (const [key, lease] of leases) this.#put(key, { ...lease, used: lease.until - 1n });
  }

  has(key: string): boolean {
    return this.#held.has(key);
  }

  /** A message at that offset needs the bytes: what is to be written for it; `isNew`: the bytes too. */
  extend({ key, value }: SharedBytes, offset: bigint): (Change & { readonly isNew: boolean }) | undefined {
    const before = this.#held.get(key);
    if (before !== undefined && before.until > offset) {
      before.used = offset;
      return undefined;
    }
    const lease = { until: offset + AHEAD, cost: before?.cost ?? costOf(value.length) };
    this.#put(key, { ...lease, used: offset });
    return { lease, isNew: before === undefined, undo: () => this.#put(key, before) };
  }

  /** Whether there is something for `end` to do. */
  hasEnded(earliest: bigint): boolean {
    return this.#held.values().some(({ used }) => used < earliest);
  }

  /** Those that no message from `earliest` on has named. */
  end(earliest: bigint): readonly (Change & { readonly key: string })[] {
    const ended: (Change & { readonly key: string })[] = [];
    for (const [key, held] of [...this.#held]) {
      if (held.used >= earliest) continue;
      this.#put(key, undefined);
      ended.push({ key, lease: held, undo: () => this.#put(key, held) });
    }
    return ended;
  }

  #put(key: string, held: Held | undefined): void {
    this.cost += (held?.cost ?? 0) - (this.#held.get(key)?.cost ?? 0);
    if (held === undefined) this.#held.delete(key);
    else this.#held.set(key, held);
  }
}
