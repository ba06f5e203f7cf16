// The port of the stream on a Kafka, by whichever client. A message is stored once for each time that it was sent: a producer's own sending again
// is no second time, a sender's is, and whoever reads tells those apart by what the messages say of themselves.

import { type ClockState, heldUntil, lookedAt } from '../../../core/clock.ts';
import { CodedError } from '../../../core/errors.ts';
import type { Logger } from '../../../core/logger.ts';
import { sizeText } from '../../../core/size-text.ts';
import { partitionOf } from '../partition.ts';
import type {
  Committed,
  Consumer,
  ConsumerHandlers,
  ConsumerOptions,
  Message,
  PartitionState,
  StoredMessage,
  Stream,
  StreamState,
  TopicOptions,
  TopicPartition,
} from '../port.ts';
import { type Address, CODE, EARLIEST, type FetchedRecord, isCode, type KafkaClient, KafkaError, type KafkaRecord } from './client.ts';
import { Cluster } from './cluster.ts';
import { checkShared, companionOf, SharedReader, SharedSender } from './companion.ts';
import { KafkaConsumer } from './consumer.ts';
import { Groups } from './groups.ts';
import type { Line } from './line.ts';
import { Owner } from './owner.ts';
import { decodePlace, encodePlace, Places } from './places.ts';
import { Producer } from './producer.ts';
import { messageOf, recordOf, upTo } from './records.ts';
import { Survey } from './survey.ts';

/** What a stream is made of; `KafkaStreamOptions` says what each means. */
export interface Setup {
  readonly client: KafkaClient;
  readonly brokers: readonly Address[];
  readonly replicas: number;
  readonly maxBytes: number;
  readonly sessionMs: number;
  readonly beatMs: number;
  readonly handoverMs: number;
  readonly requestMs: number;
  readonly patienceMs: number;
  readonly keepEveryMs: number;
  readonly logger: Logger;
  readonly now: () => number;
}

/** What a topic takes in one batch: a message of 1 MiB with its headers, and room. */
const MOST_BATCH = 2 << 20;
/** Kafka deletes nothing by itself: what is not read stays, whatever its age. */
const KEPT = {
  'cleanup.policy': 'delete',
  'retention.ms': '-1',
  'retention.bytes': '-1',
  'message.timestamp.type': 'LogAppendTime',
  'max.message.bytes': String(MOST_BATCH),
  // What was deleted frees the disk by whole segments.
  'segment.bytes': String(128 << 20),
};

export class KafkaStream implements Stream {
  readonly #setup: Setup;
  readonly #cluster: Cluster;
  readonly #producer: Producer;
  readonly #places: Places;
  readonly #groups: Groups;
  readonly #sender: SharedSender;
  readonly #reader: SharedReader;
  readonly #owner: Owner;
  readonly #survey: Survey;
  readonly #line: Line;
  readonly #topics = new Map<string, TopicOptions>();
  readonly #consumers = new Set<KafkaConsumer>();
  readonly #companions = new Map<string, Promise<void>>();
  readonly #timer: NodeJS.Timeout;
  #turn: Promise<void> | undefined;
  #clock: ClockState | undefined;
  #closed: Promise<void> | undefined;

  constructor(setup: Setup) {
    this.#setup = setup;
    const { client, brokers, requestMs, patienceMs, logger, maxBytes } = setup;
    this.#cluster = new Cluster({ client, brokers, requestMs, patienceMs });
    this.#line = this.#cluster.line();
    this.#producer = new Producer(this.#cluster);
    this.#places = new Places(this.#cluster, this.#producer, setup.replicas);
    this.#groups = new Groups(this.#cluster);
    this.#sender = new SharedSender(this.#producer, (topic) => this.#ensureCompanion(topic));
    this.#reader = new SharedReader(this.#cluster);
    this.#owner = new Owner(this.#cluster, this.#producer, setup.replicas);
    this.#survey = new Survey({
      cluster: this.#cluster,
      groups: this.#groups,
      topics: this.#topics,
      first: (at, from) => this.#first(at, from),
      logger,
      maxBytes,
    });
    this.#timer = setInterval(() => this.#keep(), setup.keepEveryMs);
    this.#timer.unref();
  }

  /** Rejects where no broker answers. */
  async reach(): Promise<void> {
    await this.#cluster.anyone((connection) => connection.metadata([]));
  }

  /** Whose it is; undefined: it was never told. */
  owner(): Promise<string | undefined> {
    this.#mustBeOpen();
    return this.#owner.read();
  }

  /** Durable on resolve. */
  belongTo(installation: string): Promise<void> {
    this.#mustBeOpen();
    return this.#owner.write(installation);
  }

  #mustBeOpen(): void {
    if (this.#closed !== undefined) throw new CodedError('stream.unavailable', { reason: 'it is closed' });
  }

  async ensureTopics(topics: readonly TopicOptions[]): Promise<void> {
    this.#mustBeOpen();
    let sum = 0;
    for (const { name, share } of topics) {
      if (share === undefined) continue;
      if (!(share > 0 && share <= 1)) throw new RangeError(`a topic ${JSON.stringify(name)} with a share of ${share}`);
      sum += share;
    }
    if (sum > 1 + 1e-9) throw new RangeError(`topics with ${sum} times the room together`);
    for (const topic of topics) {
      const { name, partitions } = topic;
      if (!(await this.#cluster.has(name))) await this.#create(name, partitions);
      const there = await this.#cluster.partitions(name);
      if (there !== partitions) throw new CodedError('stream.other-partitions', { topic: name, there, wanted: partitions });
      this.#topics.set(name, topic);
    }
    for (const consumer of this.#consumers) consumer.refresh();
  }

  async #create(name: string, partitions: number): Promise<void> {
    await this.#cluster.create({ name, partitions, replicas: this.#setup.replicas, settings: KEPT });
  }

  #ensureCompanion(topic: string): Promise<void> {
    const known = this.#companions.get(topic);
    if (known !== undefined) return known;
    const made = this.#cluster.partitions(topic).then((partitions) => this.#create(companionOf(topic), partitions));
    this.#companions.set(topic, made);
    made.catch(() => this.#companions.delete(topic));
    return made;
  }

  async produce(topic: string, messages: readonly Message[]): Promise<void> {
    this.#mustBeOpen();
    const partitions = await this.#cluster.partitions(topic);
    // What nobody reads fills no room that waits for readers: dead letters are taken when all else is full.
    const isRead = (this.#topics.get(topic)?.groups?.length ?? 1) > 0;
    if (isRead && this.#survey.pressure(topic) >= 1) throw new CodedError('stream.full', { limit: sizeText(this.#setup.maxBytes) });
    for (const { shared } of messages) if (shared !== undefined) checkShared(shared);
    const byPartition = Map.groupBy(messages, ({ key }) => partitionOf(key, partitions));
    await Promise.all(
      Array.from(byPartition, async ([partition, own]) => {
        const at = { topic, partition };
        await Promise.all(own.map(({ shared }) => (shared === undefined ? undefined : this.#sender.send(at, shared))));
        await this.#send(at, own.map(recordOf));
      }),
    );
  }

  async #send(at: TopicPartition, records: readonly KafkaRecord[]): Promise<void> {
    try {
      await this.#producer.send(at.topic, at.partition, records);
    } catch (error) {
      if (isCode(error, CODE.storageError)) throw new CodedError('stream.full', { limit: 'a broker’s disk' }, { cause: error });
      throw error instanceof KafkaError ? new CodedError('stream.unavailable', { reason: error.message }, { cause: error }) : error;
    }
    const bytes = records.reduce((sum, { value }) => sum + (value?.length ?? 0), 0);
    this.#survey.noteProduced(at, records.length, bytes);
  }

  async consume(options: ConsumerOptions, handlers: ConsumerHandlers): Promise<Consumer> {
    this.#mustBeOpen();
    const { sessionMs, beatMs, handoverMs } = this.#setup;
    const consumer = new KafkaConsumer(
      {
        cluster: this.#cluster,
        places: this.#places,
        sessionMs,
        beatMs,
        handoverMs,
        fetched: (at, messages, bytes) => this.#survey.note(at, messages, bytes),
        ended: (one) => this.#consumers.delete(one),
      },
      options,
      handlers,
    );
    this.#consumers.add(consumer);
    return consumer;
  }

  async shared(at: TopicPartition, key: string): Promise<Uint8Array | undefined> {
    await this.#mustHave(at);
    return this.#reader.read(at, key);
  }

  /** Throws `RangeError`. */
  async #mustHave({ topic, partition }: TopicPartition): Promise<void> {
    this.#mustBeOpen();
    if (partition >= (await this.#cluster.partitions(topic))) throw new RangeError(`topic ${topic} has no partition ${partition}`);
  }

  async partitions(topic: string): Promise<readonly PartitionState[]> {
    this.#mustBeOpen();
    return (await this.#survey.partitions(topic)).map(({ partition, earliest, next }) => ({
      topic,
      partition,
      earliest,
      next,
      bytes: this.#survey.bytesOf({ topic, partition }, next - earliest),
    }));
  }

  async peek(at: TopicPartition, from: bigint, maxBytes: number): Promise<readonly StoredMessage[]> {
    const records = await this.#records(at, from, maxBytes);
    return upTo(
      records.map((record) => messageOf(at, record)),
      maxBytes,
    );
  }

  async #records(at: TopicPartition, from: bigint, maxBytes: number) {
    await this.#mustHave(at);
    const { topic, partition } = at;
    const earliest = await this.#cluster.offsetAt(topic, partition, EARLIEST);
    const next = await this.#cluster.offsetAt(topic, partition);
    const offset = from < earliest ? earliest : from;
    if (offset >= next) return [];
    const options = { topic, partition, offset, maxWaitMs: 0, maxBytes: Math.max(maxBytes, 1) };
    const records = await this.#cluster.atLeader({ line: this.#line }, topic, partition, (connection) => connection.fetch(options));
    return records.filter((record) => record.offset >= offset);
  }

  async #first(at: TopicPartition, from: bigint): Promise<FetchedRecord | undefined> {
    return (await this.#records(at, from, 1))[0];
  }

  async state(): Promise<StreamState> {
    this.#mustBeOpen();
    const groups = await this.#survey.states();
    const topics = [...this.#topics.keys()].map((topic) => ({
      topic,
      unread: this.#survey.unread(topic),
      share: this.#survey.shareOf(topic),
      pressure: this.#survey.pressure(topic),
    }));
    return { bytes: undefined, maxBytes: this.#setup.maxBytes, groups, topics };
  }

  pressure(topic: string): number {
    return this.#survey.pressure(topic);
  }

  async committed(group: string, topic: string): Promise<readonly Committed[]> {
    this.#mustBeOpen();
    const found = await this.#groups.committed(group, topic, await this.#cluster.partitions(topic));
    if (found.length === 0) return [];
    const { held } = await this.#groups.members(group);
    const out: Committed[] = [];
    for (const { partition, offset, metadata } of found) {
      const progress = await this.#places.progress(decodePlace(metadata));
      if (progress === undefined) continue;
      out.push({ topic, partition, next: offset, progress, isOwned: held.some((at) => at.topic === topic && at.partition === partition) });
    }
    return out.sort((a, b) => a.partition - b.partition);
  }

  async #mustBeAway(group: string): Promise<void> {
    this.#mustBeOpen();
    const isOurs = [...this.#consumers].some(({ options }) => options.group === group);
    if (isOurs || (await this.#groups.members(group)).isThere) throw new CodedError('stream.group-in-use', { group });
  }

  async reset(group: string, at: TopicPartition, progress: Uint8Array, next: bigint): Promise<void> {
    await this.#mustHave(at);
    await this.#mustBeAway(group);
    const [before] = (await this.#groups.committed(group, at.topic, at.partition + 1)).filter(({ partition }) => partition === at.partition);
    const place = { progress: await this.#places.store(group, at, progress.slice()), checkpoint: undefined };
    try {
      await this.#groups.put(group, at, next, encodePlace(place));
    } catch (error) {
      throw isCode(error, CODE.unknownMember) ? new CodedError('stream.group-in-use', { group }) : error;
    }
    if (before !== undefined) await this.#drop(before.metadata);
  }

  async #drop(metadata: string): Promise<void> {
    const { progress, checkpoint } = decodePlace(metadata);
    await this.#places.drop([progress, checkpoint]);
  }

  async forget(group: string): Promise<void> {
    await this.#mustBeAway(group);
    const saved = await Promise.all([...this.#topics].map(([topic, { partitions }]) => this.#groups.committed(group, topic, partitions)));
    try {
      await this.#groups.remove(group);
    } catch (error) {
      if (isCode(error, CODE.groupNotFound)) throw new CodedError('stream.no-group', { group });
      throw isCode(error, CODE.nonEmptyGroup) ? new CodedError('stream.group-in-use', { group }) : error;
    }
    for (const { metadata } of saved.flat()) await this.#drop(metadata);
  }

  async offsetAt(at: TopicPartition, time: number): Promise<bigint> {
    await this.#mustHave(at);
    const { topic, partition } = at;
    const found = await this.#cluster.offsetAt(topic, partition, Math.max(0, Math.ceil(time)));
    return found < 0n ? this.#cluster.offsetAt(topic, partition) : found;
  }

  /** One turn at a time. */
  #keep(): void {
    this.#turn ??= this.#keepAll()
      .catch((error) => {
        if (this.#closed === undefined) this.#setup.logger.warn('the topics could not be looked over', { error });
      })
      .finally(() => {
        this.#turn = undefined;
      });
  }

  async #keepAll(): Promise<void> {
    const now = this.#setup.now();
    this.#clock = lookedAt(this.#clock, now, this.#clock === undefined ? await this.#newest() : undefined);
    await this.#survey.turn(now, heldUntil(this.#clock) === undefined);
  }

  /** When the newest message came, ms. */
  async #newest(): Promise<number | undefined> {
    const times: number[] = [];
    for (const topic of this.#topics.keys())
      for (const { partition, earliest, next } of await this.#survey.partitions(topic)) {
        const last = next > earliest ? await this.#first({ topic, partition }, next - 1n) : undefined;
        if (last !== undefined) times.push(last.time);
      }
    return times.length === 0 ? undefined : Math.max(...times);
  }

  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #close(): Promise<void> {
    clearInterval(this.#timer);
    await Promise.all([...this.#consumers].map((consumer) => consumer.stop()));
    await this.#producer.close();
    for (const part of [this.#line, this.#owner, this.#places, this.#groups, this.#reader, this.#cluster]) part.close();
    await this.#turn;
  }
}
