// What ClickHouse is asked, and what is done with its answer.
import type { Batch } from '../../../core/batch/batch.ts';
import type { SqlRequest } from '../sql-request.ts';

export interface ClickHouseRequest extends SqlRequest {
  /** Makes the answer of a batch of what the store gives. */
  readonly finish?: (batch: Batch) => Batch;
}
