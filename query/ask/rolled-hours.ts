// Which hours of a question's metrics were put together (docs/decisions/rollups.md): read from their ledger before the question is asked. What
// is said of an hour stays true while it is asked: parts are made again behind those that stand.
import { columnOf, type Value, valueAt } from '../../core/batch/batch.ts';
import { NANOS_PER_HOUR } from '../../core/time.ts';
import type { ColumnStore } from '../../engines/columns/port.ts';
import { SETTLE_MS } from '../../schemas/rollups.ts';
import { LATE } from '../../schemas/sample-value.ts';
import { metricHash } from '../../schemas/series-id.ts';
import { type PlanNode, scansOf } from '../3-plan/nodes.ts';
import type { RolledHours } from '../4-emit/known.ts';

const HOUR_MS = 3_600_000;
/** Of fewer hours parts are hardly there, as an hour is put together a while after its end. */
const FEWEST_HOURS = 2n;

interface Wanted {
  readonly metrics: readonly number[];
  /** ms */
  readonly from: number;
  readonly to: number;
}

const wantedBy = (plan: PlanNode): Wanted | undefined => {
  const scans = scansOf(plan).flatMap(({ dataset, range, before }) =>
    dataset.metric === undefined || range === undefined || range.to - range.from <= FEWEST_HOURS * NANOS_PER_HOUR
      ? []
      : [{ metric: metricHash(dataset.metric.name), from: Number((range.from - before) / 1_000_000n), to: Number(range.to / 1_000_000n) }],
  );
  if (scans.length === 0) return undefined;
  return { metrics: [...new Set(scans.map((s) => s.metric))], from: Math.min(...scans.map((s) => s.from)) - HOUR_MS, to: Math.max(...scans.map((s) => s.to)) };
};

/** Late samples may have come since an hour's latest whole version was computed. What is said to have been later than now was a wrong clock. */
const ROLLED = `SELECT r.metric AS metric, intDiv(toUnixTimestamp64Milli(r.hour), ${HOUR_MS}) AS number, argMax(r.fine, r.version) AS fine,
  argMax(toUnixTimestamp64Milli(r.computed), r.version) AS computed, toInt64(0) AS late FROM rollup_hours AS r
WHERE NOT r.whole AND toUnixTimestamp64Milli(r.computed) > 0 AND r.computed <= now64(3) + INTERVAL 5 MINUTE AND r.metric IN ({metrics:Array(UInt32)})
  AND toUnixTimestamp64Milli(r.hour) BETWEEN {from:Int64} AND {to:Int64} GROUP BY metric, number
UNION ALL
SELECT m.metric, intDiv(toUnixTimestamp64Milli(m.hour), ${HOUR_MS}) AS number, toInt8(0), toInt64(0), toUnixTimestamp64Milli(max(m.marked)) FROM marks AS m
WHERE m.kind = '${LATE}' AND m.metric IN ({metrics:Array(UInt32)}) AND toUnixTimestamp64Milli(m.hour) BETWEEN {from:Int64} AND {to:Int64}
GROUP BY m.metric, number`;

const NONE: RolledHours = new Map();

export interface RolledOptions {
  /** Up to when a table's rows were removed, ns; undefined: none was. */
  readonly removedBefore: (table: string) => bigint | undefined;
  readonly signal: AbortSignal;
}

/** By metric, of the plan. Rejects as the store does. */
export const rolledHours = async (
  plan: PlanNode,
  columns: Pick<ColumnStore, 'query'>,
  { removedBefore, signal }: RolledOptions,
): Promise<(metric: number) => RolledHours> => {
  const wanted = wantedBy(plan);
  if (wanted === undefined) return () => NONE;
  const { metrics, from, to } = wanted;
  const { batches } = await columns.query(ROLLED, { params: { metrics, from, to }, signal });
  const removed = (table: string): number => Number((removedBefore(table) ?? 0n) / 1_000_000n);
  const [samples, fineFrom, wholeFrom] = [removed('samples'), removed('rollups_5m'), removed('rollups_1h')];
  const late = new Map<string, number>();
  const rolled = new Map<number, Map<number, boolean>>();
  const rows = batches.flatMap((batch) =>
    Array.from({ length: batch.length }, (_, row) => {
      const read = (name: string): number => Number(valueAt(columnOf(batch, name), row) as Exclude<Value, null>);
      return { metric: read('metric'), hour: read('number'), fine: read('fine') !== 0, computed: read('computed'), late: read('late') };
    }),
  );
  for (const row of rows) if (row.late > 0) late.set(`${row.metric}/${row.hour}`, row.late);
  for (const { metric, hour, fine, computed } of rows) {
    const begin = hour * HOUR_MS;
    // Of samples that are gone there is nothing else.
    const isMissing = begin + HOUR_MS > samples && (late.get(`${metric}/${hour}`) ?? Number.NEGATIVE_INFINITY) + SETTLE_MS > computed;
    if (computed === 0 || isMissing || begin < wholeFrom) continue;
    const hours = rolled.get(metric) ?? new Map<number, boolean>();
    rolled.set(metric, hours.set(hour, fine && begin >= fineFrom));
  }
  return (metric) => rolled.get(metric) ?? NONE;
};
