// 64-bit ids → dense numbers from 0 in the order in which they came; whoever keeps something of an id has columns of his own by that number.
// Ids are two words each; looking one up allocates nothing, 16 to 32 bytes an id. Nothing is ever taken out.
// Ids may be chosen by whoever sends them, so where they stand is nothing that he could know: else a few thousand that all belong in one
// place would make each look-up a search (multiply-shift hashing, Dietzfelbinger 1996, with multipliers of this process alone).
import { joined } from './words.ts';

/** Odd. */
const [LOW, HIGH] = Array.from(crypto.getRandomValues(new Uint32Array(2)), (random) => random | 1) as [number, number];

export class IdTable {
  size = 0;
  /** Slot → dense number + 1; open addressing. A power of two of them, 32 less its exponent is the shift. */
  #slots: Int32Array;
  #shift: number;
  #ids: Uint32Array;

  /** `first`: ids there is room for before it grows; a power of two. */
  constructor(first: number) {
    this.#slots = new Int32Array(first * 2);
    this.#shift = Math.clz32(first * 2) + 1;
    this.#ids = new Uint32Array(first * 2);
  }

  /** The number of an id; −1: it is not there. */
  find(low: number, high: number): number {
    return (this.#slots[this.#slotOf(low, high)] as number) - 1;
  }

  /** The number of an id, `size` before where it was not there. */
  add(low: number, high: number): number {
    const slot = this.#slotOf(low, high);
    const found = (this.#slots[slot] as number) - 1;
    if (found !== -1) return found;
    const index = this.size++;
    if (index * 2 >= this.#ids.length) {
      const ids = new Uint32Array(this.#ids.length * 2);
      ids.set(this.#ids);
      this.#ids = ids;
    }
    this.#ids[index * 2] = low;
    this.#ids[index * 2 + 1] = high;
    if (this.size * 2 > this.#slots.length) this.#rehash();
    else this.#slots[slot] = index + 1;
    return index;
  }

  low(index: number): number {
    return this.#ids[index * 2] as number;
  }

  high(index: number): number {
    return this.#ids[index * 2 + 1] as number;
  }

  idOf(index: number): bigint {
    return joined(this.low(index), this.high(index));
  }

  /** Where the id stands, or is to stand. */
  #slotOf(low: number, high: number): number {
    const mask = this.#slots.length - 1;
    for (let slot = (Math.imul(low, LOW) + Math.imul(high, HIGH)) >>> this.#shift; ; slot = (slot + 1) & mask) {
      const at = ((this.#slots[slot] as number) - 1) * 2;
      if (at < 0 || (this.#ids[at] === low && this.#ids[at + 1] === high)) return slot;
    }
  }

  #rehash(): void {
    this.#slots = new Int32Array(this.#slots.length * 2);
    this.#shift--;
    for (let index = 0; index < this.size; index++) this.#slots[this.#slotOf(this.low(index), this.high(index))] = index + 1;
  }
}
