// Where each row of a list begins when rows differ in height: estimated until seen, then as measured. Plain arrays, no page.

export class RowHeights {
  readonly #heights: Float32Array;
  #offsets: Float64Array;
  #valid = 0;

  constructor(rows: number, estimate: number) {
    this.#heights = new Float32Array(rows).fill(estimate);
    this.#offsets = new Float64Array(rows + 1);
  }

  /** Whether it differs from what was known. */
  measured(row: number, height: number): boolean {
    if (row >= this.#heights.length || height <= 0 || Math.abs((this.#heights[row] as number) - height) < 0.5) return false;
    this.#heights[row] = height;
    this.#valid = Math.min(this.#valid, row);
    return true;
  }

  #to(row: number): void {
    for (let i = this.#valid; i < row; i++) this.#offsets[i + 1] = (this.#offsets[i] as number) + (this.#heights[i] as number);
    this.#valid = Math.max(this.#valid, row);
  }

  /** Pixels above that row; of the number of rows: the height of all. */
  offset(row: number): number {
    this.#to(row);
    return this.#offsets[row] as number;
  }

  get total(): number {
    return this.offset(this.#heights.length);
  }

  /** The row at that many pixels. */
  at(pixels: number): number {
    this.#to(this.#heights.length);
    let low = 0;
    let high = Math.max(0, this.#heights.length - 1);
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((this.#offsets[middle] as number) <= pixels) low = middle;
      else high = middle - 1;
    }
    return low;
  }
}
