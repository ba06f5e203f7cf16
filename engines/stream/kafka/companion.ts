// What messages share, in a companion of their topic with as many partitions: sent before the first message that needs it, and again now and then,
// so that the companion may forget what is older than its topic's oldest message by more than that. Values are read when they are asked for.
import { randomUUID } from 'node:crypto';
import type { SharedBytes, TopicPartition } from '../port.ts';
import { CODE, EARLIEST, isCode, type KafkaRecord } from './client.ts';
import type { Cluster } from './cluster.ts';
import type { Line } from './line.ts';
import type { Producer } from './producer.ts';

const MOST_KEY = 128;
const MOST_BYTES = 16 << 20;
/** A larger value goes in parts. */
const PART_BYTES = 900_000;
const AGAIN_MS = 12 * 3_600_000;
/** Of keys that were sent; beyond it the oldest is forgotten, and sent once more when it comes again. */
const MOST_SENT = 50_000;
const FETCH_BYTES = 8 << 20;

/** So much older than the oldest message of its topic a value may be which that needs, ms. */
export const SHARED_SPAN_MS = 25 * 3_600_000;

export const companionOf = (topic: string): string => `${topic}.shared`;

/** Throws `RangeError`. */
export const checkShared = ({ key, value }: SharedBytes): void => {
  if (value.length === 0 || value.length > MOST_BYTES || key.length > MOST_KEY)
    throw new RangeError(`messages share ${value.length} bytes under a key of ${key.length} characters; 1 to ${MOST_BYTES}, and ${MOST_KEY}, are possible`);
};

const recordsOf = ({ key, value }: SharedBytes): KafkaRecord[] => {
  const id = randomUUID();
  const parts = Math.ceil(value.length / PART_BYTES);
  return Array.from({ length: parts }, (_, i) => ({
    key: Buffer.from(key),
    value: value.subarray(i * PART_BYTES, (i + 1) * PART_BYTES),
    headers: { id, part: String(i), parts: String(parts) },
  }));
};

export class SharedSender {
  readonly #producer: Producer;
  /** Makes the companion where it is missing. */
  readonly #ensure: (topic: string) => Promise<void>;
  /** By topic, partition and key. */
  readonly #sent = new Map<string, { readonly at: number; readonly safe: Promise<void> }>();

  constructor(producer: Producer, ensure: (topic: string) => Promise<void>) {
    this.#producer = producer;
    this.#ensure = ensure;
  }

  /** Resolves when it is safe. */
  async send({ topic, partition }: TopicPartition, shared: SharedBytes): Promise<void> {
    const name = `${topic}/${partition}/${shared.key}`;
    const before = this.#sent.get(name);
    if (before !== undefined && performance.now() - before.at < AGAIN_MS) return before.safe;
    const safe = this.#ensure(topic)
      .then(() => this.#producer.send(companionOf(topic), partition, recordsOf(shared)))
      .then(() => undefined);
    this.#sent.delete(name);
    this.#sent.set(name, { at: performance.now(), safe });
    for (const oldest of this.#sent.keys()) {
      if (this.#sent.size <= MOST_SENT) break;
      this.#sent.delete(oldest);
    }
    safe.catch(() => this.#sent.delete(name));
    return safe;
  }
}

/** Where the parts of a value lie. */
interface Found {
  readonly id: string;
  readonly parts: readonly bigint[];
}

/** Of one partition of a companion. */
class Index {
  readonly found = new Map<string, Found>();
  readonly open = new Map<string, { readonly id: string; readonly parts: bigint[] }>();
  position: bigint | undefined;
  turn: Promise<unknown> = Promise.resolve();
}

export class SharedReader {
  readonly #cluster: Cluster;
  readonly #line: Line;
  readonly #indexes = new Map<string, Index>();

  constructor(cluster: Cluster) {
    this.#cluster = cluster;
    this.#line = cluster.line();
  }

  async read({ topic, partition }: TopicPartition, key: string): Promise<Uint8Array | undefined> {
    const companion = companionOf(topic);
    const name = `${topic}/${partition}`;
    const index = this.#indexes.get(name) ?? new Index();
    this.#indexes.set(name, index);
    const read = index.turn.then(async () => {
      const known = index.found.get(key);
      const value = known === undefined ? undefined : await this.#valueOf(companion, partition, known);
      if (value !== undefined) return value;
      if (known !== undefined) index.found.delete(key);
      if (index.position === undefined && !(await this.#cluster.has(companion))) return undefined;
      await this.#follow(companion, partition, index);
      const found = index.found.get(key);
      return found === undefined ? undefined : this.#valueOf(companion, partition, found);
    });
    index.turn = read.catch(() => undefined);
    return read;
  }

  /** Reads on to what is the end now. */
  async #follow(companion: string, partition: number, index: Index): Promise<void> {
    const earliest = await this.#cluster.offsetAt(companion, partition, EARLIEST);
    const end = await this.#cluster.offsetAt(companion, partition);
    let position = index.position === undefined || index.position < earliest || index.position > end ? earliest : index.position;
    for (const [key, { parts }] of index.found) if ((parts[0] as bigint) < earliest) index.found.delete(key);
    while (position < end) {
      const records = await this.#fetch(companion, partition, position, FETCH_BYTES);
      for (const { key, headers, offset } of records) this.#note(index, String(key), headers, offset);
      position = (records.at(-1)?.offset ?? end - 1n) + 1n;
    }
    index.position = position;
  }

  #note(index: Index, key: string, { id = '', part, parts }: Readonly<Record<string, string>>, offset: bigint): void {
    const before = index.open.get(key);
    const open = before?.id === id && part !== '0' ? before : { id, parts: [] };
    open.parts.push(offset);
    index.open.set(key, open);
    if (open.parts.length < Number(parts)) return;
    index.open.delete(key);
    index.found.set(key, open);
  }

  /** Undefined: it has gone. */
  async #valueOf(companion: string, partition: number, { id, parts }: Found): Promise<Uint8Array | undefined> {
    const values: Uint8Array[] = [];
    for (const offset of parts) {
      const record = (await this.#fetch(companion, partition, offset, 2 * PART_BYTES)).find((one) => one.offset === offset);
      if (record?.value == null || record.headers.id !== id) return undefined;
      values.push(record.value);
    }
    return new Uint8Array(Buffer.concat(values));
  }

  async #fetch(topic: string, partition: number, offset: bigint, maxBytes: number) {
    try {
      const options = { topic, partition, offset, maxWaitMs: 0, maxBytes };
      const records = await this.#cluster.atLeader({ line: this.#line }, topic, partition, (connection) => connection.fetch(options));
      return records.filter((record) => record.offset >= offset);
    } catch (error) {
      if (isCode(error, CODE.offsetOutOfRange)) return [];
      throw error;
    }
  }

  close(): void {
    this.#line.close();
  }
}
