// The ledger of marked hours as questions need it: in which hours one time of a series may have two values, or values want care. It changes
// seldom, so a question is asked by what was read last, and what stands now is read beside it; only where that differs it is asked again.
import { columnOf, valueAt } from '../../core/batch/batch.ts';
import { NANOS_PER_HOUR } from '../../core/time.ts';
import type { ColumnStore } from '../../engines/columns/port.ts';
import { SAMPLE_MARKS, type SampleMark } from '../../schemas/sample-value.ts';
import { metricHash } from '../../schemas/series-id.ts';
import { inputsOf, type PlanNode, type Scan } from '../3-plan/nodes.ts';
import type { MarkedHours } from '../4-emit/losses.ts';
import { earlierOf, laterOf } from '../run/buckets.ts';

const samplesScans = (node: PlanNode): readonly Scan[] =>
  node.node === 'scan' ? (node.dataset.table === 'samples' ? [node] : []) : inputsOf(node).flatMap(samplesScans);

/** `metric` undefined: of any. */
const keyOf = (mark: SampleMark, metric: number | undefined): string => `${mark}/${metric ?? 'any'}`;

/** Hours by mark and metric, and what of them was asked for. */
class Reading {
  readonly #hours: ReadonlyMap<string, ReadonlySet<bigint>>;
  readonly #asked: { readonly mark: SampleMark; readonly metric: number | undefined; readonly from: bigint; readonly until: bigint; readonly found: string }[] =
    [];

  constructor(hours: ReadonlyMap<string, ReadonlySet<bigint>>) {
    this.#hours = hours;
  }

  readonly hours: MarkedHours = (mark, metric, from, until) => {
    const all = this.#hours.get(keyOf(mark, metric)) ?? [];
    const found = [...all].filter((hour) => hour < until && hour + NANOS_PER_HOUR > from).sort((a, b) => (a < b ? -1 : 1));
    this.#asked.push({ mark, metric, from, until, found: found.join() });
    return found;
  };

  /** Whether the other one would have answered the same. */
  agrees(other: Reading): boolean {
    return this.#asked.every(({ mark, metric, from, until, found }) => other.hours(mark, metric, from, until).join() === found);
  }
}

export class Ledger {
  readonly #columns: Pick<ColumnStore, 'query'>;
  /** As read last. */
  #known: ReadonlyMap<string, ReadonlySet<bigint>> = new Map();

  constructor(columns: Pick<ColumnStore, 'query'>) {
    this.#columns = columns;
  }

  /** The answer by marked hours as they are: `work` is called with what was known, and again where that was not so. Ends with `stop`. */
  async asking<T>(plan: PlanNode, stop: AbortSignal, work: (hours: MarkedHours, signal: AbortSignal) => Promise<T>): Promise<T> {
    const known = new Reading(this.#known);
    const own = new AbortController();
    const signal = AbortSignal.any([own.signal, stop]);
    try {
      const [answer, now] = await Promise.all([work(known.hours, signal), this.#read(plan, signal)]);
      return known.agrees(now) ? answer : await work(now.hours, signal);
    } catch (error) {
      own.abort();
      throw error;
    }
  }

  /** Marked hours of what the plan reads. */
  async #read(plan: PlanNode, signal: AbortSignal): Promise<Reading> {
    const scans = samplesScans(plan);
    const [first] = scans;
    if (first === undefined) return new Reading(new Map());
    const metrics = [...new Set(scans.map(({ dataset }) => dataset.metric && metricHash(dataset.metric.name)))];
    const named = metrics.filter((metric) => metric !== undefined);
    const which = named.length < metrics.length ? '' : ' AND metric IN ({metrics:Array(UInt32)})';
    const ranges = scans.flatMap(({ range, before }) => (range === undefined ? [] : [{ from: range.from - before, to: range.to }]));
    const from = ranges.reduce((least, r) => earlierOf(least, r.from), ranges[0]?.from ?? 0n) - NANOS_PER_HOUR;
    const to = ranges.reduce((most, r) => laterOf(most, r.to), ranges[0]?.to ?? 0n);
    const { batches } = await this.#columns.query(
      `SELECT DISTINCT toString(kind) AS mark, metric, toUnixTimestamp64Milli(hour) AS at FROM marks
WHERE kind IN ({marks:Array(String)})${which} AND toUnixTimestamp64Milli(hour) BETWEEN {from:Int64} AND {to:Int64}`,
      { params: { marks: SAMPLE_MARKS, ...(which === '' ? {} : { metrics: named }), from: from / 1_000_000n, to: to / 1_000_000n }, signal },
    );
    const hours = new Map<string, Set<bigint>>();
    for (const batch of batches)
      for (let row = 0; row < batch.length; row++) {
        const mark = String(valueAt(columnOf(batch, 'mark'), row)) as SampleMark;
        const hour = (valueAt(columnOf(batch, 'at'), row) as bigint) * 1_000_000n;
        for (const metric of [undefined, Number(valueAt(columnOf(batch, 'metric'), row))]) {
          const key = keyOf(mark, metric);
          hours.set(key, (hours.get(key) ?? new Set()).add(hour));
        }
      }
    // Of all metrics together is known only what was read of all.
    if (which !== '') for (const mark of SAMPLE_MARKS) hours.delete(keyOf(mark, undefined));
    this.#remember(hours, metrics, from, to);
    return new Reading(hours);
  }

  #remember(hours: ReadonlyMap<string, ReadonlySet<bigint>>, metrics: readonly (number | undefined)[], from: bigint, to: bigint): void {
    const known = new Map(this.#known.size > MOST_KNOWN ? [] : this.#known);
    const asked = metrics.flatMap((metric) => SAMPLE_MARKS.map((mark) => keyOf(mark, metric)));
    for (const key of new Set([...asked, ...hours.keys()])) {
      const others = [...(known.get(key) ?? [])].filter((hour) => hour < from || hour > to);
      known.set(key, new Set([...others, ...(hours.get(key) ?? [])]));
    }
    this.#known = known;
  }
}

/** Keys; above it all is forgotten, which costs a second asking. */
const MOST_KNOWN = 10_000;
