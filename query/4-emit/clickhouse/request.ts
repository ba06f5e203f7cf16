// What ClickHouse is asked, and what is done with its answer.
import type { Batch } from '../../../core/batch/batch.ts';
import type { SqlRequest } from '../sql-request.ts';

export interface ClickHouseRequest extends SqlRequest {
  /** Makes the answer of all that the store gives; a piece at a time, so that others have their turn. */
  readonly finish?: (batches: readonly Batch[]) => Iterable<Batch>;
  /** The answer is some megabytes. */
  readonly isLarge?: boolean;
}
