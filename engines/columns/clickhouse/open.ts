// The port `ColumnStore` over ClickHouse's HTTP protocol as `http.ts` speaks it: a server, or the embedded child behind a socket.
// One class for both; it only knows that a server has profiles, so that each statement says what it means.
import { randomUUID } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { type Batch, columnOf } from '../../../core/batch/batch.ts';
import { CodedError } from '../../../core/errors.ts';
import { decodeStream } from '../../../core/ipc/read.ts';
import { encodeStream, streamParts } from '../../../core/ipc/write.ts';
import { noTelemetry, type Telemetry } from '../../../core/telemetry.ts';
import { ANSWER_HEADER, answerFile, DATA_HEADER, type IncomingFile, writeIncoming } from '../incoming.ts';
import type { ColumnStore, InsertOptions, Parameters, QueryAnswer, QueryOptions } from '../port.ts';
import { columnsError } from './errors.ts';
import type { HttpTls } from './http.ts';
import { Limiter } from './limiter.ts';
import { migrateColumns } from './migrate.ts';
import { ONCE, onCluster, QUEUED, TWICE } from './on-cluster.ts';
import { formOf, parameterText } from './parameters.ts';
import { Replicas } from './replicas.ts';
import { ANSWER, MEANING, ONE_PART, QUERY_LIMITS, type Settings } from './settings.ts';
import { structureOf } from './structure.ts';

export interface ClickHouseOptions {
  /** http: or https:, without path. Several: replicas of one another, of which one that answers is enough. */
  readonly url: string | readonly string[];
  /** Unix socket to go through instead of the address in `url`. */
  readonly socketPath?: string;
  /** Default `default`. */
  readonly username?: string;
  readonly password?: string;
  readonly tls?: HttpTls;
  /** Of an embedded store: the folder where it finds the data of inserts. Otherwise that goes with the request. */
  readonly incoming?: string;
  /** Must exist: `prepareClickHouse` makes it. Default `default`. */
  readonly database?: string;
  /** Name of the cluster of which the servers are: each table is made on all of them, replicated between those of a shard. */
  readonly cluster?: string;
  /** Calls at once, below what the server allows (default 24). Kills and pings are not counted. */
  readonly concurrency?: number;
  /** How long one call may take at most where nothing else is said of it, the waiting for its answer included. Default 10 min. */
  readonly requestTimeoutMs?: number;
  /** `inframirror_columns_insert_seconds {table}`. */
  readonly telemetry?: Telemetry;
  /** Told of rows that stand, before whoever inserted them. */
  readonly inserted?: (table: string, rows: Batch) => void;
}

export const openClickHouse = (options: ClickHouseOptions): ColumnStore => new ClickHouseColumns(options);

/** Tables and columns come from our own schemas, never from users; anything else is a mistake in the program. */
const IDENTIFIER = /^[A-Za-z_][\w.]*$/;
const identifier = (name: string): string => {
  if (!IDENTIFIER.test(name)) throw new TypeError(`${JSON.stringify(name)} is no name of a table or column`);
  return `\`${name}\``;
};

/** How much longer than its statement may work a call waits: for the way there and back, and for a store that looks at its clock late. */
const ANSWER_MS = 10_000;
/** Of statements that may work for as long as they want (`max_execution_time = 0`). */
const LONGEST_CALL_MS = 86_400_000;

/** Of inserts of which nothing is said: they are small. */
const INSERT_MS = 60_000;
/** A store that takes longer to end statements, or does not answer, is asked again by whoever needs to know. */
const KILL_CALL_MS = 30_000;
const PING_MS = 5000;
const KILL_AGAIN_MS = 20;
const SYNCED: Settings = { receive_timeout: 60, max_execution_time: 60 };
/** How long a stopped question waits until the store has ended it. */
const KILL_MS = 2000;

const UNTIL = "fromUnixTimestamp64Milli({deadline:Int64}, 'UTC')";

class ClickHouseColumns implements ColumnStore {
  readonly #http: Replicas;
  /** Of every statement. */
  readonly #always: Settings;
  readonly #database: string;
  readonly #cluster: string | undefined;
  readonly #limiter: Limiter;
  readonly #requestTimeoutMs: number;
  readonly #telemetry: Telemetry;
  readonly #incoming: string | undefined;
  readonly #inserted: ClickHouseOptions['inserted'];
  /** Calls in hand by query id: a kill waits for these. */
  readonly #inHand = new Map<string, Promise<unknown>>();
  #closed = false;

  constructor({
    url,
    socketPath,
    tls,
    username = 'default',
    password = '',
    incoming,
    database = 'default',
    cluster,
    concurrency = 24,
    requestTimeoutMs = 600_000,
    telemetry = noTelemetry,
    inserted,
  }: ClickHouseOptions) {
    this.#inserted = inserted;
    this.#telemetry = telemetry;
    this.#incoming = incoming;
    this.#limiter = new Limiter(concurrency);
    this.#requestTimeoutMs = requestTimeoutMs;
    this.#database = database;
    this.#cluster = cluster;
    this.#always = incoming === undefined ? MEANING : {};
    this.#http = new Replicas(typeof url === 'string' ? [url] : url, {
      socketPath,
      ...(tls === undefined ? {} : { tls }),
      username,
      password,
      most: concurrency + 8,
    });
  }

  migrate(hasRoom?: () => boolean): Promise<void> {
    return migrateColumns(this, undefined, hasRoom);
  }

  async query(sql: string, options: QueryOptions = {}): Promise<QueryAnswer> {
    const started = performance.now();
    const { bytes, summary } = await this.#settled(options, () => this.#call(`${sql}\nFORMAT ArrowStream`, options, { ...QUERY_LIMITS, ...ANSWER }, undefined));
    return {
      batches: bytes.length === 0 ? [] : decodeStream(bytes, { validateUtf8: false }),
      stats: { rowsRead: Number(summary?.read_rows ?? 0), bytesRead: Number(summary?.read_bytes ?? 0), elapsedMs: performance.now() - started },
    };
  }

  /** What was given to another server of the shard comes first. Of one that is away and has it alone this waits, and fails. */
  async #settled(options: QueryOptions, ask: () => Promise<Reply>): Promise<Reply> {
    const { standingIn, signal } = options;
    if (this.#cluster === undefined || standingIn === undefined) return ask();
    for (;;) {
      const { at } = this.#http;
      await this.#call(`SYSTEM SYNC REPLICA ${identifier(standingIn)} LIGHTWEIGHT`, signal === undefined ? {} : { signal }, SYNCED, undefined);
      const reply = await ask();
      if (this.#http.at === at) return reply;
    }
  }

  async command(sql: string, options: QueryOptions = {}): Promise<void> {
    const queued = this.#cluster === undefined ? undefined : onCluster(sql, this.#cluster);
    const settings = this.#cluster === undefined ? {} : queued === undefined ? TWICE : QUEUED;
    await this.#call(queued ?? sql, options, { wait_end_of_query: 1, ...settings }, undefined);
  }

  async insert(table: string, batch: Batch, { queryId, signal, maxExecutionMs, deadline }: InsertOptions): Promise<void> {
    if (batch.length === 0) return;
    const columns = batch.fields.map((f) => identifier(f.name)).join(', ');
    // `throwIf` and not a plain condition: the caller has to be told that nothing was written.
    const source = deadline === undefined ? '' : ` SELECT ${columns} FROM input(${structureOf(batch)}) WHERE throwIf(now64(3) >= ${UNTIL}, 'late') = 0`;
    const once = this.#cluster === undefined ? {} : ONCE(queryId);
    const settings: Settings = { ...ONE_PART, ...once, max_execution_time: (maxExecutionMs ?? Math.min(INSERT_MS, this.#requestTimeoutMs)) / 1000 };
    const begun = performance.now();
    await this.#call(
      `INSERT INTO ${identifier(table)} (${columns})${source} FORMAT ArrowStream`,
      { queryId, ...(signal === undefined ? {} : { signal }), ...(deadline === undefined ? {} : { params: { deadline: BigInt(Math.floor(deadline)) } }) },
      settings,
      batch,
    ).finally(() => this.#telemetry.observe('inframirror_columns_insert_seconds', { table }, (performance.now() - begun) / 1000));
    this.#inserted?.(table, batch);
  }

  async now(): Promise<number> {
    const { batches } = await this.query('SELECT toUnixTimestamp64Milli(now64(3)) AS now');
    return Number((columnOf(batches[0] as Batch, 'now') as { readonly values: BigInt64Array }).values[0]);
  }

  async kill(queryIds: readonly string[]): Promise<void> {
    if (queryIds.length === 0) return;
    const named = new Set(queryIds);
    this.#limiter.callBack(named);
    let over = false;
    const ours = Promise.allSettled(queryIds.map((id) => this.#inHand.get(id))).then(() => {
      over = true;
    });
    // A call of ours may still be on its way to the store, so this goes on until all have come back.
    do {
      // An insert may have gone to any of the replicas.
      await this.#send(
        // The embedded engine gives its statements ids of their own and carries ours in the comment.
        `KILL QUERY WHERE query_id IN ({ids:Array(String)}) OR Settings['log_comment'] IN ({ids:Array(String)}) SYNC`,
        { params: { ids: queryIds } },
        {},
        undefined,
        KILL_CALL_MS,
        'all',
      );
      await Promise.race([ours, new Promise((resolve) => setTimeout(resolve, KILL_AGAIN_MS))]);
    } while (!over);
  }

  async ping(): Promise<void> {
    await this.#send('SELECT 1', {}, {}, undefined, PING_MS);
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#http.close();
  }

  async #call(sql: string, options: QueryOptions, settings: Settings, data: Batch | undefined): Promise<Reply> {
    const queryId = options.queryId ?? randomUUID();
    const call = this.#limiter.run(queryId, options.signal, () => this.#send(sql, { ...options, queryId }, settings, data));
    this.#inHand.set(queryId, call);
    try {
      return await call;
    } finally {
      if (this.#inHand.get(queryId) === call) this.#inHand.delete(queryId);
    }
  }

  async #send(
    sql: string,
    { params, settings, queryId = randomUUID(), signal, isLarge = false }: QueryOptions,
    defaults: Settings,
    data: Batch | undefined,
    most = this.#requestTimeoutMs,
    to: 'one' | 'all' = 'one',
  ): Promise<Reply> {
    const form = params === undefined ? undefined : formOf(sql, params);
    if (this.#closed) throw new CodedError('columns.unavailable', { reason: 'it is closed' });
    // Hanging up alone would leave an insert running in a server, so the statement is killed first.
    const hangUp = new AbortController();
    const end = (): void => hangUp.abort();
    let late = false;
    const longest = patienceFor({ ...defaults, ...settings }, Math.min(most, this.#requestTimeoutMs));
    let patience = setTimeout(() => {
      late = true;
      end();
    }, longest);
    const abort = (): void => {
      void this.kill([queryId]).then(end, end);
      // A store that hangs kills nothing. Of an insert it must be known what became of it.
      if (data !== undefined) return;
      clearTimeout(patience);
      patience = setTimeout(end, KILL_MS);
    };
    signal?.addEventListener('abort', abort, { once: true });
    let file: IncomingFile | undefined;
    const answer = isLarge && this.#incoming !== undefined ? answerFile(this.#incoming) : undefined;
    try {
      file = data === undefined || this.#incoming === undefined ? undefined : await writeIncoming(this.#incoming, streamParts([data]));
      const headers = {
        ...(form === undefined ? {} : { 'content-type': form.contentType }),
        ...(file === undefined ? {} : { [DATA_HEADER]: file.name }),
        ...(answer === undefined ? {} : { [ANSWER_HEADER]: answer.name }),
      };
      const body = data === undefined || file !== undefined ? undefined : encodeStream([data]);
      const search = new URLSearchParams({ query_id: queryId });
      if (form === undefined) for (const name in params) search.append(`param_${name}`, parameterText(params[name] as Parameters[string]));
      const all: Settings = { ...this.#always, ...defaults, ...settings, log_comment: queryId };
      for (const name in all) search.append(name, String(all[name]));
      if (this.#database !== 'default') search.append('database', this.#database);
      if (body !== undefined) search.append('query', sql);
      const request = { search: String(search), headers, body: body ?? form?.body ?? sql, signal: hangUp.signal };
      if (to === 'all') {
        await this.#http.callAll(request);
        return NO_ANSWER;
      }
      const reply = await this.#http.call(request);
      const isInFile = answer !== undefined && reply.headers[ANSWER_HEADER] === answer.name;
      return { bytes: isInFile ? await answer.read() : reply.body, summary: summaryOf(reply.headers) };
    } catch (error) {
      if (signal?.aborted) throw new CodedError('columns.cancelled', {}, { cause: error });
      if (late) throw new CodedError('columns.unavailable', { reason: `no answer within ${longest / 1000} s` }, { cause: error });
      throw columnsError(error, data !== undefined);
    } finally {
      signal?.removeEventListener('abort', abort);
      clearTimeout(patience);
      await file?.remove();
      await answer?.remove();
    }
  }
}

/** How long a call is waited for. `otherwise`: where nothing is said of its statement. */
const patienceFor = ({ max_execution_time: seconds }: Settings, otherwise: number): number => {
  if (seconds === undefined) return otherwise;
  return Number(seconds) === 0 ? LONGEST_CALL_MS : Number(seconds) * 1000 + ANSWER_MS;
};

interface Reply {
  readonly bytes: Uint8Array;
  readonly summary: { readonly read_rows: string; readonly read_bytes: string } | undefined;
}

const NO_ANSWER: Reply = { bytes: new Uint8Array(), summary: undefined };

const summaryOf = ({ 'x-clickhouse-summary': summary }: IncomingHttpHeaders): Reply['summary'] =>
  typeof summary === 'string' ? (JSON.parse(summary) as Reply['summary']) : undefined;
