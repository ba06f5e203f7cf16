// The way of every message behind the stream (read first): topic → consumer group → stages → sink, one line each with its reason.
// Data only: `start.ts` runs it. Adding a signal is a line here and a sink or a stage of its own.
import type { SignalSchema } from '../schemas/tables.ts';

/** What takes the rows in the end. */
export type SinkName = 'samples' | 'processes' | 'logs' | 'records';

export interface Route {
  readonly topic: string;
  /** One group a sink: a store that does not answer holds up its own signal only. */
  readonly group: string;
  /** Schemas that may stand on the topic; any other goes to the dead letters. */
  readonly schemas: readonly SignalSchema[];
  readonly sink: SinkName;
  /** Files in `stages/`, in the order in which a message passes them. */
  readonly stages: readonly string[];
  /** A round is written when it has so many rows, or when its first message is so old. */
  readonly roundRows: number;
  readonly roundMs: number;
}

export const TOPOLOGY: readonly Route[] = [
  // Definitions stand ahead of their samples on one topic, so that they are upserted first; inserts are few and large.
  {
    topic: 'im.metrics',
    group: 'pipeline-samples',
    schemas: ['series', 'metrics'],
    sink: 'samples',
    stages: ['decode', 'series', 'samples'],
    roundRows: 50_000,
    roundMs: 1000,
  },
  // Same store as the samples, but a group of its own: a broken table of one must not hold up the other.
  {
    topic: 'im.processes',
    group: 'pipeline-processes',
    schemas: ['processes'],
    sink: 'processes',
    stages: ['decode', 'enrich', 'days'],
    roundRows: 50_000,
    roundMs: 1000,
  },
  // Documents have ids of their own: the search store itself tells a repeat, nothing has to be read back.
  { topic: 'im.logs', group: 'pipeline-logs', schemas: ['logs'], sink: 'logs', stages: ['decode', 'enrich', 'documents'], roundRows: 20_000, roundMs: 1000 },
  // Few rows, keyed upserts in one transaction; soon, because every other signal is enriched from the inventory.
  {
    topic: 'im.events',
    group: 'pipeline-records',
    schemas: ['inventory', 'events'],
    sink: 'records',
    stages: ['decode', 'inventory', 'events'],
    roundRows: 2000,
    roundMs: 100,
  },
];

export interface TopicPlan {
  readonly name: string;
  readonly retentionBytes: number;
  readonly retentionMs: number;
}

const DAY = 86_400_000;

/** Every topic that the pipeline reads or writes. What a slow store has not taken within these bounds is lost, and counted by the stream. */
export const TOPICS: readonly TopicPlan[] = [
  ...TOPOLOGY.map(({ topic }) => ({ name: topic, retentionBytes: 2 * 2 ** 30, retentionMs: 3 * DAY })),
  // Small, and kept for people to look at.
  { name: 'im.dead', retentionBytes: 256 * 2 ** 20, retentionMs: 14 * DAY },
];

export const DEAD_TOPIC = 'im.dead';
