// How much a run may hold at once, in rows and bytes. Operators that keep rows account for them here; what flows through does not count.
import { CodedError } from '../../core/errors.ts';

export interface Limits {
  readonly rows: number;
  readonly bytes: number;
}

export const DEFAULT_LIMITS: Limits = { rows: 20_000_000, bytes: 1024 ** 3 };

/** Shared by all operators of one run. */
export class Budget {
  readonly limits: Limits;
  rows = 0;
  bytes = 0;

  constructor(limits: Limits = DEFAULT_LIMITS) {
    this.limits = limits;
  }

  /** Accounts for what is now held; throws `iql.too-many-rows` or `iql.too-many-bytes` when that is over a limit. */
  take(rows: number, bytes: number): void {
    this.rows += rows;
    this.bytes += bytes;
    if (this.rows > this.limits.rows) throw new CodedError('iql.too-many-rows', { limit: this.limits.rows, amount: this.rows });
    if (this.bytes > this.limits.bytes) throw new CodedError('iql.too-many-bytes', { limit: this.limits.bytes, amount: this.bytes });
  }

  give(rows: number, bytes: number): void {
    this.rows -= rows;
    this.bytes -= bytes;
  }
}
