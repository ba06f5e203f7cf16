// Rows of the table `samples` as benches of the column store write them, and the values they have: series that walk in steps of a tenth, up to
// five either way, between 0 and 100. The same seed gives the same values.
import type { Batch, FixedArray } from '../core/batch/batch.ts';
import { allocateFixed, batchOf } from '../core/batch/build.ts';
import { TABLE_FIELDS } from '../schemas/tables.ts';

/** Values in tenths. */
export class Walks {
  readonly #at: Int32Array;
  #state: number;

  constructor(series: number, seed: number) {
    this.#at = new Int32Array(series).fill(500);
    this.#state = seed;
  }

  /** Goes on from another seed, each series from where it is. */
  reseed(seed: number): void {
    this.#state = seed;
  }

  next(series: number): number {
    this.#state = (Math.imul(this.#state, 1664525) + 1013904223) >>> 0;
    const value = Math.max(0, Math.min(1000, (this.#at[series] as number) + Math.round((this.#state / 2 ** 32 - 0.5) * 10)));
    this.#at[series] = value;
    return value;
  }
}

/** What a bench fills in; the exponent is 1. */
export interface SampleArrays {
  readonly metric: Uint32Array;
  readonly id: BigUint64Array;
  readonly time: BigInt64Array;
  readonly mantissa: BigInt64Array;
}

export const sampleRows = (length: number, number: number, fill: (arrays: SampleArrays) => void): Batch => {
  const arrays = new Map(TABLE_FIELDS.samples.map(({ name, type }) => [name, allocateFixed(type, length)] as const));
  const of = <T extends FixedArray>(name: string): T => arrays.get(name) as T;
  fill({ metric: of('metric'), id: of('id'), time: of('time'), mantissa: of('mantissa') });
  of<Int8Array>('exponent').fill(1);
  of<BigUint64Array>('insert').fill(BigInt(number));
  return batchOf(
    TABLE_FIELDS.samples.map(({ name, type }) => [name, { layout: 'fixed', type, length, validity: undefined, values: of<FixedArray>(name) }] as const),
  );
};
