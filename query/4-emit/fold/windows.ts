// The windows of an `every`, and what its aggregates are of the part that a window's samples make (schemas/sample-part.ts).
import { deltaOf, increaseOf, type Part, type PartWindow, rateOf } from '../../../schemas/sample-part.ts';
import { Buckets } from '../../3-plan/bucket.ts';
import type { AggregateCall, Every } from '../../3-plan/nodes.ts';

/** Of a window with rows; NaN: missing. */
export type Finish = (window: PartWindow, delta: boolean) => number;

const ofSamples =
  (f: (part: Part) => number): Finish =>
  ({ part }) =>
    part.count === 0 ? Number.NaN : f(part);
const sumOf = ({ sum, sumLost }: Part): number => (Number.isFinite(sum) ? sum + sumLost : sum);
const first = ofSamples((part) => part.first.value);

/** `sum` of nothing is 0. */
const FINISH: Readonly<Record<string, Finish>> = {
  sum: ({ part }) => sumOf(part),
  avg: ofSamples((part) => sumOf(part) / part.count),
  min: ofSamples((part) => part.min),
  max: ofSamples((part) => part.max),
  first,
  any: first,
  last: ofSamples((part) => part.lastValue),
  increase: (window, delta) => increaseOf(window, delta) ?? Number.NaN,
  rate: (window, delta) => rateOf(window, delta) ?? Number.NaN,
  delta: (window) => deltaOf(window) ?? Number.NaN,
};

const ofRows: Finish = ({ part }) => part.count + part.missing;
const ofPresent: Finish = ({ part }) => part.count;

/** Of samples' values; undefined: it needs the samples themselves. */
export const finishOf = ({ function: name, type, arguments: [value, ...more], where }: AggregateCall): Finish | undefined => {
  if (where !== undefined || more.length > 0 || (value !== undefined && (value.op !== 'column' || value.name !== 'value'))) return undefined;
  if (name === 'count') return value === undefined ? ofRows : ofPresent;
  return value === undefined || type !== 'float' || !Object.hasOwn(FINISH, name) ? undefined : FINISH[name];
};

export const isFoldable = ({ aggregates }: Every): boolean => aggregates.every((a) => finishOf(a) !== undefined);

const ceilMillis = (ns: bigint): number => Number((ns + 999_999n) / 1_000_000n);

/** Windows in order, with what a time is held against: whole ms. */
export interface Windows {
  /** Of the bucket, ns. */
  readonly starts: BigInt64Array;
  readonly from: Float64Array;
  readonly to: Float64Array;
  /** Where it begins, ms. */
  readonly begins: Float64Array;
}

export const windowsOf = ({ bucket, over, from, to }: Every): Windows => {
  const buckets = new Buckets(bucket, from, to);
  const { count } = buckets;
  const windows = { starts: new BigInt64Array(count), from: new Float64Array(count), to: new Float64Array(count), begins: new Float64Array(count) };
  for (let i = 0; i < count; i++) {
    const [start, end] = [buckets.start(i), buckets.end(i)];
    const begin = over === undefined ? (start > from ? start : from) : end - over;
    windows.starts[i] = start;
    windows.from[i] = ceilMillis(begin);
    windows.to[i] = ceilMillis(end < to ? end : to);
    windows.begins[i] = Number(begin) / 1e6;
  }
  return windows;
};
