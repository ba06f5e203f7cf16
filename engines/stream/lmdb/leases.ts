// How long the bytes that messages of a partition share are kept: up to an offset ahead of the last message that named them, so that a message
// seldom costs more than itself. When all messages before that offset are gone, so are the bytes. It writes nothing.
import type { SharedBytes } from '../port.ts';
import { costOf, type Lease } from './layout.ts';

/** Offsets that a lease runs ahead: a record of some bytes in so many messages of the partition. */
const AHEAD = 1n << 16n;
const MOST_KEY = 128;
const MOST_BYTES = 16 << 20;

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
  readonly #leases: Map<string, Lease>;
  /** No lease ends before. */
  #first = 0n;

  constructor(leases: Iterable<readonly [string, Lease]> = []) {
    this.#leases = new Map(leases);
  }

  /** What the bytes take of the file. */
  get cost(): number {
    let sum = 0;
    for (const { cost } of this.#leases.values()) sum += cost;
    return sum;
  }

  has(key: string): boolean {
    return this.#leases.has(key);
  }

  /** A message at that offset needs the bytes: what is to be written for it; `isNew`: the bytes too. */
  extend({ key, value }: SharedBytes, offset: bigint): (Change & { readonly isNew: boolean }) | undefined {
    const before = this.#leases.get(key);
    if (before !== undefined && before.until > offset) return undefined;
    const lease = { until: offset + AHEAD, cost: before?.cost ?? costOf(value.length) };
    return { ...this.#put(key, lease), isNew: before === undefined };
  }

  /** Whether there is something for `end` to do. */
  hasEnded(earliest: bigint): boolean {
    if (earliest < this.#first) return false;
    let first: bigint | undefined;
    for (const { until } of this.#leases.values()) if (first === undefined || until < first) first = until;
    this.#first = first ?? earliest + 1n;
    return this.#first <= earliest;
  }

  /** Those that no message from `earliest` on can need. */
  end(earliest: bigint): readonly (Change & { readonly key: string })[] {
    const ended: (Change & { readonly key: string })[] = [];
    for (const [key, lease] of [...this.#leases]) if (lease.until <= earliest) ended.push({ key, ...this.#put(key, lease, true) });
    return ended;
  }

  #put(key: string, lease: Lease, isGone = false): Change {
    const before = this.#leases.get(key);
    if (isGone) this.#leases.delete(key);
    else this.#leases.set(key, lease);
    return {
      lease,
      undo: () => {
        this.#first = 0n;
        if (before === undefined) this.#leases.delete(key);
        else this.#leases.set(key, before);
      },
    };
  }
}
