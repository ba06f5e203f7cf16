// What the inventory said of hosts: combinations of values of its labels, as dense numbers from 0, which is "nothing".
import { ENRICHMENT } from '../../schemas/catalogue.ts';

const WIDTH = ENRICHMENT.length;
/** Codes of values below it leave the key of a step a safe integer. */
const CODES = 2 ** 27;

export class ToldStates {
  /** The code of the value of each label, −1: not told; a state after the other. */
  #codes = new Int32Array(16 * WIDTH).fill(-1);
  #size = 1;
  /** From a state, a label and its value to the state that has it too. */
  readonly #steps = new Map<number, number>();

  /** The state with the value of one label more. */
  with(state: number, label: number, code: number): number {
    const key = (state * WIDTH + label) * CODES + code;
    const known = this.#steps.get(key);
    if (known !== undefined) return known;
    const made = this.#size++;
    if (made * WIDTH >= this.#codes.length) {
      const codes = new Int32Array(this.#codes.length * 2).fill(-1);
      codes.set(this.#codes);
      this.#codes = codes;
    }
    this.#codes.copyWithin(made * WIDTH, state * WIDTH, (state + 1) * WIDTH);
    this.#codes[made * WIDTH + label] = code;
    this.#steps.set(key, made);
    return made;
  }

  /** The code of the value of a label, by its place among the inventory's; −1: it says nothing. */
  codeOf(state: number, label: number): number {
    return this.#codes[state * WIDTH + label] as number;
  }

  get bytes(): number {
    return this.#codes.byteLength + this.#steps.size * 40;
  }
}
