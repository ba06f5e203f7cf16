// In which hours two senders send samples of one series: then one time may have two values, though neither sender goes back in time. A partition
// sees only what comes by it, so it tells the table `series_senders` once a series and hour who sends, before it inserts the samples, and looks who
// else did: of two that tell at one moment at least one sees the other. What it does not know any more it tells again, which changes nothing.
import { hash, randomUUID } from 'node:crypto';
import { type Batch, columnOf, type FixedColumn, valueAt } from '../core/batch/batch.ts';
import type { ColumnStore } from '../engines/columns/port.ts';
import { TABLE_FIELDS } from '../schemas/tables.ts';
import type { SeriesDays } from './series-days.ts';
import type { SeriesIndex } from './series-index.ts';
import { DAY_MS } from './stages/days.ts';
import { HOUR_MS, type Mark, MarkSet, type SampleBlock } from './stages/samples.ts';
import { ToldSeries } from './told-series.ts';

const MOST_HOURS = 60;
/** Names; above it all is told again. */
const MOST_SENDERS = 100_000;
/** Older hours are not told: rollups find in them what has two values, a minute after it came. They are removed a day later. */
const TOLD_MS = 2 * DAY_MS;

/** Of the metrics, whoever's series they are: what lies together is read sooner than what is looked for by many ids. */
const SHARED = `SELECT DISTINCT metric, toUnixTimestamp64Milli(hour) AS at FROM (SELECT metric, hour FROM series_senders
WHERE hour BETWEEN fromUnixTimestamp64Milli({from:Int64}, 'UTC') AND fromUnixTimestamp64Milli({to:Int64}, 'UTC') AND metric IN ({metrics:Array(UInt32)})
GROUP BY hour, metric, id HAVING min(sender) != max(sender))`;
/** In the order of the table: all series of the metrics over a day are not held at once. */
const UNBOUNDED = { max_rows_to_read: 0, max_execution_time: 300, optimize_aggregation_in_order: 1 };

/** Of one day, series that were not told of this hour. */
interface Due {
  readonly day: number;
  /** Dense numbers, the start of the hour in ms, numbers of senders. */
  readonly series: number[];
  readonly hours: number[];
  readonly senders: number[];
}

export class SeriesSenders {
  readonly #columns: Pick<ColumnStore, 'insert' | 'query'>;
  readonly #index: SeriesIndex;
  readonly #days: SeriesDays;
  /** By the start of the hour: the series of which it was told who sends. */
  readonly #told: ToldSeries;
  /** By series: who was told last. */
  #last = new Int32Array(0);
  readonly #numbers = new Map<string, number>();
  #names: bigint[] = [];
  /** Found, and not returned yet. */
  #shared = new MarkSet();

  /** `days`: are told of those series alone that are met for the first time in an hour. */
  constructor(columns: Pick<ColumnStore, 'insert' | 'query'>, index: SeriesIndex, days: SeriesDays) {
    this.#columns = columns;
    this.#index = index;
    this.#told = new ToldSeries(index, MOST_HOURS);
    this.#days = days;
  }

  /**
   * Ends when the tables have the senders and days of all series of the blocks; returns the hours of metrics that two senders have part in.
   * `senders`: by message, as `SampleBlock.sent` counts them; `now`: ms.
   */
  async tell(blocks: readonly SampleBlock[], senders: readonly string[], now: number, signal: AbortSignal): Promise<readonly Mark[]> {
    if (this.#numbers.size + senders.length > MOST_SENDERS) {
      this.#numbers.clear();
      this.#told.clear();
      this.#names = [];
    }
    const numbers = senders.map((sender) => this.#numberOf(sender));
    const dues = blocks.map((block) => this.#due(block, numbers));
    try {
      await this.#days.tell(
        dues.map(({ day, series }) => ({ day, seriesIndex: Int32Array.from(series) })),
        signal,
      );
      for (const due of dues) await this.#claim(due, now, signal);
    } catch (error) {
      // Whether they stand is not known.
      for (const { hours } of dues) for (const hour of hours) this.#told.forget(hour);
      throw error;
    }
    const shared = this.#shared.list();
    this.#shared = new MarkSet();
    return shared;
  }

  /** Those that were not told; from now on they are taken to be. Of another one in an hour that is told the store need not be asked. */
  #due({ day, sent, seriesIndex, hour: hours }: SampleBlock, numbers: readonly number[]): Due {
    const due: Due = { day, series: [], hours: [], senders: [] };
    const { metric, size } = this.#index;
    if (this.#last.length < size) {
      const last = new Int32Array(size * 2).fill(-1);
      last.set(this.#last);
      this.#last = last;
    }
    let row = 0;
    let hour = -1;
    let told: Uint8Array = new Uint8Array(0);
    for (const { length, index } of sent) {
      const sender = numbers[index] as number;
      for (const end = row + length; row < end; row++) {
        const begin = day * DAY_MS + (hours[row] as number) * HOUR_MS;
        if (begin !== hour) {
          hour = begin;
          told = this.#told.of(hour);
        }
        const at = seriesIndex[row] as number;
        const [byte, bit] = [at >> 3, 1 << (at & 7)];
        if (((told[byte] as number) & bit) === 0) {
          told[byte] = (told[byte] as number) | bit;
          due.series.push(at);
          due.hours.push(hour);
          due.senders.push(sender);
        } else if (this.#last[at] !== sender) this.#shared.add('double', metric[at] as number, hour);
        this.#last[at] = sender;
      }
    }
    return due;
  }

  #numberOf(sender: string): number {
    const known = this.#numbers.get(sender);
    if (known !== undefined) return known;
    this.#numbers.set(sender, this.#names.length);
    return this.#names.push(hash('sha256', sender, 'buffer').readBigUInt64BE()) - 1;
  }

  /** Says who sends, and then asks who else does. */
  async #claim({ series, hours, senders }: Due, now: number, signal: AbortSignal): Promise<void> {
    const recent = [...series.keys()].filter((i) => (hours[i] as number) >= now - TOLD_MS);
    if (recent.length === 0) return;
    const told = recent.map((i) => series[i] as number);
    const at = recent.map((i) => hours[i] as number);
    const metrics = told.map((each) => this.#index.metric[each] as number);
    const ids = told.map((each) => this.#index.idOf(each));
    const names = recent.map((i) => this.#names[senders[i] as number] as bigint);
    await this.#columns.insert('series_senders', rowsOf(metrics, ids, at, names), { queryId: randomUUID(), signal });
    const least = at.reduce((a, b) => Math.min(a, b));
    const most = at.reduce((a, b) => Math.max(a, b));
    const params = { metrics: [...new Set(metrics)], from: least, to: most };
    for (const batch of (await this.#columns.query(SHARED, { params, settings: UNBOUNDED, signal })).batches)
      for (let row = 0; row < batch.length; row++)
        this.#shared.add('double', Number(valueAt(columnOf(batch, 'metric'), row)), Number(valueAt(columnOf(batch, 'at'), row)));
  }
}

const rowsOf = (metrics: readonly number[], ids: readonly bigint[], hours: readonly number[], senders: readonly bigint[]): Batch => {
  const values = [Uint32Array.from(metrics), BigUint64Array.from(ids), BigInt64Array.from(hours, BigInt), BigUint64Array.from(senders)];
  const fields = TABLE_FIELDS.series_senders;
  const { length } = metrics;
  const columns = fields.map(
    ({ type }, i): FixedColumn => ({ layout: 'fixed', type, length, validity: undefined, values: values[i] as FixedColumn['values'] }),
  );
  return { length, fields, columns };
};
