// Lets a bounded number of calls through to the store at once; the others wait here, where they can still be called back.
// (What waits in a socket's queue instead is unknown to the store, so a kill would miss it.)
import { CodedError } from '../../../core/errors.ts';

interface Waiting {
  readonly queryId: string;
  readonly start: () => void;
  readonly cancel: () => void;
}

export class Limiter {
  readonly #most: number;
  #active = 0;
  readonly #waiting: Waiting[] = [];

  constructor(most: number) {
    this.#most = most;
  }

  /** Runs `work` when there is room; rejects with `columns.cancelled` when it was called back before. */
  async run<T>(queryId: string, signal: AbortSignal | undefined, work: () => Promise<T>): Promise<T> {
    if (signal?.aborted) throw new CodedError('columns.cancelled', {});
    if (this.#active >= this.#most) await this.#turn(queryId, signal);
    else this.#active++;
    try {
      return await work();
    } finally {
      const next = this.#waiting.shift();
      if (next === undefined) this.#active--;
      else next.start();
    }
  }

  /** Calls back those of the named queries that have not begun. */
  callBack(queryIds: ReadonlySet<string>): void {
    for (const waiting of this.#waiting.filter((w) => queryIds.has(w.queryId))) waiting.cancel();
  }

  #turn(queryId: string, signal: AbortSignal | undefined): Promise<void> {
    return new Promise((resolve, reject) => {
      const leave = (): void => {
        const at = this.#waiting.indexOf(waiting);
        if (at >= 0) this.#waiting.splice(at, 1);
        reject(new CodedError('columns.cancelled', {}));
      };
      const waiting: Waiting = {
        queryId,
        start: () => {
          signal?.removeEventListener('abort', leave);
          resolve();
        },
        cancel: () => {
          signal?.removeEventListener('abort', leave);
          leave();
        },
      };
      signal?.addEventListener('abort', leave, { once: true });
      this.#waiting.push(waiting);
    });
  }
}
