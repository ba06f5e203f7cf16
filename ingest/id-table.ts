// A set of 64-bit ids, each with a number beside it: sixteen bytes an id, in arrays that grow by doubling.
// Open addressing by the id's own bits, which are a hash already; id 0 stands beside the table.

export class IdTable {
  #ids = new BigUint64Array(64);
  #numbers = new BigUint64Array(64);
  #zero: bigint | undefined;
  size = 0;

  /** The number kept for `id`. */
  get(id: bigint): bigint | undefined {
    return id === 0n ? this.#zero : this.#numbers[this.#find(id)] || undefined;
  }

  /** `number` must not be 0. */
  set(id: bigint, number: bigint): void {
    if (id === 0n) {
      if (this.#zero === undefined) this.size++;
      this.#zero = number;
      return;
    }
    if ((this.size + 1) * 4 > this.#ids.length * 3) this.#grow();
    const at = this.#find(id);
    if (this.#numbers[at] === 0n) this.size++;
    this.#ids[at] = id;
    this.#numbers[at] = number;
  }

  #find(id: bigint): number {
    const mask = this.#ids.length - 1;
    for (let at = Number(id & BigInt(mask)); ; at = (at + 1) & mask) if (this.#ids[at] === id || this.#numbers[at] === 0n) return at;
  }

  #grow(): void {
    const [ids, numbers] = [this.#ids, this.#numbers];
    this.#ids = new BigUint64Array(ids.length * 2);
    this.#numbers = new BigUint64Array(ids.length * 2);
    for (let i = 0; i < ids.length; i++) {
      if (numbers[i] === 0n) continue;
      const at = this.#find(ids[i] as bigint);
      this.#ids[at] = ids[i] as bigint;
      this.#numbers[at] = numbers[i] as bigint;
    }
  }
}
