// Which series each sender has defined in its present run: for the limit on their number, and so that one id never means
// two definitions. Sixteen bytes a series, in tables that grow; nothing of the names and labels is kept.
import { hash } from 'node:crypto';
import { type Sha256, seriesId } from '../schemas/series-id.ts';

export type SeriesVerdict = 'known' | 'new' | 'over-limit' | 'collision';

/** Open addressing by the id's own bits, which are a hash already; id 0 stands beside the table. */
class IdTable {
  #ids = new BigUint64Array(64);
  #prints = new BigUint64Array(64);
  #zero: bigint | undefined;
  size = 0;

  /** The fingerprint kept for `id`. */
  get(id: bigint): bigint | undefined {
    return id === 0n ? this.#zero : this.#prints[this.#find(id)] || undefined;
  }

  /** `print` must not be 0. */
  set(id: bigint, print: bigint): void {
    if (id === 0n) {
      if (this.#zero === undefined) this.size++;
      this.#zero = print;
      return;
    }
    if ((this.size + 1) * 4 > this.#ids.length * 3) this.#grow();
    const at = this.#find(id);
    if (this.#prints[at] === 0n) this.size++;
    this.#ids[at] = id;
    this.#prints[at] = print;
  }

  #find(id: bigint): number {
    const mask = this.#ids.length - 1;
    for (let at = Number(id & BigInt(mask)); ; at = (at + 1) & mask) if (this.#ids[at] === id || this.#prints[at] === 0n) return at;
  }

  #grow(): void {
    const [ids, prints] = [this.#ids, this.#prints];
    this.#ids = new BigUint64Array(ids.length * 2);
    this.#prints = new BigUint64Array(ids.length * 2);
    for (let i = 0; i < ids.length; i++) {
      if (prints[i] === 0n) continue;
      const at = this.#find(ids[i] as bigint);
      this.#ids[at] = ids[i] as bigint;
      this.#prints[at] = prints[i] as bigint;
    }
  }
}

interface SenderSeries {
  readonly boot: bigint;
  readonly known: IdTable;
  /** Ids whose definitions were over the limit; bounded like the known ones. */
  readonly over: IdTable;
  seen: number;
}

const sha256: Sha256 = (bytes) => hash('sha256', bytes, 'buffer');

/** A sender not heard of for this long is forgotten. */
const FORGET_MS = 86_400_000;

export class SeriesTables {
  readonly #senders = new Map<string, SenderSeries>();
  readonly #perSender: number;
  readonly #all: number;
  readonly #now: () => number;
  readonly #sha256: Sha256;
  #size = 0;
  #lastSweep: number;

  /** `hashing` stands in for SHA-256 in tests, where two definitions must meet in one id. */
  constructor(limits: { readonly seriesPerSender: number; readonly series: number }, now: () => number, hashing: Sha256 = sha256) {
    this.#perSender = limits.seriesPerSender;
    this.#all = limits.series;
    this.#now = now;
    this.#sha256 = hashing;
    this.#lastSweep = now();
  }

  /** Series of all senders. */
  get size(): number {
    return this.#size;
  }

  /** The id that a definition has, and the next 64 bits of the same hash to tell it from another one with that id. */
  identify(name: string, labels: ReadonlyMap<string, string>): { readonly id: bigint; readonly print: bigint } {
    let print = 1n;
    const id = seriesId(name, labels, (bytes) => {
      const digest = this.#sha256(bytes);
      print = new DataView(digest.buffer, digest.byteOffset, 16).getBigUint64(8) || 1n;
      return digest;
    });
    return { id, print };
  }

  define(sender: string, boot: bigint, id: bigint, print: bigint): SeriesVerdict {
    const own = this.#of(sender, boot);
    const found = own.known.get(id);
    if (found !== undefined) return found === print ? 'known' : 'collision';
    if (own.known.size >= this.#perSender || this.#size >= this.#all) {
      if (own.over.size < this.#perSender) own.over.set(id, print);
      return 'over-limit';
    }
    own.known.set(id, print);
    this.#size++;
    return 'new';
  }

  /** Tells the ids over the limit of that run; undefined when there are none, which is nearly always. */
  overLimit(sender: string, boot: bigint): ((id: bigint) => boolean) | undefined {
    const own = this.#senders.get(sender);
    if (own === undefined || own.boot !== boot || own.over.size === 0) return undefined;
    return (id) => own.over.get(id) !== undefined && own.known.get(id) === undefined;
  }

  #of(sender: string, boot: bigint): SenderSeries {
    const now = this.#now();
    if (now - this.#lastSweep > FORGET_MS / 24) this.#sweep(now);
    let own = this.#senders.get(sender);
    if (own === undefined || own.boot !== boot) {
      // A new run defines anew what it still has.
      if (own !== undefined) this.#size -= own.known.size;
      own = { boot, known: new IdTable(), over: new IdTable(), seen: now };
      this.#senders.set(sender, own);
    }
    own.seen = now;
    return own;
  }

  #sweep(now: number): void {
    this.#lastSweep = now;
    for (const [sender, own] of this.#senders) {
      if (now - own.seen <= FORGET_MS) continue;
      this.#senders.delete(sender);
      this.#size -= own.known.size;
    }
  }
}
