// One series' parts of rollups, of an answer that has a row a part (schemas/rollups.ts) with its series as `#series`, in any order.
import { type Batch, columnOf } from '../../../core/batch/batch.ts';
import { concatBatches } from '../../../core/batch/concat.ts';
import { RollupColumns } from '../../../schemas/rollup-columns.ts';
import type { Part } from '../../../schemas/sample-part.ts';

export class SeriesParts {
  readonly #columns: readonly RollupColumns[];
  /** Of each series the rows, as numbers over all tables. */
  readonly #rowsOf = new Map<bigint, number[]>();
  /** Where each table's rows begin. */
  readonly #begins: number[] = [];
  #rows: readonly number[] = [];
  /** Of the series at hand, ascending, ms. */
  times: readonly number[] = [];

  /** `tables`: the answer of each level; no two have parts of one time. */
  constructor(tables: readonly (readonly Batch[])[]) {
    const whole = tables.flatMap((batches) => (batches.length === 0 ? [] : [concatBatches(batches)]));
    this.#columns = whole.map((batch) => new RollupColumns(batch));
    let begin = 0;
    for (const batch of whole) {
      this.#begins.push(begin);
      const series = columnOf(batch, '#series');
      if (series.layout !== 'fixed' || !(series.values instanceof BigInt64Array)) throw new TypeError(`#series is a column of ${series.type.kind}`);
      const { values } = series;
      let last: bigint | undefined;
      let rows: number[] = [];
      for (let row = 0; row < batch.length; row++) {
        const id = values[row] as bigint;
        if (id !== last) {
          last = id;
          const found = this.#rowsOf.get(id);
          rows = found ?? [];
          if (found === undefined) this.#rowsOf.set(id, rows);
        }
        rows.push(begin + row);
      }
      begin += batch.length;
    }
  }

  get series(): Iterable<bigint> {
    return this.#rowsOf.keys();
  }

  get length(): number {
    return this.times.length;
  }

  /** Of a row made again for late samples the later version counts. */
  open(series: bigint): void {
    const rows = this.#rowsOf.get(series) ?? [];
    const timeOf = (row: number): number => {
      const [columns, own] = this.#place(row);
      return columns.times[own] as number;
    };
    const isInOrder = rows.every((row, i) => i === 0 || timeOf(row) > timeOf(rows[i - 1] as number));
    this.#rows = isInOrder ? rows : this.#newest(rows.toSorted((a, b) => timeOf(a) - timeOf(b)));
    this.times = this.#rows.map((row) => timeOf(row) * 1000);
  }

  #newest(sorted: readonly number[]): readonly number[] {
    const kept: number[] = [];
    for (const row of sorted) {
      const [columns, own] = this.#place(row);
      const before = kept.at(-1);
      const [other, its] = before === undefined ? [undefined, 0] : this.#place(before);
      if (other !== columns || other.times[its] !== columns.times[own]) kept.push(row);
      else if (columns.isLater(own, its)) kept[kept.length - 1] = row;
    }
    return kept;
  }

  #place(row: number): readonly [RollupColumns, number] {
    let table = this.#begins.length - 1;
    while ((this.#begins[table] as number) > row) table--;
    return [this.#columns[table] as RollupColumns, row - (this.#begins[table] as number)];
  }

  read(i: number, part: Part): void {
    const [columns, own] = this.#place(this.#rows[i] as number);
    columns.read(own, part);
  }
}
