// What is known of a stretch of one series' samples once they are put together: a part. Parts of neighbouring stretches put together are the
// part of both, however often and wherever the stretch was cut; what the language asks over a window is worked out from the window's part.
// Without a store: rollups, federation and streams use it. What increase, rate and delta are, says query/functions/run/series.ts.
//
// A stale marker is no sample: it ends the run of samples before it, so that no rise joins two samples with a marker between them. A value that
// is not finite is missing: it is counted and is no sample either. Nothing is allocated for a sample or a part but where there are markers.
import { lostBy } from '../core/sum.ts';

/** Times in ms. */
export interface Sample {
  readonly time: number;
  readonly value: number;
  /** Since when the counter counts, where the sender says so; 0: not known. */
  readonly start: number;
}

/** Samples with no marker between them. */
export interface Run {
  readonly first: Sample;
  /** Time of its last sample. */
  readonly to: number;
}

const NONE: readonly Run[] = [];

/** Of times that all differ. It grows behind its end. What is said of samples means something where `count` is not 0. */
export class Part {
  count = 0;
  /** Values that are not finite. */
  missing = 0;
  /** Stale markers. */
  stale = 0;
  /** A marker stands before the first sample, behind the last one; both where there are markers alone. */
  opens = false;
  ends = false;
  /** With what was lost by rounding beside it (`core/sum.ts`); so is `rise`. */
  sum = 0;
  sumLost = 0;
  min = Number.POSITIVE_INFINITY;
  max = Number.NEGATIVE_INFINITY;
  /** Of rises between neighbours, where a reset counts its new value. */
  rise = 0;
  riseLost = 0;
  resets = 0;
  /** Runs behind which others begin, in order of time. */
  closed: readonly Run[] = NONE;
  /** The same, where it is this part's own. */
  #growing: Run[] | undefined;
  /** The first sample of the last run. */
  runTime = 0;
  runValue = 0;
  runStart = 0;
  lastTime = 0;
  lastValue = 0;
  lastStart = 0;

  clear(): void {
    this.count = 0;
    this.missing = 0;
    this.stale = 0;
    this.opens = false;
    this.ends = false;
    this.sum = 0;
    this.sumLost = 0;
    this.min = Number.POSITIVE_INFINITY;
    this.max = Number.NEGATIVE_INFINITY;
    this.rise = 0;
    this.riseLost = 0;
    this.resets = 0;
    this.closed = NONE;
    this.#growing = undefined;
  }

  /**
   * Rows `from` … `to` of samples, one at least: later than all others, in order of time, with finite values and no marker between them. Without
   * `starts` none is known.
   */
  addRun(times: Float64Array, values: Float64Array, starts: Float64Array | undefined, from: number, to: number): void {
    let { sum, sumLost, min, max, rise, riseLost, resets, lastValue, lastStart } = this;
    const hasBefore = this.count > 0 && !this.ends;
    if (!hasBefore) {
      if (this.count > 0) this.#close([this.#lastRun()]);
      this.ends = false;
      this.runTime = times[from] as number;
      this.runValue = values[from] as number;
      this.runStart = starts?.[from] ?? 0;
    }
    // Between two resets the rises are the last value less the first.
    let begin = hasBefore ? lastValue : (values[from] as number);
    let previous = begin;
    let previousStart = hasBefore ? lastStart : 0;
    for (let i = from; i < to; i++) {
      const value = values[i] as number;
      const start = starts === undefined ? 0 : (starts[i] as number);
      if (value < previous || (previousStart !== 0 && start > previousStart)) {
        for (const step of [previous - begin, value]) {
          const total = rise + step;
          riseLost += lostBy(rise, step, total);
          rise = total;
        }
        begin = value;
        resets++;
      }
      previous = value;
      previousStart = start;
    }
    lastValue = previous;
    lastStart = previousStart;
    if (previous !== begin) {
      const total = rise + (previous - begin);
      riseLost += lostBy(rise, previous - begin, total);
      rise = total;
    }
    for (let i = from; i < to; i++) {
      const value = values[i] as number;
      const total = sum + value;
      sumLost += Math.abs(sum) >= Math.abs(value) ? sum - total + value : value - total + sum;
      sum = total;
      if (value < min) min = value;
      if (value > max) max = value;
    }
    this.count += to - from;
    this.sum = sum;
    this.sumLost = sumLost;
    this.min = min;
    this.max = max;
    this.rise = rise;
    this.riseLost = riseLost;
    this.resets = resets;
    this.lastTime = times[to - 1] as number;
    this.lastValue = lastValue;
    this.lastStart = lastStart;
  }

  addStale(): void {
    this.stale++;
    this.ends = true;
    if (this.count === 0) this.opens = true;
  }

  addMissing(): void {
    this.missing++;
  }

  /** What comes behind. */
  append(next: Part): void {
    this.missing += next.missing;
    this.stale += next.stale;
    if (next.count === 0) {
      if (this.count === 0) this.opens ||= next.opens;
      this.ends ||= next.ends;
      return;
    }
    if (this.count === 0) this.opens ||= next.opens;
    else if (this.ends || next.opens) {
      this.#close([this.#lastRun()]);
      this.#close(next.closed);
    } else this.#goOn(next);
    if (this.count === 0) this.#close(next.closed);
    if (this.count === 0 || this.ends || next.opens || next.closed.length > 0) {
      this.runTime = next.runTime;
      this.runValue = next.runValue;
      this.runStart = next.runStart;
    }
    this.count += next.count;
    this.ends = next.ends;
    const sum = this.sum + next.sum;
    this.sumLost += lostBy(this.sum, next.sum, sum) + next.sumLost;
    this.sum = sum;
    this.#addToRise(next.rise);
    this.riseLost += next.riseLost;
    this.resets += next.resets;
    this.lastTime = next.lastTime;
    this.lastValue = next.lastValue;
    this.lastStart = next.lastStart;
    if (next.min < this.min) this.min = next.min;
    if (next.max > this.max) this.max = next.max;
  }

  /** At least one where there is a sample. */
  runs(): readonly Run[] {
    return this.count === 0 ? NONE : [...this.closed, this.#lastRun()];
  }

  get first(): Sample {
    return this.closed[0]?.first ?? { time: this.runTime, value: this.runValue, start: this.runStart };
  }

  get last(): Sample {
    return { time: this.lastTime, value: this.lastValue, start: this.lastStart };
  }

  /** No marker stands between its last sample and the next part's first one. */
  #goOn(next: Part): void {
    const [head, ...rest] = next.closed;
    if (head === undefined) this.#step(next.runValue, next.runStart);
    else {
      this.#step(head.first.value, head.first.start);
      this.#close([{ first: { time: this.runTime, value: this.runValue, start: this.runStart }, to: head.to }]);
      this.#close(rest);
    }
  }

  /** However many there are, each is put there once. */
  #close(runs: readonly Run[]): void {
    if (runs.length === 0) return;
    if (this.#growing === undefined) this.closed = this.#growing = this.closed.slice();
    for (const run of runs) this.#growing.push(run);
  }

  #lastRun(): Run {
    return { first: { time: this.runTime, value: this.runValue, start: this.runStart }, to: this.lastTime };
  }

  /** From the last sample to its neighbour behind it. */
  #step(value: number, start: number): void {
    const isReset = isResetFrom(this.lastValue, this.lastStart, value, start);
    this.#addToRise(isReset ? value : value - this.lastValue);
    if (isReset) this.resets++;
  }

  #addToRise(value: number): void {
    const rise = this.rise + value;
    this.riseLost += lostBy(this.rise, value, rise);
    this.rise = rise;
  }
}

/** From a sample to its neighbour behind it. */
const isResetFrom = (before: number, beforeStart: number, value: number, start: number): boolean =>
  value < before || (beforeStart !== 0 && start > beforeStart);

/** The sample before a window that begins at `from`, where it is at most `lookback` older and no marker stands behind it. `earlier`: of a stretch up to `from`. */
export const before = (earlier: Part, from: number, lookback: number): Sample | undefined =>
  earlier.count === 0 || earlier.ends || earlier.lastTime < from - lookback ? undefined : earlier.last;

/** A window's part, and what is beside it. */
export interface PartWindow {
  readonly part: Part;
  readonly before: Sample | undefined;
  /** Where the window begins. */
  readonly from: number;
}

interface Rise {
  readonly sum: number;
  /** From the first to the last sample used, ms. */
  readonly span: number;
}

const cumulative = ({ part, before: earlier, from }: PartWindow): Rise | undefined => {
  let sum = part.rise;
  let lost = part.riseLost;
  let since = Number.NaN;
  let until = 0;
  let seen = from;
  const { closed } = part;
  for (let i = part.count === 0 ? closed.length + 1 : 0; i <= closed.length; i++) {
    const run = closed[i];
    const time = run === undefined ? part.runTime : run.first.time;
    const value = run === undefined ? part.runValue : run.first.value;
    const start = run === undefined ? part.runStart : run.first.start;
    const to = run === undefined ? part.lastTime : run.to;
    const isBehind = i === 0 && !part.opens && earlier !== undefined;
    if (isBehind || (start !== 0 && start >= seen && start <= time)) {
      const step = !isBehind || isResetFrom(earlier.value, earlier.start, value, start) ? value : value - earlier.value;
      const total = sum + step;
      lost += lostBy(sum, step, total);
      sum = total;
      if (Number.isNaN(since)) since = isBehind ? earlier.time : start;
      until = time;
    }
    seen = to;
    if (to === time) continue;
    if (Number.isNaN(since)) since = time;
    until = to;
  }
  return Number.isNaN(since) ? undefined : { sum: sum + lost, span: until - since };
};

/** Of increments since the sample before. */
const increments = ({ part, before: earlier, from }: PartWindow): Rise | undefined => {
  if (part.count === 0) return undefined;
  const { start } = part.first;
  return { sum: part.sum + part.sumLost, span: part.lastTime - (start === 0 ? (earlier?.time ?? from) : start) };
};

const riseOf = (window: PartWindow, delta: boolean): Rise | undefined => (delta ? increments(window) : cumulative(window));

/** `delta`: the samples are increments. undefined, here and below: missing. */
export const increaseOf = (window: PartWindow, delta: boolean): number | undefined => riseOf(window, delta)?.sum;

/** Per second. */
export const rateOf = (window: PartWindow, delta: boolean): number | undefined => {
  const rise = riseOf(window, delta);
  return rise === undefined || rise.span <= 0 ? undefined : rise.sum / (rise.span / 1000);
};

/** Of a gauge: its last sample less the one that its last run begins with, or the one before the window. */
export const deltaOf = ({ part, before: earlier }: PartWindow): number | undefined => {
  if (part.count === 0) return undefined;
  const base = part.closed.length === 0 && !part.opens && earlier !== undefined ? earlier : { time: part.runTime, value: part.runValue };
  return base.time === part.lastTime ? undefined : part.lastValue - base.value;
};
