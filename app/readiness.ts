// Whether the server does what it is there for: what comes is taken in (the stream answers) and questions are answered (the stores answer).
// A probe may ask without a token and as often as it likes: the answer is of a second ago, and names parts, nothing of them.
import { Looks } from './looks.ts';

const FRESH_MS = 1000;
const STARTING = 'starting';

export class Readiness {
  readonly #parts: readonly (readonly [name: string, ask: () => Promise<unknown>])[];
  readonly #isStarted: () => boolean;
  readonly #looks: Looks;
  #last: { readonly at: number; readonly answer: Promise<string | undefined> } | undefined;

  constructor(parts: readonly (readonly [name: string, ask: () => Promise<unknown>])[], isStarted: () => boolean, patienceMs?: number) {
    this.#parts = parts;
    this.#isStarted = isStarted;
    this.#looks = new Looks(patienceMs);
  }

  /** Why it is not ready; undefined: it is. Takes seconds at most, and never rejects. */
  read(): Promise<string | undefined> {
    if (!this.#isStarted()) return Promise.resolve(STARTING);
    const now = performance.now();
    if (this.#last === undefined || now - this.#last.at > FRESH_MS) this.#last = { at: now, answer: this.#ask() };
    return this.#last.answer;
  }

  async #ask(): Promise<string | undefined> {
    const away = await this.#looks.all(
      this.#parts.map(([name, ask]) => ({
        name,
        read: async () => {
          await ask();
          return [];
        },
      })),
    );
    if (away.length === 0) return undefined;
    return `not ready: the ${away.map(({ name }) => name).join(' and the ')} ${away.length === 1 ? 'does' : 'do'} not answer`;
  }
}
