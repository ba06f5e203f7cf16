// Looks at the parts of the product, each within a time of its own: one that hangs is told as that, and the others are told all the same.
// A look that has not come back is shared by those who ask meanwhile, so that nothing heaps up before a part that hangs. It judges nothing.
import type { PartStatus } from '../graphql/service.ts';
import { spanText } from './span-text.ts';

/** How long a part may take. */
const PATIENCE_MS = 2000;
/** A look that takes so long is given up, and the next one begins anew. */
const GIVEN_UP_MS = 60_000;

export interface Look {
  /** What it is called where it does not answer. */
  readonly name: string;
  /** Lines that it tells where it answers, if not the one of its name: where it does not, each says so. */
  readonly tells?: readonly string[];
  /** Of one that does not answer; default `degraded`. */
  readonly late?: PartStatus['state'];
  /** Parts that it asks: where one of them does not answer, that is what is told. */
  readonly asks?: readonly string[];
  /** Said beside that it does not answer. */
  readonly about?: () => string;
  readonly read: () => Promise<readonly PartStatus[]> | readonly PartStatus[];
}

interface Running {
  readonly since: number;
  readonly work: Promise<readonly PartStatus[]>;
}

export class Looks {
  readonly #patienceMs: number;
  readonly #running = new Map<string, Running>();

  constructor(patienceMs: number = PATIENCE_MS) {
    this.#patienceMs = patienceMs;
  }

  /** In the order in which they are given. Never rejects, and takes as long as one of them may. */
  async all(looks: readonly Look[]): Promise<readonly PartStatus[]> {
    const found = await Promise.all(looks.map((look) => this.#one(look)));
    const down = new Set(found.flatMap((parts) => parts.filter(({ state }) => state === 'down').map(({ name }) => name)));
    return looks.flatMap(({ name, tells = [name], asks = [] }, i) => {
      const parts = found[i] ?? [];
      const away = asks.filter((asked) => down.has(asked));
      // What it says itself is only that it has no answer.
      const isKnown = away.length === 0 || parts.every(({ state }) => state === 'ok');
      if (isKnown) return parts;
      const detail = `not known: the ${away.join(' and the ')} ${away.length === 1 ? 'does' : 'do'} not answer`;
      return tells.map((line) => ({ name: line, state: 'degraded', detail }));
    });
  }

  async #one({ name, tells = [name], late = 'degraded', about, read }: Look): Promise<readonly PartStatus[]> {
    const { since, work } = this.#begin(name, read);
    const told = (detail: string): readonly PartStatus[] => {
      const whole = about === undefined ? detail : `${detail}; ${about()}`;
      return tells.map((line) => ({ name: line, state: late, detail: whole }));
    };
    let timer: NodeJS.Timeout | undefined;
    const hangs = new Promise<readonly PartStatus[]>((resolve) => {
      timer = setTimeout(() => {
        const seconds = (performance.now() - since) / 1000;
        const span = seconds * 1000 > 2 * this.#patienceMs ? `for ${spanText(seconds)}` : `within ${this.#patienceMs / 1000} s`;
        resolve(told(`no answer ${span}`));
      }, this.#patienceMs);
    });
    try {
      return await Promise.race([work, hangs]);
    } catch (error) {
      return told((error as Error).message);
    } finally {
      clearTimeout(timer);
    }
  }

  #begin(name: string, read: Look['read']): Running {
    const known = this.#running.get(name);
    if (known !== undefined && performance.now() - known.since < GIVEN_UP_MS) return known;
    const running: Running = { since: performance.now(), work: Promise.try(read) };
    this.#running.set(name, running);
    const over = (): void => {
      if (this.#running.get(name) === running) this.#running.delete(name);
    };
    running.work.then(over, over);
    return running;
  }
}
