// Rows of the table `samples` as benches of the column store write them, and the values they have: series that walk, each of a kind. The same
// seed gives the same values.
import type { Batch, FixedArray } from '../core/batch/batch.ts';
import { allocateFixed, batchOf } from '../core/batch/build.ts';
import { TABLE_FIELDS } from '../schemas/tables.ts';

/** Values are whole · 10^-exponent, and stay between `least` and `most`. */
export interface WalkKind {
  readonly exponent: number;
  readonly first: number;
  readonly least: number;
  readonly most: number;
  /** `random`: from 0 up to 1. */
  readonly step: (random: number) => number;
}

/** In steps of a tenth, up to five either way. */
export const GAUGE: WalkKind = { exponent: 1, first: 500, least: 0, most: 1000, step: (random) => Math.round((random - 0.5) * 10) };
export const COUNTER: WalkKind = { exponent: 0, first: 0, least: 0, most: Number.MAX_SAFE_INTEGER, step: (random) => Math.floor(random * 20_000) };
export const RATIO: WalkKind = { exponent: 4, first: 5000, least: 0, most: 10_000, step: (random) => Math.round((random - 0.5) * 400) };

export class Walks {
  readonly kind: WalkKind;
  readonly #at: Float64Array;
  #state: number;

  constructor(series: number, seed: number, kind = GAUGE) {
    this.kind = kind;
    this.#at = new Float64Array(series).fill(kind.first);
    this.#state = seed;
  }

  /** Goes on from another seed, each series from where it is. */
  reseed(seed: number): void {
    this.#state = seed;
  }

  next(series: number): number {
    const { least, most, step } = this.kind;
    this.#state = (Math.imul(this.#state, 1664525) + 1013904223) >>> 0;
    const value = Math.max(least, Math.min(most, (this.#at[series] as number) + step(this.#state / 2 ** 32)));
    this.#at[series] = value;
    return value;
  }
}

/** What a bench fills in. */
export interface SampleArrays {
  readonly metric: Uint32Array;
  readonly id: BigUint64Array;
  readonly time: BigInt64Array;
  readonly mantissa: BigInt64Array;
}

export const sampleRows = (length: number, number: number, { exponent }: WalkKind, fill: (arrays: SampleArrays) => void): Batch => {
  const arrays = new Map(TABLE_FIELDS.samples.map(({ name, type }) => [name, allocateFixed(type, length)] as const));
  const of = <T extends FixedArray>(name: string): T => arrays.get(name) as T;
  fill({ metric: of('metric'), id: of('id'), time: of('time'), mantissa: of('mantissa') });
  of<Int8Array>('exponent').fill(exponent);
  of<BigUint64Array>('insert').fill(BigInt(number));
  return batchOf(
    TABLE_FIELDS.samples.map(({ name, type }) => [name, { layout: 'fixed', type, length, validity: undefined, values: of<FixedArray>(name) }] as const),
  );
};

export const STEP_MS = 15_000;
const BLOCK = 250_000;
const METRICS = 50;

export interface BlockOptions {
  readonly series: number;
  readonly samples: number;
  /** Their end, ms. */
  readonly to: number;
  /** No block goes over the end of one. */
  readonly partitionMs: number;
  readonly kind?: WalkKind;
}

/**
 * Readings of all series every 15 s, as a worker writes them: blocks in order of time, each sorted by metric, id and time. A series' id rises
 * with its number within its metric.
 */
export const sampleBlocks = function* ({ series, samples, to, partitionMs, kind = GAUGE }: BlockOptions): Generator<Batch> {
  const walks = new Walks(series, 1, kind);
  const steps = Math.max(1, Math.floor(samples / series));
  const perMetric = Math.max(1, Math.floor(series / METRICS));
  for (let step = 0, number = 1; step < steps; number++) {
    const from = to - (steps - step) * STEP_MS;
    const left = Math.ceil((Math.floor(from / partitionMs) * partitionMs + partitionMs - from) / STEP_MS);
    const many = Math.min(steps - step, left, Math.max(1, Math.floor(BLOCK / series)));
    walks.reseed(number + 1);
    yield sampleRows(series * many, number, kind, ({ metric, id, time, mantissa }) => {
      for (let s = 0, row = 0; s < series; s++)
        for (let at = 0; at < many; at++, row++) {
          metric[row] = Math.floor(s / perMetric);
          id[row] = BigInt(s) * 18_446_744_073_709n;
          time[row] = BigInt(from + at * STEP_MS);
          mantissa[row] = BigInt(walks.next(s));
        }
    });
    step += many;
  }
};
