// The embedded stream: an LMDB log in place of Kafka, for one server process (contract: `../port.ts`).
// This thread reads, groups and counts; every change goes through the writer's thread (`commits.ts`).
import { closeSync, fsyncSync, mkdirSync, openSync, realpathSync } from 'node:fs';
import { dirname } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { CodedError } from '../../../core/errors.ts';
import { noTelemetry, type Telemetry } from '../../../core/telemetry.ts';
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
  Stream,
  StreamState,
  TopicOptions,
  TopicPartition,
} from '../port.ts';
import { checkFile } from './check.ts';
import { Commits, type Partition, SPARED } from './commits.ts';
import { Costs } from './costs.ts';
import { type Environment, FIRST_KEY, LAST_KEY, openEnvironment } from './environment.ts';
import { Group, type GroupLog } from './group.ts';
import {
  decodePartition,
  decodeRecord,
  decodeSaved,
  encodeSaved,
  LAYOUT_VERSION,
  messageKey,
  metaKey,
  metaParts,
  offsetOfKey,
  type TopicRecord,
  timeOfRecord,
} from './layout.ts';
import { Readers, type Topic } from './readers.ts';

export interface LmdbStreamOptions {
  /** Made when missing. */
  readonly dir: string;
  /**
   * Most bytes of messages in the file; beyond it `produce` rejects with `stream.full`. Default 10 GiB. The last sixteenth, and the
   * last half of `minFreeBytes`, is for topics that no group reads: what stands in the way of a reader can always be put aside.
   */
  readonly maxBytes?: number;
  /** Bytes of the disk that messages leave free. Default 256 MiB. */
  readonly minFreeBytes?: number;
  /** How often retention is looked at, in ms. Default 10 s. */
  readonly retentionEveryMs?: number;
  /** `inframirror_stream_trimmed_messages_total {topic, reason: age|bytes}`. */
  readonly telemetry?: Telemetry;
  /** For tests of age. */
  readonly now?: () => number;
}

/** What one step of retention removes at most, so that producers hardly wait for it. */
const MOST_TRIMMED = 256;
const MOST_TRIMMED_BYTES = 16 << 20;
/** Of messages in the file, unless the opener says otherwise. */
export const MAX_BYTES = 10 * 2 ** 30;
/** Of the disk, that messages leave free, unless the opener says otherwise. */
export const MIN_FREE_BYTES = 256 << 20;
const openHere = new Set<string>();

/** Of the room: beyond it not even a short tail of what all have read is kept. */
const TIGHT = 0.6;
const EMPTY = new Uint8Array(0);

class LmdbStream implements Stream, GroupLog {
  readonly #options: LmdbStreamOptions;
  readonly #dir: string;
  readonly #environment: Environment;
  #commits: Commits | undefined;
  readonly #topics = new Map<string, Topic>();
  readonly #readers = new Readers();
  readonly #waiters = new Map<Partition, Set<() => void>>();
  #timer: NodeJS.Timeout | undefined;
  #trimming: Promise<void> | undefined;
  #closed: Promise<void> | undefined;

  constructor(options: LmdbStreamOptions, dir: string, environment: Environment) {
    this.#options = options;
    this.#dir = dir;
    this.#environment = environment;
  }

  attach(commits: Commits): void {
    this.#commits = commits;
    this.#load();
    const retain = (): void => void commits.measure().then(() => this.#retain());
    this.#timer = setInterval(retain, this.#options.retentionEveryMs ?? 10_000);
    this.#timer.unref();
  }

  #load(): void {
    const { meta, root } = this.#environment;
    root.resetReadTxn();
    const saved: { parts: string[]; value: Buffer }[] = [];
    for (const { key, value } of meta.getRange({ start: FIRST_KEY, end: LAST_KEY })) {
      const parts = metaParts(key);
      if (parts[0] === 'topic') this.#addTopic(parts[1] as string, JSON.parse(value.toString()) as TopicRecord);
      else if (parts[0] === 'progress') saved.push({ parts, value: Buffer.from(value) });
    }
    for (const { parts, value } of saved) {
      const [, group, topic, number] = parts as [string, string, string, string];
      const partition = this.#topics.get(topic)?.list[Number(number)];
      if (partition === undefined) continue;
      const { offset, bytes } = decodeSaved(value);
      const checkpoint = this.#checkpoint(group, partition)?.from;
      this.#readers.positions.set(group, partition, { next: offset, isConfirmed: false, progress: bytes, checkpoint });
    }
  }

  #addTopic(name: string, record: TopicRecord): void {
    const before = this.#topics.get(name)?.list;
    const list =
      before ??
      Array.from({ length: record.partitions }, (_, partition): Partition => {
        const found = this.#environment.meta.get(metaKey('at', record.id, partition));
        const flushed = found === undefined ? { next: 0n, earliest: 0n, bytes: 0, cost: 0 } : decodePartition(Buffer.from(found));
        this.#writer().addCost(flushed.cost);
        const costs = new Costs(flushed.earliest, flushed.next, flushed.cost);
        return { topic: name, topicId: record.id, partition, flushed, next: flushed.next, costs };
      });
    this.#topics.set(name, { ...record, name, list });
  }

  #writer(): Commits {
    if (this.#commits === undefined || this.#closed !== undefined) throw new CodedError('stream.unavailable', { reason: 'it is closed' });
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

  partitionsOf(topic: string): readonly Partition[] {
    return this.#topics.get(topic)?.list ?? [];
  }

  read(partition: Partition, from: bigint, maxBytes: number): StoredMessage[] {
    const { topic, topicId, partition: number, flushed } = partition;
    const out: StoredMessage[] = [];
    if (from >= flushed.next) return out;
    const { root, messages } = this.#environment;
    root.resetReadTxn();
    let bytes = 0;
    for (const { key, value } of messages.getRange({
      start: messageKey(topicId, number, from < 0n ? 0n : from),
      end: messageKey(topicId, number, flushed.next),
    })) {
      bytes += value.length;
      if (out.length > 0 && bytes > maxBytes) break;
      out.push(decodeRecord(value, topic, number, offsetOfKey(key)));
    }
    return out;
  }

  waitFor(partition: Partition, from: bigint, signal: AbortSignal): Promise<void> {
    if (from < partition.flushed.next && partition.flushed.earliest < partition.flushed.next) return Promise.resolve();
    return new Promise((resolve) => {
      const waiters = this.#waiters.get(partition) ?? new Set();
      this.#waiters.set(partition, waiters);
      const done = (): void => {
        waiters.delete(done);
        signal.removeEventListener('abort', done);
        resolve();
      };
      waiters.add(done);
      signal.addEventListener('abort', done);
      if (signal.aborted) done();
    });
  }

  saved(group: string, partition: Partition): SavedProgress | undefined {
    const progress = this.#readers.positions.of(group, partition)?.progress;
    return progress === undefined ? undefined : { progress, checkpoint: this.#checkpoint(group, partition) };
  }

  #checkpoint(group: string, { topic, partition }: Partition): SavedProgress['checkpoint'] {
    const { root, meta } = this.#environment;
    root.resetReadTxn();
    const record = meta.get(metaKey('checkpoint', group, topic, partition));
    if (record === undefined) return undefined;
    const { offset, bytes } = decodeSaved(record);
    return { from: offset, value: bytes };
  }

  reads(group: string, partition: Partition, from: bigint): void {
    const { positions } = this.#readers;
    const saved = positions.of(group, partition);
    positions.set(group, partition, { next: saved?.progress === undefined ? from : saved.next, isConfirmed: true, readsFrom: from });
  }

  // These two not by `#writer()`: while the stream closes, the deliveries in hand may still save theirs.
  async saveProgress(group: string, partition: Partition, next: bigint, progress: Uint8Array): Promise<void> {
    await (this.#commits as Commits).putMeta([[metaKey('progress', group, partition.topic, partition.partition), encodeSaved(next, progress)]]);
    this.#readers.positions.set(group, partition, { next, isConfirmed: true, progress, readsFrom: undefined });
  }

  async saveCheckpoint(group: string, partition: Partition, from: bigint, value: Uint8Array): Promise<void> {
    await (this.#commits as Commits).putMeta([[metaKey('checkpoint', group, partition.topic, partition.partition), encodeSaved(from, value)]]);
    this.#readers.positions.set(group, partition, { next: this.#readers.positions.of(group, partition)?.next ?? from, checkpoint: from });
  }

  committed(group: string, topic: string): Promise<readonly Committed[]> {
    return Promise.resolve(this.#readers.committed(group, this.#topic(topic)));
  }

  async reset(group: string, { topic, partition: number }: TopicPartition, progress: Uint8Array, next: bigint): Promise<void> {
    const partition = this.#topic(topic).list[number];
    if (partition === undefined) throw new RangeError(`topic ${topic} has no partition ${number}`);
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
    void this.#retain();
  }

  /** What messages of topics with readers may take. */
  get #room(): number {
    return (this.#commits?.room ?? 0) * (1 - SPARED);
  }

  /** Of the room; a mebibyte less than nothing is full. */
  #filled(): number {
    const cost = this.#commits?.cost ?? 0;
    return this.#room - cost < 1 << 20 ? 1 : cost / this.#room;
  }

  pressure(name: string): number {
    const topic = this.#topic(name);
    return Math.max(this.#filled(), this.#readers.unread(topic) / this.#shareOf(topic));
  }

  #shareOf({ share = 1 }: Topic): number {
    return Math.max(1, this.#room * share);
  }

  offsetAt({ topic, partition: number }: TopicPartition, time: number): Promise<bigint> {
    const partition = this.#topic(topic).list[number];
    if (partition === undefined) throw new RangeError(`topic ${topic} has no partition ${number}`);
    this.#environment.root.resetReadTxn();
    let [low, high] = [partition.flushed.earliest, partition.flushed.next];
    while (low < high) {
      const middle = (low + high) >> 1n;
      const came = this.#timeAt(partition, middle);
      if (came !== undefined && came < time) low = middle + 1n;
      else high = middle;
    }
    return Promise.resolve(low);
  }

  state(): Promise<StreamState> {
    const { root } = this.#environment;
    root.resetReadTxn();
    const topics = [...this.#topics.values()];
    const timeAt = (partition: Partition, from: bigint): number | undefined => this.#timeAt(partition, from);
    const { cost, room } = this.#writer();
    return Promise.resolve({
      bytes: cost,
      maxBytes: room,
      groups: topics.flatMap((topic) => this.#readers.states(topic, timeAt)),
      topics: topics.map((topic) => ({
        topic: topic.name,
        unread: this.#readers.unread(topic),
        share: this.#shareOf(topic),
        pressure: this.pressure(topic.name),
      })),
    });
  }

  /** When the first message from an offset on came. */
  #timeAt({ topicId, partition, flushed }: Partition, from: bigint): number | undefined {
    const range = { start: messageKey(topicId, partition, from), end: messageKey(topicId, partition, flushed.next), limit: 1 };
    for (const { value } of this.#environment.messages.getRange(range)) return timeOfRecord(value);
    return undefined;
  }

  #wake(partitions: readonly Partition[]): void {
    for (const partition of partitions) for (const wake of [...(this.#waiters.get(partition) ?? [])]) wake();
    for (const name of new Set(partitions.map((partition) => partition.topic))) {
      const topic = this.#topics.get(name);
      if (topic === undefined) continue;
      // Some slack, so that a full topic does not cost a second commit each time.
      const most = this.#isTight(topic) ? 0 : topic.retentionBytes * 1.0625;
      const isOver = (partition: Partition): boolean => partition.flushed.bytes > most && this.#readers.keptFrom(topic, partition) > partition.flushed.earliest;
      if (topic.list.some(isOver)) void this.#retain();
    }
  }

  /** Small steps between commits until every partition is within its limits, or has nothing left that nobody needs. */
  #retain(): Promise<void> {
    this.#trimming ??= (async () => {
      const now = (this.#options.now ?? Date.now)();
      for (const topic of [...this.#topics.values()])
        for (const partition of topic.list) {
          for (let more = true; more && this.#closed === undefined; ) {
            const before = this.#readers.keptFrom(topic, partition);
            if (before <= partition.flushed.earliest) break;
            const trimmed = await this.#commits?.trim(partition, {
              before,
              keepBytes: this.#isTight(topic) ? 0 : topic.retentionBytes,
              keepSince: now - topic.retentionMs,
              mostMessages: MOST_TRIMMED,
              mostBytes: MOST_TRIMMED_BYTES,
            });
            if (trimmed !== undefined && trimmed.messages > 0) this.#report(partition.topic, trimmed.messages, trimmed.byAge);
            more = trimmed?.more === true;
          }
        }
    })().finally(() => {
      this.#trimming = undefined;
    });
    return this.#trimming;
  }

  /** What all have read goes before a topic is refused; what none reads is kept for people. */
  #isTight(topic: Topic): boolean {
    return this.#filled() > TIGHT && this.#readers.of(topic).size > 0;
  }

  #report(topic: string, messages: number, byAge: number): void {
    const telemetry = this.#options.telemetry ?? noTelemetry;
    if (byAge > 0) telemetry.add('inframirror_stream_trimmed_messages_total', { topic, reason: 'age' }, byAge);
    if (messages > byAge) telemetry.add('inframirror_stream_trimmed_messages_total', { topic, reason: 'bytes' }, messages - byAge);
  }

  flushed(partitions: readonly Partition[]): void {
    this.#wake(partitions);
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
    await Promise.all([...this.#readers.groups.values()].map((group) => group.close()));
    await this.#trimming;
    await this.#commits?.close();
    await this.#environment.root.close();
    openHere.delete(this.#dir);
  }
}

const recordOf = ({ name: _, list: __, ...record }: Topic): TopicRecord => record;

/** The names in a folder survive a power cut only when the folder is on disk too. */
const syncFolder = (dir: string): void => {
  let folder: number | undefined;
  try {
    folder = openSync(dir, 'r');
    fsyncSync(folder);
  } catch {
    // Windows opens no folders; its file system keeps names by itself.
  } finally {
    if (folder !== undefined) closeSync(folder);
  }
};

/**
 * Opens or makes the log in `dir`. Rejects with `stream.in-use` while another process (or an unclosed stream of this one)
 * holds it, with `stream.newer-schema` when a newer program wrote it, with `stream.damaged` when its file was cut or overwritten, with `stream.unavailable` when it cannot be opened.
 */
export const openLmdbStream = async (options: LmdbStreamOptions): Promise<Stream> => {
  mkdirSync(options.dir, { recursive: true });
  const dir = realpathSync(options.dir);
  if (openHere.has(dir)) throw new CodedError('stream.in-use', { dir, pid: process.pid });
  openHere.add(dir);
  let commits: Commits | undefined;
  try {
    checkFile(dir);
    let stream: LmdbStream | undefined;
    commits = await Commits.open(
      {
        dir,
        maxBytes: options.maxBytes ?? MAX_BYTES,
        minFreeBytes: options.minFreeBytes ?? MIN_FREE_BYTES,
        flushed: (partitions) => stream?.flushed(partitions),
        broken: (error) => stream?.broken(error),
      },
      LAYOUT_VERSION,
    );
    stream = new LmdbStream(options, dir, openEnvironment(dir));
    stream.attach(commits);
    await commits.measure();
    syncFolder(dir);
    syncFolder(dirname(dir));
    return stream;
  } catch (error) {
    await commits?.close();
    openHere.delete(dir);
    throw error;
  }
};
