// What is known of a stretch of one series' samples once they are put together: a part. Parts of neighbouring stretches put together are the
// part of both, however often and wherever the stretch was cut; what the language asks over a window is worked out from the window's part.
// Pure and without a store: rollups, federation and streams use it. What increase, rate and delta are, says query/functions/run/series.ts.
//
// A stale marker is no sample: it ends the run of samples before it, so that no rise joins two samples with a marker between them. A value that
// is not finite is missing: it is counted and is no sample either.
import { type Sum, sumOf, sumsTogether, sumWith, ZERO } from '../core/sum.ts';

/** Times in ms. */
export interface Sample {
  readonly time: number;
  readonly value: number;
  /** Since when the counter counts, where the sender says so. */
  readonly start: number | undefined;
}

/** Samples with no marker between them. */
export interface Run {
  readonly first: Sample;
  /** Time of its last sample. */
  readonly to: number;
}

/** Of times that all differ. What stands under `some` is there when there is a sample. */
export interface Part {
  readonly count: number;
  /** Values that are not finite. */
  readonly missing: number;
  /** Stale markers. */
  readonly stale: number;
  /** A marker stands before the first sample, behind the last one; both where there are markers alone. */
  readonly opens: boolean;
  readonly ends: boolean;
  readonly some:
    | {
        readonly sum: Sum;
        readonly min: number;
        readonly max: number;
        readonly last: Sample;
        /** Of rises between neighbours, where a reset counts its new value. */
        readonly rise: Sum;
        readonly resets: number;
        /** At least one, in order of time. */
        readonly runs: readonly Run[];
      }
    | undefined;
}

export const NOTHING: Part = { count: 0, missing: 0, stale: 0, opens: false, ends: false, some: undefined };
export const STALE: Part = { ...NOTHING, stale: 1, opens: true, ends: true };
export const MISSING: Part = { ...NOTHING, missing: 1 };

/** The part of one sample, whose value is finite. */
export const partOf = (sample: Sample): Part => ({
  ...NOTHING,
  count: 1,
  some: {
    sum: sumOf(sample.value),
    min: sample.value,
    max: sample.value,
    last: sample,
    rise: ZERO,
    resets: 0,
    runs: [{ first: sample, to: sample.time }],
  },
});

const isReset = (before: Sample, at: Sample): boolean =>
  at.value < before.value || (at.start !== undefined && before.start !== undefined && at.start > before.start);

/** The rise from a sample to its neighbour behind it, added to `to`. */
const withStep = (to: Sum, before: Sample, at: Sample): Sum => sumWith(to, isReset(before, at) ? at.value : at.value - before.value);

/** Of two stretches, the earlier one first. */
export const concat = (a: Part, b: Part): Part => {
  const both = { count: a.count + b.count, missing: a.missing + b.missing, stale: a.stale + b.stale };
  if (a.some === undefined) return { ...both, opens: a.opens || b.opens, ends: b.some === undefined ? a.ends || b.ends : b.ends, some: b.some };
  if (b.some === undefined) return { ...both, opens: a.opens, ends: a.ends || b.ends, some: a.some };
  const [x, y] = [a.some, b.some];
  const rise = sumsTogether(x.rise, y.rise);
  const [head, ...rest] = y.runs as readonly [Run, ...Run[]];
  const tail = x.runs.at(-1) as Run;
  const goesOn = !a.ends && !b.opens;
  return {
    ...both,
    opens: a.opens,
    ends: b.ends,
    some: {
      sum: sumsTogether(x.sum, y.sum),
      min: Math.min(x.min, y.min),
      max: Math.max(x.max, y.max),
      last: y.last,
      rise: goesOn ? withStep(rise, x.last, head.first) : rise,
      resets: x.resets + y.resets + (goesOn && isReset(x.last, head.first) ? 1 : 0),
      runs: goesOn ? [...x.runs.slice(0, -1), { first: tail.first, to: head.to }, ...rest] : [...x.runs, ...y.runs],
    },
  };
};

/** The sample before a window that begins at `from`, where it is at most `lookback` older and no marker stands behind it. `earlier`: of a stretch up to `from`. */
export const before = (earlier: Part, from: number, lookback: number): Sample | undefined =>
  earlier.some === undefined || earlier.ends || earlier.some.last.time < from - lookback ? undefined : earlier.some.last;

/** A window's part, and what is beside it. */
export interface PartWindow {
  readonly part: Part;
  readonly before: Sample | undefined;
  /** Where the window begins. */
  readonly from: number;
}

interface Rise {
  readonly sum: Sum;
  /** From the first to the last sample used, ms. */
  readonly span: number;
}

const cumulative = ({ part: { opens, some }, before: earlier, from }: PartWindow): Rise | undefined => {
  if (some === undefined) return undefined;
  let sum = some.rise;
  let since: number | undefined;
  let until = 0;
  let seen = from;
  for (const [i, { first, to }] of some.runs.entries()) {
    if (i === 0 && !opens && earlier !== undefined) {
      sum = withStep(sum, earlier, first);
      since = earlier.time;
      until = first.time;
    } else if (first.start !== undefined && first.start >= seen && first.start <= first.time) {
      sum = sumWith(sum, first.value);
      since ??= first.start;
      until = first.time;
    }
    seen = to;
    if (to === first.time) continue;
    since ??= first.time;
    until = to;
  }
  return since === undefined ? undefined : { sum, span: until - since };
};

/** Of increments since the sample before. */
const increments = ({ part: { some }, before: earlier, from }: PartWindow): Rise | undefined => {
  if (some === undefined) return undefined;
  const { first } = some.runs[0] as Run;
  return { sum: some.sum, span: some.last.time - (first.start ?? earlier?.time ?? from) };
};

const riseOf = (window: PartWindow, delta: boolean): Rise | undefined => (delta ? increments(window) : cumulative(window));

/** `delta`: the samples are increments. undefined, here and below: missing. */
export const increaseOf = (window: PartWindow, delta: boolean): number | undefined => {
  const rise = riseOf(window, delta);
  return rise && rise.sum.high + rise.sum.low;
};

/** Per second. */
export const rateOf = (window: PartWindow, delta: boolean): number | undefined => {
  const rise = riseOf(window, delta);
  return rise === undefined || rise.span <= 0 ? undefined : (rise.sum.high + rise.sum.low) / (rise.span / 1000);
};

/** Of a gauge: its last sample less the one that its last run begins with, or the one before the window. */
export const deltaOf = ({ part: { opens, some }, before: earlier }: PartWindow): number | undefined => {
  const run = some?.runs.at(-1);
  if (some === undefined || run === undefined) return undefined;
  const base = some.runs.length === 1 && !opens && earlier !== undefined ? earlier : run.first;
  return base.time === some.last.time ? undefined : some.last.value - base.value;
};
