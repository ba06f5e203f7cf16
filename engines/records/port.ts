// The port of the record store: inventory, events, rules, the platform's own history, in PostgreSQL's dialect.
// Every SQL text that reaches it was written by us: values go only as parameters $1, $2, …

export type RecordValue = null | boolean | number | bigint | string | Date | Uint8Array | readonly RecordValue[] | { readonly [key: string]: unknown };
export type RecordRow = Readonly<Record<string, unknown>>;

export interface RecordQueries {
  /**
   * One statement. Rows come as objects: int8 as bigint, int4, numeric and float8 as number, bool as boolean, timestamptz
   * as bigint nanoseconds since the epoch, json as parsed, bytea as bytes, arrays of these as arrays, everything else as text.
   * Rejects with `records.unavailable`, `records.cancelled`, `records.conflict` (a constraint; carries its name), `records.refused-rows` (a
   * value that it cannot take) or `records.rejected` (the statement, whatever its values: a missing right or table, a read-only server).
   */
  query(sql: string, params?: readonly RecordValue[], options?: { readonly signal?: AbortSignal }): Promise<readonly RecordRow[]>;
}

/** A lock that its holder has until it releases it, dies, or is cut off from the store. */
export interface HeldLock {
  /** Aborted when another may have it. */
  readonly lost: AbortSignal;
  release(): Promise<void>;
}

export interface LockHolder {
  readonly who: string;
  /** ms. */
  readonly since: number;
}

/** Takes no changes. Holds a connection, and old rows in the store, until it is released. */
export interface RecordSnapshot extends RecordQueries {
  /** Idempotent. */
  release(): Promise<void>;
}

/**
 * Contract, held by `conformance.ts` for every implementation:
 * - `transaction` must commit when its function resolves and leave nothing when it rejects; it is serializable towards
 *   others and is run again by itself on a serialization failure, so its function must have no other effect.
 * - What was committed survives a power cut.
 * - `migrate` runs forward-only migrations under one advisory lock, each in a transaction; a schema newer than the program
 *   rejects with `records.newer-schema`.
 * - A lock must be one holder's at a time, over all processes and connections, and be free again when its holder has died;
 *   a holder that hangs must not keep it for more than a minute.
 * - A snapshot must answer all that it is asked as of the moment in which it was taken, whatever is changed beside it.
 * - After the server restarts, later calls succeed without reconnecting by hand.
 */
export interface Records extends RecordQueries {
  migrate(): Promise<void>;
  transaction<T>(work: (queries: RecordQueries) => Promise<T>): Promise<T>;
  /** undefined: another has it. `holder`: who asks, in words of ASCII that others may read, of which 60 are kept. Rejects as `query` does. */
  tryLock(name: string, holder: string): Promise<HeldLock | undefined>;
  /** Who has it; undefined: nobody. */
  lockHolder(name: string): Promise<LockHolder | undefined>;
  /** The store as it is now. */
  snapshot(): Promise<RecordSnapshot>;
  ping(): Promise<void>;
  close(): Promise<void>;
}
