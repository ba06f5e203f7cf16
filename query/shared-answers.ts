// Answers that several askers share: the panels of a page that many look at are asked once. A question that is under way is joined, and one
// that was answered a moment ago is not asked again, by whoever says how old an answer may be. It ends when nobody waits for it any more.
import { CodedError } from '../core/errors.ts';

/** However old an answer may be for its asker, it is not kept longer. */
export const OLDEST_MS = 60_000;
/** Answers, and values in all of them; of a larger one only those that wait for it have it. */
const MOST_KEPT = 200;
const MOST_VALUES = 2_000_000;
const MOST_VALUES_EACH = 200_000;

interface Counted {
  /** All that are in it. */
  readonly valueCount: number;
}

interface Shared<Answer> {
  /** ms, of a clock that does not jump. */
  readonly begun: number;
  readonly answer: Promise<Answer>;
  readonly abort: AbortController;
  waiting: number;
  /** Of its answer; undefined: it is under way. */
  values: number | undefined;
}

export class SharedAnswers<Answer extends Counted> {
  readonly #shared = new Map<string, Shared<Answer>>();

  /** `key` says all that the answer depends on but when it is asked. Rejects with `iql.cancelled` when the asker's own signal ends it. */
  async get(key: string, maxAgeMs: number, signal: AbortSignal | undefined, ask: (signal: AbortSignal) => Promise<Answer>): Promise<Answer> {
    const now = performance.now();
    this.#forget(now);
    const known = this.#shared.get(key);
    const shared = known !== undefined && known.begun >= now - maxAgeMs ? known : this.#begin(key, now, ask);
    shared.waiting++;
    const own = Promise.withResolvers<never>();
    const end = (): void => own.reject(new CodedError('iql.cancelled', {}));
    if (signal?.aborted === true) end();
    signal?.addEventListener('abort', end, { once: true });
    try {
      return await Promise.race([shared.answer, own.promise]);
    } finally {
      signal?.removeEventListener('abort', end);
      shared.waiting--;
      if (shared.waiting === 0 && shared.values === undefined) {
        shared.abort.abort();
        this.#remove(key, shared);
      }
    }
  }

  #begin(key: string, begun: number, ask: (signal: AbortSignal) => Promise<Answer>): Shared<Answer> {
    const abort = new AbortController();
    const answer = ask(abort.signal);
    const shared: Shared<Answer> = { begun, answer, abort, waiting: 0, values: undefined };
    this.#shared.set(key, shared);
    answer.then(
      ({ valueCount }) => {
        shared.values = valueCount;
        if (shared.values > MOST_VALUES_EACH) this.#remove(key, shared);
      },
      () => {
        shared.values = 0;
        this.#remove(key, shared);
      },
    );
    return shared;
  }

  #remove(key: string, shared: Shared<Answer>): void {
    if (this.#shared.get(key) === shared) this.#shared.delete(key);
  }

  /** What is too old, and the oldest of too many. */
  #forget(now: number): void {
    let values = 0;
    for (const shared of this.#shared.values()) values += shared.values ?? 0;
    for (const [key, shared] of this.#shared) {
      if (shared.values === undefined) continue;
      if (shared.begun >= now - OLDEST_MS && this.#shared.size <= MOST_KEPT && values <= MOST_VALUES) break;
      values -= shared.values;
      this.#shared.delete(key);
    }
  }
}
