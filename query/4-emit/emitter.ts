// How a plan is said to one store: what the planner asks of a dialect. Pure: whoever asks the store is in `query/ask`.
import type { PlanExpression } from '../3-plan/expression.ts';
import type { PlanNode, Scan } from '../3-plan/nodes.ts';
import type { Losses } from './losses.ts';
import type { SqlRequest } from './sql-request.ts';

/** Rows that a store gives for a condition: those for which it is true; others too, but none of these fails; or it cannot be asked. */
export type Answers = 'exact' | 'superset' | 'no';

/** What a question will meet, by what is known before it is asked. */
export interface Estimate {
  readonly series: number;
  /** Of the store, in the range; undefined: nobody said how often they come. */
  readonly rows: number | undefined;
}

/** `Request` is what the store's asker takes, in whatever form. */
export interface Emission<Request = unknown> {
  readonly request: Request;
  readonly losses: Losses;
  /** Since when its rows are read as they came, where that is later than its range (of earlier ones what was put together is), ns. */
  readonly rowsFrom?: bigint;
  /** undefined: nothing is known. */
  readonly estimate?: () => Estimate | undefined;
}

export interface Emitter<Request = unknown> {
  /** How the store answers the condition in the scan's filter, beside any others of which it answers `exact` or `superset`. */
  answers(condition: PlanExpression, scan: Scan): Answers;
  /**
   * The node with all below it as one request, whose answer has the node's columns (by name; times and durations as 64-bit nanoseconds) and
   * must be the very rows that this process would give, in their order where the node has one. A scan that `mayHaveMore` may have a filter that
   * the store answers as a superset. undefined: it cannot be said, and what is below is tried.
   */
  emit(node: PlanNode, mayHaveMore: boolean): Emission<Request> | undefined;
  /** The request as its store's people write it. */
  explain(request: Request): SqlRequest;
}

/** Characters of a question; a store reads longer ones for seconds. */
export const LONGEST_TEXT = 200_000;

export const LOSSLESS: Losses = { columns: new Map(), isHidden: false };
