// How time is cut into buckets, for all who cut it: pipes, this process's operators, what stores are asked, functions of time.
import { earlierOf } from '../../core/time.ts';
import { calendarBucket } from '../../core/zone.ts';

/**
 * How time is cut: a fixed number of nanoseconds, beginning at whole numbers of them since the epoch plus `phase`; calendar units of a zone;
 * `all`: one bucket, no time.
 */
export type Bucket =
  | { readonly kind: 'fixed'; readonly nanos: bigint; readonly phase?: bigint }
  | { readonly kind: 'calendar'; readonly unit: 'day' | 'week'; readonly count: number; readonly zone: string }
  | { readonly kind: 'all' };

export const floorTo = (moment: bigint, step: bigint, phase = 0n): bigint => {
  const rest = (moment - phase) % step;
  return rest < 0n ? moment - rest - step : moment - rest;
};

/** The bucket that holds a moment; there is none other of `all`. */
export const bucketAt = (bucket: Exclude<Bucket, { kind: 'all' }>, moment: bigint): { readonly start: bigint; readonly end: bigint } => {
  if (bucket.kind === 'calendar') return calendarBucket(moment, bucket.unit, bucket.count, bucket.zone);
  const start = floorTo(moment, bucket.nanos, bucket.phase);
  return { start, end: start + bucket.nanos };
};

/** The buckets that meet [from, to), which is not empty, numbered from 0, the one that holds `from`; boundaries are found as they are needed. */
export class Buckets {
  readonly #bucket: Bucket;
  readonly #base: bigint;
  /** Of calendar buckets: start of each number. */
  readonly #starts: bigint[];
  readonly #to: bigint;

  constructor(bucket: Bucket, from: bigint, to: bigint) {
    this.#bucket = bucket;
    this.#to = to;
    this.#base = bucket.kind === 'all' ? from : bucketAt(bucket, from).start;
    this.#starts = [this.#base];
  }

  start(number: number): bigint {
    if (this.#bucket.kind === 'fixed') return this.#base + BigInt(number) * this.#bucket.nanos;
    if (this.#bucket.kind === 'all') return number === 0 ? this.#base : this.#to;
    while (this.#starts.length <= number) this.#starts.push(this.#next(this.#starts.at(-1) as bigint));
    return this.#starts[number] as bigint;
  }

  end(number: number): bigint {
    return this.start(number + 1);
  }

  #next(start: bigint): bigint {
    return bucketAt(this.#bucket as Exclude<Bucket, { kind: 'all' }>, start).end;
  }

  /** Number of buckets that begin before `to`. */
  get count(): number {
    return this.countBefore(this.#to);
  }

  /** Number of buckets that begin before `moment` and before the range's end. */
  countBefore(moment: bigint): number {
    const limit = earlierOf(moment, this.#to);
    if (limit <= this.#base) return 0;
    return this.numberOf(limit - 1n) + 1;
  }

  /** The bucket that holds the moment; −1 before the first. */
  numberOf(moment: bigint): number {
    if (moment < this.#base) return -1;
    if (this.#bucket.kind === 'fixed') return Number((moment - this.#base) / this.#bucket.nanos);
    if (this.#bucket.kind === 'all') return moment < this.#to ? 0 : 1;
    while ((this.#starts.at(-1) as bigint) <= moment) this.#starts.push(this.#next(this.#starts.at(-1) as bigint));
    let low = 0;
    let high = this.#starts.length - 1;
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if ((this.#starts[middle] as bigint) <= moment) low = middle;
      else high = middle;
    }
    return low;
  }

  /** `numberOf` of each time plus `shift`; neighbours in one bucket cost two comparisons. */
  numbersOf(times: BigInt64Array, shift: bigint): Int32Array {
    const out = new Int32Array(times.length);
    const halves = new Int32Array(times.buffer, times.byteOffset, times.length * 2);
    const bounds = new BigInt64Array(2);
    const [startLow, startHigh, endLow, endHigh] = [0, 1, 2, 3];
    const edge = new Int32Array(bounds.buffer);
    let number = -1;
    for (let i = 0; i < times.length; i++) {
      const high = halves[i * 2 + 1] as number;
      const low = (halves[i * 2] as number) >>> 0;
      const fromHigh = edge[startHigh] as number;
      const toHigh = edge[endHigh] as number;
      const isAfter = high > fromHigh || (high === fromHigh && low >= (edge[startLow] as number) >>> 0);
      const isBefore = high < toHigh || (high === toHigh && low < (edge[endLow] as number) >>> 0);
      if (!isAfter || !isBefore) {
        number = this.numberOf((times[i] as bigint) + shift);
        // Before the first bucket there is one endless stretch.
        bounds[0] = number < 0 ? -(2n ** 63n) : this.start(number) - shift;
        bounds[1] = number < 0 ? this.#base - shift : this.end(number) - shift;
        if (this.#bucket.kind === 'all' && number > 0) bounds[1] = 2n ** 63n - 1n;
      }
      out[i] = number;
    }
    return out;
  }
}
