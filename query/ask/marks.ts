// Marked hours as they are held in memory, and what was asked of them.
import { NANOS_PER_HOUR } from '../../core/time.ts';
import { SAMPLE_MARKS, type SampleMark } from '../../schemas/sample-value.ts';
import type { MarkedHours } from '../4-emit/losses.ts';

/** By its hash; undefined: any. */
export type Metric = number | undefined;

export interface MarkedHour {
  readonly mark: SampleMark;
  readonly metric: Metric;
  /** Its start, ns. */
  readonly hour: bigint;
}

/** Hours and metrics together; about 30 bytes each. */
const MOST = 500_000;

export class Marks {
  /** Hours since 1970 by mark and metric. */
  readonly #hours = new Map<string, Set<number>>();
  /** Of these metrics all marks are here that are of this hour (ns) or later. */
  readonly #wholeFrom = new Map<Metric, bigint>();
  #size = 0;

  add({ mark, metric, hour }: MarkedHour): void {
    const key = `${mark}/${metric}`;
    const hours = this.#hours.get(key) ?? new Set();
    this.#hours.set(key, hours);
    const before = hours.size;
    hours.add(Number(hour / NANOS_PER_HOUR));
    this.#size += hours.size - before;
  }

  /** Hours that begin within. */
  remove(metric: Metric, from: bigint, to: bigint): void {
    for (const mark of SAMPLE_MARKS) {
      const hours = this.#hours.get(`${mark}/${metric}`);
      for (const number of hours ?? []) {
        const hour = BigInt(number) * NANOS_PER_HOUR;
        if (hour >= from && hour <= to && hours?.delete(number) === true) this.#size--;
      }
    }
  }

  setWhole(metric: Metric, from: bigint): void {
    const before = this.#wholeFrom.get(metric);
    if (before === undefined || before > from) this.#wholeFrom.set(metric, from);
  }

  isWhole(metric: Metric, from: bigint): boolean {
    const since = this.#wholeFrom.get(metric);
    return since !== undefined && since <= from;
  }

  get isFull(): boolean {
    return this.#size + this.#wholeFrom.size > MOST;
  }

  readonly hours: MarkedHours = (mark, metric, from, until) => {
    const found: bigint[] = [];
    for (const number of this.#hours.get(`${mark}/${metric}`) ?? []) {
      const hour = BigInt(number) * NANOS_PER_HOUR;
      if (hour < until && hour + NANOS_PER_HOUR > from) found.push(hour);
    }
    return found.sort((a, b) => (a < b ? -1 : 1));
  };
}

/** Answers from marks as they are, and keeps what was asked. */
export class Reading {
  readonly #marks: Marks;
  readonly #asked: { readonly mark: SampleMark; readonly metric: Metric; readonly from: bigint; readonly until: bigint; readonly found: string }[] = [];

  constructor(marks: Marks) {
    this.#marks = marks;
  }

  readonly hours: MarkedHours = (mark, metric, from, until) => {
    const found = this.#marks.hours(mark, metric, from, until);
    this.#asked.push({ mark, metric, from, until, found: found.join() });
    return found;
  };

  /** Whether those would answer the same now. */
  agrees(marks: Marks): boolean {
    return this.#asked.every(({ mark, metric, from, until, found }) => marks.hours(mark, metric, from, until).join() === found);
  }
}
