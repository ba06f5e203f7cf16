// The ledger of marked hours as questions need it: in which hours one time of a series may have two values, or values want care. Marks are
// written before the samples they are of, and never taken back while those stand. A question is asked by the marks that are known, and again
// where others have become known by the time it is answered: with a mark missing samples are counted twice, with one too many it only takes longer.
//
// Whoever says that he tells of every mark is believed: what was read once is then known for good, and a question asks for no marks. Otherwise
// somebody else may have written one a moment ago, so what stands is read beside each question.
import { type Batch, type Column, columnOf, valueAt } from '../../core/batch/batch.ts';
import { earlierOf, laterOf, NANOS_PER_HOUR } from '../../core/time.ts';
import type { ColumnStore } from '../../engines/columns/port.ts';
import { SAMPLE_MARKS, type SampleMark } from '../../schemas/sample-value.ts';
import { metricHash } from '../../schemas/series-id.ts';
import { type PlanNode, scansOf } from '../3-plan/nodes.ts';
import type { MarkedHours } from '../4-emit/losses.ts';
import { type MarkedHour, Marks, type Metric, Reading } from './marks.ts';
import type { TellRows } from './told-rows.ts';

/** What a plan reads: hours that touch `from` to `to`, of those metrics. */
interface Wanted {
  readonly metrics: readonly Metric[];
  readonly from: bigint;
  readonly to: bigint;
}

const wantedBy = (plan: PlanNode): Wanted => {
  const scans = scansOf(plan).filter(({ dataset }) => dataset.table === 'samples');
  const ranges = scans.flatMap(({ range, before }) => (range === undefined ? [] : [{ from: range.from - before, to: range.to }]));
  return {
    metrics: [...new Set(scans.map(({ dataset }) => dataset.metric && metricHash(dataset.metric.name)))],
    from: ranges.reduce((least, r) => earlierOf(least, r.from), ranges[0]?.from ?? 0n) - NANOS_PER_HOUR,
    to: ranges.reduce((most, r) => laterOf(most, r.to), ranges[0]?.to ?? 0n),
  };
};

/** Later than any hour of a sample, ns. */
const END_OF_TIME = 1n << 62n;
const NANOS_PER_MS = 1_000_000n;

export class Ledger {
  readonly #columns: Pick<ColumnStore, 'query'>;
  #isTold: boolean;
  #known = new Marks();

  constructor(columns: Pick<ColumnStore, 'query'>, tell?: TellRows) {
    this.#columns = columns;
    this.#isTold = tell !== undefined;
    tell?.((rows) => {
      try {
        for (const marked of markedHours(rows)) for (const metric of [marked.metric, undefined]) this.#known.add({ ...marked, metric });
      } catch {
        // What cannot be taken in here must not keep it from standing in the store; from now on that is asked beside each question.
        this.#isTold = false;
        this.#known = new Marks();
      }
    });
  }

  /** The answer by marked hours as they are: `work` is called with what was known, and again where that was not so. Ends with `stop`. */
  async asking<T>(plan: PlanNode, stop: AbortSignal, work: (hours: MarkedHours, signal: AbortSignal) => Promise<T>): Promise<T> {
    const wanted = wantedBy(plan);
    const own = new AbortController();
    const signal = AbortSignal.any([own.signal, stop]);
    try {
      for (let known = this.#known; ; ) {
        const reading = new Reading(known);
        const [answer, now] = await Promise.all([work(reading.hours, signal), this.#learn(wanted, signal)]);
        // Those that are not held any more were told of nothing since.
        if (reading.agrees(now) && (!this.#isTold || now === this.#known)) return answer;
        known = now;
      }
    } catch (error) {
      own.abort();
      throw error;
    }
  }

  /** Marks with all that stand in what is wanted; where they are told of, they stay so. */
  async #learn({ metrics, from, to }: Wanted, signal: AbortSignal): Promise<Marks> {
    if (this.#known.isFull) this.#known = new Marks();
    const known = this.#known;
    if (this.#isTold) {
      const missing = metrics.filter((metric) => !known.isWhole(metric, from));
      for (const marked of await this.#read(missing, from, END_OF_TIME, signal)) known.add(marked);
      for (const metric of missing) known.setWhole(metric, from);
      return known;
    }
    const found = await this.#read(metrics, from, to, signal);
    const now = new Marks();
    for (const metric of metrics) known.remove(metric, from, to);
    for (const marked of found) {
      known.add(marked);
      now.add(marked);
    }
    return now;
  }

  async #read(metrics: readonly Metric[], from: bigint, to: bigint, signal: AbortSignal): Promise<readonly MarkedHour[]> {
    const named = metrics.filter((metric) => metric !== undefined);
    const ask = async (metric: string, which: string): Promise<readonly MarkedHour[]> => {
      const { batches } = await this.#columns.query(
        `SELECT DISTINCT toString(kind) AS kind, ${metric} AS metric, hour FROM marks
WHERE kind IN ({marks:Array(String)})${which} AND toUnixTimestamp64Milli(hour) BETWEEN {from:Int64} AND {to:Int64}`,
        { params: { marks: SAMPLE_MARKS, ...(which === '' ? {} : { metrics: named }), from: from / NANOS_PER_MS, to: to / NANOS_PER_MS }, signal },
      );
      return batches.flatMap(markedHours);
    };
    const found = await Promise.all([
      named.length === 0 ? [] : ask('metric', ' AND metric IN ({metrics:Array(UInt32)})'),
      named.length === metrics.length ? [] : ask("CAST(NULL, 'Nullable(UInt32)')", ''),
    ]);
    return found.flat();
  }
}

const MARK_NAMES: ReadonlySet<string> = new Set(SAMPLE_MARKS);

/** Rows of `marks`, those of late samples left out: they say nothing of how samples are read. */
const markedHours = (rows: Batch): readonly MarkedHour[] => {
  const [kinds, metrics, hours] = ['kind', 'metric', 'hour'].map((name) => columnOf(rows, name)) as [Column, Column, Column];
  return Array.from({ length: rows.length }, (_, row) => ({
    mark: valueAt(kinds, row) as SampleMark,
    metric: (valueAt(metrics, row) ?? undefined) as number | undefined,
    hour: (valueAt(hours, row) as bigint) * NANOS_PER_MS,
  })).filter(({ mark }) => MARK_NAMES.has(mark));
};
