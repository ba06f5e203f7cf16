// The port of the search store: log lines found by their words, shaped so that Elasticsearch fits it.
// Who writes is said in the contract.
import type { Batch, DataType } from '../../core/batch/batch.ts';
import type { QueryAnswer, QueryOptions } from '../columns/port.ts';

/** How truly a store answers a predicate: the rows asked for, those and others, or not at all. */
export type Exactness = 'exact' | 'superset' | 'no';

/** The dialect that queries for this store are emitted in. */
export type SearchDialect = 'clickhouse' | 'elasticsearch';

/**
 * Contract, held by `conformance.ts` for every implementation:
 * - A line's id is (sender, file, position). Each line must stand once, whatever died while it was written. A store that stands on the column
 *   store is written as that is: rows of its table `logs`, by the pipeline's insert protocol. A store with documents of its own brings a
 *   `SearchWriter`, whose writes are idempotent on the id and the words of a line (`create`, and "it stands already" is success).
 * - What was answered as written survives a power cut and is found by `query` at most a second later.
 * - `request` of `query` is in the store's own language, as emitted for `dialect`.
 */
export interface Search {
  readonly dialect: SearchDialect;
  migrate(): Promise<void>;
  query(request: string, options?: QueryOptions): Promise<QueryAnswer>;
  /** The same, batch by batch; whoever ends it early ends the store's work. `read`: rows and bytes as they are read. */
  stream(request: string, options?: StreamOptions): AsyncIterable<Batch>;
  ping(): Promise<void>;
  close(): Promise<void>;
}

export interface StreamOptions extends QueryOptions {
  readonly read?: (rows: number, bytes: number) => void;
}

/** A column of an answer that is made of documents. */
export interface DocumentColumn {
  readonly name: string;
  readonly type: DataType;
  /** Name of a column of the table `logs`, or `line`: the whole line, or `message`: see `schemas/log-document.ts`. Of groups: a key or a count. */
  readonly field: string;
}

interface DocumentsAsked {
  /** Of the event, ns since 1970, closed-open, as decimal text; left out: all. */
  readonly range?: { readonly from: string; readonly to: string };
  /** In the store's own form; the range is part of it. */
  readonly query: unknown;
  readonly columns: readonly DocumentColumn[];
}

export interface RowsRequest extends DocumentsAsked {
  readonly ask: 'rows';
  /** Fields, missing last; left out: any order. */
  readonly sort?: readonly Readonly<Record<string, 'asc' | 'desc'>>[];
  readonly limit?: number;
}

/** How many documents there are of each combination of keys; without keys one row, where `isWhole` also of none. */
export interface GroupsRequest extends DocumentsAsked {
  readonly ask: 'groups';
  /** Sources of a `composite` aggregation, in the store's own form; of time in ms. */
  readonly keys: readonly Readonly<Record<string, unknown>>[];
  /** By name: which of the documents, in the store's own form; null: all. */
  readonly counts: Readonly<Record<string, unknown>>;
  readonly isWhole: boolean;
}

/** What a store of documents is asked, for `dialect` `elasticsearch`: its JSON is the text of the request. */
export type DocumentRequest = RowsRequest | GroupsRequest;

/** One that a store refuses for what it holds. */
export interface RefusedLine {
  readonly row: number;
  readonly reason: string;
}

/** Lines on their way into a store with documents of its own. */
export interface LinesToWrite {
  /**
   * Sends what has no answer yet. When it resolves each line stands, or is among `refused`. Rejects with a `CodedError` where the store was
   * away or busy, or refused the statement: to be called again, after a pause.
   */
  send(signal: AbortSignal): Promise<void>;
  readonly refused: readonly RefusedLine[];
}

export interface SearchWriter {
  /** Rows of the table `logs`. */
  begin(lines: Batch): LinesToWrite;
}

/** UTC days of which the store has lines. */
export interface StoredDocuments {
  /** Its start, ms. */
  readonly day: number;
  readonly bytes: number;
  readonly rows: number;
}

/** How old lines go. */
export interface SearchDays {
  /** Oldest first. */
  days(signal?: AbortSignal): Promise<readonly StoredDocuments[]>;
  /** All lines of the day; none is no error. */
  drop(day: number, signal?: AbortSignal): Promise<void>;
}
