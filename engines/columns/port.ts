// The port of the column store: typed tables that take few, large inserts and answer SQL in ClickHouse's dialect.
// Every SQL text that reaches it was written by us: user values only as bound parameters or through the one quoting function.
import type { Batch } from '../../core/batch/batch.ts';

/** The text form ClickHouse's `{name:Type}` parameters take; `null` is NULL. */
export type Parameters = Readonly<Record<string, string | number | bigint | boolean | null | readonly (string | number | bigint)[]>>;

export interface QueryOptions {
  readonly params?: Parameters;
  readonly settings?: Readonly<Record<string, string | number>>;
  /** Names the query so that it can be killed; made up when missing. */
  readonly queryId?: string;
  /** Aborting must end the work in the store, not only the waiting. */
  readonly signal?: AbortSignal;
  /**
   * What is asked is which inserts stand in the table: each that does must be seen, whichever server it was given to. Else the last moments
   * may be missing where several servers keep the same rows.
   */
  readonly standingIn?: string;
  /** The answer is some megabytes: a store on the same machine may hand it over as a file. */
  readonly isLarge?: boolean;
}

export interface QueryStats {
  /** As the store reports it; the embedded engine's library knows only the rows and bytes of the answer. */
  readonly rowsRead: number;
  readonly bytesRead: number;
  readonly elapsedMs: number;
}

export interface QueryAnswer {
  readonly batches: readonly Batch[];
  readonly stats: QueryStats;
}

export interface InsertOptions {
  readonly queryId: string;
  readonly signal?: AbortSignal;
  /** In a store of several shards, on which of them the rows rest: those of one route together. Without one, on the first. */
  readonly route?: number;
  /** Upper bound of the work in the store; over it the insert fails and leaves nothing. Default a minute. */
  readonly maxExecutionMs?: number;
  /** ms since 1970 by the store's clock (`now`), carried by the statement itself: what begins then or later writes nothing. */
  readonly deadline?: number;
}

/**
 * Contract, held by `conformance.ts` for every implementation:
 * - `insert` takes one batch whose rows all belong to one partition of the table and must make it one part: after any
 *   crash either all of its rows stand or none. When it resolves they survive a power cut. When it rejects with
 *   `columns.refused-rows` (values of its rows) or `columns.late` (it came after its deadline), this call has left nothing; with any other
 *   error, `columns.rejected` (the statement, whatever its rows) among them, the outcome is unknown until its deadline has passed by the
 *   store's clock and it was then killed and looked for. It must end with an error some seconds after `maxExecutionMs` without an answer.
 * - `kill` must resolve only when none of the named queries runs any more; it must reject, within a minute, where a store does not answer.
 * - `query` answers in Arrow's types: integers and times as they are, missing as missing, text as UTF-8 (bytes that are
 *   not UTF-8 come back as U+FFFD).
 * - Queries run beside each other and beside inserts; a long one must not make a short one wait.
 * - A server that restarts or crashes makes the calls in hand reject with `columns.unavailable` and the later ones succeed
 *   once it is back; the caller need not reconnect.
 * - Errors of the SQL itself reject with `columns.rejected` (carries the store's code and message); over a limit with
 *   `columns.limit` (names the limit); ended by `kill` or a signal with `columns.cancelled`.
 * - `now` must be read from the very clock that the deadlines of inserts are judged by.
 */
export interface ColumnStore {
  /**
   * Brings the schema to this program's version; a newer one in the store rejects with `columns.newer-schema`. Where it is older and `hasRoom` is
   * false it rejects with `columns.start-failed` and changes nothing: a full disk leaves what is rewritten half written.
   */
  migrate(hasRoom?: () => boolean): Promise<void>;
  query(sql: string, options?: QueryOptions): Promise<QueryAnswer>;
  /** DDL and other statements without an answer. */
  command(sql: string, options?: QueryOptions): Promise<void>;
  insert(table: string, batch: Batch, options: InsertOptions): Promise<void>;
  kill(queryIds: readonly string[]): Promise<void>;
  /** The store's clock, ms since 1970: of the shard that the route leads to, else the one that is furthest behind. */
  now(route?: number): Promise<number>;
  /** Resolves when the store answers. */
  ping(): Promise<void>;
  close(): Promise<void>;
}
