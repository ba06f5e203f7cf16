// The sets of series that messages of a partition name, as the stream keeps them: asked for once, and kept in memory as long as there is room.
// It trusts no name: what the stream has under it must have that hash.
import { hash } from 'node:crypto';
import type { StoredMessage, Stream, TopicPartition } from '../engines/stream/port.ts';
import { decodeSet, type SampleSet } from '../schemas/sample-set.ts';
import { setNamedBy } from './stages/decode.ts';

/** Series of all sets in memory, 12 bytes each, beyond those of the messages in hand. */
const MOST_SERIES = 4_000_000;

export class NamedSets {
  readonly #stream: Pick<Stream, 'shared'>;
  readonly #at: TopicPartition;
  /** The one named longest ago first. */
  readonly #sets = new Map<string, SampleSet>();
  #series = 0;

  constructor(stream: Pick<Stream, 'shared'>, at: TopicPartition) {
    this.#stream = stream;
    this.#at = at;
  }

  /** By name: those of the messages met last at least, unless the stream has not kept them or they are damaged. */
  get all(): ReadonlyMap<string, SampleSet> {
    return this.#sets;
  }

  async meet(messages: readonly StoredMessage[]): Promise<void> {
    const named = new Set(messages.map(setNamedBy).filter((name) => name !== undefined));
    for (const name of named) {
      const set = this.#sets.get(name) ?? (await this.#read(name));
      if (set === undefined) continue;
      this.#sets.delete(name);
      this.#sets.set(name, set);
    }
    for (const [name, { id }] of this.#sets) {
      if (this.#series <= MOST_SERIES || named.has(name)) break;
      this.#series -= id.length;
      this.#sets.delete(name);
    }
  }

  async #read(name: string): Promise<SampleSet | undefined> {
    const bytes = await this.#stream.shared(this.#at, name);
    if (bytes === undefined) return undefined;
    try {
      const set = decodeSet(bytes, name, (of) => hash('sha256', of, 'buffer'));
      this.#series += set.id.length;
      return set;
    } catch {
      // As good as none: its messages go to the dead letters by that name.
      return undefined;
    }
  }
}
