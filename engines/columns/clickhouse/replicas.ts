// The servers that have the same rows, as one: calls go to the one that answered last, and to the next where no connection to it can be made.
// What was sent to one is never sent to another: whoever sent it looks what became of it.
import { type HttpCall, HttpCaller, type HttpOptions, type HttpReply, NotConnected, ServerError } from './http.ts';

export class Replicas {
  readonly #callers: readonly HttpCaller[];
  #at = 0;

  constructor(urls: readonly string[], options: Omit<HttpOptions, 'url'>) {
    if (urls.length === 0) throw new RangeError('a column store without an address');
    this.#callers = urls.map((url) => new HttpCaller({ ...options, url }));
  }

  /** Which of them is asked. */
  get at(): number {
    return this.#at;
  }

  /** Rejects as `HttpCaller` does, with the words of the last that was tried. */
  async call(request: HttpCall): Promise<HttpReply> {
    for (let tried = 1; ; tried++) {
      const at = this.#at;
      try {
        return await this.#caller(at).call(request);
      } catch (error) {
        if (error instanceof ServerError) throw error;
        // Others may have moved on meanwhile.
        if (this.#at === at) this.#at = (at + 1) % this.#callers.length;
        if (!(error instanceof NotConnected) || tried >= this.#callers.length || request.signal.aborted) throw error;
      }
    }
  }

  /** Asks all; resolves when each has answered or cannot be reached, and rejects where none answered or one refused. */
  async callAll(request: HttpCall): Promise<void> {
    const outcomes = await Promise.allSettled(this.#callers.map((caller) => caller.call(request)));
    const failed = outcomes.flatMap((outcome) => (outcome.status === 'rejected' ? [outcome.reason as unknown] : []));
    const refused = failed.find((error) => error instanceof ServerError);
    if (refused !== undefined) throw refused;
    if (failed.length === outcomes.length) throw failed[0];
  }

  #caller(at: number): HttpCaller {
    return this.#callers[at] as HttpCaller;
  }

  close(): void {
    for (const caller of this.#callers) caller.close();
  }
}
