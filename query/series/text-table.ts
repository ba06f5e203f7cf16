// Texts → dense numbers from 0 in the order in which they came, and back: bytes are kept once, and looking one up makes no string.
// Texts come from senders, so where they stand is nothing that one could know (see core/batch/id-table.ts): the hash is a polynomial over a
// number of this process alone.
import type { TextColumn } from '../../core/batch/batch.ts';
import { sameBytes } from '../../core/batch/same-bytes.ts';

const [BASE, MIX] = Array.from(crypto.getRandomValues(new Uint32Array(2)), (random) => random | 1) as [number, number];

const hashOf = (data: Uint8Array, from: number, to: number): number => {
  let hash = to - from;
  for (let i = from; i < to; i++) hash = Math.imul(hash ^ (data[i] as number), BASE);
  hash = Math.imul(hash ^ (hash >>> 15), MIX);
  return hash ^ (hash >>> 13);
};

const grown = <T extends Uint8Array | Int32Array>(from: T, to: T): T => {
  to.set(from);
  return to;
};

export class TextTable {
  size = 0;
  #data = new Uint8Array(256);
  #offsets = new Int32Array(17);
  /** Number + 1, 0: free. */
  #slots = new Int32Array(32);
  #column: TextColumn | undefined;

  /** The number of a text, −1: it is not there. */
  find(data: Uint8Array, from: number, to: number): number {
    return (this.#slots[this.#slotOf(data, from, to)] as number) - 1;
  }

  /** The number of a text; `size` before, where it was not there. */
  add(data: Uint8Array, from: number, to: number): number {
    const slot = this.#slotOf(data, from, to);
    const found = (this.#slots[slot] as number) - 1;
    if (found >= 0) return found;
    const number = this.size++;
    const begin = this.#offsets[number] as number;
    const end = begin + (to - from);
    if (number + 2 > this.#offsets.length) this.#offsets = grown(this.#offsets, new Int32Array(this.#offsets.length * 2));
    if (end > this.#data.length) this.#data = grown(this.#data, new Uint8Array(Math.max(end, this.#data.length * 2)));
    for (let i = from; i < to; i++) this.#data[begin + i - from] = data[i] as number;
    this.#offsets[number + 1] = end;
    this.#column = undefined;
    if (this.size * 2 > this.#slots.length) this.#rehash();
    else this.#slots[slot] = number + 1;
    return number;
  }

  /** All texts by number; views of what is kept, which what is added later does not change. */
  column(): TextColumn {
    this.#column ??= { layout: 'text', type: { kind: 'utf8' }, length: this.size, validity: undefined, offsets: this.#offsets, data: this.#data };
    return this.#column;
  }

  get bytes(): number {
    return this.#data.length + this.#offsets.byteLength + this.#slots.byteLength;
  }

  #slotOf(data: Uint8Array, from: number, to: number): number {
    const mask = this.#slots.length - 1;
    for (let slot = hashOf(data, from, to) & mask; ; slot = (slot + 1) & mask) {
      const number = (this.#slots[slot] as number) - 1;
      if (number < 0 || sameBytes(this.#data, this.#offsets[number] as number, this.#offsets[number + 1] as number, data, from, to)) return slot;
    }
  }

  #rehash(): void {
    this.#slots = new Int32Array(this.#slots.length * 2);
    const mask = this.#slots.length - 1;
    for (let number = 0; number < this.size; number++) {
      let slot = hashOf(this.#data, this.#offsets[number] as number, this.#offsets[number + 1] as number) & mask;
      while (this.#slots[slot] !== 0) slot = (slot + 1) & mask;
      this.#slots[slot] = number + 1;
    }
  }
}
