// What every round of this process passes: while it is held none begins. So whoever holds it finds progress and stores as they agree:
// each message is in its store or before its group, and no insert is under way. It knows neither.
import { CodedError } from '../core/errors.ts';
import { checkSignal, settledOrAborted } from './retry.ts';

export class RoundGate {
  #inside = 0;
  /** Settled when the gate opens; undefined: it is open. */
  #opens: Promise<void> | undefined;
  #emptied: (() => void) | undefined;

  /** Waits while it is held; each that entered must leave. Rejects with `Stopped`. */
  async enter(signal: AbortSignal): Promise<void> {
    while (this.#opens !== undefined) {
      await settledOrAborted(this.#opens, signal);
      checkSignal(signal);
    }
    this.#inside++;
  }

  async pass<T>(signal: AbortSignal, work: () => Promise<T>): Promise<T> {
    await this.enter(signal);
    try {
      return await work();
    } finally {
      this.leave();
    }
  }

  leave(): void {
    this.#inside--;
    if (this.#inside === 0) this.#emptied?.();
  }

  /**
   * Resolves when the rounds in hand have ended, to what opens the gate again. Rejects with `pipeline.busy` when that takes longer than
   * `patienceMs` (a store that is down holds a round for as long as it is), or where somebody else holds it; then it is open as before.
   */
  async hold(patienceMs: number): Promise<() => void> {
    if (this.#opens !== undefined) throw new CodedError('pipeline.busy', { reason: 'they are held already' });
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#opens = promise;
    let held = true;
    const open = (): void => {
      if (!held) return;
      held = false;
      this.#opens = undefined;
      this.#emptied = undefined;
      resolve();
    };
    if (this.#inside === 0) return open;
    const late = Promise.withResolvers<boolean>();
    const timer = setTimeout(() => late.resolve(true), patienceMs);
    const empty = new Promise<boolean>((emptied) => {
      this.#emptied = () => emptied(false);
    });
    const isLate = await Promise.race([empty, late.promise]);
    clearTimeout(timer);
    if (!isLate) return open;
    open();
    throw new CodedError('pipeline.busy', { reason: `a round has not ended within ${patienceMs / 1000} s, as a store does not take it` });
  }
}
