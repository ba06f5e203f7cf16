// The pipeline: runs the topology over the ports that are handed in.
// What it does is in `topology.ts`; this only puts it together, and never opens a store.
import type { Logger } from '../core/logger.ts';
import type { Telemetry } from '../core/telemetry.ts';
import type { Columns } from '../engines/columns/port.ts';
import type { Records } from '../engines/records/port.ts';
import type { PartitionState, Stream } from '../engines/stream/port.ts';
import { TOPIC } from '../schemas/tables.ts';
import { Group } from './group.ts';
import { Inventory } from './inventory.ts';
import type { SeenMessage } from './progress.ts';
import { SeriesTable } from './series-table.ts';
import type { Sink } from './sink.ts';
import { recordsSink } from './sinks/records.ts';
import { type ColumnSinkOptions, samplesSink } from './sinks/samples.ts';
import { tableSink } from './sinks/table.ts';
import { logLines } from './stages/log-lines.ts';
import { processRows } from './stages/process-rows.ts';
import { StoreClock } from './standing.ts';
import { PARTITIONS, type SinkName, TOPICS, TOPOLOGY } from './topology.ts';
import { completeUpTo, type GroupView, latestOf } from './watermark.ts';

export interface PipelineOptions {
  readonly stream: Stream;
  readonly columns: Columns;
  readonly records: Records;
  readonly telemetry: Telemetry;
  readonly logger: Logger;
  /** Of topics that are not there yet. */
  readonly partitions?: number;
  /** Longest an insert may work in the store; must be below the time in which the stream gives up an owner. Default 8 s. */
  readonly maxExecutionMs?: number;
  /** How late data may come and is still waited for. Default 5 s. */
  readonly latenessMs?: number;
  /** ms. */
  readonly now?: () => number;
  /** What only tests switch off, to see that the loss or the repeat is found. */
  readonly switches?: { readonly readBack?: boolean; readonly seqCheck?: boolean };
}

export interface PartitionStatus {
  readonly group: string;
  readonly topic: string;
  readonly partition: number;
  /** Messages, at most: offsets may have gaps. */
  readonly lag: bigint;
  /** Why it waits for its store; undefined: it does not. */
  readonly trouble: string | undefined;
}

export interface PipelineStatus {
  readonly partitions: readonly PartitionStatus[];
  /** By topic: up to which moment (ns, exclusive) everything that came in is in its store; undefined: not known yet. */
  readonly completeUpTo: Readonly<Record<string, bigint | undefined>>;
}

export interface Pipeline {
  status(): Promise<PipelineStatus>;
  /** Largest run and seq of a sender that a store has taken; undefined when none is remembered. */
  lastOf(sender: string): SeenMessage | undefined;
  /** Whether all that was on the stream at this start is in the stores. */
  isCaughtUp(): boolean;
  /** As of the last time it was looked at (at most a second ago), by table of a store. */
  completeUpTo(table: string): bigint | undefined;
  /** What a keeper in this process shares with it, so that it hears of a change at once. */
  readonly shared: { readonly inventory: Inventory; readonly series: SeriesTable };
  stop(): Promise<void>;
}

const WATCH_MS = 1000;
const TOPIC_OF_TABLE: Readonly<Record<string, string>> = {
  samples: TOPIC.metrics,
  processes: TOPIC.processes,
  logs: TOPIC.logs,
  hosts_now: TOPIC.inventory,
  events: TOPIC.events,
};

/** Resolves when every group has joined; stores that do not answer are waited for later, by those that need them. */
export const startPipeline = async (options: PipelineOptions): Promise<Pipeline> => {
  const { stream, columns, records, telemetry, logger, partitions = PARTITIONS, now = Date.now, latenessMs = 5000 } = options;
  const { readBack = true, seqCheck = true } = options.switches ?? {};
  const groupsOf = (name: string): readonly string[] => TOPOLOGY.filter(({ topic }) => topic === name).map(({ group }) => group);
  await stream.ensureTopics(TOPICS.map((topic) => ({ ...topic, partitions, groups: groupsOf(topic.name) })));
  const before = new Map<string, readonly PartitionState[]>();
  for (const { topic } of TOPOLOGY) before.set(topic, await stream.partitions(topic));
  const inventory = new Inventory(records, logger);
  await inventory.start();
  const table = new SeriesTable(columns);
  const { maxExecutionMs = 8000 } = options;
  const clock = new StoreClock(columns);
  const columnSink: ColumnSinkOptions = { columns, clock, inventory, telemetry, log: logger, now, readBack, fence: true, maxExecutionMs };
  const sinks: Readonly<Record<SinkName, Sink>> = {
    samples: samplesSink(columnSink, table),
    processes: tableSink('processes', processRows, columnSink),
    logs: tableSink('logs', logLines, columnSink),
    records: recordsSink({ records, inventory }),
  };
  const groups = TOPOLOGY.map((route) => ({
    route,
    // A watermark is known as soon as the progress is, not only when it is next looked for.
    group: new Group({ route, sink: sinks[route.sink], stream, telemetry, log: logger, now, readBack, seqCheck, assigned: () => void watched() }),
  }));

  const complete = new Map<string, bigint | undefined>();
  const look = async (): Promise<readonly PartitionStatus[]> => {
    const out: PartitionStatus[] = [];
    // Before the lags are read: what had come by then is in all stores where nothing lags after.
    const furthest = latestOf(groups.flatMap(({ group }) => [...group.workers.values()].map((worker) => worker.time)));
    for (const { route, group } of groups) {
      const views: GroupView[] = [];
      for (const { partition, next, earliest } of await stream.partitions(route.topic)) {
        const worker = group.workers.get(partition);
        const done = worker?.next ?? 0n;
        const lag = next - (done > earliest ? done : earliest);
        views.push({ lag, time: worker?.time ?? 0n });
        out.push({ group: route.group, topic: route.topic, partition, lag, trouble: worker?.trouble?.message });
        telemetry.set('inframirror_pipeline_lag_messages', { group: route.group, partition: String(partition) }, Number(lag));
      }
      complete.set(route.topic, completeUpTo(views, furthest, latenessMs, now()));
    }
    return out;
  };
  const watched = (): Promise<unknown> => look().catch((error: unknown) => logger.debug('the stream did not tell its partitions', { error }));
  for (const { group } of groups) await group.start();
  const watch = setInterval(watched, WATCH_MS);
  watch.unref();

  let stopped: Promise<void> | undefined;
  const stop = async (): Promise<void> => {
    clearInterval(watch);
    await Promise.all(groups.map(({ group }) => group.stop()));
    await inventory.stop();
  };
  let caughtUp = false;
  const isCaughtUp = (): boolean => {
    caughtUp ||= groups.every(({ route, group }) =>
      before.get(route.topic)?.every(({ partition, next }) => next === 0n || (group.workers.get(partition)?.next ?? 0n) >= next),
    );
    return caughtUp;
  };
  return {
    shared: { inventory, series: table },
    isCaughtUp,
    status: async () => ({ partitions: await look(), completeUpTo: Object.fromEntries(complete) }),
    lastOf: (sender) => {
      let last: SeenMessage | undefined;
      for (const { group } of groups)
        for (const worker of group.workers.values()) {
          const at = worker.lastOf(sender);
          if (at !== undefined && (last === undefined || at.boot > last.boot || (at.boot === last.boot && at.seq > last.seq))) last = at;
        }
      return last;
    },
    completeUpTo: (name) => complete.get(TOPIC_OF_TABLE[name] ?? ''),
    stop: () => {
      stopped ??= stop();
      return stopped;
    },
  };
};
