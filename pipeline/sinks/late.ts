// Marks of samples that came late, where the store's clock is behind what it told before: it went back, or was ahead then. By such a clock an hour
// may be put together that does not seem over, and a mark would be earlier than what it is to outdo. So whatever was put together is asked for,
// and is outdone.
import { columnOf, valueAt } from '../../core/batch/batch.ts';
import type { ColumnStore } from '../../engines/columns/port.ts';
import { COMPUTED } from '../rollups/ledger.ts';
import type { SeriesIndex } from '../series-index.ts';
import { isOver, type LateMarks, type SampleBlock } from '../stages/samples.ts';

/** Clocks of two processes differ, and are set a little now and then. */
const BEHIND_MS = 300_000;

/** Of whole hours, `metric` is 0. */
const TOGETHER = `SELECT metric, toUnixTimestamp64Milli(hour) AS start, ${COMPUTED} AS at FROM rollup_hours
WHERE (whole OR metric IN ({metrics:Array(UInt32)})) AND hour BETWEEN fromUnixTimestamp64Milli({from:Int64}, 'UTC') AND fromUnixTimestamp64Milli({to:Int64}, 'UTC')
GROUP BY whole, metric, hour HAVING at > 0`;

type Made = ReturnType<LateMarks['of']>;

export interface LateOptions {
  readonly columns: Pick<ColumnStore, 'query'>;
  /** The store's clock, ms. */
  readonly now: number;
  /** The latest time that anything was given by a clock, ms. */
  readonly passed: number;
  readonly signal: AbortSignal;
}

/** For samples that stand; what is returned is later than all that was put together without them. */
export const lateMarks = async (
  late: LateMarks,
  blocks: readonly SampleBlock[],
  index: SeriesIndex,
  { columns, now, passed, signal }: LateOptions,
): Promise<Made> => {
  if (passed <= now + BEHIND_MS) return late.of(blocks, index, now);
  const made = late.of(blocks, index, now, passed);
  if (made.marks.length === 0) return made;
  const hours = made.marks.map(({ hour }) => hour);
  const params = {
    metrics: [...new Set(made.marks.map(({ metric }) => metric))],
    from: hours.reduce((a, b) => Math.min(a, b)),
    to: hours.reduce((a, b) => Math.max(a, b)),
  };
  const computed = new Map<string, number>();
  for (const batch of (await columns.query(TOGETHER, { params, settings: { max_rows_to_read: 0 }, signal })).batches)
    for (let row = 0; row < batch.length; row++) {
      const [metric, start, at] = ['metric', 'start', 'at'].map((name) => Number(valueAt(columnOf(batch, name), row))) as [number, number, number];
      computed.set(`${metric}/${start}`, Math.max(at, computed.get(`${metric}/${start}`) ?? 0));
    }
  const marks = made.marks.flatMap((mark) => {
    const at = Math.max(computed.get(`${mark.metric}/${mark.hour}`) ?? 0, computed.get(`0/${mark.hour}`) ?? 0);
    return at > 0 || isOver(mark.hour, now) ? [{ ...mark, marked: Math.max(mark.marked, at + 1) }] : [];
  });
  return { ...made, marks };
};
