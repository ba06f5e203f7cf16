// The ledger of marked hours as questions need it: in which hours one time of a series may have two values, or values want care. It changes
// seldom, so a question is asked by what was read last, and what stands now is read beside it; only where that differs it is asked again.
import { columnOf, valueAt } from '../../core/batch/batch.ts';
import { NANOS_PER_HOUR } from '../../core/time.ts';
import type { Columns } from '../../engines/columns/port.ts';
import { markName, SAMPLE_MARKS } from '../../schemas/sample-value.ts';
import { metricHash } from '../../schemas/series-id.ts';
import { inputsOf, type PlanNode, type Scan } from '../3-plan/nodes.ts';
import type { DirtyHours } from '../4-emit/clickhouse/context.ts';
import { earlierOf, laterOf } from './buckets.ts';

const samplesScans = (node: PlanNode): readonly Scan[] =>
  node.node === 'scan' ? (node.dataset.table === 'samples' ? [node] : []) : inputsOf(node).flatMap(samplesScans);

/** Hours by the ledger's name, and what of them was asked for. */
class Reading {
  readonly #hours: ReadonlyMap<string, ReadonlySet<bigint>>;
  readonly #asked = new Map<string, string>();

  constructor(hours: ReadonlyMap<string, ReadonlySet<bigint>>) {
    this.#hours = hours;
  }

  readonly hours: DirtyHours = (table, from, until) => {
    const found = [...(this.#hours.get(table) ?? [])].filter((hour) => hour < until && hour + NANOS_PER_HOUR > from).sort((a, b) => (a < b ? -1 : 1));
    this.#asked.set(`${table} ${from} ${until}`, found.join());
    return found;
  };

  /** Whether the other one would have answered the same. */
  agrees(other: Reading): boolean {
    return [...this.#asked].every(([question, answer]) => {
      const [table, from, until] = question.split(' ') as [string, string, string];
      return other.hours(table, BigInt(from), BigInt(until)).join() === answer;
    });
  }
}

export class Ledger {
  readonly #columns: Pick<Columns, 'query'>;
  /** As read last, by name. */
  #known: ReadonlyMap<string, ReadonlySet<bigint>> = new Map();

  constructor(columns: Pick<Columns, 'query'>) {
    this.#columns = columns;
  }

  /** The answer by marked hours as they are: `work` is called with what was known, and again where that was not so. Ends with `stop`. */
  async asking<T>(plan: PlanNode, stop: AbortSignal, work: (hours: DirtyHours, signal: AbortSignal) => Promise<T>): Promise<T> {
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

  /** Marked hours of what the plan reads; `samples.extreme` are those of all `samples.extreme/…`. */
  async #read(plan: PlanNode, signal: AbortSignal): Promise<Reading> {
    const scans = samplesScans(plan);
    const [first] = scans;
    if (first === undefined) return new Reading(new Map());
    const metrics = new Set(scans.map((scan) => scan.dataset.metric?.name));
    const names = ['samples', ...[...metrics].flatMap((name) => (name === undefined ? [] : SAMPLE_MARKS.map((mark) => markName(mark, metricHash(name)))))];
    const all = metrics.has(undefined) ? " OR startsWith(table, 'samples.')" : '';
    const ranges = scans.flatMap(({ range, before }) => (range === undefined ? [] : [{ from: range.from - before, to: range.to }]));
    const from = ranges.reduce((least, r) => earlierOf(least, r.from), ranges[0]?.from ?? 0n) - NANOS_PER_HOUR;
    const to = ranges.reduce((most, r) => laterOf(most, r.to), ranges[0]?.to ?? 0n);
    const { batches } = await this.#columns.query(
      `SELECT DISTINCT toString(table) AS name, toUnixTimestamp64Milli(hour) AS hour FROM dirty
WHERE (table IN ({names:Array(String)})${all}) AND toUnixTimestamp64Milli(dirty.hour) BETWEEN {from:Int64} AND {to:Int64}`,
      { params: { names, from: from / 1_000_000n, to: to / 1_000_000n }, signal },
    );
    const hours = new Map<string, Set<bigint>>();
    for (const batch of batches)
      for (let row = 0; row < batch.length; row++) {
        const name = String(valueAt(columnOf(batch, 'name'), row));
        const hour = BigInt(valueAt(columnOf(batch, 'hour'), row) as bigint) * 1_000_000n;
        for (const each of new Set([name, name.split('/')[0] as string])) hours.set(each, (hours.get(each) ?? new Set()).add(hour));
      }
    this.#remember(hours, names, from, to);
    return new Reading(hours);
  }

  #remember(hours: ReadonlyMap<string, ReadonlySet<bigint>>, names: readonly string[], from: bigint, to: bigint): void {
    const known = new Map(this.#known.size > MOST_KNOWN ? [] : this.#known);
    for (const name of new Set([...names, ...hours.keys()])) {
      const others = [...(known.get(name) ?? [])].filter((hour) => hour < from || hour > to);
      known.set(name, new Set([...others, ...(hours.get(name) ?? [])]));
    }
    this.#known = known;
  }
}

/** Names; above it all is forgotten, which costs a second asking. */
const MOST_KNOWN = 10_000;
