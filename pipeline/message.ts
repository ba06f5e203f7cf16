// A message of the stream as the stages see it, and a letter to the dead.
// Data only: what makes and takes them is in `stages/`, `sinks/` and `dead.ts`.
import type { Batch } from '../core/batch/batch.ts';
import type { StoredMessage } from '../engines/stream/port.ts';
import type { SignalSchema } from '../schemas/tables.ts';

export interface Decoded {
  readonly stored: StoredMessage;
  readonly schema: SignalSchema;
  readonly sender: string;
  readonly boot: bigint;
  readonly seq: bigint;
  /** The door's clock, ns. */
  readonly received: bigint;
  /** Latest time of its rows, ns; undefined where rows have none. */
  readonly latest: bigint | undefined;
  /** The columns of its schema, in order and all there; what is missing where nothing may be is filled. */
  readonly batch: Batch;
}

/** What cannot be stored however often it is tried. `value` is one Arrow stream, or the message as it came. */
export interface DeadLetter {
  readonly message: StoredMessage;
  readonly value: Uint8Array;
  readonly rows: number;
  readonly stage: string;
  /** A few words without values, for the counter. */
  readonly reason: string;
  readonly error: string;
}
