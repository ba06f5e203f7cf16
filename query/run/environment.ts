// What a run is given: functions, where scans come from, limits, and whom to tell. Nothing here knows a store.
import type { Batch } from '../../core/batch/batch.ts';
import { CodedError } from '../../core/coded-error.ts';
import type { FailingTable } from '../3-plan/failing.ts';
import type { Keys, Scan } from '../3-plan/nodes.ts';
import type { AggregateRun, SeriesRun } from './aggregate.ts';
import type { Budget } from './budget.ts';
import type { ScalarRun } from './vector.ts';

/** Things that do not stop a run but must be told; the count is added up. */
export type RunWarning = 'not-representable';

/** The tables of query/functions/run, handed in. */
export interface RunFunctions {
  readonly scalars: Readonly<Record<string, ScalarRun>>;
  readonly aggregates: Readonly<Record<string, AggregateRun>>;
  /** Those of a series over a window. */
  readonly series: Readonly<Record<string, SeriesRun>>;
  /** Which scalars' evaluation can be noticed. */
  readonly failing: FailingTable;
}

export interface RunEnvironment {
  readonly functions: RunFunctions;
  /** Rows of a scan, exactly as `Scan` says, or those of them with these keys; columns may be narrower or wider than the plan's and in another order. */
  readonly scan: (scan: Scan, keys?: readonly Keys[]) => AsyncIterable<Batch>;
  readonly budget: Budget;
  readonly warn: (warning: RunWarning, count: number) => void;
  readonly signal?: AbortSignal;
}

/** Throws `iql.cancelled` when the run's caller has stopped it. */
export const mustGoOn = (env: Pick<RunEnvironment, 'signal'>): void => {
  if (env.signal?.aborted === true) throw new CodedError('iql.cancelled', {});
};
