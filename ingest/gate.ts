// How much the door holds in hand at once: bytes of requests being received, requests being worked on, and bytes on their
// way to the stream. Who comes when the first is full is sent away with `intake.busy`; the rest waits in its order.
import { CodedError } from '../core/errors.ts';

interface GateLimits {
  readonly bytesInHand: number;
  readonly requestsAtWork: number;
  readonly requestsWaiting: number;
}

export class Gate {
  readonly #limits: GateLimits;
  readonly #waiting: (() => void)[] = [];
  readonly #waitingForRoom: { readonly bytes: number; readonly enter: () => void }[] = [];
  #receiving = 0;
  #leaving = 0;
  #atWork = 0;

  /** `limits` are read whenever they are asked for: they may change. */
  constructor(limits: GateLimits) {
    this.#limits = limits;
  }

  get bytes(): number {
    return this.#receiving + this.#leaving;
  }

  /** Reserves room for a request of that many bytes while `work` runs; one that is alone is always let in. */
  async receiving<T>(bytes: number, work: () => Promise<T>): Promise<T> {
    if (this.#receiving > 0 && this.#receiving + bytes > this.#limits.bytesInHand)
      throw new CodedError('intake.busy', { reason: 'the requests in hand fill its memory' });
    this.#receiving += bytes;
    try {
      return await work();
    } finally {
      this.#receiving -= bytes;
    }
  }

  /** Runs `work` when it is its turn. */
  async inTurn<T>(work: () => Promise<T>): Promise<T> {
    if (this.#atWork >= this.#limits.requestsAtWork) {
      if (this.#waiting.length >= this.#limits.requestsWaiting) throw new CodedError('intake.busy', { reason: 'too many requests wait' });
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    } else this.#atWork++;
    try {
      return await work();
    } finally {
      // The place goes straight to the next one, so that nobody slips in between.
      const next = this.#waiting.shift();
      if (next === undefined) this.#atWork--;
      else next();
    }
  }

  /** Waits for room on the way to the stream; resolves to what gives it back. */
  async room(bytes: number): Promise<() => void> {
    if (!this.#fits(bytes) || this.#waitingForRoom.length > 0) await new Promise<void>((enter) => this.#waitingForRoom.push({ bytes, enter }));
    else this.#leaving += bytes;
    return () => {
      this.#leaving -= bytes;
      for (let next = this.#waitingForRoom[0]; next !== undefined && this.#fits(next.bytes); next = this.#waitingForRoom[0]) {
        this.#waitingForRoom.shift();
        this.#leaving += next.bytes;
        next.enter();
      }
    };
  }

  #fits(bytes: number): boolean {
    return this.#leaving === 0 || this.#leaving + bytes <= this.#limits.bytesInHand;
  }
}
