// How a store is asked: the other half of its emitter (4-emit/emitter.ts), whose requests it takes.
import type { Batch } from '../../core/batch/batch.ts';
import type { PlanColumn } from '../3-plan/nodes.ts';

export interface OpenOptions {
  /** Of the answer. */
  readonly columns: readonly PlanColumn[];
  /** How long the store may work on it. */
  readonly seconds?: number;
  readonly signal?: AbortSignal;
  /** What the store read for it, as far as it says so; may be called more than once. */
  readonly read: (rows: number, bytes: number) => void;
  /** Bytes that are held beside what was given out, until the returned function is called; throws where they are too many. */
  readonly hold: (bytes: number) => () => void;
}

export interface Asker<Request = unknown> {
  /**
   * Batches of the answer, in its order; columns may be narrower than wanted and in another order. Whoever ends the iteration early or aborts
   * ends the store's work. Rejects with a CodedError: the store is away, over a limit, cancelled.
   */
  open(request: Request, options: OpenOptions): AsyncIterable<Batch>;
}
