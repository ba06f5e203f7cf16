// The way of every message behind the stream (read first): topic → consumer group → sink, one line each with its reason.
// Data only: `start.ts` runs it; a sink calls its stages in their order. Adding a signal is a line here and a sink or a stage of its own.
import type { TopicOptions } from '../engines/stream/port.ts';
import { DEAD_TOPIC, MEASURED, type SignalSchema, TOPIC } from '../schemas/tables.ts';

/** What takes the rows in the end. */
export type SinkName = 'samples' | 'processes' | 'jvm' | 'logs' | 'records';

export interface Route {
  readonly topic: string;
  /** One group a sink: a store that does not answer holds up its own signal only. */
  readonly group: string;
  /** Schemas that may stand on the topic; any other goes to the dead letters. */
  readonly schemas: readonly SignalSchema[];
  readonly sink: SinkName;
  /** Part of the stream's room that waits for this sink at most: by what a host sends, and by how long a store may be away. */
  readonly share: number;
  /** Bytes of what it is done with that stay for a look, of a partition. */
  readonly tail: number;
  /** A round is written when it has so many rows, or when its first message is so old. */
  readonly roundRows: number;
  readonly roundMs: number;
}

const MIB = 2 ** 20;

export const TOPOLOGY: readonly Route[] = [
  // Definitions stand ahead of what is measured of them on one topic, so that they are upserted first; inserts are few and large.
  {
    topic: TOPIC.metrics,
    group: 'pipeline-samples',
    schemas: ['series', ...MEASURED],
    sink: 'samples',
    share: 0.4,
    tail: 256 * MIB,
    roundRows: 250_000,
    roundMs: 1000,
  },
  // Same store as the samples, but a group of its own: a broken table of one must not hold up the other.
  {
    topic: TOPIC.processes,
    group: 'pipeline-processes',
    schemas: ['processes'],
    sink: 'processes',
    share: 0.15,
    tail: 256 * MIB,
    roundRows: 50_000,
    roundMs: 1000,
  },
  // A host has a few at most, and a JVM that misbehaves is looked for just when its processes are many.
  {
    topic: TOPIC.jvm,
    group: 'pipeline-jvm',
    schemas: ['jvm'],
    sink: 'jvm',
    share: 0.05,
    tail: 32 * MIB,
    roundRows: 50_000,
    roundMs: 1000,
  },
  // Lines are large and their index is dear to merge: many of them a block.
  {
    topic: TOPIC.logs,
    group: 'pipeline-logs',
    schemas: ['logs'],
    sink: 'logs',
    share: 0.35,
    tail: 256 * MIB,
    roundRows: 100_000,
    roundMs: 1000,
  },
  // Few rows, keyed upserts in one transaction; soon, because every other signal is enriched from the inventory.
  {
    topic: TOPIC.events,
    group: 'pipeline-records',
    schemas: ['inventory', 'events'],
    sink: 'records',
    share: 0.05,
    tail: 256 * MIB,
    roundRows: 2000,
    roundMs: 100,
  },
];

export interface TopicPlan {
  readonly name: string;
  readonly retentionBytes: number;
  readonly retentionMs: number;
  /** Part of the stream's room that what is not read of it may take. */
  readonly share?: number;
}

const HOUR = 3_600_000;
const DAY = 24 * HOUR;

/**
 * Every topic that the pipeline reads or writes. The bounds, of a partition, are for what its groups are done with: what a slow
 * store has not taken stays whatever its age, and all of them together fit the stream.
 */
export const TOPICS: readonly TopicPlan[] = [
  // A short tail, for a look at what came last.
  ...TOPOLOGY.map(({ topic, share, tail }) => ({ name: topic, retentionBytes: tail, retentionMs: HOUR, share })),
  // Read by no group: small (never more than an eighth of the stream's limit), and kept for people to look at.
  { name: DEAD_TOPIC, retentionBytes: 256 * MIB, retentionMs: 14 * DAY },
];

/** Of a topic that is made. */
export const PARTITIONS = 2;

/** Every topic, as a stream is told of them: however many partitions it has, what is kept of it takes the same room. */
export const topicsOf = (partitions: number): readonly TopicOptions[] =>
  TOPICS.map((topic) => ({
    ...topic,
    partitions,
    retentionBytes: Math.ceil((topic.retentionBytes * PARTITIONS) / partitions),
    groups: TOPOLOGY.filter((route) => route.topic === topic.name).map(({ group }) => group),
  }));
