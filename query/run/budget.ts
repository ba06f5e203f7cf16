// How much runs may hold at once, in rows and bytes: each run by itself, and all that are at work together. Operators that keep rows, and
// what comes from stores, account for it here; what flows through does not count.
import { CodedError } from '../../core/coded-error.ts';

export interface Limits {
  readonly rows: number;
  readonly bytes: number;
}

export const DEFAULT_LIMITS: Limits = { rows: 20_000_000, bytes: 1024 ** 3 };

/** What all runs of a process hold together. */
export class Pool {
  readonly limit: number;
  bytes = 0;

  constructor(limit = DEFAULT_LIMITS.bytes) {
    this.limit = limit;
  }
}

/** Shared by all operators of one run. */
export class Budget {
  readonly limits: Limits;
  readonly #pool: Pool;
  #isOver = false;
  rows = 0;
  bytes = 0;

  constructor(limits: Limits = DEFAULT_LIMITS, pool: Pool = new Pool(Number.POSITIVE_INFINITY)) {
    this.limits = limits;
    this.#pool = pool;
  }

  /** Accounts for what is now held; throws `iql.too-many-rows`, `iql.too-many-bytes`, or `iql.no-memory` when that is over a limit, `iql.cancelled` when the run is over. */
  take(rows: number, bytes: number): void {
    if (this.#isOver) throw new CodedError('iql.cancelled', {});
    this.rows += rows;
    this.bytes += bytes;
    this.#pool.bytes += bytes;
    if (this.rows > this.limits.rows) throw new CodedError('iql.too-many-rows', { limit: this.limits.rows, amount: this.rows });
    if (this.bytes > this.limits.bytes) throw new CodedError('iql.too-many-bytes', { limit: this.limits.bytes, amount: this.bytes });
    if (this.#pool.bytes > this.#pool.limit) throw new CodedError('iql.no-memory', { limit: this.#pool.limit, amount: this.#pool.bytes, own: this.bytes });
  }

  give(rows: number, bytes: number): void {
    if (this.#isOver) return;
    this.rows -= rows;
    this.bytes -= bytes;
    this.#pool.bytes -= bytes;
  }

  /** The run is over, however it ended; what is still under way for it accounts for nothing more. */
  end(): void {
    this.give(this.rows, this.bytes);
    this.#isOver = true;
  }
}
