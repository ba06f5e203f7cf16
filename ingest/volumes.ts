// How much each host sent within the last day, so that it can be said whose data fills a disk. In memory, of this start; it limits nothing.

export interface LargestVolume {
  readonly host: string;
  /** Bytes of the host, and of all, before they were packed. */
  readonly bytes: number;
  readonly all: number;
}

/** Half a day: what is known reaches back over this one and the one before. */
const PERIOD_MS = 43_200_000;
/** Hosts of a period that are told apart. */
const MOST_HOSTS = 10_000;

interface Period {
  readonly byHost: Map<string, number>;
  all: number;
}

const empty = (): Period => ({ byHost: new Map(), all: 0 });

export class Volumes {
  #number = 0;
  #now = empty();
  #before = empty();

  /** `now` in ms. */
  note(host: string, bytes: number, now: number): void {
    this.#turn(now);
    this.#now.all += bytes;
    const known = this.#now.byHost.get(host);
    if (known !== undefined || this.#now.byHost.size < MOST_HOSTS) this.#now.byHost.set(host, (known ?? 0) + bytes);
  }

  /** The host that most came of, in the last 12 to 24 hours. */
  largest(now: number): LargestVolume | undefined {
    this.#turn(now);
    const all = this.#now.all + this.#before.all;
    let largest: LargestVolume | undefined;
    for (const host of new Set([...this.#now.byHost.keys(), ...this.#before.byHost.keys()])) {
      const bytes = (this.#now.byHost.get(host) ?? 0) + (this.#before.byHost.get(host) ?? 0);
      if (largest === undefined || bytes > largest.bytes) largest = { host, bytes, all };
    }
    return largest;
  }

  #turn(now: number): void {
    const number = Math.floor(now / PERIOD_MS);
    if (number === this.#number) return;
    this.#before = number === this.#number + 1 ? this.#now : empty();
    this.#now = empty();
    this.#number = number;
  }
}
