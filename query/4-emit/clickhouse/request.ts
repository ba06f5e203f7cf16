// What ClickHouse is asked: one question, or one that is right only if the store has no row of some others.
import type { Batch } from '../../../core/batch/batch.ts';
import type { SqlRequest } from '../sql-request.ts';

export interface ClickHouseRequest extends SqlRequest {
  readonly supposes?: Supposition;
  /** Makes the answer of a batch of what the store gives. */
  readonly finish?: (batch: Batch) => Batch;
}

/** The request's own text is right only if none of the questions has a row; else `otherwise` is to be asked. */
export interface Supposition {
  readonly questions: readonly Question[];
  readonly otherwise: SqlRequest;
}

export interface Question extends SqlRequest {
  /** It may well have a row: it is asked before the request and not beside it. */
  readonly isOpen?: boolean;
}
