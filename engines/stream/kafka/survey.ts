// How full topics are and what of them is still needed, as the brokers tell, with sizes that are estimated by what passed through here. What
// nobody needs any more it lets Kafka delete, in a turn every few seconds.
import type { Logger } from '../../../core/logger.ts';
import type { GroupState, TopicOptions, TopicPartition } from '../port.ts';
import { CODE, EARLIEST, isCode, LATEST } from './client.ts';
import type { Cluster } from './cluster.ts';
import { companionOf, SHARED_SPAN_MS } from './companion.ts';
import type { Groups, Members } from './groups.ts';
import { keptFrom } from './places.ts';

/** Where nothing is known yet. */
const GUESSED_BYTES = 1024;
/** How many of the last messages speak for the size of a message. */
const REMEMBERED = 1000;

interface Size {
  messages: number;
  bytes: number;
}

interface PartitionSpan {
  readonly partition: number;
  readonly earliest: bigint;
  readonly next: bigint;
}

interface GroupSpan {
  readonly group: string;
  readonly members: Members;
  /** By partition: first offset that is not done, and first that must stay. */
  readonly places: ReadonlyMap<number, { readonly next: bigint; readonly kept: bigint }>;
}

interface TopicSpan {
  readonly partitions: readonly PartitionSpan[];
  readonly groups: readonly GroupSpan[];
}

export interface SurveyOptions {
  readonly cluster: Cluster;
  readonly groups: Groups;
  readonly topics: ReadonlyMap<string, TopicOptions>;
  /** The first record from an offset on; when it came, ms. */
  readonly first: (at: TopicPartition, from: bigint) => Promise<{ readonly time: number } | undefined>;
  readonly logger: Logger;
  /** Bytes of all topics together. */
  readonly maxBytes: number;
}

const big = (a: bigint, b: bigint): bigint => (a > b ? a : b);
const small = (a: bigint, b: bigint): bigint => (a < b ? a : b);

export class Survey {
  readonly #options: SurveyOptions;
  readonly #sizes = new Map<string, Size>();
  /** Bytes that some group has not read, by topic, since the last look. */
  readonly #unread = new Map<string, number>();

  constructor(options: SurveyOptions) {
    this.#options = options;
  }

  /** Messages passed through here, with so many bytes. */
  note({ topic, partition }: TopicPartition, messages: number, bytes: number): void {
    const name = `${topic}/${partition}`;
    const size = this.#sizes.get(name) ?? { messages: 0, bytes: 0 };
    this.#sizes.set(name, size);
    const kept = Math.min(1, REMEMBERED / (size.messages + messages));
    size.messages = (size.messages + messages) * kept;
    size.bytes = (size.bytes + bytes) * kept;
  }

  noteProduced(at: TopicPartition, messages: number, bytes: number): void {
    this.note(at, messages, bytes);
    this.#unread.set(at.topic, (this.#unread.get(at.topic) ?? 0) + bytes);
  }

  bytesOf({ topic, partition }: TopicPartition, messages: bigint): number {
    const size = this.#sizes.get(`${topic}/${partition}`);
    return Math.ceil(Number(messages) * (size === undefined ? GUESSED_BYTES : Math.max(1, size.bytes / size.messages)));
  }

  unread(topic: string): number {
    return this.#unread.get(topic) ?? 0;
  }

  shareOf(topic: string): number {
    return Math.max(1, this.#options.maxBytes * (this.#options.topics.get(topic)?.share ?? 1));
  }

  pressure(topic: string): number {
    const all = [...this.#unread.values()].reduce((sum, bytes) => sum + bytes, 0);
    return Math.min(1, Math.max(this.unread(topic) / this.shareOf(topic), all / this.#options.maxBytes));
  }

  async partitions(topic: string): Promise<readonly PartitionSpan[]> {
    const { cluster } = this.#options;
    const count = await cluster.partitions(topic);
    return Promise.all(
      Array.from({ length: count }, async (_, partition) => ({
        partition,
        earliest: await cluster.offsetAt(topic, partition, EARLIEST),
        next: await cluster.offsetAt(topic, partition, LATEST),
      })),
    );
  }

  /** Every topic that we know, with the groups that read it. */
  async #look(): Promise<ReadonlyMap<string, TopicSpan>> {
    const { groups, topics } = this.#options;
    const named = [...topics.values()].flatMap((topic) => topic.groups ?? []);
    const names = [...new Set([...(await groups.names()), ...named])];
    const members = new Map(await Promise.all(names.map(async (group) => [group, await groups.members(group)] as const)));
    const spans = await Promise.all(
      [...topics.values()].map(async (topic) => {
        const partitions = await this.partitions(topic.name);
        const found = await Promise.all(
          names.map(async (group): Promise<GroupSpan> => {
            const committed = await groups.committed(group, topic.name, partitions.length);
            const places = new Map(committed.map((one) => [one.partition, { next: one.offset, kept: keptFrom(one) }]));
            return { group, members: members.get(group) as Members, places };
          }),
        );
        const readers = found.filter(
          ({ group, members, places }) => topic.groups?.includes(group) || members.topics?.has(topic.name) === true || places.size > 0,
        );
        return [topic.name, { partitions, groups: readers }] as const;
      }),
    );
    for (const [topic, span] of spans) this.#unread.set(topic, this.#unreadOf(topic, span));
    return new Map(spans);
  }

  #unreadOf(topic: string, { partitions, groups }: TopicSpan): number {
    if (groups.length === 0) return 0;
    return partitions.reduce((sum, { partition, earliest, next }) => {
      const from = groups.map(({ places }) => big(places.get(partition)?.next ?? earliest, earliest)).reduce(small, next);
      return sum + this.bytesOf({ topic, partition }, next - from);
    }, 0);
  }

  async states(): Promise<readonly GroupState[]> {
    const spans = await this.#look();
    const states: GroupState[] = [];
    for (const [topic, { partitions, groups }] of spans)
      for (const { group, members, places } of groups) {
        let [waiting, bytes] = [0n, 0];
        let oldest: number | undefined;
        for (const { partition, earliest, next } of partitions) {
          const at = { topic, partition };
          const from = big(places.get(partition)?.next ?? earliest, earliest);
          if (from >= next) continue;
          waiting += next - from;
          bytes += this.bytesOf(at, next - from);
          const came = (await this.#options.first(at, from))?.time;
          if (came !== undefined && (oldest === undefined || came < oldest)) oldest = came;
        }
        states.push({ group, topic, waiting, bytes, oldest, isJoined: members.topics?.has(topic) ?? members.isThere });
      }
    return states;
  }

  /** Looks anew, and deletes what is over the topics' bounds and needed by nobody. */
  async turn(now: number, mayForget: boolean): Promise<void> {
    for (const [topic, span] of await this.#look()) {
      const options = this.#options.topics.get(topic);
      if (options === undefined) continue;
      const hasCompanion = mayForget && (await this.#options.cluster.has(companionOf(topic)));
      for (const partition of span.partitions)
        try {
          const kept = await this.#forget(options, partition, span.groups, now, mayForget);
          if (hasCompanion) await this.#forgetShared({ topic, partition: partition.partition }, kept < partition.next ? kept : undefined, now);
        } catch (error) {
          // Another process was faster.
          if (!isCode(error, CODE.offsetOutOfRange)) this.#options.logger.warn('what is read could not be deleted from a topic', { topic, error });
        }
    }
  }

  /** The first offset that is still there. `byAge`: whether the clock is believed. */
  async #forget(
    options: TopicOptions,
    { partition, earliest, next }: PartitionSpan,
    groups: readonly GroupSpan[],
    now: number,
    byAge: boolean,
  ): Promise<bigint> {
    const { cluster } = this.#options;
    const topic = options.name;
    const there = next - earliest;
    const kept = groups.map(({ places }) => places.get(partition)?.kept ?? earliest).reduce(small, next);
    const bytes = this.bytesOf({ topic, partition }, there);
    const over = bytes <= options.retentionBytes ? 0n : there - BigInt(Math.floor(Number(there) * (options.retentionBytes / bytes)));
    const young = byAge ? await cluster.offsetAt(topic, partition, now - options.retentionMs) : earliest;
    const before = small(kept, big(earliest + over, young < 0n ? next : young));
    if (before <= earliest) return earliest;
    await cluster.deleteRecords(topic, partition, before);
    return before;
  }

  /** What the message at an offset needs, and later ones, is not much older than it. Undefined: none is there. */
  async #forgetShared({ topic, partition }: TopicPartition, kept: bigint | undefined, now: number): Promise<void> {
    const { cluster, first } = this.#options;
    const oldest = kept === undefined ? now : (await first({ topic, partition }, kept))?.time;
    if (oldest === undefined) return;
    const companion = companionOf(topic);
    const needed = await cluster.offsetAt(companion, partition, oldest - SHARED_SPAN_MS);
    if (needed > (await cluster.offsetAt(companion, partition, EARLIEST))) await cluster.deleteRecords(companion, partition, needed);
  }
}
