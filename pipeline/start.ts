// The pipeline: runs the topology over the ports that are handed in.
// What it does is in `topology.ts`; this only puts it together, and never opens a store.
import { columnOf, valueAt } from '../core/batch/batch.ts';
import type { Logger } from '../core/logger.ts';
import type { Telemetry } from '../core/telemetry.ts';
import type { ColumnStore } from '../engines/columns/port.ts';
import type { Records } from '../engines/records/port.ts';
import type { SearchWriter } from '../engines/search/port.ts';
import type { PartitionState, Stream } from '../engines/stream/port.ts';
import { TOPIC } from '../schemas/tables.ts';
import { Group } from './group.ts';
import { Inventory } from './inventory.ts';
import { beginGroup, placesFor, putGroup, type Replayed, type ReplayFrom, replayedOf, routeOf } from './places.ts';
import { decodeProgress } from './progress.ts';
import { RoundGate } from './round-gate.ts';
import type { SeenMessage } from './senders.ts';
import { SeriesTable } from './series-table.ts';
import type { Sink } from './sink.ts';
import { documentsSink } from './sinks/documents.ts';
import { logsSink } from './sinks/logs.ts';
import { recordsSink } from './sinks/records.ts';
import { type ColumnSinkOptions, samplesSink } from './sinks/samples.ts';
import { tableSink } from './sinks/table.ts';
import { hostRows } from './stages/host-rows.ts';
import { StoreClock } from './standing.ts';
import { PARTITIONS, type Route, type SinkName, TOPOLOGY, topicsOf } from './topology.ts';
import { completeUpTo, type GroupView, latestOf } from './watermark.ts';

export interface PipelineOptions {
  readonly stream: Stream;
  readonly columns: ColumnStore;
  readonly records: Records;
  readonly telemetry: Telemetry;
  readonly logger: Logger;
  /** Of topics that are not there yet. */
  readonly partitions?: number;
  /** Longest an insert may work in the store; must be below the time in which the stream gives up an owner. Default 8 s. */
  readonly maxExecutionMs?: number;
  /** How late data may come and is still waited for. Default 5 s. */
  readonly latenessMs?: number;
  /** Whether it takes partitions; else it only tells how far those are that do. Default: it does. */
  readonly works?: boolean;
  /** The stream was lost and has begun anew, while the stores have what came through it: that may come again. */
  readonly isStreamAnew?: boolean;
  /** ms. */
  readonly now?: () => number;
  /** Where log lines go, where the search store keeps documents of its own; default: the column store. */
  readonly documents?: SearchWriter;
  /** Of the column store, by which its inserts have deadlines. Default: as it tells, asked for once a minute. */
  readonly clock?: ColumnSinkOptions['clock'];
  /** How long the first message of a round waits for more, ms; default: as the topology says of each. Where hours pass in seconds none need wait. */
  readonly roundMs?: number;
  /** What only tests switch off, to see that the loss or the repeat is found. */
  readonly switches?: { readonly readBack?: boolean; readonly seqCheck?: boolean; readonly fence?: boolean };
}

export interface PartitionStatus {
  readonly group: string;
  readonly topic: string;
  readonly partition: number;
  /** Messages, at most: offsets may have gaps. */
  readonly lag: bigint;
  /** Why it waits for its store, or does not begin; undefined: neither. */
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
  /** Whether all that was on the stream, or on that topic of it, at this start is in the stores. */
  isCaughtUp(topic?: string): boolean;
  /** As of the last time it was looked at (at most a second ago), by table of a store. */
  completeUpTo(table: string): bigint | undefined;
  /** What a keeper in this process shares with it, so that it hears of a change at once. */
  readonly shared: { readonly inventory: Inventory; readonly series: SeriesTable; readonly keeperGate: RoundGate };
  /**
   * What would come of it if a topic were read again from there on, or begun, and what does so when it is called; nothing is changed before.
   * Rejects with `pipeline.no-topic`, `pipeline.beyond`, and `pipeline.skips` (see `placesFor`).
   */
  planReplay(
    topic: string,
    from: ReplayFrom,
    skipUnread?: boolean,
  ): Promise<{ readonly plan: readonly Replayed[]; readonly run: () => Promise<readonly Replayed[]> }>;
  /** Lets the rounds in hand end, and what this process's keeper writes to several tables, and none begin, until what it resolves to is called: see `RoundGate.hold`. */
  holdRounds(patienceMs: number): Promise<() => void>;
  stop(): Promise<void>;
}

const WATCH_MS = 1000;
const BEGIN_AGAIN_MS = 10_000;
/** Of a question of the whole table, asked once. */
const UNBOUNDED = { max_rows_to_read: 0, max_execution_time: 600 } as const;
const KEEPER_PATIENCE_MS = 600_000;
const TOPIC_OF_TABLE: Readonly<Record<string, string>> = {
  samples: TOPIC.metrics,
  histograms: TOPIC.histograms,
  summaries: TOPIC.summaries,
  processes: TOPIC.processes,
  jvm: TOPIC.jvm,
  logs: TOPIC.logs,
  hosts_now: TOPIC.inventory,
  events: TOPIC.events,
};
/** Tables of which it is told up to when they are complete. */
export const COMPLETE_TABLES: readonly string[] = Object.keys(TOPIC_OF_TABLE);

interface Place {
  readonly next: bigint;
  /** Largest event time taken, ns; 0: none. */
  readonly time: bigint;
}

/** As saved, by whichever process has the partition. */
const placesOf = async (stream: Pick<Stream, 'committed'>, topic: string, group: string): Promise<ReadonlyMap<number, Place>> =>
  new Map((await stream.committed(group, topic)).map(({ partition, next, progress }) => [partition, { next, time: decodeProgress(progress).progress.time }]));

/** Up to when samples stand, ns: of a stream whose places nothing tells, what is not later may stand already, and is marked for those who read. */
const storedUntilOf = async (columns: Pick<ColumnStore, 'query'>): Promise<bigint> => {
  const { batches } = await columns.query('SELECT toUnixTimestamp64Nano(toDateTime64(max(time), 9)) AS until FROM samples', { settings: UNBOUNDED });
  const [batch] = batches;
  return batch === undefined || batch.length === 0 ? 0n : BigInt(valueAt(columnOf(batch, 'until'), 0) as bigint);
};

/** Resolves when every group has joined; stores that do not answer are waited for later, by those that need them. */
export const startPipeline = async (options: PipelineOptions): Promise<Pipeline> => {
  const { stream, columns, records, telemetry, logger, partitions = PARTITIONS, now = Date.now, latenessMs = 5000 } = options;
  const { works = true } = options;
  const { readBack = true, seqCheck = true, fence = true } = options.switches ?? {};
  await stream.ensureTopics(topicsOf(partitions));
  const before = new Map<string, readonly PartitionState[]>();
  for (const { topic } of TOPOLOGY) before.set(topic, await stream.partitions(topic));
  const inventory = new Inventory(records, logger);
  await inventory.start();
  const table = new SeriesTable(columns, now);
  const { maxExecutionMs = 8000 } = options;
  const { clock = new StoreClock(columns) } = options;
  const columnSink: ColumnSinkOptions = { columns, clock, inventory, telemetry, log: logger, now, readBack, fence, maxExecutionMs };
  const sinks: Readonly<Record<SinkName, Sink>> = {
    samples: samplesSink(columnSink, table),
    processes: tableSink('processes', hostRows('processes'), columnSink),
    jvm: tableSink('jvm', hostRows('jvm'), columnSink),
    logs: options.documents === undefined ? logsSink(columnSink) : documentsSink({ writer: options.documents, inventory }),
    records: recordsSink({ records, inventory }),
  };
  const [gate, keeperGate] = [new RoundGate(), new RoundGate()];
  // First the keeper, whose work may take minutes, so that rounds are held for a moment only.
  const holdRounds = async (patienceMs: number): Promise<() => void> => {
    const openKeeper = await keeperGate.hold(KEEPER_PATIENCE_MS);
    try {
      const open = await gate.hold(patienceMs);
      return () => {
        open();
        openKeeper();
      };
    } catch (error) {
      openKeeper();
      throw error;
    }
  };
  interface Running {
    readonly route: Route;
    readonly group: Group;
    /** Why it has not begun. */
    refusal: Error | undefined;
  }
  const groups = TOPOLOGY.map((route) => ({ ...route, roundMs: options.roundMs ?? route.roundMs })).map(
    (route): Running => ({
      route,
      refusal: undefined,
      // A watermark is known as soon as the progress is, not only when it is next looked for.
      group: new Group({ route, sink: sinks[route.sink], stream, telemetry, log: logger, now, readBack, seqCheck, gate, assigned: () => void watched() }),
    }),
  );

  const complete = new Map<string, bigint | undefined>();
  let known: ReadonlyMap<string, ReadonlyMap<number, Place>> = new Map();
  const look = async (): Promise<readonly PartitionStatus[]> => {
    const out: PartitionStatus[] = [];
    // Before the lags are read: what had come by then is in all stores where nothing lags after.
    const places = new Map<string, ReadonlyMap<number, Place>>();
    for (const { route } of groups) places.set(route.topic, await placesOf(stream, route.topic, route.group));
    const furthest = latestOf([...places.values()].flatMap((own) => [...own.values()].map(({ time }) => time)));
    for (const { route, group, refusal } of groups) {
      const views: GroupView[] = [];
      for (const { partition, next, earliest } of await stream.partitions(route.topic)) {
        const { next: done = 0n, time = 0n } = places.get(route.topic)?.get(partition) ?? {};
        let from = earliest;
        if (done > from) from = done;
        const lag = next - from;
        views.push({ lag, time });
        const trouble = refusal?.message ?? group.workers.get(partition)?.trouble?.message ?? group.trouble?.message;
        out.push({ group: route.group, topic: route.topic, partition, lag, trouble });
        telemetry.set('inframirror_pipeline_lag_messages', { group: route.group, partition: String(partition) }, Number(lag));
      }
      const newest = latestOf([...(places.get(route.topic)?.values() ?? [])].map(({ time }) => time));
      if (newest > 0n) telemetry.set('inframirror_pipeline_newest_timestamp_seconds', { topic: route.topic }, Number(newest / 1_000_000n) / 1000);
      complete.set(route.topic, completeUpTo(views, furthest, latenessMs, now()));
    }
    known = places;
    return out;
  };
  const watched = (): Promise<unknown> => look().catch((error: unknown) => logger.debug('the stream did not tell its partitions', { error }));
  const isStreamAnew = options.isStreamAnew === true;
  // It names places in the former.
  if (isStreamAnew) await records.query('DELETE FROM dead_letters_done');
  const storedUntil = isStreamAnew ? await storedUntilOf(columns) : 0n;
  const begin = async (running: Running): Promise<void> => {
    running.refusal = await beginGroup(stream, running.route, running.route.sink === 'samples' ? storedUntil : 0n);
    if (running.refusal === undefined && works) await running.group.start();
  };
  // Also where others work: before anything is taken in here it must stand from where on they read it.
  for (const running of groups) {
    await begin(running);
    if (running.refusal !== undefined) logger.error('a group does not begin', { group: running.route.group, error: running.refusal });
  }
  const beginning = setInterval(() => {
    // Its place may have been put by another process since.
    for (const running of groups)
      if (running.refusal !== undefined) void begin(running).catch((error: unknown) => logger.debug('a group does not begin', { error }));
  }, BEGIN_AGAIN_MS);
  beginning.unref();
  const planReplay = async (topic: string, from: ReplayFrom, skipUnread = false): ReturnType<Pipeline['planReplay']> => {
    const route = routeOf(topic);
    const running = groups.find((candidate) => candidate.route.group === route.group) as Running;
    // A group that is taken away and comes back has lost its place in the middle of its work, for nothing where this is refused.
    const places = await placesFor(stream, route, from, skipUnread);
    const run = async (): Promise<readonly Replayed[]> => {
      let replayed: readonly Replayed[] = [];
      const put = async (): Promise<void> => {
        replayed = await putGroup(stream, route, from, { skipUnread, ...(route.sink === 'samples' ? { storedUntil: () => storedUntilOf(columns) } : {}) });
      };
      await (works ? running.group.away(put) : put());
      running.refusal = undefined;
      for (const { partition, from: offset, messages, skipped, skippedFrom } of replayed) {
        const given = skipped === 0n ? {} : { skipped: String(skipped), skippedFrom: String(skippedFrom) };
        logger.info('a topic is read from another place', {
          group: route.group,
          topic,
          partition,
          offset: String(offset),
          messages: String(messages),
          ...given,
        });
      }
      await watched();
      return replayed;
    };
    return { plan: places.map((place) => replayedOf(route, place)), run };
  };
  const watch = setInterval(watched, WATCH_MS);
  watch.unref();

  let stopped: Promise<void> | undefined;
  const stop = async (): Promise<void> => {
    clearInterval(watch);
    clearInterval(beginning);
    await Promise.all(groups.map(({ group }) => group.stop()));
    await inventory.stop();
  };
  const caughtUp = new Set<string>();
  const hasCaughtUp = (topic: string): boolean => {
    if (!caughtUp.has(topic) && before.get(topic)?.every(({ partition, next }) => next === 0n || (known.get(topic)?.get(partition)?.next ?? 0n) >= next))
      caughtUp.add(topic);
    return caughtUp.has(topic);
  };
  return {
    shared: { inventory, series: table, keeperGate },
    isCaughtUp: (topic) => (topic === undefined ? groups.every(({ route }) => hasCaughtUp(route.topic)) : hasCaughtUp(topic)),
    status: async () => ({ partitions: await look(), completeUpTo: Object.fromEntries(complete) }),
    lastOf: (sender) => {
      let last: SeenMessage | undefined;
      for (const { group } of groups)
        for (const worker of group.workers.values()) {
          const at = worker.lastOf(sender);
          if (at === undefined || (last !== undefined && at.boot < last.boot)) continue;
          if (last?.boot !== at.boot) last = at;
          else last = { ...(at.seq > last.seq ? at : last), prints: [...last.prints, ...at.prints] };
        }
      return last;
    },
    planReplay,
    holdRounds,
    completeUpTo: (name) => complete.get(TOPIC_OF_TABLE[name] ?? ''),
    stop: () => {
      stopped ??= stop();
      return stopped;
    },
  };
};
