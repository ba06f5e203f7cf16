// Which series each sender has defined in its present run: for the limits on their number, and so that one id never means two definitions.
import { hash } from 'node:crypto';
import { type Sha256, seriesId } from '../schemas/series-id.ts';
import { SenderRun, type SeriesCounts, type SeriesLimits } from './sender-run.ts';

const sha256: Sha256 = (bytes) => hash('sha256', bytes, 'buffer');

/** A sender not heard of for this long is forgotten. */
const FORGET_MS = 86_400_000;

export class SeriesTables {
  readonly #senders = new Map<string, SenderRun>();
  readonly #limits: SeriesLimits;
  readonly #now: () => number;
  readonly #sha256: Sha256;
  readonly #counts: SeriesCounts = { series: 0, overflow: 0, over: 0 };
  #lastSweep: number;

  /** `hashing` stands in for SHA-256 in tests, where two definitions must meet in one id. */
  constructor(limits: SeriesLimits, now: () => number, hashing: Sha256 = sha256) {
    this.#limits = limits;
    this.#now = now;
    this.#sha256 = hashing;
    this.#lastSweep = now();
  }

  /** Series of all senders. */
  get size(): number {
    return this.#counts.series;
  }

  /** Overflow series of all senders. */
  get overflow(): number {
    return this.#counts.overflow;
  }

  /** The id that a definition has, and the next 64 bits of the same hash to tell it from another one with that id. */
  readonly identify = (name: string, labels: ReadonlyMap<string, string>): { readonly id: bigint; readonly print: bigint } => {
    let print = 1n;
    const id = seriesId(name, labels, (bytes) => {
      const digest = this.#sha256(bytes);
      print = new DataView(digest.buffer, digest.byteOffset, 16).getBigUint64(8) || 1n;
      return digest;
    });
    return { id, print };
  };

  /** The run of that number, begun anew where it is a later one than before; undefined for an earlier one, of which only repeats can come. */
  run(sender: string, boot: bigint): SenderRun | undefined {
    const now = this.#now();
    if (now - this.#lastSweep > FORGET_MS / 24) this.#sweep(now);
    let run = this.#senders.get(sender);
    if (run !== undefined && boot < run.boot) return undefined;
    if (run === undefined || boot > run.boot) {
      // A new run defines anew what it still has.
      run?.forget();
      run = new SenderRun(sender, boot, this.#limits, this.#counts, this.identify);
      this.#senders.set(sender, run);
    }
    run.seen = now;
    return run;
  }

  #sweep(now: number): void {
    this.#lastSweep = now;
    for (const [sender, run] of this.#senders) {
      if (now - run.seen <= FORGET_MS) continue;
      this.#senders.delete(sender);
      run.forget();
    }
  }
}
