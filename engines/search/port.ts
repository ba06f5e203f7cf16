// The port of the search store: log documents with ids of their own, found by words, shaped so that Elasticsearch fits it.
import type { Batch } from '../../core/batch/batch.ts';
import type { QueryAnswer, QueryOptions } from '../columns/port.ts';

/** What became of the rows of a write: every row is in exactly one of the three. */
export interface WriteOutcome {
  readonly created: number;
  /** Rows whose id stood already: success, the stored document is untouched. */
  readonly existing: number;
  /** Rows that no retry can save. */
  readonly rejected: readonly { readonly row: number; readonly reason: string }[];
}

/** How truly a store answers a predicate: the rows asked for, those and others, or not at all. */
export type Exactness = 'exact' | 'superset' | 'no';

/** The dialect that queries for this store are emitted in. */
export type SearchDialect = 'clickhouse' | 'elasticsearch';

/**
 * Contract, held by `conformance.ts` for every implementation:
 * - A document's id is (sender, boot, seq, row); `write` must be idempotent on it: the same batch written again, wholly or
 *   in part, at once or after a crash in the middle, leaves every document once.
 * - `write` resolves when the documents of `created` and `existing` survive a power cut and are found by `query` at most a
 *   second later. It rejects with `search.unavailable` when the outcome is unknown; the caller sends the batch again.
 * - One row that the store refuses must not keep the others from being written.
 * - `request` of `query` is in the store's own language, as emitted for `dialect`.
 */
export interface Search {
  readonly dialect: SearchDialect;
  migrate(): Promise<void>;
  /** Rows of the table `logs` of `schemas/tables.ts`, in its column order. */
  write(batch: Batch, options?: { readonly signal?: AbortSignal }): Promise<WriteOutcome>;
  query(request: string, options?: QueryOptions): Promise<QueryAnswer>;
  ping(): Promise<void>;
  close(): Promise<void>;
}
