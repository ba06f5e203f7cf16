// Counts the stores on together every few minutes while the server runs, so that a copy of one of them, as of a snapshot of its disk, is told
// from what the store became since. Never while a backup fixes its moment, of which all stores must be.
import type { Logger } from '../../core/logger.ts';
import { RoundGate } from '../../pipeline/round-gate.ts';
import type { Installation, StoresToTell } from './installation.ts';

const EVERY_MS = 600_000;

export class Counting {
  readonly #gate = new RoundGate();
  readonly #ends = new AbortController();
  readonly #timer: NodeJS.Timeout;
  #running: Promise<void> = Promise.resolve();

  constructor(installation: Pick<Installation, 'advance'>, stores: StoresToTell, log: Logger, everyMs = EVERY_MS) {
    let isBusy = false;
    this.#timer = setInterval(() => {
      // A store that hangs is asked once.
      if (isBusy) return;
      isBusy = true;
      this.#running = this.#gate
        .pass(this.#ends.signal, () => installation.advance(stores))
        .catch((error: unknown) =>
          log.warn('the stores were not counted on, as one did not take it: an older copy of one of them is not told by what came since', { error }),
        )
        .finally(() => {
          isBusy = false;
        });
    }, everyMs);
    this.#timer.unref();
  }

  /** See `RoundGate.hold`. */
  hold(patienceMs: number): Promise<() => void> {
    return this.#gate.hold(patienceMs);
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer);
    this.#ends.abort();
    await this.#running;
  }
}
