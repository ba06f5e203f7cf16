// Whose series samples are of that their sender did not define to this door, as after a restart of the server: asked of the store, where the
// definitions rest. A sample bears no host, only the id of its series; without this anybody could send values for the series of others.
import { CodedError } from '../core/errors.ts';
import { type Authority, mustSpeakFor } from './authority.ts';

/** Id → hash of the metric. */
export type SeriesAsked = ReadonlyMap<bigint, number>;

export interface SeriesOwnersOptions {
  /** The label `host` of those that the store knows; empty where one has none. */
  readonly hostsOf: (series: SeriesAsked) => Promise<ReadonlyMap<bigint, string>>;
  /** Whether the store has all that was acknowledged before this start of the server. */
  readonly isWhole: () => boolean;
}

export class SeriesOwners {
  readonly #options: SeriesOwnersOptions;
  /** What was found to be the sender's own, by what the door keeps of it. */
  readonly #found = new WeakMap<object, Set<bigint>>();

  constructor(options: SeriesOwnersOptions) {
    this.#options = options;
  }

  /**
   * `sender`: the same object for the same sender. Rejects with `intake.host` for a series of a host that it may not speak for; of one that
   * has joined, with `intake.undefined` for a series that nobody defined; with `intake.busy` where the store cannot be asked.
   */
  async mustBeOwn(authority: Authority, sender: object, series: SeriesAsked): Promise<void> {
    const found = this.#found.get(sender) ?? new Set<bigint>();
    const asked = new Map([...series].filter(([id]) => !found.has(id)));
    if (asked.size === 0) return;
    const isWhole = this.#options.isWhole();
    let hosts: ReadonlyMap<bigint, string>;
    try {
      hosts = await this.#options.hostsOf(asked);
    } catch (error) {
      throw new CodedError('intake.busy', { reason: 'whose series these are cannot be asked of the store' }, { cause: error });
    }
    for (const id of asked.keys()) {
      const host = hosts.get(id);
      // What was acknowledged before the start is on its way to the store; what came since, this door was told.
      if (host === undefined && authority.isBound && isWhole) throw new CodedError('intake.undefined', { id: String(id) });
      if (host !== undefined && host !== '') mustSpeakFor(authority, host);
      if (host !== undefined) found.add(id);
    }
    this.#found.set(sender, found);
  }
}
