// How much runs may hold at once, in rows and bytes: each run by itself, and all that are at work together. Operators that keep rows, and
// what comes from stores, account for it here; what flows through does not count. What is held without need, for questions to come, goes before
// anything is refused.
import { CodedError, hasCode } from '../../core/coded-error.ts';

export interface Limits {
  readonly rows: number;
  readonly bytes: number;
}

export const DEFAULT_LIMITS: Limits = { rows: 20_000_000, bytes: 1024 ** 3 };

/** What all runs of a process hold together. */
export class Pool {
  readonly limit: number;
  bytes = 0;
  /** Each lets go of what it holds here without need. */
  readonly spares = new Set<() => void>();

  constructor(limit = DEFAULT_LIMITS.bytes) {
    this.limit = limit;
  }
}

/** What a run holds without need. */
export class Spare {
  readonly #budget: Budget;
  readonly #letGo: () => void;
  readonly #ended: () => void;
  #bytes = 0;
  #isOver = false;

  constructor(budget: Budget, letGo: () => void, ended: () => void) {
    this.#budget = budget;
    this.#letGo = letGo;
    this.#ended = ended;
  }

  /** Nothing is held any more, and nothing will be. */
  get isOver(): boolean {
    return this.#isOver;
  }

  /** False: there is no room for it, and all is let go of. */
  hold(bytes: number): boolean {
    if (this.#isOver) return false;
    if (!this.#budget.hasRoom(bytes)) {
      this.end();
      return false;
    }
    this.#budget.take(0, bytes);
    this.#bytes += bytes;
    return true;
  }

  end(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#ended();
    this.#budget.give(0, this.#bytes);
    this.#letGo();
  }
}

/** Shared by all operators of one run. */
export class Budget {
  readonly limits: Limits;
  readonly #pool: Pool;
  readonly #whole: Budget | undefined;
  readonly #spares = new Set<() => void>();
  #isOver = false;
  rows = 0;
  bytes = 0;

  /** `whole`: of which it is a part. */
  constructor(limits: Limits = DEFAULT_LIMITS, pool: Pool = new Pool(Number.POSITIVE_INFINITY), whole?: Budget) {
    this.limits = limits;
    this.#pool = pool;
    this.#whole = whole;
  }

  /** Of something the run tries: what that holds is given back by its `end`, however it ended. */
  part(): Budget {
    return new Budget(this.limits, new Pool(Number.POSITIVE_INFINITY), this);
  }

  /** Accounts for what is now held; throws `iql.too-many-rows`, `iql.too-many-bytes`, or `iql.no-memory` when that is over a limit, `iql.cancelled` when the run is over. */
  take(rows: number, bytes: number): void {
    if (this.#isOver) throw new CodedError('iql.cancelled', {});
    this.rows += rows;
    this.bytes += bytes;
    this.#pool.bytes += bytes;
    this.#whole?.take(rows, bytes);
    this.#makeRoom(0);
    if (this.rows > this.limits.rows) throw new CodedError('iql.too-many-rows', { limit: this.limits.rows, amount: this.rows });
    if (this.bytes > this.limits.bytes) throw new CodedError('iql.too-many-bytes', { limit: this.limits.bytes, amount: this.bytes });
    if (this.#pool.bytes > this.#pool.limit) throw new CodedError('iql.no-memory', { limit: this.#pool.limit, amount: this.#pool.bytes, own: this.bytes });
  }

  /** Whether so much may be taken as it is now. */
  hasRoom(bytes: number): boolean {
    return !this.#isOver && this.bytes + bytes <= this.limits.bytes && this.#pool.bytes + bytes <= this.#pool.limit;
  }

  /** As `take`; false: there is no room for it, and nothing is taken. */
  tryTake(bytes: number): boolean {
    this.#makeRoom(bytes);
    if (!this.hasRoom(bytes)) return false;
    this.take(0, bytes);
    return true;
  }

  /** Room for what the run can do without. `letGo`: called once, when it is wanted elsewhere or over. */
  spare(letGo: () => void): Spare {
    const end = (): void => spare.end();
    const spare = new Spare(this, letGo, () => {
      this.#spares.delete(end);
      this.#pool.spares.delete(end);
    });
    this.#spares.add(end);
    this.#pool.spares.add(end);
    return spare;
  }

  #makeRoom(bytes: number): void {
    if (this.bytes + bytes > this.limits.bytes) for (const letGo of this.#spares) letGo();
    if (this.#pool.bytes + bytes > this.#pool.limit) for (const letGo of this.#pool.spares) letGo();
  }

  give(rows: number, bytes: number): void {
    if (this.#isOver) return;
    this.rows -= rows;
    this.bytes -= bytes;
    this.#pool.bytes -= bytes;
    this.#whole?.give(rows, bytes);
  }

  /** The run is over, however it ended; what is still under way for it accounts for nothing more. */
  end(): void {
    this.give(this.rows, this.bytes);
    this.#isOver = true;
    for (const spare of this.#spares) this.#pool.spares.delete(spare);
  }
}

/** That a run holds too much. */
export const isNoRoom = (error: unknown): boolean =>
  hasCode(error, 'iql.too-many-bytes') || hasCode(error, 'iql.too-many-rows') || hasCode(error, 'iql.no-memory');
