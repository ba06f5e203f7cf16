// Rows of an answer that are held to be cached for the next ones, as long as they are not too many and nobody wants the room.
import type { Batch } from '../../core/batch/batch.ts';
import type { Budget, Spare } from '../run/budget.ts';
import { batchBytes } from '../run/size.ts';

/** Of one part. */
export const MOST_BYTES_EACH = 16 << 20;

export class SpareRows {
  readonly rows: Batch[] = [];
  readonly #room: Spare;
  #bytes = 0;

  constructor(budget: Budget) {
    this.#room = budget.spare(() => {
      this.rows.length = 0;
    });
  }

  /** They are not held any more. */
  get isOver(): boolean {
    return this.#room.isOver;
  }

  /** Whether they are held still. */
  add(batch: Batch): boolean {
    const bytes = batchBytes(batch);
    this.#bytes += bytes;
    if (this.#bytes > MOST_BYTES_EACH) this.#room.end();
    else if (this.#room.hold(bytes)) this.rows.push(batch);
    return !this.isOver;
  }

  end(): void {
    this.#room.end();
  }
}
