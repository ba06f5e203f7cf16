// The left side of a join, begun before its right side: either its first batch is asked for, so that two stores work at once, or so much of
// it is read that its keys are known, where it is short.
import { type Batch, columnOf, type Value, valueAt } from '../../core/batch/batch.ts';
import type { Keys, PlanNode } from '../3-plan/nodes.ts';
import type { RunEnvironment } from './environment.ts';
import { batchBytes } from './size.ts';

/** A left side of more rows, or with more keys, does not wait: its right side is asked for all. */
const MOST_ROWS = 10_000;
const MOST_KEYS = 1_000;

export class ReadAhead {
  readonly #env: RunEnvironment;
  readonly #rows: AsyncIterator<Batch>;
  readonly #held: Batch[] = [];
  #next: Promise<IteratorResult<Batch>> | undefined;

  constructor(rows: AsyncIterable<Batch>, env: RunEnvironment) {
    this.#env = env;
    this.#rows = rows[Symbol.asyncIterator]();
  }

  /** Asks for the first batch without waiting for it. */
  begin(): void {
    this.#next = this.#rows.next();
    // It is told to whoever reads on; if nobody does, another side has failed.
    this.#next.catch(() => undefined);
  }

  /** What the rows have in these columns; undefined where that is too much to wait for. */
  async keys(columns: readonly { readonly left: string; readonly right: string }[], right: PlanNode): Promise<readonly Keys[] | undefined> {
    const found = columns.map(() => new Set<Value>());
    for (let rows = 0; ; ) {
      const { done, value: batch } = await this.#rows.next();
      if (done === true) break;
      this.#env.budget.take(batch.length, batchBytes(batch));
      this.#held.push(batch);
      rows += batch.length;
      if (rows > MOST_ROWS) return undefined;
      for (const [i, { left }] of columns.entries()) {
        const column = columnOf(batch, left);
        for (let row = 0; row < batch.length; row++) found[i]?.add(valueAt(column, row));
      }
      if (found.every(({ size }) => size > MOST_KEYS)) return undefined;
    }
    return columns.flatMap(({ right: name }, i) => {
      const column = right.columns.find((c) => c.name === name);
      const values = [...(found[i] as ReadonlySet<Value>)].filter((v) => v !== null);
      return column === undefined || values.length > MOST_KEYS ? [] : [{ column, values }];
    });
  }

  /** All rows from the first. */
  async *all(): AsyncGenerator<Batch> {
    for (let batch = this.#held.shift(); batch !== undefined; batch = this.#held.shift()) {
      this.#env.budget.give(batch.length, batchBytes(batch));
      yield batch;
    }
    for (let next = await (this.#next ?? this.#rows.next()); next.done !== true; next = await this.#rows.next()) yield next.value;
  }
}
