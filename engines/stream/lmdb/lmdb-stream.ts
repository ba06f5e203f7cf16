// The embedded stream while it is open: topics, groups, and who is asked for what. Every change goes through the writer's thread
// (`commits.ts`); this thread reads, groups and counts.
import { isDeepStrictEqual } from 'node:util';
import { CodedError } from '../../../core/errors.ts';
import { type Generation, generationText, type StoreIdentity } from '../../../core/generation.ts';
import { noTelemetry, type Telemetry } from '../../../core/telemetry.ts';
import type { EmbeddedStream, LogSnapshot } from '../embedded.ts';
import { partitionOf } from '../partition.ts';
import type {
  Committed,
  Consumer,
  ConsumerHandlers,
  ConsumerOptions,
  Message,
  PartitionState,
  SavedProgress,
  StoredMessage,
  StreamState,
  TopicOptions,
  TopicPartition,
} from '../port.ts';
import type { Commits, Partition } from './commits.ts';
import type { Environment } from './environment.ts';
import { Group, type GroupLog } from './group.ts';
import { encodeSaved, metaKey, type TopicRecord } from './layout.ts';
import { Readers, type Topic } from './readers.ts';
import { Reads } from './reads.ts';
import { Retention } from './retention.ts';
import { Room } from './room.ts';
import { takeSnapshot } from './snapshot.ts';
import { Waiters } from './waiters.ts';

interface Options {
  readonly retentionEveryMs?: number;
  readonly telemetry?: Telemetry;
  readonly now?: () => number;
  readonly handoverMs?: number;
}

const EMPTY = new Uint8Array(0);
const RETENTION_MS = 10_000;

export class LmdbStream implements EmbeddedStream, GroupLog {
  readonly handoverMs: number | undefined;
  readonly #telemetry: Telemetry;
  readonly #environment: Environment;
  readonly #commits: Commits;
  readonly #topics = new Map<string, Topic>();
  readonly #reads: Reads;
  readonly #readers = new Readers();
  readonly #waiters = new Waiters();
  readonly #room: Room;
  readonly #retention: Retention;
  readonly #timer: NodeJS.Timeout;
  #closed: Promise<void> | undefined;

  constructor({ retentionEveryMs = RETENTION_MS, telemetry = noTelemetry, now = Date.now, handoverMs }: Options, environment: Environment, commits: Commits) {
    this.handoverMs = handoverMs;
    this.#telemetry = telemetry;
    this.#environment = environment;
    this.#commits = commits;
    this.#reads = new Reads(environment);
    this.#room = new Room(commits, this.#readers);
    this.#retention = new Retention({
      commits,
      readers: this.#readers,
      room: this.#room,
      topics: () => this.#topics.values(),
      telemetry,
      now,
      clock: this.#reads.clock(),
      newest: () => this.#newest(),
      keepClock: (clock) => commits.putMeta([[metaKey('clock'), Buffer.from(JSON.stringify(clock))]]),
    });
    this.#load();
    this.#timer = setInterval(() => void commits.measure().then(() => this.#retention.run()), retentionEveryMs);
    this.#timer.unref();
  }

  #load(): void {
    const { topics, saved } = this.#reads.found();
    for (const { name, record } of topics) this.#addTopic(name, record);
    for (const { group, topic, partition: number, next, progress } of saved) {
      const partition = this.#topics.get(topic)?.list[number];
      if (partition === undefined) continue;
      const checkpoint = this.#reads.checkpoint(group, partition)?.from;
      this.#readers.positions.set(group, partition, { next, isConfirmed: false, progress, checkpoint });
    }
  }

  /** When the newest message came, ms. */
  #newest(): number | undefined {
    const partitions = [...this.#topics.values()].flatMap(({ list }) => list).filter(({ flushed }) => flushed.next > flushed.earliest);
    try {
      const times = partitions.map((partition) => this.#reads.timeAt(partition, partition.flushed.next - 1n)).filter((time) => time !== undefined);
      return times.length === 0 ? undefined : Math.max(...times);
    } catch {
      // Whoever reads what is damaged is told; here it says nothing.
      return undefined;
    }
  }

  #addTopic(name: string, record: TopicRecord): void {
    let list = this.#topics.get(name)?.list;
    if (list === undefined) {
      list = Array.from({ length: record.partitions }, (_, partition) => this.#reads.partition(name, record.id, partition));
      for (const { flushed, leases } of list) this.#commits.addCost(flushed.cost + leases.cost);
    }
    this.#topics.set(name, { ...record, name, list });
  }

  #writer(): Commits {
    if (this.#closed !== undefined) throw new CodedError('stream.unavailable', { reason: 'it is closed' });
    return this.#commits;
  }

  async ensureTopics(topics: readonly TopicOptions[]): Promise<void> {
    const writer = this.#writer();
    this.#checkShares(topics);
    let nextId = Math.max(-1, ...[...this.#topics.values()].map((topic) => topic.id)) + 1;
    for (const { name, partitions, retentionBytes, retentionMs, groups, share } of topics) {
      const there = this.#topics.get(name);
      if (!/^[a-zA-Z0-9._-]{1,249}$/.test(name) || !(there !== undefined || (Number.isInteger(partitions) && partitions > 0)))
        throw new RangeError(`a topic ${JSON.stringify(name)} of ${partitions} partitions`);
      const record: TopicRecord = {
        id: there?.id ?? nextId++,
        partitions: there?.partitions ?? partitions,
        retentionBytes,
        retentionMs,
        ...(groups === undefined ? {} : { groups }),
        ...(share === undefined ? {} : { share }),
      };
      if (there !== undefined && isDeepStrictEqual(recordOf(there), record)) continue;
      await writer.putMeta([[metaKey('topic', name), Buffer.from(JSON.stringify(record))]]);
      this.#addTopic(name, record);
    }
    await Promise.all([...this.#readers.groups.values()].map((group) => group.refresh()));
  }

  /** What topics are promised of the room cannot be more than all of it. */
  #checkShares(topics: readonly TopicOptions[]): void {
    let sum = 0;
    for (const { name, share } of topics) {
      if (share === undefined) continue;
      if (!(share > 0 && share <= 1)) throw new RangeError(`a topic ${JSON.stringify(name)} with a share of ${share}`);
      sum += share;
    }
    if (sum > 1 + 1e-9) throw new RangeError(`topics with ${sum} times the room together`);
  }

  async produce(topic: string, messages: readonly Message[]): Promise<void> {
    const writer = this.#writer();
    const { list } = this.#topic(topic);
    const perPartition = new Map<Partition, Message[]>();
    for (const message of messages) {
      const partition = list[partitionOf(message.key, list.length)] as Partition;
      const own = perPartition.get(partition);
      if (own === undefined) perPartition.set(partition, [message]);
      else own.push(message);
    }
    if (perPartition.size === 0) return;
    const aside = this.#readers.of(this.#topic(topic)).size === 0;
    await writer.append(
      Array.from(perPartition, ([partition, own]) => ({ partition, messages: own })),
      aside,
    );
  }

  #topic(name: string): Topic {
    const topic = this.#topics.get(name);
    if (topic === undefined) throw new RangeError(`there is no topic ${JSON.stringify(name)}`);
    return topic;
  }

  /** Throws `RangeError`. */
  #partition({ topic, partition }: TopicPartition): Partition {
    const found = this.#topic(topic).list[partition];
    if (found === undefined) throw new RangeError(`topic ${topic} has no partition ${partition}`);
    return found;
  }

  consume(options: ConsumerOptions, handlers: ConsumerHandlers): Promise<Consumer> {
    this.#writer();
    const group = this.#readers.groups.get(options.group) ?? new Group(options.group, this);
    this.#readers.groups.set(options.group, group);
    return group.join(options, handlers);
  }

  partitions(topic: string): Promise<readonly PartitionState[]> {
    return Promise.resolve(
      this.#topic(topic).list.map(({ partition, flushed }) => ({ topic, partition, earliest: flushed.earliest, next: flushed.next, bytes: flushed.bytes })),
    );
  }

  async peek(at: TopicPartition, from: bigint, maxBytes: number): Promise<readonly StoredMessage[]> {
    // Views of the file are gone with the next read.
    return this.read(this.#partition(at), from, maxBytes).map((message) => ({ ...message, value: message.value.slice() }));
  }

  async snapshot(): Promise<LogSnapshot> {
    this.#writer();
    const taken = [...this.#topics.values()].flatMap((topic) => {
      const isRead = this.#readers.of(topic).size > 0;
      return topic.list.map((partition) => ({ partition, from: isRead ? this.#readers.keptFrom(topic, partition) : partition.flushed.earliest }));
    });
    const bytes = taken.reduce((sum, { partition, from }) => sum + partition.costs.from(from) + partition.leases.cost, 0);
    const places = taken.map(({ partition: { topicId, partition }, from }) => ({ topicId, partition, from }));
    return takeSnapshot(this.#environment, places, bytes);
  }

  identity(): StoreIdentity {
    return this.#reads.identity();
  }

  belongTo(installation: string, generation: Generation): Promise<void> {
    return this.#writer().putMeta([
      [metaKey('installation'), Buffer.from(installation)],
      [metaKey('generation'), Buffer.from(generationText(generation))],
    ]);
  }

  partitionsOf(topic: string): readonly Partition[] {
    return this.#topics.get(topic)?.list ?? [];
  }

  read(partition: Partition, from: bigint, maxBytes: number): StoredMessage[] {
    return this.#reads.messages(partition, from, maxBytes);
  }

  waitFor(partition: Partition, from: bigint, signal: AbortSignal): Promise<void> {
    return this.#waiters.waitFor(partition, from, signal);
  }

  async shared(at: TopicPartition, key: string): Promise<Uint8Array | undefined> {
    this.#writer();
    return this.#reads.shared(this.#partition(at), key);
  }

  saved(group: string, partition: Partition): SavedProgress | undefined {
    const progress = this.#readers.positions.of(group, partition)?.progress;
    return progress === undefined ? undefined : { progress, checkpoint: this.#reads.checkpoint(group, partition) };
  }

  reads(group: string, partition: Partition, from: bigint): void {
    const { positions } = this.#readers;
    const saved = positions.of(group, partition);
    positions.set(group, partition, { next: saved?.progress === undefined ? from : saved.next, isConfirmed: true, readsFrom: from });
  }

  // These two not by `#writer()`: while the stream closes, the deliveries in hand may still save theirs.
  async saveProgress(group: string, partition: Partition, next: bigint, progress: Uint8Array): Promise<void> {
    await this.#commits.putMeta([[metaKey('progress', group, partition.topic, partition.partition), encodeSaved(next, progress)]]);
    this.#readers.positions.set(group, partition, { next, isConfirmed: true, progress, readsFrom: undefined });
  }

  async saveCheckpoint(group: string, partition: Partition, from: bigint, value: Uint8Array): Promise<void> {
    await this.#commits.putMeta([[metaKey('checkpoint', group, partition.topic, partition.partition), encodeSaved(from, value)]]);
    this.#readers.positions.set(group, partition, { next: this.#readers.positions.of(group, partition)?.next ?? from, checkpoint: from });
  }

  committed(group: string, topic: string): Promise<readonly Committed[]> {
    return Promise.resolve(this.#readers.committed(group, this.#topic(topic)));
  }

  async reset(group: string, at: TopicPartition, progress: Uint8Array, next: bigint): Promise<void> {
    const partition = this.#partition(at);
    const { topic, partition: number } = at;
    this.#readers.mustBeAway(group);
    await this.#writer().putMeta([
      [metaKey('progress', group, topic, number), encodeSaved(next, progress)],
      [metaKey('checkpoint', group, topic, number), EMPTY],
    ]);
    this.#readers.positions.set(group, partition, { next, isConfirmed: true, progress: progress.slice(), checkpoint: undefined });
  }

  async forget(group: string): Promise<void> {
    this.#readers.mustBeAway(group);
    const saved = this.#readers.positions.savedBy(group);
    if (saved.length === 0) throw new CodedError('stream.no-group', { group });
    await this.#writer().putMeta(
      saved.flatMap(({ topic, partition }) => ['progress', 'checkpoint'].map((kind) => [metaKey(kind, group, topic, partition), EMPTY] as const)),
    );
    this.#readers.positions.forget(group);
    this.#readers.groups.delete(group);
    void this.#retention.run();
  }

  pressure(name: string): number {
    return this.#room.pressure(this.#topic(name));
  }

  offsetAt(at: TopicPartition, time: number): Promise<bigint> {
    return Promise.resolve(this.#reads.offsetAt(this.#partition(at), time));
  }

  state(): Promise<StreamState> {
    const topics = [...this.#topics.values()];
    const timeAt = (partition: Partition, from: bigint): number | undefined => this.#reads.timeAt(partition, from);
    const { cost, room } = this.#writer();
    return Promise.resolve({
      bytes: cost,
      maxBytes: room,
      groups: topics.flatMap((topic) => this.#readers.states(topic, timeAt)),
      topics: topics.map((topic) => ({
        topic: topic.name,
        unread: this.#readers.unread(topic),
        share: this.#room.shareOf(topic),
        pressure: this.pressure(topic.name),
      })),
    });
  }

  flushed(partitions: readonly Partition[], seconds: number): void {
    this.#telemetry.observe('inframirror_stream_flush_seconds', {}, seconds);
    this.#waiters.wake(partitions);
    for (const name of new Set(partitions.map((partition) => partition.topic))) {
      const topic = this.#topics.get(name);
      if (topic !== undefined && this.#retention.isDue(topic)) void this.#retention.run();
    }
  }

  broken(error: Error): void {
    for (const group of this.#readers.groups.values()) group.failAll(error);
  }

  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #close(): Promise<void> {
    clearInterval(this.#timer);
    const rests = this.#retention.stop();
    await Promise.all([...this.#readers.groups.values()].map((group) => group.close()));
    await rests;
    await this.#commits.close();
    await this.#environment.root.close();
  }
}

const recordOf = ({ name: _, list: __, ...record }: Topic): TopicRecord => record;
