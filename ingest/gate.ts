// How much the door holds in hand at once: bytes of requests that have arrived, requests being worked on, and bytes on their way to the
// stream. Nobody has all of the first: an agent has its part, and the tokens that many share leave some to agents with keys of their own.
// Who comes when it is full is sent away with `intake.busy`; the rest waits in its order.
import { CodedError } from '../core/errors.ts';

interface GateLimits {
  readonly bytesInHand: number;
  readonly requestsAtWork: number;
  readonly requestsWaiting: number;
}

/** Whose request it is. */
export interface Account {
  /** The same for all that count together. */
  readonly account: string;
  /** An agent with a key of its own. */
  readonly isBound: boolean;
}

/** Tells that so many bytes have come. Throws `intake.busy`: what came before is given up, too. */
export type Arrived = (bytes: number) => void;

/** Of the bytes in hand, for one agent. */
const AGENT_PART = 1 / 8;
/** An agent sends one frame after the other; another comes when it gave up waiting for an answer. */
const AGENT_REQUESTS = 8;
/** Of the bytes in hand and of the requests that may wait, for all who have no key of their own together. */
const SHARED_PART = 3 / 4;

interface InHand {
  bytes: number;
  requests: number;
}

export class Gate {
  readonly #limits: GateLimits;
  readonly #waiting: (() => void)[] = [];
  readonly #waitingForRoom: { readonly bytes: number; readonly enter: () => void }[] = [];
  readonly #accounts = new Map<string, InHand>();
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

  /**
   * Lets a request in while `work` runs, which tells what arrives of it: only that takes room, whatever is announced. One that is alone
   * with what it has is always let in.
   */
  async receiving<T>(from: Account, announced: number, work: (arrived: Arrived) => Promise<T>): Promise<T> {
    const own = this.#accounts.get(from.account) ?? { bytes: 0, requests: 0 };
    if (own.requests >= (from.isBound ? AGENT_REQUESTS : this.#limits.requestsWaiting * SHARED_PART))
      throw new CodedError('intake.busy', { reason: 'too many requests of this sender are in hand' });
    const most = this.#limits.bytesInHand * (from.isBound ? AGENT_PART : SHARED_PART);
    let mine = 0;
    const mustFit = (bytes: number): void => {
      if (this.#receiving > mine && this.#receiving + bytes > this.#limits.bytesInHand)
        throw new CodedError('intake.busy', { reason: 'the requests in hand fill its memory' });
      if (own.bytes > mine && own.bytes + bytes > most)
        throw new CodedError('intake.busy', { reason: 'the requests of this sender fill their part of its memory' });
    };
    const add = (bytes: number): void => {
      mine += bytes;
      own.bytes += bytes;
      this.#receiving += bytes;
    };
    // Better now than when it has sent half of it.
    mustFit(announced);
    own.requests++;
    this.#accounts.set(from.account, own);
    try {
      return await work((bytes) => {
        try {
          mustFit(bytes);
        } catch (error) {
          add(-mine);
          throw error;
        }
        add(bytes);
      });
    } finally {
      add(-mine);
      if (--own.requests === 0) this.#accounts.delete(from.account);
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
