// Characters that the texts of one sample may have together, so that a frame can hold it; beyond them only so much of each is told.
import { bounded } from './bounded.ts';

const SHORT = 128;

export class TextBudget {
  readonly #most: number;
  #used = 0;

  constructor(most: number) {
    this.#most = most;
  }

  /** For the next sample. */
  begin(): void {
    this.#used = 0;
  }

  take(text: string): string {
    const told = this.#used + text.length <= this.#most ? text : bounded(text, SHORT);
    this.#used += told.length;
    return told;
  }
}
