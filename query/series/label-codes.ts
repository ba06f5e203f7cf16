// One label of a metric's series: the number of its value by the number of the series. Few series with it stand in a map, so that a label that
// only one sender has costs what its own series cost.

const NONE = -1;
/** Dense where at least one series in so many has it. */
const SPARSE = 16;

export class LabelCodes {
  #few: Map<number, number> | undefined = new Map();
  #dense = new Int32Array(0);
  /** Series that have it. */
  count = 0;

  /** A series has one value of a label for ever. `size`: series there are. */
  put(series: number, code: number, size: number): void {
    if (this.at(series) !== NONE) return;
    this.count++;
    if (this.#few === undefined && series >= this.#dense.length && this.count * SPARSE < series) this.#thin();
    const few = this.#few;
    if (few === undefined) {
      this.#grow(series + 1);
      this.#dense[series] = code;
      return;
    }
    few.set(series, code);
    if (few.size * SPARSE > size) this.#thicken(size);
  }

  /** −1: the series has it not. */
  at(series: number): number {
    return (this.#few === undefined ? this.#dense[series] : this.#few.get(series)) ?? NONE;
  }

  get bytes(): number {
    return this.#few === undefined ? this.#dense.byteLength : this.#few.size * 40;
  }

  #thicken(size: number): void {
    const few = this.#few as ReadonlyMap<number, number>;
    this.#few = undefined;
    this.#grow(size);
    for (const [series, code] of few) this.#dense[series] = code;
  }

  /** Its first series were many of few. */
  #thin(): void {
    this.#few = new Map(Array.from(this.#dense.entries()).filter(([, code]) => code !== NONE));
    this.#dense = new Int32Array(0);
  }

  #grow(size: number): void {
    if (size <= this.#dense.length) return;
    const dense = new Int32Array(Math.max(size, this.#dense.length * 2, 16)).fill(NONE);
    dense.set(this.#dense);
    this.#dense = dense;
  }
}
