// increase, rate and delta: functions of the samples of one series over a window.
//
// Exactly, with the samples of the window in time order and, ahead of them, the one before it where there is one near enough:
// - A rise joins two neighbouring samples with no stale marker between them. It is the later value less the earlier; where the later value is
//   smaller, or its start timestamp is newer than the earlier's, it is a reset and the rise is the later value whole.
// - A sample of the window without a neighbour before it (the first one, or one after a stale marker) whose start timestamp s lies in the
//   window (window's start ≤ s ≤ its time), and of which no sample ahead of it is newer than s, rises from 0 at s: the rise is its value, and s
//   counts as a sample used. A counter that goes on behind a marker has been counted ahead of it, and is not counted from 0 again.
// - increase is the sum of the rises; without any it is missing. Ints exactly, floats compensated (Neumaier), in time order.
// - rate is increase as float, over the seconds (nanoseconds as float / 1e9) from the first to the last sample that is part of a rise; over no
//   time missing.
// - delta of a gauge is the last sample less the earliest one since the last stale marker before it, the one before the window included;
//   fewer than two samples: missing.
// - Delta temporality: increase is the sum of the window's values; rate divides it by the seconds from c to the last sample, where c is
//   the first sample's start timestamp, else the time of the sample before the window, else the window's start; over no time missing.
import { lostBy } from '../../../core/sum.ts';
import type { SeriesRun, SeriesWindow } from '../../run/aggregate.ts';

interface Rise {
  readonly sum: number | bigint;
  /** Nanoseconds from the first to the last sample used. */
  readonly span: bigint;
}

/** A sum that stays whole for whole numbers and is compensated for others. */
class Total {
  readonly #isInt: boolean;
  #int = 0n;
  #sum = 0;
  #error = 0;

  constructor(isInt: boolean) {
    this.#isInt = isInt;
  }

  add(v: number | bigint): void {
    if (typeof v === 'bigint') {
      this.#int += v;
      return;
    }
    const t = this.#sum + v;
    this.#error += lostBy(this.#sum, v, t);
    this.#sum = t;
  }

  get value(): number | bigint {
    return this.#isInt ? this.#int : this.#sum + this.#error;
  }
}

const isStale = (w: SeriesWindow, i: number): boolean => w.stale?.[i] === 1;
const startOf = (w: SeriesWindow, i: number): bigint | undefined => {
  const start = w.starts?.[i];
  return start === undefined || start < 0n ? undefined : start;
};

const riseBetween = (w: SeriesWindow, before: number, at: number): number | bigint => {
  const x = w.values[before] as number;
  const y = w.values[at] as number;
  const [a, b] = [startOf(w, before), startOf(w, at)];
  const isReset = y < x || (b !== undefined && a !== undefined && b > a);
  return isReset ? y : y - x;
};

const cumulative = (w: SeriesWindow): Rise | undefined => {
  const total = new Total(w.values instanceof BigInt64Array);
  let from: bigint | undefined;
  let to = 0n;
  let before = w.before;
  let seen = w.from;
  for (let i = w.first; i < w.end; i++) {
    if (isStale(w, i)) {
      before = -1;
      continue;
    }
    const start = startOf(w, i);
    const time = w.times[i] as bigint;
    if (before >= 0) {
      total.add(riseBetween(w, before, i));
      from ??= w.times[before];
      to = time;
    } else if (start !== undefined && start >= seen && start <= time) {
      total.add(w.values[i] as number | bigint);
      from ??= start;
      to = time;
    }
    before = i;
    seen = time;
  }
  return from === undefined ? undefined : { sum: total.value, span: to - from };
};

const increments = (w: SeriesWindow): Rise | undefined => {
  const total = new Total(w.values instanceof BigInt64Array);
  let first = -1;
  let last = -1;
  for (let i = w.first; i < w.end; i++) {
    if (isStale(w, i)) continue;
    if (first < 0) first = i;
    last = i;
    total.add(w.values[i] as number | bigint);
  }
  if (first < 0) return undefined;
  const covered = startOf(w, first) ?? (w.before >= 0 ? (w.times[w.before] as bigint) : w.from);
  return { sum: total.value, span: (w.times[last] as bigint) - covered };
};

const riseOf = (w: SeriesWindow): Rise | undefined => (w.delta ? increments(w) : cumulative(w));

const increase: SeriesRun = (w) => riseOf(w)?.sum;

const rate: SeriesRun = (w) => {
  const rise = riseOf(w);
  return rise === undefined || rise.span <= 0n ? undefined : Number(rise.sum) / (Number(rise.span) / 1e9);
};

const delta: SeriesRun = (w) => {
  let last = w.end - 1;
  while (last >= w.first && isStale(w, last)) last--;
  let base = last;
  while (base > w.first && !isStale(w, base - 1)) base--;
  if (base === w.first && w.before >= 0) base = w.before;
  if (last < w.first || base === last) return undefined;
  const [x, y] = [w.values[base] as number, w.values[last] as number];
  return y - x;
};

export const SERIES = { increase, rate, delta };
