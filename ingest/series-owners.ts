// Whose series samples are of that their sender did not define to this door, as after a restart of the server: asked of the store, where the
// definitions rest. A sample bears no host, only the id of its series; without this anybody could send values for the series of others.
import { CodedError } from '../core/errors.ts';
import { type Authority, mustSpeakFor } from './authority.ts';
import type { SenderSeries } from './sender-series.ts';

/** Id → hash of the metric. */
export type SeriesAsked = ReadonlyMap<bigint, number>;

export interface SeriesOwnersOptions {
  /** The label `host` of those that the store knows; empty where one has none. */
  readonly hostsOf: (series: SeriesAsked) => Promise<ReadonlyMap<bigint, string>>;
  /** Whether the store has all that was acknowledged before this start of the server. */
  readonly isWhole: () => boolean;
}

/** Series of one question. */
const AT_ONCE = 10_000;

export class SeriesOwners {
  readonly #options: SeriesOwnersOptions;
  /** Accounts → those of them whose next question waits for the one at work, one of each account after the other. */
  readonly #waiting = new Map<string, (() => void)[]>();
  #isAsking = false;

  constructor(options: SeriesOwnersOptions) {
    this.#options = options;
  }

  /**
   * Those of the series that nobody has defined; what is found of them `own` keeps. Rejects with `intake.host` for a series of a host that
   * the sender may not speak for, with `intake.busy` where the store cannot be asked.
   */
  async missing(authority: Authority, own: Pick<SenderSeries, 'found' | 'missing'>, series: SeriesAsked): Promise<ReadonlySet<bigint>> {
    const isWhole = this.#options.isWhole();
    let hosts: ReadonlyMap<bigint, string>;
    try {
      hosts = await this.#ask(authority.account, [...series]);
    } catch (error) {
      throw new CodedError('intake.busy', { reason: 'whose series these are cannot be asked of the store' }, { cause: error });
    }
    const missing = new Set<bigint>();
    for (const id of series.keys()) {
      const host = hosts.get(id);
      if (host !== undefined) own.found(id, host);
      // What was acknowledged before the start is on its way to the store; what came since, this door was told.
      else if (isWhole) {
        own.missing(id);
        missing.add(id);
      }
    }
    for (const host of hosts.values()) if (host !== '') mustSpeakFor(authority, host);
    return missing;
  }

  /** One question at a time, so that who names many series, or none that there are, holds up nobody, and least of all the store. */
  async #ask(account: string, series: readonly (readonly [bigint, number])[]): Promise<ReadonlyMap<bigint, string>> {
    const hosts = new Map<bigint, string>();
    for (let from = 0; from < series.length; from += AT_ONCE) {
      await this.#turn(account);
      try {
        for (const [id, host] of await this.#options.hostsOf(new Map(series.slice(from, from + AT_ONCE)))) hosts.set(id, host);
      } finally {
        this.#next();
      }
    }
    return hosts;
  }

  async #turn(account: string): Promise<void> {
    if (!this.#isAsking) {
      this.#isAsking = true;
      return;
    }
    const waiting = this.#waiting.get(account) ?? [];
    this.#waiting.set(account, waiting);
    await new Promise<void>((enter) => waiting.push(enter));
  }

  #next(): void {
    const [first] = this.#waiting;
    if (first === undefined) {
      this.#isAsking = false;
      return;
    }
    const [account, waiting] = first;
    this.#waiting.delete(account);
    const enter = waiting.shift();
    if (waiting.length > 0) this.#waiting.set(account, waiting);
    enter?.();
  }
}
