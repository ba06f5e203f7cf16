// What ClickHouse is asked, and what is done with its answer.
import type { Batch } from '../../../core/batch/batch.ts';
import type { BoundValue, SqlRequest } from '../sql-request.ts';

export interface ClickHouseRequest extends SqlRequest {
  /** Asked at the same time, with the same parameters. */
  readonly beside?: readonly string[];
  /** Asked once with each of these values in place of the parameters', one after the other; the answer is all of theirs. */
  readonly slices?: readonly ReadonlyMap<string, BoundValue>[];
  /** Makes the answer of all that the store gives; a piece at a time, so that others have their turn. */
  readonly finish?: (batches: readonly Batch[], beside: readonly (readonly Batch[])[]) => Iterable<Batch>;
  /** See `Emission`. */
  readonly rowsFrom?: bigint;
  /** The answer is some megabytes. */
  readonly isLarge?: boolean;
}

/** Those that a text speaks of: functions that chose another form have bound values that nothing does. */
export const parametersIn = (text: string, parameters: ReadonlyMap<string, BoundValue>): ReadonlyMap<string, BoundValue> => {
  const names = new Set(Array.from(text.matchAll(/\{(p\d+):/g), ([, name]) => name));
  return new Map([...parameters].filter(([name]) => names.has(name)));
};
