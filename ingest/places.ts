// The places of all senders together, of series or of hosts, and the part of them that is for those who have no key of their own: whoever has
// their token may send under any number of names. Who has which place others know.

/** Of the places of all. */
export const SHARED_PART = 3 / 4;

export class AllPlaces {
  readonly #most: () => number;
  #size = 0;
  /** Of those who send without a key of their own. */
  #shared = 0;

  /** `most` is asked anew for each place. */
  constructor(most: () => number) {
    this.#most = most;
  }

  /** Taken ones. */
  get size(): number {
    return this.#size;
  }

  /** Some can take no more: all, or those without a key of their own. */
  get isFull(): boolean {
    return !this.#hasOne(true) || !this.#hasOne(false);
  }

  /** False where there is none left. `isBound`: for one with a key of its own. */
  take(isBound: boolean): boolean {
    if (!this.#hasOne(isBound)) return false;
    this.#size++;
    if (!isBound) this.#shared++;
    return true;
  }

  giveBack(isBound: boolean, count: number): void {
    this.#size -= count;
    if (!isBound) this.#shared -= count;
  }

  #hasOne(isBound: boolean): boolean {
    return this.#size < this.#most() && (isBound || this.#shared < this.#most() * SHARED_PART);
  }
}
