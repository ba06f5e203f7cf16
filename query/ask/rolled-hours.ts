// Which hours of a question's metrics were put together (docs/decisions/rollups.md), by their ledger in the store. What is said of an hour stays
// true while it is asked: parts are made again behind those that stand. Where all marks are told to this process, what was read is good for a
// while: an hour for which samples came late is then known at once, and one that was put together since is only read the longer way.
import { type Batch, type Column, columnOf, valueAt } from '../../core/batch/batch.ts';
import { NANOS_PER_HOUR } from '../../core/time.ts';
import type { ColumnStore } from '../../engines/columns/port.ts';
import { SETTLE_MS } from '../../schemas/rollups.ts';
import { LATE } from '../../schemas/sample-value.ts';
import { metricHash } from '../../schemas/series-id.ts';
import { type PlanNode, scansOf } from '../3-plan/nodes.ts';
import type { RolledHours } from '../4-emit/known.ts';
import type { TellRows } from './told-rows.ts';

const HOUR_MS = 3_600_000;
/** Of fewer hours parts are hardly there, as an hour is put together a while after its end. */
const FEWEST_HOURS = 2n;

interface Wanted {
  readonly metrics: readonly number[];
  /** ms */
  readonly from: number;
}

const wantedBy = (plan: PlanNode): Wanted | undefined => {
  const scans = scansOf(plan).flatMap(({ dataset, range, before }) =>
    dataset.metric === undefined || range === undefined || range.to - range.from <= FEWEST_HOURS * NANOS_PER_HOUR
      ? []
      : [{ metric: metricHash(dataset.metric.name), from: Number((range.from - before) / 1_000_000n) }],
  );
  if (scans.length === 0) return undefined;
  return { metrics: [...new Set(scans.map((s) => s.metric))], from: Math.min(...scans.map((s) => s.from)) - HOUR_MS };
};

/** Late samples may have come since an hour's latest whole version was computed. What is said to have been later than now was a wrong clock. */
const ROLLED = `SELECT r.metric AS metric, intDiv(toUnixTimestamp64Milli(r.hour), ${HOUR_MS}) AS number, argMax(r.fine, r.version) AS fine,
  argMax(toUnixTimestamp64Milli(r.computed), r.version) AS computed, toInt64(0) AS late FROM rollup_hours AS r
WHERE r.whole = 0 AND r.metric IN ({metrics:Array(UInt32)}) AND r.hour >= fromUnixTimestamp64Milli({from:Int64}, 'UTC')
  AND toUnixTimestamp64Milli(r.computed) > 0 AND r.computed <= now64(3) + INTERVAL 5 MINUTE GROUP BY metric, number
UNION ALL
SELECT m.metric, intDiv(toUnixTimestamp64Milli(m.hour), ${HOUR_MS}) AS number, toInt8(0), toInt64(0), toUnixTimestamp64Milli(max(m.marked)) FROM marks AS m
WHERE m.kind = '${LATE}' AND m.metric IN ({metrics:Array(UInt32)}) AND m.hour >= fromUnixTimestamp64Milli({from:Int64}, 'UTC')
GROUP BY m.metric, number`;

const NONE: RolledHours = new Map();
/** How long what was read is good. */
const GOOD_MS = 30_000;
/** Hours of all metrics. */
const MOST = 500_000;

interface Rolled {
  readonly fine: boolean;
  /** ms; what is later than this has come since. */
  readonly computed: number;
}

/** Of one metric, from a moment (ms) on: whatever later hours the next question is about, they are here. */
interface KnownHours {
  readonly from: number;
  readonly read: number;
  readonly rolled: Map<number, Rolled>;
  readonly late: Map<number, number>;
}

export class RolledLedger {
  readonly #columns: Pick<ColumnStore, 'query'>;
  readonly #removedBefore: (table: string) => bigint | undefined;
  #isTold: boolean;
  #known = new Map<number, KnownHours>();
  /** Marks of late samples so far. */
  #heard = 0;

  /** `removedBefore`: up to when a table's rows were removed, ns; undefined: none was. */
  constructor(columns: Pick<ColumnStore, 'query'>, removedBefore: (table: string) => bigint | undefined, tell?: TellRows) {
    this.#columns = columns;
    this.#removedBefore = removedBefore;
    this.#isTold = tell !== undefined;
    tell?.((rows) => {
      try {
        this.#hear(rows);
      } catch {
        // What cannot be taken in here must not keep it from standing in the store; from now on the store is asked each time.
        this.#isTold = false;
        this.#known.clear();
      }
    });
  }

  /** By metric, of the plan. Rejects as the store does. */
  async hoursOf(plan: PlanNode, signal: AbortSignal): Promise<(metric: number) => RolledHours> {
    const wanted = wantedBy(plan);
    if (wanted === undefined) return () => NONE;
    const now = performance.now();
    const missing = wanted.metrics.filter((metric) => {
      const known = this.#known.get(metric);
      return known === undefined || known.from > wanted.from || known.read < now - GOOD_MS;
    });
    const read = missing.length === 0 ? new Map<number, KnownHours>() : await this.#read({ ...wanted, metrics: missing }, now, signal);
    const found = new Map(wanted.metrics.map((metric) => [metric, this.#usable(read.get(metric) ?? this.#known.get(metric))] as const));
    return (metric) => found.get(metric) ?? NONE;
  }

  async #read({ metrics, from }: Wanted, now: number, signal: AbortSignal): Promise<ReadonlyMap<number, KnownHours>> {
    const heard = this.#heard;
    const { batches } = await this.#columns.query(ROLLED, { params: { metrics, from }, signal });
    const read = new Map(metrics.map((metric) => [metric, { from, read: now, rolled: new Map(), late: new Map() } as KnownHours]));
    for (const batch of batches) {
      const [metric, hour, fine, computed, late] = ['metric', 'number', 'fine', 'computed', 'late'].map((name) => columnOf(batch, name)) as [
        Column,
        Column,
        Column,
        Column,
        Column,
      ];
      for (let row = 0; row < batch.length; row++) {
        const known = read.get(Number(valueAt(metric, row)));
        const marked = Number(valueAt(late, row));
        if (marked > 0) known?.late.set(Number(valueAt(hour, row)), marked);
        else known?.rolled.set(Number(valueAt(hour, row)), { fine: Number(valueAt(fine, row)) !== 0, computed: Number(valueAt(computed, row)) });
      }
    }
    if (this.#isTold && heard === this.#heard) {
      let hours = 0;
      for (const known of [...this.#known.values(), ...read.values()]) hours += known.rolled.size;
      if (hours > MOST) this.#known.clear();
      for (const [metric, known] of read) this.#known.set(metric, known);
    }
    return read;
  }

  #hear(rows: Batch): void {
    const [kind, metric, hour] = ['kind', 'metric', 'hour'].map((name) => columnOf(rows, name)) as [Column, Column, Column];
    for (let row = 0; row < rows.length; row++) {
      if (valueAt(kind, row) !== LATE) continue;
      this.#heard++;
      this.#known.get(Number(valueAt(metric, row)))?.late.set(Math.floor(Number(valueAt(hour, row)) / HOUR_MS), Number.POSITIVE_INFINITY);
    }
  }

  #usable(known: KnownHours | undefined): RolledHours {
    if (known === undefined) return NONE;
    const removed = (table: string): number => Number((this.#removedBefore(table) ?? 0n) / 1_000_000n);
    const [samples, fineFrom, wholeFrom] = [removed('samples'), removed('rollups_5m'), removed('rollups_1h')];
    const usable = new Map<number, boolean>();
    for (const [hour, { fine, computed }] of known.rolled) {
      const begin = hour * HOUR_MS;
      // Of samples that are gone there is nothing else.
      const isMissing = begin + HOUR_MS > samples && (known.late.get(hour) ?? Number.NEGATIVE_INFINITY) + SETTLE_MS > computed;
      if (!isMissing && begin >= wholeFrom) usable.set(hour, fine && begin >= fineFrom);
    }
    return usable;
  }
}
