// Which rows of a batch are in time: neither late nor in the future nor outside the years the product keeps; and which starts can be none.
// Reads 64-bit times as two words, so that nothing is allocated for a sample.
import { type FixedColumn, isPresent } from '../core/batch/batch.ts';
import { split, type Words, wordsOf } from '../core/batch/words.ts';
import { EARLIEST_NS, LATEST_NS, NANOS_PER_MS } from '../core/time.ts';

/** Why a row is dropped at the door. */
export type DropReason = (typeof REASONS)[number];

const isLess = (high: number, low: number, otherHigh: number, otherLow: number): boolean => high < otherHigh || (high === otherHigh && low < otherLow);
const isBelow = (high: number, low: number, bound: Words): boolean => isLess(high, low, bound.high, bound.low);

const pairsOf = (column: FixedColumn): Uint32Array => wordsOf(column.values as BigInt64Array);

export interface TimeBounds {
  /** In ns: rows before `oldest` are late, rows from `newest` on are in the future. */
  readonly oldest: bigint;
  readonly newest: bigint;
}

/** A row's mark is 0 where it stays, else 1 + its reason's place here. */
export const REASONS = [
  'late',
  'future',
  'out-of-range',
  'series-limit',
  'host-limit',
  'label-name',
  'undefined',
  'malformed',
  'metric-limit',
  'label-limit',
  'label-size',
  'host-name',
  'event-kind',
  'no-host',
] as const;

const unitOf = (column: FixedColumn): bigint => (column.type.kind === 'timestamp' && column.type.unit === 'ms' ? NANOS_PER_MS : 1n);
const ceil = (ns: bigint, unit: bigint): bigint => (ns + unit - 1n) / unit;

/** Marks (see REASONS) the rows whose `time` is not in bounds, and those with another moment outside the product's years; undefined when there are none. */
export const markTimes = (time: FixedColumn, moments: readonly FixedColumn[], bounds: TimeBounds): Uint8Array | undefined => {
  const unit = unitOf(time);
  const [earliest, latest, oldest, newest] = [EARLIEST_NS, LATEST_NS, bounds.oldest, bounds.newest].map((ns) => split(ceil(ns, unit))) as [
    Words,
    Words,
    Words,
    Words,
  ];
  const pairs = pairsOf(time);
  let marks: Uint8Array | undefined;
  for (let row = 0; row < time.length; row++) {
    const low = pairs[row * 2] as number;
    const high = (pairs[row * 2 + 1] as number) | 0;
    let mark = 0;
    if (isBelow(high, low, oldest)) mark = isBelow(high, low, earliest) ? 3 : 1;
    else if (!isBelow(high, low, newest)) mark = isBelow(high, low, latest) ? 2 : 3;
    if (mark !== 0) {
      marks ??= new Uint8Array(time.length);
      marks[row] = mark;
    }
  }
  for (const moment of moments) marks = markOutside(moment, marks);
  return marks;
};

const markOutside = (column: FixedColumn, given: Uint8Array | undefined): Uint8Array | undefined => {
  const unit = unitOf(column);
  const [earliest, latest] = [split(ceil(EARLIEST_NS, unit)), split(ceil(LATEST_NS, unit))];
  const pairs = pairsOf(column);
  let marks = given;
  for (let row = 0; row < column.length; row++) {
    const low = pairs[row * 2] as number;
    const high = (pairs[row * 2 + 1] as number) | 0;
    if ((!isBelow(high, low, earliest) && isBelow(high, low, latest)) || !isPresent(column, row)) continue;
    marks ??= new Uint8Array(column.length);
    marks[row] ||= 3;
  }
  return marks;
};

/** Marks with 1 the rows that begin after their own time, or before 1970; both columns are of one unit, a missing start is none. Undefined when there are none. */
export const markStarts = (start: FixedColumn, time: FixedColumn): Uint8Array | undefined => {
  const [starts, times] = [pairsOf(start), pairsOf(time)];
  let marks: Uint8Array | undefined;
  for (let row = 0; row < start.length; row++) {
    const low = starts[row * 2] as number;
    const high = (starts[row * 2 + 1] as number) | 0;
    if ((low | high) === 0 || !isPresent(start, row)) continue;
    if (high >= 0 && !isLess((times[row * 2 + 1] as number) | 0, times[row * 2] as number, high, low)) continue;
    marks ??= new Uint8Array(start.length);
    marks[row] = 1;
  }
  return marks;
};

/** The column with 0, which is not known, where it is marked. */
export const withoutStarts = (start: FixedColumn, marks: Uint8Array): FixedColumn => {
  const values = (start.values as BigInt64Array).slice();
  for (let row = 0; row < start.length; row++) if (marks[row] !== 0) values[row] = 0n;
  return { ...start, values };
};

/** Earliest and latest time of a column with at least one row, in ns. */
export const timeRange = (column: FixedColumn): { readonly from: bigint; readonly to: bigint } => {
  const pairs = pairsOf(column);
  let [from, to] = [0, 0];
  let [fromLow, toLow] = [pairs[0] as number, pairs[0] as number];
  let [fromHigh, toHigh] = [(pairs[1] as number) | 0, (pairs[1] as number) | 0];
  for (let row = 1; row < column.length; row++) {
    const low = pairs[row * 2] as number;
    const high = (pairs[row * 2 + 1] as number) | 0;
    if (high < fromHigh || (high === fromHigh && low < fromLow)) {
      from = row;
      fromLow = low;
      fromHigh = high;
    } else if (high > toHigh || (high === toHigh && low > toLow)) {
      to = row;
      toLow = low;
      toHigh = high;
    }
  }
  const unit = unitOf(column);
  return { from: (column.values[from] as bigint) * unit, to: (column.values[to] as bigint) * unit };
};
