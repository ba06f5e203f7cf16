// Removes from the beginning of each partition what is over its topic's bounds and needed by no group, in small steps between commits.
// After a jump of the clock nothing goes by its age for a day: what no group reads would be gone at once.
import { type ClockState, heldUntil, lookedAt } from '../../../core/clock.ts';
import type { Telemetry } from '../../../core/telemetry.ts';
import type { Commits, Partition } from './commits.ts';
import type { Readers, Topic } from './readers.ts';
import type { Room } from './room.ts';

/** What one step removes at most, so that producers hardly wait for it. */
const MOST_TRIMMED = 256;
const MOST_TRIMMED_BYTES = 16 << 20;
/** Some slack, so that a full topic does not cost a second commit each time. */
const SLACK = 1.0625;
/** How often it is written down how the clock stands. */
const CLOCK_MS = 60_000;

export interface RetentionOptions {
  readonly commits: Pick<Commits, 'trim'>;
  readonly readers: Readers;
  readonly room: Room;
  readonly topics: () => Iterable<Topic>;
  readonly telemetry: Telemetry;
  /** ms. */
  readonly now: () => number;
  /** How the clock stood when the log was last open; undefined: it was never written down. */
  readonly clock: ClockState | undefined;
  /** When the newest message came, ms; undefined: there is none. */
  readonly newest: () => number | undefined;
  /** Durable on resolve. */
  readonly keepClock: (clock: ClockState) => Promise<void>;
}

export class Retention {
  readonly #options: RetentionOptions;
  #running: Promise<void> | undefined;
  #stopped = false;
  #clock: ClockState | undefined;
  /** As it is on disk. */
  #keptClock: ClockState | undefined;

  constructor(options: RetentionOptions) {
    this.#options = options;
    this.#clock = options.clock;
    this.#keptClock = options.clock;
  }

  /** Whether something of the topic is to go. */
  isDue(topic: Topic): boolean {
    const { readers, room } = this.#options;
    const isOver = (partition: Partition): boolean => partition.flushed.bytes > room.keptBytes(topic, partition) * SLACK;
    return topic.list.some((partition) => isOver(partition) && readers.keptFrom(topic, partition) > partition.flushed.earliest);
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
    const isHeld = await this.#lookAtClock(now);
    for (const topic of [...this.#options.topics()])
      for (const partition of topic.list) {
        const keepSince = isHeld ? Number.NEGATIVE_INFINITY : now - topic.retentionMs;
        while (!this.#stopped && (await this.#step(topic, partition, keepSince)));
      }
  }

  /** Whether what it says of the age of messages is not believed. */
  async #lookAtClock(now: number): Promise<boolean> {
    const { newest, keepClock } = this.#options;
    const clock = lookedAt(this.#clock, now, this.#clock === undefined ? newest() : undefined);
    this.#clock = clock;
    const kept = this.#keptClock;
    if (kept === undefined || kept.jumped !== clock.jumped || Math.abs(now - kept.at) >= CLOCK_MS)
      await keepClock(clock).then(
        () => {
          this.#keptClock = clock;
        },
        // With what was written before, the next start finds the jump again.
        () => undefined,
      );
    return heldUntil(clock) !== undefined;
  }

  /** Whether there is more to remove. */
  async #step(topic: Topic, partition: Partition, keepSince: number): Promise<boolean> {
    const { commits, readers, room } = this.#options;
    const before = readers.keptFrom(topic, partition);
    if (before <= partition.flushed.earliest) return false;
    const bounds = { before, keepBytes: room.keptBytes(topic, partition), keepSince, mostMessages: MOST_TRIMMED, mostBytes: MOST_TRIMMED_BYTES };
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
