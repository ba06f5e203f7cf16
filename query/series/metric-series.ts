// The series of one metric: numbered from 0 as they became known, with the values of their labels.
import { IdTable } from '../../core/batch/id-table.ts';
import { LabelCodes } from './label-codes.ts';
import { MetricVariants } from './metric-variants.ts';
import { SeriesStates } from './series-states.ts';

export class MetricSeries {
  readonly name: string;
  readonly ids = new IdTable(16);
  readonly variants = new MetricVariants();
  /** Labels that the inventory gave any of them. */
  readonly told = new Set<number>();
  /** What it said of them, and when. */
  readonly states = new SeriesStates();
  /** There was no room for some of its series. */
  lacksSome = false;
  /** By the number of a label. */
  readonly #labels = new Map<number, LabelCodes>();

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
    return this.size * 32 + this.states.bytes + [...this.#labels.values()].reduce((sum, codes) => sum + codes.bytes, 0);
  }
}
