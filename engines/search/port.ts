// The port of the search store: log lines found by their words, shaped so that Elasticsearch fits it.
// It is read here; who writes is said in the contract.
import type { QueryAnswer, QueryOptions } from '../columns/port.ts';

/** How truly a store answers a predicate: the rows asked for, those and others, or not at all. */
export type Exactness = 'exact' | 'superset' | 'no';

/** The dialect that queries for this store are emitted in. */
export type SearchDialect = 'clickhouse' | 'elasticsearch';

/**
 * Contract, held by `conformance.ts` for every implementation:
 * - A line's id is (sender, file, position). Each line must stand once, whatever died while it was written. A store that stands on the column
 *   store is written as that is: rows of its table `logs`, by the pipeline's insert protocol. A store with documents of its own brings a sink
 *   of its own, whose writes are idempotent on the id (`create`, and "it stands already" is success).
 * - What was answered as written survives a power cut and is found by `query` at most a second later.
 * - `request` of `query` is in the store's own language, as emitted for `dialect`.
 */
export interface Search {
  readonly dialect: SearchDialect;
  migrate(): Promise<void>;
  query(request: string, options?: QueryOptions): Promise<QueryAnswer>;
  ping(): Promise<void>;
  close(): Promise<void>;
}
