// Sends records, to each partition one batch after the other: what waits meanwhile goes with the next one. A batch that was not answered is sent
// again under the number it had, so that it is stored once; where that stays open, the sender gives up its number and what waited behind it.
import { zstdCompressSync } from 'node:zlib';
import { CodedError } from '../../../core/errors.ts';
import { type Batch, CODE, isCode, type KafkaRecord } from './client.ts';
import type { Cluster } from './cluster.ts';
import type { Line } from './line.ts';

/** A batch has at most so many bytes, and one record more than that goes alone. */
const BATCH_BYTES = 1 << 20;
/** Beside its key, value and headers a record takes about so much. */
const RECORD_BYTES = 64;
/** Numbers of records are 32 bits; long before their end a sender begins anew. */
const MOST_SEQUENCE = 2 ** 30;

const sizeOf = ({ key, value, headers }: KafkaRecord): number =>
  Object.entries(headers).reduce((sum, [name, text]) => sum + name.length + text.length + 8, RECORD_BYTES + key.length + (value?.length ?? 0));

const SAMPLE_BYTES = 4096;
const WORTH = 0.9;

/** Whether compressing is worth it, as a piece of the largest value says: most of what comes is compressed already. */
const isLoose = (records: readonly KafkaRecord[]): boolean => {
  const largest = records.reduce<Uint8Array | null>((most, { value }) => ((value?.length ?? 0) > (most?.length ?? 0) ? value : most), null);
  if (largest === null || largest.length === 0) return false;
  const sample = largest.subarray(0, SAMPLE_BYTES);
  return zstdCompressSync(sample).length < WORTH * sample.length;
};

interface Waiting {
  readonly records: readonly KafkaRecord[];
  readonly bytes: number;
  readonly resolve: (offset: bigint) => void;
  readonly reject: (error: unknown) => void;
}

class Sender {
  readonly #cluster: Cluster;
  readonly #line: Line;
  readonly #topic: string;
  readonly #partition: number;
  readonly #waiting: Waiting[] = [];
  #producer: Batch['producer'] | undefined;
  #sequence = 0;
  #running: Promise<void> | undefined;

  constructor(cluster: Cluster, line: Line, topic: string, partition: number) {
    this.#cluster = cluster;
    this.#line = line;
    this.#topic = topic;
    this.#partition = partition;
  }

  /** Resolves to the offset of the first. */
  add(records: readonly KafkaRecord[], bytes: number): Promise<bigint> {
    const { promise, resolve, reject } = Promise.withResolvers<bigint>();
    this.#waiting.push({ records, bytes, resolve, reject });
    this.#running ??= this.#run();
    return promise;
  }

  async rest(): Promise<void> {
    await this.#running;
  }

  async #run(): Promise<void> {
    // Whoever sends in the same moment goes along.
    await Promise.resolve();
    for (let most = BATCH_BYTES; this.#waiting.length > 0; ) {
      let bytes = 0;
      const count = this.#waiting.findIndex((one, i) => {
        bytes += one.bytes;
        return i > 0 && bytes > most;
      });
      const batch = this.#waiting.splice(0, count < 0 ? this.#waiting.length : count);
      try {
        let offset = await this.#send(batch.flatMap(({ records }) => records));
        for (const { records, resolve } of batch) {
          resolve(offset);
          offset += BigInt(records.length);
        }
        most = BATCH_BYTES;
      } catch (error) {
        if (isCode(error, CODE.messageTooLarge)) {
          // The topic takes less than we thought: one after the other, to find which it is.
          if (batch.length === 1) batch[0]?.reject(error);
          else this.#waiting.unshift(...batch);
          most = 0;
          continue;
        }
        // What came behind it must not stand before what its sender sends again.
        for (const { reject } of [...batch, ...this.#waiting.splice(0)]) reject(error);
      }
    }
    this.#running = undefined;
  }

  async #send(records: readonly KafkaRecord[]): Promise<bigint> {
    const compress = isLoose(records);
    for (let isAgain = false; ; isAgain = true) {
      if (this.#sequence > MOST_SEQUENCE) this.#producer = undefined;
      if (this.#producer === undefined) {
        this.#producer = await this.#cluster.anyone((connection) => connection.newProducer());
        this.#sequence = 0;
      }
      const batch: Batch = {
        topic: this.#topic,
        partition: this.#partition,
        records,
        producer: this.#producer,
        sequence: this.#sequence,
        compress,
        timeoutMs: this.#cluster.requestMs,
      };
      try {
        const offset = await this.#cluster.atLeader({ line: this.#line }, this.#topic, this.#partition, (connection) => connection.produce(batch));
        this.#sequence += records.length;
        return offset;
      } catch (error) {
        this.#producer = undefined;
        // The broker knows the sender no more, or not as we do: what it refused so is not stored.
        const isRefused = isCode(error, CODE.outOfOrderSequence, CODE.unknownProducer, CODE.invalidProducerEpoch, CODE.duplicateSequence);
        if (!isRefused || isAgain) throw error;
      }
    }
  }
}

export class Producer {
  readonly #cluster: Cluster;
  readonly #line: Line;
  readonly #senders = new Map<string, Sender>();
  #closed = false;

  constructor(cluster: Cluster) {
    this.#cluster = cluster;
    this.#line = cluster.line();
  }

  /** In their order; resolves when all are safe, to the offset of the first. */
  async send(topic: string, partition: number, records: readonly KafkaRecord[]): Promise<bigint> {
    if (this.#closed) throw new CodedError('stream.unavailable', { reason: 'it is closed' });
    const name = `${topic}/${partition}`;
    const sender = this.#senders.get(name) ?? new Sender(this.#cluster, this.#line, topic, partition);
    this.#senders.set(name, sender);
    const added: Promise<bigint>[] = [];
    let part: KafkaRecord[] = [];
    let bytes = 0;
    for (const record of records) {
      const size = sizeOf(record);
      if (part.length > 0 && bytes + size > BATCH_BYTES) {
        added.push(sender.add(part, bytes));
        part = [];
        bytes = 0;
      }
      part.push(record);
      bytes += size;
    }
    added.push(sender.add(part, bytes));
    const [first] = await Promise.all(added);
    return first as bigint;
  }

  /** What is on its way is waited for. */
  async close(): Promise<void> {
    this.#closed = true;
    await Promise.all([...this.#senders.values()].map((sender) => sender.rest()));
    this.#line.close();
  }
}
