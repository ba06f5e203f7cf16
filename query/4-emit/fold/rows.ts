// Rows of windows as they are given out: columns of an `Every`'s batch, grown as they come.
import { type Batch, type Column, type DataType, type FixedArray, FLOAT, INT64, TIME_NS } from '../../../core/batch/batch.ts';
import { bitmapBytes, countOnes, setBit } from '../../../core/batch/bits.ts';
import { wordsOf } from '../../../core/batch/words.ts';
import type { PartWindow } from '../../../schemas/sample-part.ts';
import type { Every, PlanColumn } from '../../3-plan/nodes.ts';
import type { Finish } from './windows.ts';

export class WindowRows {
  readonly #node: Every;
  /** Of buckets, ns. */
  readonly #starts: BigInt64Array;
  length = 0;
  #room = 1024;
  #series = new BigInt64Array(1024);
  #buckets = new Int32Array(1024);
  /** ms */
  #newest = new Float64Array(1024);
  readonly #values: Float64Array[];
  readonly #present: Uint8Array[];

  constructor(node: Every, starts: BigInt64Array) {
    this.#node = node;
    this.#starts = starts;
    this.#values = node.aggregates.map(() => new Float64Array(1024));
    this.#present = node.aggregates.map(() => new Uint8Array(128));
  }

  /** `newest`: ms. A row in which all is missing stands only where the window is to be whole. */
  add(series: bigint, bucket: number, newest: number, finish: readonly Finish[], window: PartWindow): void {
    if (this.length === this.#room) this.#grow();
    const row = this.length;
    let has = this.#node.whole;
    for (let i = 0; i < finish.length; i++) {
      const value = (finish[i] as Finish)(window, this.#node.delta);
      if (!Number.isFinite(value)) continue;
      (this.#values[i] as Float64Array)[row] = value;
      setBit(this.#present[i] as Uint8Array, row);
      has = true;
    }
    if (!has) return;
    this.#series[row] = series;
    this.#buckets[row] = bucket;
    this.#newest[row] = newest;
    this.length++;
  }

  #grow(): void {
    const grown = <A extends FixedArray>(array: A, length: number): A => {
      const larger = new (array.constructor as new (length: number) => A)(length);
      larger.set(array as never);
      return larger;
    };
    this.#room *= 4;
    this.#series = grown(this.#series, this.#room);
    this.#buckets = grown(this.#buckets, this.#room);
    this.#newest = grown(this.#newest, this.#room);
    for (const [i, values] of this.#values.entries()) this.#values[i] = grown(values, this.#room);
    for (const [i, bits] of this.#present.entries()) this.#present[i] = grown(bits, bitmapBytes(this.#room));
  }

  batch(): Batch {
    const made = this.#node.columns.map((c) => this.#column(c));
    return { length: this.length, fields: this.#node.columns.map((c, i) => ({ name: c.name, type: (made[i] as Column).type })), columns: made };
  }

  #column({ name, type }: PlanColumn): Column {
    const { length } = this;
    const fixed = (of: DataType, values: FixedArray, validity?: Uint8Array): Column => ({ layout: 'fixed', type: of, length, validity, values });
    if (name === '#series') return fixed(INT64, this.#series.subarray(0, length));
    if (name === 'time') return fixed(TIME_NS, this.#times());
    if (name === '#newest')
      return fixed(
        TIME_NS,
        BigInt64Array.from(this.#newest.subarray(0, length), (ms) => BigInt(ms) * 1_000_000n),
      );
    const i = this.#node.aggregates.findIndex((a) => a.name === name);
    const values = (this.#values[i] as Float64Array).subarray(0, length);
    if (type === 'int') return fixed(INT64, BigInt64Array.from(values, BigInt));
    const bits = (this.#present[i] as Uint8Array).subarray(0, bitmapBytes(length));
    return fixed(FLOAT, values, countOnes(bits, length) === length ? undefined : bits);
  }

  #times(): BigInt64Array {
    const out = new BigInt64Array(this.length);
    const [from, to] = [wordsOf(this.#starts), wordsOf(out)];
    for (let row = 0; row < out.length; row++) {
      const at = (this.#buckets[row] as number) * 2;
      to[row * 2] = from[at] as number;
      to[row * 2 + 1] = from[at + 1] as number;
    }
    return out;
  }
}
