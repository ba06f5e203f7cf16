// The one file that decides between servers of their own, which the settings name, and engines that this program keeps itself in the data folder.
// What is behind the ports is known here alone.
import { join } from 'node:path';
import { CodedError, hasCode } from '../core/errors.ts';
import { type Generation, NO_GENERATION } from '../core/generation.ts';
import type { Logger } from '../core/logger.ts';
import { makeFolder } from '../core/node/make-folder.ts';
import type { Telemetry } from '../core/telemetry.ts';
import { columnsInstallation } from '../engines/columns/clickhouse/installation.ts';
import { DEFINITIONS } from '../engines/columns/clickhouse/migrate.ts';
import { openClickHouse } from '../engines/columns/clickhouse/open.ts';
import { prepareClickHouse } from '../engines/columns/clickhouse/prepare.ts';
import { type EmbeddedColumns, startEmbeddedColumns } from '../engines/columns/embedded/start.ts';
import type { ColumnStore } from '../engines/columns/port.ts';
import type { PostgresConnection } from '../engines/records/connection.ts';
import { startEmbeddedPostgres } from '../engines/records/embedded/embedded.ts';
import { recordsInstallation } from '../engines/records/installation.ts';
import type { Records } from '../engines/records/port.ts';
import { openPostgres } from '../engines/records/postgres/postgres.ts';
import { openColumnSearch } from '../engines/search/embedded/open.ts';
import type { Search } from '../engines/search/port.ts';
import type { EmbeddedStream } from '../engines/stream/embedded.ts';
import type { Stream } from '../engines/stream/port.ts';
import type { Problem } from '../graphql/service.ts';
import { topicsOf } from '../pipeline/topology.ts';
import { brokenParts } from './broken-parts.ts';
import type { Installation } from './installation/installation.ts';
import { STORE_NAMES, type StoreName } from './installation/notes.ts';
import { PIPELINE_FOLDER, PIPELINE_STATEMENTS } from './pipeline/folder.ts';
import { HeardRows } from './pipeline/heard-rows.ts';
import type { ColumnsAddress, StreamAddress } from './pipeline/protocol.ts';
import { isFull } from './reserve.ts';
import type { ClickHouseServer, Servers } from './servers.ts';
import { type KeptStream, startStream } from './stream/kept-stream.ts';

/** A child process of ours that keeps a store, as it is now. */
export interface StoreProcess {
  readonly pid: number | undefined;
  readonly restarts: number;
}

/** What keeps a store: a process of ours, or a server of its own at an address. */
export type StoreKeeper = StoreProcess | { readonly at: string };

/** The stream as the server's process has it. */
export interface OpenedStream {
  readonly stream: Stream;
  /** How the pipeline's process reaches it. */
  readonly address: StreamAddress;
  /** Only of one that is kept here. */
  readonly snapshot: EmbeddedStream['snapshot'] | undefined;
  /** Durable on resolve. */
  readonly belongTo: (installation: string, generation: Generation) => Promise<void>;
  readonly at: string | undefined;
}

export interface Engines {
  readonly columns: ColumnStore;
  readonly search: Search;
  readonly records: Records;
  /** What the pipeline writes into these tables, which no one else does. */
  readonly told: HeardRows;
  /** How the pipeline's process reaches the stores. */
  readonly addresses: {
    readonly columns: ColumnsAddress;
    readonly search: Servers['search'];
    readonly records: PostgresConnection;
    readonly folders: readonly StoreName[];
  };
  /** What was found wrong at the start. */
  readonly problems: readonly Problem[];
  readonly keepers: { readonly columns: StoreKeeper; readonly search: StoreKeeper; readonly records: StoreKeeper };
  /** Ends what was started. */
  stop(): Promise<void>;
}

/** Until the next start, which finds them no more. */
const putAside = ({ aside }: Pick<EmbeddedColumns, 'aside'>): readonly Problem[] =>
  aside.length === 0
    ? []
    : [
        {
          part: 'column store',
          message: `a removal of rows was only half written when the disk was full or the machine went down, and was put aside: ${aside.join(', ')}`,
          mend: 'Nothing is lost: what it was to remove is removed by the next look. Make room where the disk is nearly full. The file is of no use any more.',
        },
      ];

const part = async <T>(name: string, start: () => Promise<T>): Promise<T> => {
  try {
    return await start();
  } catch (error) {
    throw new CodedError('start.part', { part: name, reason: (error as Error).message }, { cause: error });
  }
};

/** Where stores are that are servers of their own, for people: without user and password. */
export const placesOf = ({ stream, columns, records }: Servers): Partial<Readonly<Record<StoreName, string>>> => ({
  ...(stream && { stream: `Kafka at ${stream.kafka.brokers.join(', ')}` }),
  ...(columns && { columns: `ClickHouse at ${columns.urls.join(', ')}, database ${columns.database}` }),
  ...(records && { records: `PostgreSQL at ${records.host}:${records.port}, database ${records.database}` }),
});

type Checker = Pick<Installation, 'check' | 'isGivenUp' | 'putAside'>;

const keepStream = async (dataDir: string, maxBytes: number, telemetry: Telemetry, installation: Checker): Promise<OpenedStream> => {
  const open = (): Promise<KeptStream> => startStream({ dir: join(dataDir, 'stream'), maxBytes, socketFolder: join(dataDir, PIPELINE_FOLDER), telemetry });
  let stream = await open();
  try {
    if (installation.isGivenUp('stream', stream.identity())) {
      await stream.close();
      installation.putAside('stream');
      stream = await open();
    }
    installation.check('stream', stream.identity());
  } catch (error) {
    await stream.close();
    throw error;
  }
  return {
    stream,
    address: { socket: stream.socket },
    snapshot: () => stream.snapshot(),
    belongTo: (...whose) => stream.belongTo(...whose),
    at: undefined,
  };
};

const reachKafka = async (
  servers: Servers & { readonly stream: NonNullable<Servers['stream']> },
  log: Logger,
  installation: Checker,
): Promise<OpenedStream> => {
  const { openKafkaStream } = await import('../engines/stream/kafka/open.ts');
  const stream = await openKafkaStream({ ...servers.stream.kafka, logger: log });
  try {
    installation.check('stream', { installation: await stream.owner(), generation: NO_GENERATION });
    await stream.ensureTopics(topicsOf(servers.stream.partitions));
  } catch (error) {
    await stream.close();
    throw error;
  }
  return { stream, address: servers.stream, snapshot: undefined, belongTo: (whose) => stream.belongTo(whose), at: placesOf(servers).stream };
};

/** Before the other stores, whose folder must be ours already. Rejects with `start.part`. */
export const openStream = (
  { dataDir, maxBytes, servers, telemetry, log }: StoreOptions & { readonly maxBytes: number },
  installation: Checker,
): Promise<OpenedStream> =>
  part('the stream', () =>
    servers.stream === undefined
      ? keepStream(dataDir, maxBytes, telemetry, installation)
      : reachKafka({ ...servers, stream: servers.stream }, log, installation),
  );

/** What all gave; where one failed, rejects with the first of them after all have ended. */
const together = async <A, B>(a: Promise<A>, b: Promise<B>): Promise<readonly [A, B]> => {
  await Promise.allSettled([a, b]);
  return Promise.all([a, b]);
};

export interface StoreOptions {
  readonly dataDir: string;
  readonly servers: Servers;
  readonly log: Logger;
  readonly telemetry: Telemetry;
}

/** Statements at once of a server of its own, of which other processes have some too. */
const SERVER_STATEMENTS = 24;

interface OpenedColumns {
  readonly columns: ColumnStore;
  readonly keeper: StoreKeeper;
  readonly address: ColumnsAddress;
  readonly aside: readonly string[];
}

interface OpenedRecords {
  readonly records: Records;
  readonly keeper: StoreKeeper;
  readonly address: PostgresConnection;
}

/** Starts the stores, looks whose they are, and migrates them; rejects with `start.part`, which names the one that failed, after ending the others. */
export const startEngines = async (
  { dataDir, servers, log, telemetry }: StoreOptions,
  installation: Pick<Installation, 'check' | 'checkTogether'>,
): Promise<Engines> => {
  const undo: (() => Promise<void>)[] = [];
  const stop = async (): Promise<void> => {
    for (const end of undo.splice(0).reverse()) await end().catch((error: unknown) => log.error('a store did not end cleanly', { error }));
  };
  makeFolder(join(dataDir, PIPELINE_FOLDER));
  const told = new HeardRows(join(dataDir, PIPELINE_FOLDER));
  const places = placesOf(servers);
  const keepColumns = async (): Promise<OpenedColumns> => {
    const child = await startEmbeddedColumns({ dataDir: join(dataDir, 'columns'), log, definitions: DEFINITIONS });
    undo.push(() => child.stop());
    const { url, socketPath, incoming, aside } = child;
    const address = { url, socketPath, incoming };
    return {
      columns: told.before(openClickHouse({ ...address, concurrency: child.statements - PIPELINE_STATEMENTS, telemetry })),
      keeper: child,
      address,
      aside,
    };
  };
  const reachColumns = async (server: ClickHouseServer): Promise<OpenedColumns> => {
    const address = columnsAddress(server);
    await prepareClickHouse(address);
    return {
      columns: openClickHouse({ ...address, concurrency: SERVER_STATEMENTS, telemetry }),
      keeper: { at: places.columns as string },
      address,
      aside: [],
    };
  };
  const openColumns = async (): Promise<OpenedColumns> => {
    const opened = await (servers.columns === undefined ? keepColumns() : reachColumns(servers.columns));
    undo.push(() => opened.columns.close());
    installation.check('columns', await columnsInstallation(opened.columns));
    return opened;
  };
  const openRecords = async (): Promise<OpenedRecords> => {
    const server = servers.records === undefined ? await startEmbeddedPostgres({ dataDir: join(dataDir, 'records'), log }) : undefined;
    if (server !== undefined) undo.push(() => server.stop());
    const address = server?.connection ?? (servers.records as PostgresConnection);
    const records = openPostgres(address, { log });
    undo.push(() => records.close());
    installation.check('records', await recordsInstallation(records));
    return { records, keeper: server ?? { at: places.records as string }, address };
  };
  try {
    const [{ columns, ...own }, { records, ...rows }] = await together(part('the column store', openColumns), part('the record store', openRecords));
    installation.checkTogether();
    const search = await part('the search store', () => openSearch(servers.search, columns));
    undo.push(() => search.close());
    const searchPlace = searchPlaceOf(servers);
    const isKept = servers.columns === undefined;
    const [problems] = await together(
      part('the column store', async () => {
        await columns.migrate(() => !isKept || !isFull(join(dataDir, 'columns')));
        return isKept ? [...putAside(own), ...(await brokenParts(columns))] : [];
      }),
      part('the record store', () => records.migrate()),
    );
    if (servers.search !== undefined) await part('the search store', () => migrateSearch(search, log));
    for (const { part: name, message } of problems) log.error(message, { part: name });
    return {
      columns,
      search,
      records,
      told,
      addresses: { columns: own.address, search: servers.search, records: rows.address, folders: STORE_NAMES.filter((name) => places[name] === undefined) },
      keepers: { columns: own.keeper, search: searchPlace === undefined ? own.keeper : { at: searchPlace }, records: rows.keeper },
      problems,
      stop: async () => {
        told.stop();
        await stop();
      },
    };
  } catch (error) {
    await stop();
    throw error;
  }
};

export const searchPlaceOf = ({ search }: Servers): string | undefined =>
  search && `Elasticsearch at ${search.nodes.join(', ')}, indices ${search.indexPrefix}-…`;

const openSearch = async (server: Servers['search'], columns: ColumnStore): Promise<Search> => {
  if (server === undefined) return openColumnSearch(columns);
  const { openElasticsearch } = await import('../engines/search/elasticsearch/open.ts');
  return openElasticsearch(server).search;
};

/** One that is away holds up log lines alone, which wait on the stream. */
const migrateSearch = (search: Search, log: Logger): Promise<void> =>
  search.migrate().catch((error: unknown) => {
    if (!hasCode(error, 'search.unavailable')) throw error;
    log.error('the search store does not answer; log lines wait on the stream until it does', { error });
  });

/** As every process reaches it. */
export const columnsAddress = ({ urls, username, password, database, tls, cluster }: ClickHouseServer): ColumnsAddress => ({
  url: urls,
  username,
  tls,
  ...(cluster === undefined ? {} : { cluster }),
  ...(password === undefined ? {} : { password }),
  database,
});
