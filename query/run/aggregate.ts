// The contract of an aggregate as it runs here: state in arrays by dense group number, never an object a row.
import type { Column } from '../../core/batch/batch.ts';
import type { PlanType } from '../3-plan/physical.ts';
import type { Vector } from './vector.ts';

/** What an accumulator is made with. */
export interface AggregateContext {
  /** The type of the column to make. */
  readonly type: PlanType;
  /** Types of its arguments. */
  readonly arguments: readonly PlanType[];
  /** Counts results that cannot be represented and became missing. */
  readonly notRepresentable: (count: number) => void;
  /** Accounts for values that are kept, beside a fixed amount a group; throws over the limit. */
  readonly hold: (values: number, bytes: number) => void;
}

/** Rows to add. Row i belongs to group `groups[i]`; a negative group means: not this row. */
export interface Rows {
  readonly groups: Int32Array;
  readonly arguments: readonly Vector[];
  readonly order: RowOrder;
}

/** The order of rows in time, then ties, then arrival, for `first`, `last` and `any`. */
export interface RowOrder {
  /** Negative: row a of this batch comes before row b of it. */
  readonly compareRows: (a: number, b: number) => number;
  /** Where a row stands, to be compared with rows of later batches. */
  readonly remember: (row: number) => Place;
  /** Negative: the row comes before the place; one that ties in everything comes after. */
  readonly comparePlace: (row: number, place: Place) => number;
}
export type Place = readonly unknown[];

/**
 * - `add` must skip rows whose first argument is missing, and grow its state to `groups` groups.
 * - `keep(ids)` must make group i what group ids[i] was, and forget all others.
 * - `finish(groups)` must return a column of `groups` rows in the physical type of `type`; a group that saw nothing has the value of nothing
 *   (0 for count, sum, distinct_count; else missing). It must not change the state.
 */
export interface Accumulator {
  add(rows: Rows, groups: number): void;
  keep(ids: Int32Array): void;
  finish(groups: number): Column;
}
export type AggregateRun = (context: AggregateContext) => Accumulator;

/**
 * Samples of one series, ascending in time, and the part that is a window: samples `first` up to, not including, `end`.
 * `before` is the sample before the window where there is one near enough and no stale marker between, else −1.
 */
export interface SeriesWindow {
  readonly times: BigInt64Array;
  readonly values: Float64Array | BigInt64Array;
  /** Start timestamps; undefined where no sample has one. −1: this one has none. */
  readonly starts: BigInt64Array | undefined;
  /** 1: this is a stale marker, no sample. */
  readonly stale: Uint8Array | undefined;
  readonly before: number;
  readonly first: number;
  readonly end: number;
  /** Where the window begins. */
  readonly from: bigint;
  /** Samples are increments since the one before. */
  readonly delta: boolean;
}

/** The value over a window that holds one sample at least; undefined is missing. An int in, an int out, but for rates. */
export type SeriesRun = (window: SeriesWindow) => number | bigint | undefined;
