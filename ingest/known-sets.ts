// The sets of series that a sender sends reading after reading: found again by their bytes, so that nothing is looked up for a sample, and
// named for the stream from the second time on. What comes once and never again costs no more than a copy.
import { hash } from 'node:crypto';
import type { SharedBytes } from '../engines/stream/port.ts';
import { encodeSet, isSet, type SampleSet, setKey } from '../schemas/sample-set.ts';

const sha256 = (bytes: Uint8Array): Uint8Array => hash('sha256', bytes, 'buffer');

export class KnownSet {
  readonly bytes: Uint8Array;
  /** Each of its series was defined to this door and met in this hour. */
  isJudged = true;
  #shared: SharedBytes | undefined;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
  }

  /** As messages name it. */
  get shared(): SharedBytes {
    this.#shared ??= { key: setKey(this.bytes, sha256), value: this.bytes };
    return this.#shared;
  }
}

export class KnownSets {
  /** By the first id and the length; the one met first first. */
  readonly #sets = new Map<number, KnownSet>();
  #bytes = 0;

  find(set: SampleSet): KnownSet | undefined {
    const found = this.#sets.get(keyOf(set));
    return found !== undefined && isSet(found.bytes, set) ? found : undefined;
  }

  /** All of its series are defined; all sets together take at most so many bytes. */
  keep(set: SampleSet, mostBytes: number): void {
    const key = keyOf(set);
    const known = new KnownSet(encodeSet(set));
    this.#forget(key);
    if (known.bytes.length > mostBytes) return;
    for (const oldest of this.#sets.keys()) {
      if (this.#bytes + known.bytes.length <= mostBytes) break;
      this.#forget(oldest);
    }
    this.#bytes += known.bytes.length;
    this.#sets.set(key, known);
  }

  /** Each series is to be judged anew. */
  doubt(): void {
    for (const known of this.#sets.values()) known.isJudged = false;
  }

  #forget(key: number): void {
    this.#bytes -= this.#sets.get(key)?.bytes.length ?? 0;
    this.#sets.delete(key);
  }
}

/** The low word of the first id, and the length. */
const keyOf = ({ id }: SampleSet): number => Number((id[0] ?? 0n) & 0xffff_ffffn) ^ id.length;
