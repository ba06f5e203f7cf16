// What the messages of a partition from an offset on take of the file, told from a few points and without reading any.
// Between two points messages count as equally large; what was there when the log was opened is one such stretch.

/** A new point only when so much was added since the one before last. */
const STEP = 256 << 10;

export class Costs {
  /** Offsets, rising, and the cost of all before each of them since the first point. */
  readonly #offsets: number[];
  readonly #totals: number[];

  /** `cost`: of the messages from `earliest` up to, not including, `next`. */
  constructor(earliest: bigint, next: bigint, cost: number) {
    this.#offsets = [Number(earliest), Number(next)];
    this.#totals = [0, cost];
  }

  /** Messages of that cost came; `next` follows the last of them. */
  add(next: bigint, cost: number): void {
    const last = this.#totals.length - 1;
    const total = (this.#totals[last] as number) + cost;
    if (last > 0 && total - (this.#totals[last - 1] as number) < STEP) {
      this.#offsets[last] = Number(next);
      this.#totals[last] = total;
      return;
    }
    this.#offsets.push(Number(next));
    this.#totals.push(total);
  }

  /** What lies before `earliest` is gone. */
  drop(earliest: bigint): void {
    let count = 0;
    while (count + 2 < this.#offsets.length && (this.#offsets[count + 1] as number) <= Number(earliest)) count++;
    this.#offsets.splice(0, count);
    this.#totals.splice(0, count);
  }

  /** Of the messages from `offset` on. */
  from(offset: bigint): number {
    const at = Number(offset);
    let [low, high] = [0, this.#offsets.length - 1];
    if (at >= (this.#offsets[high] as number)) return 0;
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if ((this.#offsets[middle] as number) <= at) low = middle;
      else high = middle;
    }
    const [begin, end] = [this.#offsets[low] as number, this.#offsets[high] as number];
    const [before, after] = [this.#totals[low] as number, this.#totals[high] as number];
    const part = at <= begin ? 0 : (at - begin) / (end - begin);
    return (this.#totals.at(-1) as number) - (before + part * (after - before));
  }
}
