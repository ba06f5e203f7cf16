// Whether the server's own clock can be right, by those of the agents that have a key: each tells its own when it signs in and with each frame. What
// would be dropped as too late or too early, or refused as of a run to come, while most of them say that the server is wrong, stays in their spools. A few agents, or any number of
// names under the shared token, decide nothing. Clocks are held against one that nobody sets, so that a jump of the server's is seen at once.

import { CodedError } from '../core/errors.ts';

/** A clock that is further off is another time, and its samples would be dropped as from the future. */
const OFF_MS = 10 * 60_000;
/** Who was not heard for so long has no say. */
const HEARD_MS = 15 * 60_000;
const LEAST_AGENTS = 3;
/** So long after a start the first ones wait for others to be heard. */
const YOUNG_MS = 5 * 60_000;
/** A step of the server's clock after which all are looked at again. */
const STEP_MS = 1000;

type Side = -1 | 0 | 1;

interface Told {
  side: Side;
  /** The agent's clock less the steady one, ms. */
  readonly ahead: number;
  /** By the steady clock, ms. */
  readonly at: number;
}

export interface ClockDoubt {
  /** An agent's clock less the server's, of the one in the middle of those that call it wrong: more than 0 where the server is behind, ms. */
  readonly offset: number;
  /** How many say so, of how many. */
  readonly agents: number;
  readonly of: number;
}

/** The clock that an agent sent with its request, ms; undefined: it sent none. */
export const clockOf = (header: string | readonly string[] | undefined): number | undefined =>
  typeof header === 'string' && /^\d{1,15}$/.test(header) ? Number(header) : undefined;

export const clockError = ({ offset, agents, of }: ClockDoubt): CodedError<'intake.clock'> =>
  new CodedError('intake.clock', { minutes: Math.round(Math.abs(offset) / 60_000), side: offset > 0 ? 'behind' : 'ahead', agents, of });

export class FleetClock {
  readonly #told = new Map<string, Told>();
  readonly #counts: Record<Side, number> = { [-1]: 0, 0: 0, 1: 0 };
  readonly #now: () => number;
  readonly #steady: () => number;
  readonly #begun: number;
  /** The server's clock less the steady one, when all were looked at last. */
  #base: number;

  /** `now`: the server's clock; `steady`: one that nobody sets; both in ms. */
  constructor(now: () => number, steady: () => number = () => performance.now()) {
    this.#now = now;
    this.#steady = steady;
    this.#begun = steady();
    this.#base = now() - this.#begun;
  }

  /** `agent`: one that has proved who it is; `clock`: its own, ms. */
  note(agent: string, clock: number): void {
    const at = this.#steady();
    const ahead = clock - at;
    const side = this.#sideOf(ahead);
    this.#forget(agent);
    this.#told.set(agent, { side, ahead, at });
    this.#counts[side]++;
    // Those heard longest ago come first.
    for (const [name, told] of this.#told) {
      if (told.at > at - HEARD_MS) break;
      this.#forget(name);
    }
  }

  /** Undefined: nothing speaks against the server's clock, or too few do. */
  get doubt(): ClockDoubt | undefined {
    this.#lookAgain();
    const side = this.#counts[1] >= this.#counts[-1] ? 1 : -1;
    return this.#counts[side] < LEAST_AGENTS || this.#counts[side] * 2 <= this.#told.size ? undefined : this.#doubtOn(side);
  }

  /** As `doubt`; soon after a start also where this agent says so and too few were heard to know. */
  doubtOf(agent: string): ClockDoubt | undefined {
    const known = this.doubt;
    const side = this.#told.get(agent)?.side ?? 0;
    if (known !== undefined || side === 0 || this.#told.size >= LEAST_AGENTS || this.#steady() - this.#begun > YOUNG_MS) return known;
    return this.#doubtOn(side);
  }

  #doubtOn(side: Side): ClockDoubt {
    const those = [...this.#told.values()].filter((told) => told.side === side);
    const aheads = Float64Array.from(those, ({ ahead }) => ahead).sort();
    return { offset: Math.round((aheads[aheads.length >> 1] as number) - this.#base), agents: those.length, of: this.#told.size };
  }

  #sideOf(ahead: number): Side {
    this.#lookAgain();
    const offset = ahead - this.#base;
    return Math.abs(offset) < OFF_MS ? 0 : offset < 0 ? -1 : 1;
  }

  /** Where the server's clock has been set. */
  #lookAgain(): void {
    const base = this.#now() - this.#steady();
    if (Math.abs(base - this.#base) < STEP_MS) return;
    this.#base = base;
    for (const told of this.#told.values()) {
      this.#counts[told.side]--;
      told.side = this.#sideOf(told.ahead);
      this.#counts[told.side]++;
    }
  }

  #forget(agent: string): void {
    const told = this.#told.get(agent);
    if (told === undefined) return;
    this.#counts[told.side]--;
    this.#told.delete(agent);
  }
}
