// The series that a partition's samples belong to, by dense number: last time, exponent used last, and what is known of the definition.
// Typed arrays that grow by doubling, 33 bytes a series; looking an id up allocates nothing. It asks no store.

/** What is known of a definition. */
export const UNSEEN = 0;
/** Looked for in the store and not found there. */
export const UNKNOWN = 1;
export const DEFINED = 2;

const FIRST = 1024;
const NEVER = Number.NEGATIVE_INFINITY;

export class SeriesIndex {
  readonly #most: number;
  size = 0;
  /** Slot → dense number + 1; open addressing by the id's own bits, which are a hash already. */
  #slots = new Int32Array(FIRST * 2);
  /** Ids as two words each, low first. */
  #ids = new Uint32Array(FIRST * 2);
  /** ms; −∞: no sample since the partition became ours. */
  last = new Float64Array(FIRST).fill(NEVER);
  sticky = new Int8Array(FIRST);
  state = new Uint8Array(FIRST);
  /** UTC day of the newest row of the definition in the store; −1: not known. */
  day = new Int32Array(FIRST).fill(-1);
  /** Hash of the definition and its enrichment as written last; 0: none. */
  print = new Float64Array(FIRST);

  constructor(most = 4_000_000) {
    this.#most = most;
  }

  /** No room for another series: whoever owns it begins a new one, and calls its times unknown. */
  get full(): boolean {
    return this.size >= this.#most;
  }

  /** The dense number of an id given as two words; a new one when it was not there. */
  at(low: number, high: number): number {
    const mask = this.#slots.length - 1;
    for (let slot = (low ^ high) & mask; ; slot = (slot + 1) & mask) {
      const found = (this.#slots[slot] as number) - 1;
      if (found < 0) return this.#add(slot, low, high);
      if (this.#ids[found * 2] === low && this.#ids[found * 2 + 1] === high) return found;
    }
  }

  atId(id: bigint): number {
    return this.at(Number(id & 0xffff_ffffn), Number(id >> 32n));
  }

  idOf(index: number): bigint {
    return (BigInt(this.#ids[index * 2 + 1] as number) << 32n) | BigInt(this.#ids[index * 2] as number);
  }

  /** A new day: exponents begin anew, so that one odd value does not cost bytes for ever. */
  resetExponents(): void {
    this.sticky.fill(0);
  }

  #add(slot: number, low: number, high: number): number {
    const index = this.size++;
    if (index >= this.last.length) this.#grow();
    this.#ids[index * 2] = low;
    this.#ids[index * 2 + 1] = high;
    if (this.size * 2 > this.#slots.length) this.#rehash();
    else this.#slots[slot] = index + 1;
    return index;
  }

  #grow(): void {
    const length = this.last.length * 2;
    const grown = <T extends Float64Array | Int8Array | Uint8Array | Int32Array | Uint32Array>(from: T, to: T): T => {
      to.set(from);
      return to;
    };
    this.#ids = grown(this.#ids, new Uint32Array(length * 2));
    this.last = grown(this.last, new Float64Array(length).fill(NEVER));
    this.sticky = grown(this.sticky, new Int8Array(length));
    this.state = grown(this.state, new Uint8Array(length));
    this.day = grown(this.day, new Int32Array(length).fill(-1));
    this.print = grown(this.print, new Float64Array(length));
  }

  #rehash(): void {
    const slots = new Int32Array(this.#slots.length * 2);
    const mask = slots.length - 1;
    for (let index = 0; index < this.size; index++) {
      let slot = ((this.#ids[index * 2] as number) ^ (this.#ids[index * 2 + 1] as number)) & mask;
      while (slots[slot] !== 0) slot = (slot + 1) & mask;
      slots[slot] = index + 1;
    }
    this.#slots = slots;
  }
}
