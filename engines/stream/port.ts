// The port of the stream: a log of messages in topics and partitions, shaped so that Kafka fits it as it is.
// It never looks into a message's value.

export interface Message {
  /** Chooses the partition: messages of one key keep their order. */
  readonly key: string;
  /** Small and printable: schema, version, sender, boot, seq, rows, from, to. */
  readonly headers: Readonly<Record<string, string>>;
  readonly value: Uint8Array;
}

export interface StoredMessage extends Message {
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

export interface ConsumerHandlers {
  /**
   * Called when a partition becomes ours, before its first delivery; resolves to the offset to go on from
   * (undefined: the earliest). `progress` is what was last saved by whoever owned the partition.
   */
  assigned(at: TopicPartition, progress: Uint8Array | undefined): Promise<bigint | undefined>;
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
   * when another consumer of the group owns the partition by now. At most 1 MiB.
   * `done`: messages before this offset are not needed by the group any more; default: before the delivery in hand.
   */
  saveProgress(at: TopicPartition, progress: Uint8Array, done?: bigint): Promise<void>;
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

/** How far a group is with a topic. */
export interface GroupState {
  readonly group: string;
  readonly topic: string;
  /** Messages it still needs, at most: offsets may have gaps. */
  readonly waiting: bigint;
  /** When the oldest of them came, ms since 1970; undefined when none waits. */
  readonly oldest: number | undefined;
}

export interface StreamState {
  /** Disk space that messages take and may take at most; undefined where the stream does not tell. */
  readonly bytes: number | undefined;
  readonly maxBytes: number | undefined;
  readonly groups: readonly GroupState[];
}

export interface TopicOptions {
  readonly name: string;
  readonly partitions: number;
  /** Of a partition: what all its groups are done with, and what no group reads, goes when there is more than this … */
  readonly retentionBytes: number;
  /** … or when it is older than this, ms. */
  readonly retentionMs: number;
  /** Groups that read the topic, whether or not they have joined yet. Default: those that have joined or saved progress. */
  readonly groups?: readonly string[];
}

/**
 * Contract, held by `conformance.ts` for every implementation:
 * - `produce` must resolve only when all the messages survive a `kill -9` and a power cut (fsync, acks=-1); when it
 *   rejects, any of them may or may not be there. Messages of one call and one key must stand in the order given.
 * - Readers must see only messages that are that safe, each exactly once per assignment, in offset order.
 * - A full disk or an over-full stream must reject with `stream.full` and must leave reading unharmed.
 * - What a group of the topic is not done with must stay, whatever its age and size; with it the stream gets full instead.
 * - After `close` nothing may be pending: no timer, no handle.
 */
export interface Stream {
  /** Makes the topics that are missing; those that are there keep their number of partitions. */
  ensureTopics(topics: readonly TopicOptions[]): Promise<void>;
  produce(topic: string, messages: readonly Message[]): Promise<void>;
  consume(options: ConsumerOptions, handlers: ConsumerHandlers): Promise<Consumer>;
  /** For lag, status and tests. */
  partitions(topic: string): Promise<readonly PartitionState[]>;
  state(): Promise<StreamState>;
  close(): Promise<void>;
}
