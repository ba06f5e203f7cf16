// What is known of series, as emitting a question about samples needs it: which ones are meant, and the labels they have.
import type { Batch, TextColumn } from '../../core/batch/batch.ts';
import type { PlanExpression } from '../3-plan/expression.ts';

/** Closed-open, ns. */
export interface Moments {
  readonly from: bigint;
  readonly to: bigint;
}

/** −1: the series has it not. */
export interface LabelColumn {
  readonly codes: Int32Array;
  readonly values: TextColumn;
}

/** One row a series; or, where some of the labels changed, a row for each thing that holds of a series at some moment. */
export interface LabelRows {
  /** Two words each (core/batch/words.ts). */
  readonly ids: Uint32Array;
  /** Since when it holds, ns, EVER of what holds first; undefined: each row holds throughout. */
  readonly since: BigInt64Array | undefined;
  /** By label, named as a column. */
  readonly labels: ReadonlyMap<string, LabelColumn>;
}

export const EVER = -(2n ** 63n);

export interface FoundSeries {
  readonly size: number;
  /** Two words each. */
  readonly ids: Uint32Array;
  /** All of the metric are meant, and no other has its hash: ids need not be named, and samples whose series nobody defined are meant too. */
  readonly isWhole: boolean;
  /** Some of the labels are not the same throughout the range. */
  changes(labels: Iterable<string>): boolean;
  rows(labels: readonly string[]): LabelRows;
}

/** What a scan asks of the labels of its metric's series. */
export interface LabelQuestion {
  readonly metric: string;
  readonly range: Moments | undefined;
  readonly condition: PlanExpression;
}

export interface KnownSeries {
  /** Series of the metric for which the condition, which speaks of labels alone, is true at some moment of the range (undefined: ever). */
  find(metric: string, range: Moments | undefined, condition: PlanExpression | undefined): FoundSeries;
  /** The same of all these metrics together; `name` among the labels is the metric's. */
  findOf(metrics: readonly string[], range: Moments | undefined, condition: PlanExpression | undefined): FoundSeries;
  /** The batch with labels of a metric's series (LateLabels); rows of series that are not known are left out. */
  label(batch: Batch, metric: string, range: Moments | undefined, labels: ReadonlyMap<string, string>, moment: string | undefined): Batch;
  /** Metrics with the hash; nearly always one. */
  named(hash: number): readonly string[];
  /** Names for which the condition, which speaks of `name` alone, is true; undefined: all. */
  metricsWhere(condition: PlanExpression | undefined): readonly string[];
}
