// What a window carries beside its keys (labels): for each group the values in its newest row. Keeps each combination of values once, and a
// time and a number a group; never a row.
import type { Column } from '../../core/batch/batch.ts';
import { takeColumn } from '../../core/batch/take.ts';
import type { PlanColumn } from '../3-plan/nodes.ts';
import { physicalType } from '../3-plan/physical.ts';
import { KeyTable } from './keys.ts';

export class Carried {
  readonly #table: KeyTable;
  /** Time (ns) of the newest row of each group, and the number of its combination. */
  #newest = new BigInt64Array(16);
  #numbers = new Int32Array(16).fill(-1);

  constructor(columns: readonly PlanColumn[]) {
    this.#table = new KeyTable(
      columns.map((c) => physicalType(c.type)),
      true,
    );
  }

  /** The combination of each row. */
  numbersOf(columns: readonly Column[], rows: number): Int32Array {
    return this.#table.add(columns, rows);
  }

  /** `groups[i]`: the group of row i, −1 for none; of two rows of one time the first stands. */
  add(groups: Int32Array, size: number, times: BigInt64Array, numbers: Int32Array): void {
    this.#grow(size);
    for (let i = 0; i < groups.length; i++) {
      const group = groups[i] as number;
      if (group < 0) continue;
      const time = times[i] as bigint;
      if ((this.#numbers[group] as number) >= 0 && time <= (this.#newest[group] as bigint)) continue;
      this.#newest[group] = time;
      this.#numbers[group] = numbers[i] as number;
    }
  }

  /** Only these groups stay, with new numbers in this order. */
  keep(ids: Int32Array): void {
    const [newest, numbers] = [this.#newest, this.#numbers];
    this.#newest = new BigInt64Array(Math.max(16, ids.length));
    this.#numbers = new Int32Array(Math.max(16, ids.length)).fill(-1);
    for (const [i, id] of ids.entries()) {
      this.#newest[i] = newest[id] ?? 0n;
      this.#numbers[i] = numbers[id] ?? -1;
    }
  }

  /** The columns' values of these groups, each of which has had a row. */
  columns(groups: Iterable<number>): readonly Column[] {
    const rows = Int32Array.from(groups, (g) => this.#numbers[g] as number);
    return this.#table.columns().map((column) => takeColumn(column, rows));
  }

  #grow(size: number): void {
    if (size <= this.#numbers.length) return;
    const length = Math.max(size, this.#numbers.length * 2);
    const [newest, numbers] = [new BigInt64Array(length), new Int32Array(length).fill(-1)];
    newest.set(this.#newest);
    numbers.set(this.#numbers);
    this.#newest = newest;
    this.#numbers = numbers;
  }
}
