// A stream of choices for tests: made of numbers that fast-check shrinks, or of a seed. Where the numbers end, every choice is the first.

export class Chooser {
  readonly #numbers: readonly number[];
  #at = 0;

  constructor(numbers: readonly number[]) {
    this.#numbers = numbers;
  }

  /** 0 ≤ n < below. */
  number(below: number): number {
    const n = this.#numbers[this.#at++] ?? 0;
    return n % below;
  }
  pick<T>(list: readonly T[]): T {
    return list[this.number(list.length)] as T;
  }
  /** Rarely or often true, in `of` cases; false when the numbers have ended. */
  chance(times: number, of: number): boolean {
    return this.number(of) >= of - times;
  }
}

/** Numbers 0 ≤ x < 1 from a seed (mulberry32). */
export const seeded = (seed: number): (() => number) => {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
};
