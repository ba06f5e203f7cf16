// The embedded stream: an LMDB log in place of Kafka, for one server process (contract: `../port.ts`).
// This thread reads, groups and counts; every change goes through the writer's thread (`commits.ts`).
import { closeSync, fsyncSync, mkdirSync, openSync, realpathSync } from 'node:fs';
import { dirname } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { CodedError } from '../../../core/errors.ts';
import { noTelemetry, type Telemetry } from '../../../core/telemetry.ts';
import { partitionOf } from '../partition.ts';
import type {
  Consumer,
  ConsumerHandlers,
  ConsumerOptions,
  GroupState,
  Message,
  PartitionState,
  StoredMessage,
  Stream,
  StreamState,
  TopicOptions,
} from '../port.ts';
import { checkFile } from './check.ts';
import { Commits, type Partition } from './commits.ts';
import { type Environment, FIRST_KEY, LAST_KEY, openEnvironment } from './environment.ts';
import { Group, type GroupLog } from './group.ts';
import { decodePartition, decodeRecord, LAYOUT_VERSION, messageKey, metaKey, metaParts, offsetOfKey, type TopicRecord, timeOfRecord } from './layout.ts';

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

interface Position {
  /** What lies before it is not needed any more. */
  readonly done: bigint;
  /** False for what an earlier run has left: then nothing goes until the group has said where it reads on. */
  readonly confirmed: boolean;
  readonly progress: Uint8Array | undefined;
}

interface Topic extends TopicRecord {
  readonly list: readonly Partition[];
}

class LmdbStream implements Stream, GroupLog {
  readonly #options: LmdbStreamOptions;
  readonly #dir: string;
  readonly #environment: Environment;
  #commits: Commits | undefined;
  readonly #topics = new Map<string, Topic>();
  readonly #groups = new Map<string, Group>();
  readonly #waiters = new Map<Partition, Set<() => void>>();
  /** Per group and partition. */
  readonly #positions = new Map<string, Map<Partition, Position>>();
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
    this.#timer = setInterval(() => void this.#retain(), this.#options.retentionEveryMs ?? 10_000);
    this.#timer.unref();
  }

  #load(): void {
    const { meta, root } = this.#environment;
    root.resetReadTxn();
    const progress: { parts: string[]; value: Buffer }[] = [];
    for (const { key, value } of meta.getRange({ start: FIRST_KEY, end: LAST_KEY })) {
      const parts = metaParts(key);
      if (parts[0] === 'topic') this.#addTopic(parts[1] as string, JSON.parse(value.toString()) as TopicRecord);
      else if (parts[0] === 'progress') progress.push({ parts, value: Buffer.from(value) });
    }
    for (const { parts, value } of progress) {
      const partition = this.#topics.get(parts[2] as string)?.list[Number(parts[3])];
      if (partition !== undefined)
        this.#setPosition(parts[1] as string, partition, { done: value.readBigUInt64LE(0), confirmed: false, progress: value.subarray(8) });
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
        return { topic: name, topicId: record.id, partition, flushed, next: flushed.next };
      });
    this.#topics.set(name, { ...record, list });
  }

  #writer(): Commits {
    if (this.#commits === undefined || this.#closed !== undefined) throw new CodedError('stream.unavailable', { reason: 'it is closed' });
    return this.#commits;
  }

  async ensureTopics(topics: readonly TopicOptions[]): Promise<void> {
    const writer = this.#writer();
    let nextId = Math.max(-1, ...[...this.#topics.values()].map((topic) => topic.id)) + 1;
    for (const { name, partitions, retentionBytes, retentionMs, groups } of topics) {
      const there = this.#topics.get(name);
      if (!/^[a-zA-Z0-9._-]{1,249}$/.test(name) || !(there !== undefined || (Number.isInteger(partitions) && partitions > 0)))
        throw new RangeError(`a topic ${JSON.stringify(name)} of ${partitions} partitions`);
      const record: TopicRecord = {
        id: there?.id ?? nextId++,
        partitions: there?.partitions ?? partitions,
        retentionBytes,
        retentionMs,
        ...(groups === undefined ? {} : { groups }),
      };
      if (there !== undefined && isDeepStrictEqual(recordOf(there), record)) continue;
      await writer.putMeta(metaKey('topic', name), Buffer.from(JSON.stringify(record)));
      this.#addTopic(name, record);
    }
    await Promise.all([...this.#groups.values()].map((group) => group.refresh()));
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
    const aside = this.#groupsOf(topic).size === 0;
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
    const group = this.#groups.get(options.group) ?? new Group(options.group, this);
    this.#groups.set(options.group, group);
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

  progress(group: string, partition: Partition): Uint8Array | undefined {
    return this.#positions.get(group)?.get(partition)?.progress;
  }

  reads(group: string, partition: Partition, from: bigint): void {
    this.#setPosition(group, partition, { done: from, confirmed: true, progress: this.progress(group, partition) });
  }

  async saveProgress(group: string, partition: Partition, done: bigint, progress: Uint8Array): Promise<void> {
    const record = Buffer.alloc(8 + progress.length);
    record.writeBigUInt64LE(done, 0);
    record.set(progress, 8);
    // Not `#writer()`: while the stream closes, the deliveries in hand may still save theirs.
    await (this.#commits as Commits).putMeta(metaKey('progress', group, partition.topic, partition.partition), record);
    this.#setPosition(group, partition, { done, confirmed: true, progress });
  }

  #setPosition(group: string, partition: Partition, position: Position): void {
    const own = this.#positions.get(group) ?? new Map<Partition, Position>();
    own.set(partition, position);
    this.#positions.set(group, own);
  }

  /** Those that read the topic: named with it, joined, or else known by what they have saved. */
  #groupsOf(topic: string): Set<string> {
    const { groups, list } = this.#topic(topic);
    const joined = [...this.#groups].filter(([, group]) => group.reads(topic)).map(([name]) => name);
    const saved =
      groups ?? [...this.#positions].filter(([, own]) => list.some((partition) => own.get(partition)?.progress !== undefined)).map(([name]) => name);
    return new Set([...saved, ...joined]);
  }

  /** First offset of the partition that some group may still need. */
  #keptFrom(partition: Partition): bigint {
    let from = partition.flushed.next;
    for (const group of this.#groupsOf(partition.topic)) {
      const position = this.#positions.get(group)?.get(partition);
      if (position === undefined || !position.confirmed) return partition.flushed.earliest;
      if (position.done < from) from = position.done;
    }
    return from;
  }

  state(): Promise<StreamState> {
    const { root } = this.#environment;
    root.resetReadTxn();
    const groups: GroupState[] = [];
    for (const [topic, { list }] of this.#topics)
      for (const group of this.#groupsOf(topic)) {
        let waiting = 0n;
        let oldest: number | undefined;
        for (const partition of list) {
          const { earliest, next } = partition.flushed;
          let from = this.#positions.get(group)?.get(partition)?.done ?? earliest;
          if (from < earliest) from = earliest;
          if (from >= next) continue;
          waiting += next - from;
          const came = this.#timeAt(partition, from);
          if (came !== undefined && (oldest === undefined || came < oldest)) oldest = came;
        }
        groups.push({ group, topic, waiting, oldest });
      }
    return Promise.resolve({ bytes: this.#writer().cost, maxBytes: this.#options.maxBytes ?? MAX_BYTES, groups });
  }

  /** When the first message from an offset on came. */
  #timeAt({ topicId, partition, flushed }: Partition, from: bigint): number | undefined {
    const range = { start: messageKey(topicId, partition, from), end: messageKey(topicId, partition, flushed.next), limit: 1 };
    for (const { value } of this.#environment.messages.getRange(range)) return timeOfRecord(value);
    return undefined;
  }

  #wake(partitions: readonly Partition[]): void {
    for (const partition of partitions) for (const wake of [...(this.#waiters.get(partition) ?? [])]) wake();
    for (const { topic } of partitions) {
      const found = this.#topics.get(topic);
      // Some slack, so that a full topic does not cost a second commit each time.
      const isOver = (partition: Partition): boolean =>
        partition.flushed.bytes > (found?.retentionBytes ?? 0) * 1.0625 && this.#keptFrom(partition) > partition.flushed.earliest;
      if (found?.list.some(isOver)) void this.#retain();
    }
  }

  /** Small steps between commits until every partition is within its limits, or has nothing left that nobody needs. */
  #retain(): Promise<void> {
    this.#trimming ??= (async () => {
      const now = (this.#options.now ?? Date.now)();
      for (const topic of [...this.#topics.values()])
        for (const partition of topic.list) {
          for (let more = true; more && this.#closed === undefined; ) {
            const before = this.#keptFrom(partition);
            if (before <= partition.flushed.earliest) break;
            const trimmed = await this.#commits?.trim(partition, {
              before,
              keepBytes: topic.retentionBytes,
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

  #report(topic: string, messages: number, byAge: number): void {
    const telemetry = this.#options.telemetry ?? noTelemetry;
    if (byAge > 0) telemetry.add('inframirror_stream_trimmed_messages_total', { topic, reason: 'age' }, byAge);
    if (messages > byAge) telemetry.add('inframirror_stream_trimmed_messages_total', { topic, reason: 'bytes' }, messages - byAge);
  }

  flushed(partitions: readonly Partition[]): void {
    this.#wake(partitions);
  }

  broken(error: Error): void {
    for (const group of this.#groups.values()) group.failAll(error);
  }

  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #close(): Promise<void> {
    clearInterval(this.#timer);
    await Promise.all([...this.#groups.values()].map((group) => group.close()));
    await this.#trimming;
    await this.#commits?.close();
    await this.#environment.root.close();
    openHere.delete(this.#dir);
  }
}

const recordOf = ({ id, partitions, retentionBytes, retentionMs, groups }: Topic): TopicRecord => ({
  id,
  partitions,
  retentionBytes,
  retentionMs,
  ...(groups === undefined ? {} : { groups }),
});

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
    syncFolder(dir);
    syncFolder(dirname(dir));
    return stream;
  } catch (error) {
    await commits?.close();
    openHere.delete(dir);
    throw error;
  }
};
