// The pipeline's process: workers and keeper over the stores that the server has opened, which it is told when it has loaded. It ends when the
// server lets it go, and at once when the server is gone, however that came: stream and stores are gone then too.
import { createConnection } from 'node:net';
import { join } from 'node:path';
import { CodedError } from '../../core/errors.ts';
import { processLink, socketLink } from '../../core/node/links.ts';
import { type Methods, Peer } from '../../core/node/peer.ts';
import { KeptCalls } from '../../core/telemetry-calls.ts';
import { openClickHouse } from '../../engines/columns/clickhouse/open.ts';
import { lockFolder } from '../../engines/folder-lock.ts';
import { openPostgres } from '../../engines/records/postgres/postgres.ts';
import type { Elasticsearch } from '../../engines/search/elasticsearch/open.ts';
import type { Stream } from '../../engines/stream/port.ts';
import { connectStream } from '../../engines/stream/remote/remote-stream.ts';
import type { Keeper } from '../../pipeline/keeper.ts';
import { COMPLETE_TABLES, type Pipeline, startPipeline } from '../../pipeline/start.ts';
import { startKeeper } from '../../pipeline/start-keeper.ts';
import { ToldWrites } from '../../pipeline/told-writes.ts';
import { TOPOLOGY } from '../../pipeline/topology.ts';
import { liveRetention } from '../config/live.ts';
import type { Settings } from '../config/settings.ts';
import { storeFolder } from '../disk.ts';
import { growHeap } from '../heap.ts';
import type { StoreName } from '../installation/notes.ts';
import { missingRoom } from '../room.ts';
import { PIPELINE_FOLDER, PIPELINE_STATEMENTS } from './folder.ts';
import type { PipelineCalls, PipelineStart, PipelineState, ServerCalls, StreamAddress } from './protocol.ts';
import { relayedLogger } from './relayed-log.ts';
import { ToldWriter } from './told-file.ts';
import { writeTeller } from './written-rows.ts';

/** One of a server that was killed ends by itself; so long is waited for it. */
const LOCK_MS = 30_000;
const CONNECTIONS = 6;
const STATE_MS = 250;
const CALLS_MS = 1000;

growHeap();
process.umask(0o077);
// Ctrl-C and a service manager's stop reach every process of the group: when to end is the server's decision.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => {});
process.once('disconnect', () => process.exit());
if (!process.connected) process.exit();

interface Running {
  readonly pipeline: Pipeline;
  readonly keep: () => void;
  readonly stop: () => Promise<void>;
  readonly keeper: () => Keeper | undefined;
  isStuck: boolean;
}

let settings: Settings | undefined;
let running: Running | undefined;
const tell = <N extends keyof ServerCalls>(name: N, ...args: Parameters<ServerCalls[N]>): void => server.tell(name, ...args);
const telemetry = new KeptCalls();
const log = relayedLogger(
  (...record) => tell('log', ...record),
  () => settings?.['log.level'] ?? 'info',
);

const openStream = async (address: StreamAddress): Promise<Stream> => {
  if ('socket' in address) return connectStream(socketLink(createConnection(address.socket)));
  // Its client is loaded only where it is wanted.
  const { openKafkaStream } = await import('../../engines/stream/kafka/open.ts');
  return openKafkaStream({ ...address.kafka, logger: log });
};

const openDocuments = async (server: PipelineStart['search']): Promise<Elasticsearch | undefined> =>
  server === undefined ? undefined : (await import('../../engines/search/elasticsearch/open.ts')).openElasticsearch(server);

const start = async (options: PipelineStart): Promise<void> => {
  const { dataDir, isStreamAnew } = options;
  settings = options.settings;
  const now = (): Settings => settings as Settings;
  const folder = join(dataDir, PIPELINE_FOLDER);
  if ((await lockFolder(folder, LOCK_MS)) === undefined) throw new CodedError('data.in-use', { path: folder, holder: 'the pipeline of a server before' });
  const told = new ToldWriter(folder, options.run);
  const writes = new ToldWrites(writeTeller(told, server));
  const columns = writes.to(
    openClickHouse({
      ...options.columns,
      concurrency: PIPELINE_STATEMENTS,
      telemetry,
      inserted: (table, rows) => {
        if (table === 'marks' || table === 'series') told.tell(table, rows);
      },
    }),
  );
  const records = openPostgres(options.records, { log, poolSize: CONNECTIONS });
  const documents = await openDocuments(options.search);
  const stream = await openStream(options.stream);
  const partitions = 'kafka' in options.stream ? { partitions: options.stream.partitions } : {};
  const pipeline = await startPipeline({
    stream,
    columns,
    records,
    telemetry,
    logger: log,
    isStreamAnew,
    works: options.works,
    ...partitions,
    ...(documents && { documents: documents.writer }),
  });
  /** A server of its own keeps room on its disks itself. */
  const roomMissingOf = (store: StoreName): number => (options.folders.includes(store) ? missingRoom(storeFolder(dataDir, store), now()['disk.min_free']) : 0);
  const roomMissing = (): number => roomMissingOf('columns');
  let keeper: Keeper | undefined;
  const own: Running = {
    pipeline,
    isStuck: false,
    keeper: () => keeper,
    keep: () => {
      keeper ??= startKeeper({
        columns,
        records,
        telemetry,
        logger: log,
        shared: pipeline.shared,
        kept: liveRetention(now),
        missingRoom: () => (now()['disk.drop_oldest'] ? roomMissing() : 0),
        // Both stores write before they free.
        hasRoom: () => roomMissing() === 0 && roomMissingOf('records') === 0,
        stuck: (isStuck) => {
          own.isStuck = isStuck;
        },
        removing: (...removal) => writes.removing(...removal),
        ...(documents && { documents: documents.days }),
      });
    },
    stop: async () => {
      await keeper?.stop();
      await pipeline.stop();
      await stream.close();
      await documents?.search.close();
      await columns.close();
      await records.close();
      told.close();
    },
  };
  if (options.keeps) own.keep();
  running = own;
  tellState();
};

const stateOf = ({ pipeline, keeper, isStuck }: Running): PipelineState => {
  const { user, system } = process.cpuUsage();
  return {
    completeUpTo: new Map(
      COMPLETE_TABLES.flatMap((table) => {
        const until = pipeline.completeUpTo(table);
        return until === undefined ? [] : [[table, until] as const];
      }),
    ),
    caughtUp: [...TOPOLOGY.map(({ topic }) => topic), undefined].filter((topic) => pipeline.isCaughtUp(topic)),
    keeps: keeper()?.keeps === true,
    isStuck,
    memory: process.memoryUsage.rss(),
    cpu: (user + system) / 1e6,
  };
};
const tellState = (): void => {
  if (running !== undefined) tell('state', stateOf(running));
};
const tellCalls = (): void => {
  const calls = telemetry.take();
  if (calls !== undefined) tell('calls', calls);
};

const mustRun = (): Pipeline => {
  if (running === undefined) throw new CodedError('pipeline.busy', { reason: 'it has not begun' });
  return running.pipeline;
};
const holds = new Map<number, () => void>();
const calls: PipelineCalls = {
  start,
  keep: () => running?.keep(),
  settings: (changed) => {
    settings = changed;
  },
  status: () => mustRun().status(),
  lastOf: (sender) => mustRun().lastOf(sender),
  planReplay: async (...place) => (await mustRun().planReplay(...place)).plan,
  replay: async (...place) => (await mustRun().planReplay(...place)).run(),
  hold: async (patienceMs) => {
    const open = await mustRun().holdRounds(patienceMs);
    const hold = holds.size === 0 ? 1 : Math.max(...holds.keys()) + 1;
    holds.set(hold, open);
    return hold;
  },
  open: (hold) => {
    holds.get(hold)?.();
    holds.delete(hold);
  },
  holder: async () => running?.keeper()?.holder(),
  pulse: () => undefined,
  stop: async () => {
    await running?.stop();
    tellState();
    tellCalls();
  },
};
const server = new Peer(processLink(process), calls as unknown as Methods, () => new CodedError('pipeline.busy', { reason: 'the server is gone' }));
setInterval(tellState, STATE_MS);
setInterval(tellCalls, CALLS_MS);
