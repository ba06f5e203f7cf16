// The contract of an operator: a node of a plan at work. The same operators run a query over stored rows and on an endless stream.
import type { Batch } from '../../../core/batch/batch.ts';

export type Emit = (batch: Batch) => void;

/**
 * - `push` must take a batch whose columns are those of the input node, in the plan's physical types, and may emit any number of batches.
 * - The result must not depend on how the input is cut into batches.
 * - `advance(watermark)` says that no row with `time` before the watermark (nanoseconds) comes any more. An operator may then emit what is
 *   final and must forget what it needs no longer; one that must see all rows does nothing.
 * - `end` says that no row comes any more; what is left must be emitted then. Nothing is called afterwards. An operator that has much to do
 *   then must do it in steps, between which others have their turn: it gives a generator, which is run to its end.
 * - Emitted batches must have exactly the node's columns, in its order, in the plan's physical types; empty ones are not emitted.
 * - What is kept must be accounted for in `env.budget`, so that memory is bounded.
 * - Batches are shared: an operator must not change one.
 */
export interface Operator {
  push(batch: Batch, emit: Emit): void;
  advance(watermark: bigint, emit: Emit): void;
  end(emit: Emit): Iterable<void> | void;
}

/** Of an operator without state. */
export const stateless = (each: (batch: Batch) => Batch | undefined): Operator => ({
  push: (batch, emit) => {
    const out = each(batch);
    if (out !== undefined && out.length > 0) emit(out);
  },
  advance: () => {},
  end: () => {},
});
