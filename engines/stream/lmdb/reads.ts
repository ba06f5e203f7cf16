// What this thread reads of the log: messages, what they share, checkpoints, and what each partition was like when it was opened. It writes nothing.
import type { ClockState } from '../../../core/clock.ts';
import { CodedError } from '../../../core/errors.ts';
import { parseGeneration, type StoreIdentity } from '../../../core/generation.ts';
import type { Checkpoint, StoredMessage } from '../port.ts';
import type { Partition } from './commits.ts';
import { Costs } from './costs.ts';
import { logFile, streamError } from './damage.ts';
import { type Environment, FIRST_KEY, LAST_KEY } from './environment.ts';
import {
  decodeLease,
  decodePartition,
  decodeRecord,
  decodeSaved,
  keyOfShared,
  type Lease,
  messageKey,
  metaKey,
  metaParts,
  offsetOfKey,
  SHARED,
  sharedKey,
  type TopicRecord,
  timeOfRecord,
} from './layout.ts';
import { Leases } from './leases.ts';

/** What is there when the log is opened. */
export interface Found {
  readonly topics: readonly { readonly name: string; readonly record: TopicRecord }[];
  readonly saved: readonly {
    readonly group: string;
    readonly topic: string;
    readonly partition: number;
    readonly next: bigint;
    readonly progress: Uint8Array;
  }[];
}

export class Reads {
  readonly #environment: Environment;

  constructor(environment: Environment) {
    this.#environment = environment;
  }

  /** Of this moment on: LMDB shows what was there when a transaction began. Throws `stream.unavailable` and `stream.damaged`. */
  #read<T>(read: (environment: Environment) => T): T {
    try {
      this.#environment.root.resetReadTxn();
      return read(this.#environment);
    } catch (error) {
      throw error instanceof CodedError ? error : streamError(this.#environment.dir, (error as Error).message, error);
    }
  }

  found(): Found {
    return this.#read(({ meta }) => {
      const topics: Found['topics'][number][] = [];
      const saved: Found['saved'][number][] = [];
      for (const { key, value } of meta.getRange({ start: FIRST_KEY, end: LAST_KEY })) {
        const [kind, ...parts] = metaParts(key);
        if (kind === 'topic') topics.push({ name: parts[0] as string, record: JSON.parse(value.toString()) as TopicRecord });
        if (kind !== 'progress') continue;
        const [group, topic, partition] = parts as [string, string, string];
        const { offset, bytes } = decodeSaved(Buffer.from(value));
        saved.push({ group, topic, partition: Number(partition), next: offset, progress: bytes });
      }
      return { topics, saved };
    });
  }

  /** Whose the log is, and how far it has come. */
  identity(): StoreIdentity {
    return this.#read(({ meta }) => {
      const text = (name: string): string | undefined => meta.get(metaKey(name))?.toString();
      return { installation: text('installation'), generation: parseGeneration(text('generation')) };
    });
  }

  /** How the clock stood when it was last looked at. */
  clock(): ClockState | undefined {
    return this.#read(({ meta }) => {
      const found = meta.get(metaKey('clock'));
      return found === undefined ? undefined : (JSON.parse(found.toString()) as ClockState);
    });
  }

  partition(topic: string, topicId: number, partition: number): Partition {
    return this.#read(({ meta, shared }) => {
      const found = meta.get(metaKey('at', topicId, partition));
      const flushed = found === undefined ? { next: 0n, earliest: 0n, bytes: 0, cost: 0 } : decodePartition(Buffer.from(found));
      const leases: (readonly [string, Lease])[] = [];
      const range = { start: sharedKey(topicId, partition, SHARED.lease), end: sharedKey(topicId, partition, SHARED.lease + 1) };
      for (const { key, value } of shared.getRange(range)) leases.push([keyOfShared(key), decodeLease(Buffer.from(value))]);
      const costs = new Costs(flushed.earliest, flushed.next, flushed.cost);
      return { topic, topicId, partition, flushed, next: flushed.next, costs, leases: new Leases(leases) };
    });
  }

  messages({ topic, topicId, partition, flushed }: Partition, from: bigint, maxBytes: number): StoredMessage[] {
    if (from >= flushed.next) return [];
    return this.#read(({ messages }) => {
      const out: StoredMessage[] = [];
      let bytes = 0;
      for (const { key, value } of messages.getRange({
        start: messageKey(topicId, partition, from < 0n ? 0n : from),
        end: messageKey(topicId, partition, flushed.next),
      })) {
        bytes += value.length;
        if (out.length > 0 && bytes > maxBytes) break;
        out.push(this.#decoded(value, topic, partition, offsetOfKey(key)));
      }
      return out;
    });
  }

  #decoded(value: Buffer, topic: string, partition: number, offset: bigint): StoredMessage {
    try {
      return decodeRecord(value, topic, partition, offset);
    } catch (error) {
      const reason = `the message ${topic}/${partition}/${offset} cannot be read: ${(error as Error).message}`;
      throw new CodedError('stream.damaged', { file: logFile(this.#environment.dir), reason }, { cause: error });
    }
  }

  /** A copy. */
  shared({ topicId, partition }: Partition, key: string): Uint8Array | undefined {
    return this.#read(({ shared }) => {
      const found = shared.get(sharedKey(topicId, partition, SHARED.bytes, key));
      return found === undefined ? undefined : new Uint8Array(found);
    });
  }

  checkpoint(group: string, { topic, partition }: Partition): Checkpoint | undefined {
    return this.#read(({ meta }) => {
      const record = meta.get(metaKey('checkpoint', group, topic, partition));
      if (record === undefined) return undefined;
      const { offset, bytes } = decodeSaved(record);
      return { from: offset, value: bytes };
    });
  }

  /** First offset of a message that came at or after a time, ms. */
  offsetAt(partition: Partition, time: number): bigint {
    let [low, high] = [partition.flushed.earliest, partition.flushed.next];
    while (low < high) {
      const middle = (low + high) >> 1n;
      const came = this.timeAt(partition, middle);
      if (came !== undefined && came < time) low = middle + 1n;
      else high = middle;
    }
    return low;
  }

  /** When the first message from an offset on came, ms. */
  timeAt({ topicId, partition, flushed }: Partition, from: bigint): number | undefined {
    const range = { start: messageKey(topicId, partition, from), end: messageKey(topicId, partition, flushed.next), limit: 1 };
    return this.#read(({ messages }) => {
      for (const { value } of messages.getRange(range)) return timeOfRecord(value);
      return undefined;
    });
  }
}
