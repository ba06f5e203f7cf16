// The series of one metric: numbered from 0 as they became known, with the values of their labels.
import { IdTable } from '../../core/batch/id-table.ts';
import { LabelCodes } from './label-codes.ts';
import { MetricVariants } from './metric-variants.ts';

export class MetricSeries {
  readonly name: string;
  readonly ids = new IdTable(16);
  readonly variants = new MetricVariants();
  /** Labels that the inventory gave any of them. */
  readonly told = new Set<number>();
  /** By the number of a label. */
  readonly #labels = new Map<number, LabelCodes>();
  /** Of the newest that is known of each, ms. */
  #since = new Float64Array(0);
  #seen = new Float64Array(0);

  constructor(name: string) {
    this.name = name;
  }

  get size(): number {
    return this.ids.size;
  }

  put(series: number, label: number, code: number): void {
    let codes = this.#labels.get(label);
    if (codes === undefined) {
      codes = new LabelCodes();
      this.#labels.set(label, codes);
    }
    codes.put(series, code, this.size);
  }

  /** Whether what a series said from `since` on (ms), told at `seen`, is the newest that is known of it. */
  isNewest(series: number, since: number, seen: number): boolean {
    if (series >= this.#since.length) {
      const length = Math.max(series + 1, this.#since.length * 2);
      const [from, told] = [new Float64Array(length).fill(Number.NEGATIVE_INFINITY), new Float64Array(length)];
      from.set(this.#since);
      told.set(this.#seen);
      [this.#since, this.#seen] = [from, told];
    }
    const known = this.#since[series] as number;
    if (since < known || (since === known && seen < (this.#seen[series] as number))) return false;
    this.#since[series] = since;
    this.#seen[series] = seen;
    return true;
  }

  /** The number of the label's value, −1: the series has it not. */
  valueOf(series: number, label: number): number {
    return this.#labels.get(label)?.at(series) ?? -1;
  }

  /** Numbers of its labels, those of most series first. */
  labels(): readonly number[] {
    return [...this.#labels].sort(([a, x], [b, y]) => y.count - x.count || a - b).map(([label]) => label);
  }

  /** How many series have the label. */
  countOf(label: number): number {
    return this.#labels.get(label)?.count ?? 0;
  }

  get bytes(): number {
    return this.size * 32 + this.#since.byteLength * 2 + [...this.#labels.values()].reduce((sum, codes) => sum + codes.bytes, 0);
  }
}
