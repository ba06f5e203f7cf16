// What the server and the pipeline's process say to each other, over the channel that Node keeps between a process and its child.
import type { LogLevel } from '../../core/logger.ts';
import type { WireError } from '../../core/node/wire-error.ts';
import type { TelemetryCalls } from '../../core/telemetry-calls.ts';
import type { ClickHouseOptions } from '../../engines/columns/clickhouse/open.ts';
import type { PostgresConnection } from '../../engines/records/connection.ts';
import type { LockHolder } from '../../engines/records/port.ts';
import type { ElasticsearchOptions } from '../../engines/search/elasticsearch/open.ts';
import type { Replayed, ReplayFrom } from '../../pipeline/places.ts';
import type { SeenMessage } from '../../pipeline/senders.ts';
import type { PipelineStatus } from '../../pipeline/start.ts';
import type { Stretch } from '../../schemas/stretch.ts';
import type { Settings } from '../config/settings.ts';
import type { StoreName } from '../installation/notes.ts';
import type { KafkaServer } from '../servers.ts';

/** How the column store is reached: one that the server's process keeps, or a server of its own. */
export type ColumnsAddress = Pick<ClickHouseOptions, 'url' | 'socketPath' | 'incoming' | 'username' | 'password' | 'database' | 'tls' | 'cluster'>;

/** How the stream is reached: by the socket of the thread that keeps it, or as a Kafka. */
export type StreamAddress = { readonly socket: string } | { readonly kafka: KafkaServer; readonly partitions: number };

export interface PipelineStart {
  readonly dataDir: string;
  readonly stream: StreamAddress;
  readonly columns: ColumnsAddress;
  /** undefined: log lines rest in the column store. */
  readonly search: ElasticsearchOptions | undefined;
  readonly records: PostgresConnection;
  readonly settings: Settings;
  readonly isStreamAnew: boolean;
  /** Stores whose folders are in the data folder, whose disks are kept from being full. */
  readonly folders: readonly StoreName[];
  /** Whether it takes partitions; else it only looks how far those are that do. */
  readonly works: boolean;
  /** Whether it keeps too. */
  readonly keeps: boolean;
  /** Under which it tells of marks and series; see `ToldReader`. */
  readonly run: number;
}

/** How it is, told when it has changed. */
export interface PipelineState {
  /** By table of a store; see `Pipeline.completeUpTo`. */
  readonly completeUpTo: ReadonlyMap<string, bigint>;
  /** Topics of which all that was there at its start is in the stores; `undefined` among them: all topics. */
  readonly caughtUp: readonly (string | undefined)[];
  readonly keeps: boolean;
  /** Whether nothing is left that may be removed for room. */
  readonly isStuck: boolean;
  /** Of its process, bytes. */
  readonly memory: number;
  /** Processor time, s. */
  readonly cpu: number;
}

/** A field of a record of the log: its name, its value, or the error that it is. */
export type WireField = readonly [name: string, value: unknown] | readonly [name: string, value: undefined, error: WireError];

/** What the pipeline's process can be asked. */
export interface PipelineCalls {
  start(options: PipelineStart): Promise<void>;
  keep(): void;
  settings(settings: Settings): void;
  status(): Promise<PipelineStatus>;
  lastOf(sender: string): SeenMessage | undefined;
  planReplay(topic: string, from: ReplayFrom, skipUnread: boolean | undefined): Promise<readonly Replayed[]>;
  replay(topic: string, from: ReplayFrom, skipUnread: boolean | undefined): Promise<readonly Replayed[]>;
  /** Names what `open` ends. */
  hold(patienceMs: number): Promise<number>;
  open(hold: number): void;
  holder(): Promise<LockHolder | undefined>;
  pulse(): void;
  /** Ends what it does; then it may be let go. */
  stop(): Promise<void>;
}

/** What it tells the server. */
export interface ServerCalls {
  log(level: LogLevel, message: string, fields: readonly WireField[]): void;
  calls(calls: TelemetryCalls): void;
  state(state: PipelineState): void;
  /** Rows of these are about to go; see `WriteTeller`. */
  removing(write: number, rows: readonly Stretch[]): void;
}
