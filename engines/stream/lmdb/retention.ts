// Removes from the beginning of each partition what is over its topic's bounds and needed by no group, in small steps between commits.
import type { Telemetry } from '../../../core/telemetry.ts';
import type { Commits, Partition } from './commits.ts';
import type { Readers, Topic } from './readers.ts';
import type { Room } from './room.ts';

/** What one step removes at most, so that producers hardly wait for it. */
const MOST_TRIMMED = 256;
const MOST_TRIMMED_BYTES = 16 << 20;
/** Some slack, so that a full topic does not cost a second commit each time. */
const SLACK = 1.0625;

export interface RetentionOptions {
  readonly commits: Pick<Commits, 'trim'>;
  readonly readers: Readers;
  readonly room: Room;
  readonly topics: () => Iterable<Topic>;
  readonly telemetry: Telemetry;
  /** ms. */
  readonly now: () => number;
}

export class Retention {
  readonly #options: RetentionOptions;
  #running: Promise<void> | undefined;
  #stopped = false;

  constructor(options: RetentionOptions) {
    this.#options = options;
  }

  /** Whether something of the topic is to go. */
  isDue(topic: Topic): boolean {
    const { readers } = this.#options;
    const isOver = (partition: Partition): boolean => partition.flushed.bytes > this.#keptBytes(topic, partition) * SLACK;
    return topic.list.some((partition) => isOver(partition) && readers.keptFrom(topic, partition) > partition.flushed.earliest);
  }

  /** What messages share counts too: else a sender could fill the log with what is let go last. */
  #keptBytes(topic: Topic, { leases }: Partition): number {
    return this.#options.room.isTight(topic) ? 0 : Math.max(0, topic.retentionBytes - leases.cost);
  }

  /** Until every partition is within its bounds, or has nothing left that nobody needs. */
  run(): Promise<void> {
    this.#running ??= this.#all().finally(() => {
      this.#running = undefined;
    });
    return this.#running;
  }

  /** Resolves when nothing is under way any more. */
  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#running;
  }

  async #all(): Promise<void> {
    const now = this.#options.now();
    for (const topic of [...this.#options.topics()])
      for (const partition of topic.list) while (!this.#stopped && (await this.#step(topic, partition, now - topic.retentionMs)));
  }

  /** Whether there is more to remove. */
  async #step(topic: Topic, partition: Partition, keepSince: number): Promise<boolean> {
    const { commits, readers } = this.#options;
    const before = readers.keptFrom(topic, partition);
    if (before <= partition.flushed.earliest) return false;
    const bounds = { before, keepBytes: this.#keptBytes(topic, partition), keepSince, mostMessages: MOST_TRIMMED, mostBytes: MOST_TRIMMED_BYTES };
    const trimmed = await commits.trim(partition, bounds);
    if (trimmed === undefined) return false;
    if (trimmed.messages > 0) this.#count(topic.name, trimmed.messages, trimmed.byAge);
    return trimmed.more;
  }

  #count(topic: string, messages: number, byAge: number): void {
    const { telemetry } = this.#options;
    if (byAge > 0) telemetry.add('inframirror_stream_trimmed_messages_total', { topic, reason: 'age' }, byAge);
    if (messages > byAge) telemetry.add('inframirror_stream_trimmed_messages_total', { topic, reason: 'bytes' }, messages - byAge);
  }
}
