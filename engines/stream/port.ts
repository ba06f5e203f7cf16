// The port of the stream: a log of messages in topics and partitions, shaped so that Kafka fits it as it is.
// It never looks into a message's value.

export interface Message {
  /** Chooses the partition: messages of one key keep their order. */
  readonly key: string;
  /** Small and printable: schema, version, sender, boot, seq, rows, from, to. */
  readonly headers: Readonly<Record<string, string>>;
  readonly value: Uint8Array;
  /** What the reader of this one needs, and others of its key need too; see `Stream.shared`. */
  readonly shared?: SharedBytes;
}

/** Bytes that many messages have in common, so that each need not carry them: as a list of the series that its rows are of. */
export interface SharedBytes {
  /** Names them within a partition: of other bytes it is another. At most 128 characters; the messages say it in a header of their own. */
  readonly key: string;
  /** Not empty, at most 16 MiB. */
  readonly value: Uint8Array;
}

export interface StoredMessage extends Omit<Message, 'shared'> {
  readonly topic: string;
  readonly partition: number;
  /** Rises within a partition; may have gaps; is never used twice, not even after a crash. */
  readonly offset: bigint;
}

export interface TopicPartition {
  readonly topic: string;
  readonly partition: number;
}

export interface Delivery extends TopicPartition {
  /** In offset order, at least one. */
  readonly messages: readonly StoredMessage[];
  /** Aborted when the partition is taken away or the consumer stops; work for it must end at once. */
  readonly signal: AbortSignal;
}

/** What a group has saved of a partition. */
export interface SavedProgress {
  readonly progress: Uint8Array;
  readonly checkpoint: Checkpoint | undefined;
}

/** What a group knows of all messages before an offset. */
export interface Checkpoint {
  readonly value: Uint8Array;
  /** What follows from here on is still there: the rest is known by reading it again. */
  readonly from: bigint;
}

export interface ConsumerHandlers {
  /**
   * Called when a partition becomes ours, before its first delivery; resolves to the offset to go on from
   * (undefined: the earliest). `saved` is what was last saved by whoever owned the partition. It may take minutes, as a store may
   * be down: the implementation must keep the partition ours meanwhile.
   */
  assigned(at: TopicPartition, saved: SavedProgress | undefined): Promise<bigint | undefined>;
  /** One delivery of a partition at a time; the next one comes when the promise resolves. A rejection ends the consumer: see `failed`. */
  deliver(delivery: Delivery): Promise<void>;
  /** Called when a partition was taken away; nothing of it may be saved any more. */
  revoked(at: TopicPartition): Promise<void>;
  /** The consumer ended by itself; its owner decides whether to start another. */
  failed(error: Error): void;
}

export interface ConsumerOptions {
  /** Consumers of one group share the partitions of the topics; groups do not know of each other. */
  readonly group: string;
  readonly topics: readonly string[];
  /** Most bytes in one delivery (a single larger message is delivered alone). Default 8 MiB. */
  readonly maxBytes?: number;
}

export interface Consumer {
  /**
   * Saves the progress of a partition we own: must be durable on resolve, and must refuse with `stream.fenced`
   * when another consumer of the group owns the partition by now. Saved with every round, so small: at most 256 KiB, and in ordinary
   * rounds below the 3 KiB that Kafka keeps beside an offset (a driver for it keeps more under a key of its own first).
   * `next`: messages before this offset are done with; default: before the delivery in hand.
   */
  saveProgress(at: TopicPartition, progress: Uint8Array, next?: bigint): Promise<void>;
  /**
   * Saves what the group knows of all messages before `from`, seldom: at most 1 MiB. Must be durable on resolve. It need not be fenced:
   * a checkpoint of an earlier owner is as true as the later one, only older. From `from` on messages stay, though progress is further.
   */
  saveCheckpoint(at: TopicPartition, value: Uint8Array, from: bigint): Promise<void>;
  /** For how long the partition is surely still ours, ms: 0 when it is not, infinity where nobody takes it without telling us first. */
  owned(at: TopicPartition): number;
  /** Stops deliveries of a partition (back-pressure); idempotent. */
  pause(at: TopicPartition): void;
  resume(at: TopicPartition): void;
  /** Waits for the delivery in hand, then leaves the group. */
  stop(): Promise<void>;
}

export interface PartitionState extends TopicPartition {
  /** First offset still there, and the one the next message will get at the earliest. */
  readonly earliest: bigint;
  readonly next: bigint;
  readonly bytes: number;
}

/** How far a group is with a partition, as every process can ask. */
export interface Committed extends TopicPartition {
  /** First offset that is not done. */
  readonly next: bigint;
  readonly progress: Uint8Array;
  /** Whether some consumer of the group has the partition now. */
  readonly isOwned: boolean;
}

/** How far a group is with a topic. */
export interface GroupState {
  readonly group: string;
  readonly topic: string;
  /** Messages it still needs, at most: offsets may have gaps. */
  readonly waiting: bigint;
  /** Their disk space, about. */
  readonly bytes: number;
  /** When the oldest of them came, ms since 1970; undefined when none waits. */
  readonly oldest: number | undefined;
  /** Whether a consumer of it is here now. */
  readonly isJoined: boolean;
}

/** The room of a topic. */
export interface TopicState {
  readonly topic: string;
  /** Disk space of what some group has not read, about. */
  readonly unread: number;
  /** What that may take. */
  readonly share: number;
  /** See `Stream.pressure`. */
  readonly pressure: number;
}

export interface StreamState {
  /** Disk space that messages take and may take at most; undefined where the stream does not tell. */
  readonly bytes: number | undefined;
  /** The smaller of the stream's own limit and what its disk has left for it. */
  readonly maxBytes: number | undefined;
  readonly groups: readonly GroupState[];
  readonly topics: readonly TopicState[];
}

export interface TopicOptions {
  readonly name: string;
  readonly partitions: number;
  /** Of a partition: what all its groups are done with, and what no group reads, goes when there is more than this, or too much for the stream's limit … */
  readonly retentionBytes: number;
  /** … or when it is older than this, ms; but for a day after the clock has jumped by days, when nobody knows how old it is. */
  readonly retentionMs: number;
  /** Groups that read the topic, whether or not they have joined yet; besides those that have joined or saved progress. */
  readonly groups?: readonly string[];
  /** Part of the stream's room that messages which are not read yet may take: above 0, all topics together at most 1. Default: all of it. */
  readonly share?: number;
}

/**
 * Contract, held by `conformance.ts` for every implementation:
 * - `produce` must resolve only when all the messages survive a `kill -9` and a power cut (fsync, acks=-1); when it
 *   rejects, any of them may or may not be there. Messages of one call and one key must stand in the order given.
 * - Readers must see only messages that are that safe, each exactly once per assignment, in offset order.
 * - A full disk or an over-full stream must reject with `stream.full` and must leave reading unharmed.
 * - What a message shares must be as safe as the message, and must stay as long as it: also when the one that brought it first is gone.
 * - What a group of the topic is not done with must stay, whatever its age and size; with it the stream gets full instead.
 * - A group is one that is named with the topic, or has joined, or has saved progress, until it is forgotten.
 * - After `close` nothing may be pending: no timer, no handle.
 */
export interface Stream {
  /**
   * Makes the topics that are missing. Those that are there keep their number of partitions: of another one it may reject, with
   * `stream.other-partitions`, as with it keys would move.
   */
  ensureTopics(topics: readonly TopicOptions[]): Promise<void>;
  produce(topic: string, messages: readonly Message[]): Promise<void>;
  consume(options: ConsumerOptions, handlers: ConsumerHandlers): Promise<Consumer>;
  /** What messages of a partition share under a key; undefined: none that is still there does. */
  shared(at: TopicPartition, key: string): Promise<Uint8Array | undefined>;
  /** For lag, status and tests. */
  partitions(topic: string): Promise<readonly PartitionState[]>;
  /** Some messages from an offset on, for looking at them without a group; at most `maxBytes` of values, one larger alone. None at the end. */
  peek(at: TopicPartition, from: bigint, maxBytes: number): Promise<readonly StoredMessage[]>;
  state(): Promise<StreamState>;
  /**
   * How full it is for a topic: what is not read of it against its share, or the whole room, or the disk, whichever is fuller. 0 is
   * empty, 1 is full: then `produce` rejects. At once and cheap, may be some seconds old. Whoever takes data in stops well before 1.
   */
  pressure(topic: string): number;
  /** By partition; none of a partition of which the group has saved nothing. */
  committed(group: string, topic: string): Promise<readonly Committed[]>;
  /** Puts a group's place: what it saved of the partition is replaced. Must reject with `stream.group-in-use` while a consumer of it is there. */
  reset(group: string, at: TopicPartition, progress: Uint8Array, next: bigint): Promise<void>;
  /** Removes all that a group has saved, so that it keeps nothing any more. Rejects with `stream.group-in-use`, and `stream.no-group` when there is none. */
  forget(group: string): Promise<void>;
  /** First offset of a message that came at or after a time, ms; of what comes next where none did. */
  offsetAt(at: TopicPartition, time: number): Promise<bigint>;
  close(): Promise<void>;
}
