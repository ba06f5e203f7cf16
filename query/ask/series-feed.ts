// Feeds a series index from the table `series`: at first with all of it, then with what was told since the last look, page by page, so that
// neither the store nor this process holds much of it at once.
import { type Batch, columnOf, valueAt } from '../../core/batch/batch.ts';
import type { ColumnStore, QueryAnswer } from '../../engines/columns/port.ts';
import { metricHash } from '../../schemas/series-id.ts';
import { SeriesIndex } from '../series/series-index.ts';
import type { TellRows } from './told-rows.ts';

/** Rows of a page: taking one in is a turn of this process. */
const PAGE = 20_000;
/** Definitions arrive by several ways and clocks: what was told a little before the last look may still be new to us. */
const OVERLAP_MS = 120_000;
/** When the table has less than this part of the series that are known, all is read anew: the others are gone. */
const STILL_THERE = 0.75;
const FEW = 1000;

const ROWS = `SELECT s.metric AS metric, s.name AS name, s.id AS id, toUnixTimestamp64Milli(s.since) AS from, toUnixTimestamp64Milli(s.seen) AS told,
  s.kind AS kind, s.temporality AS temporality, s.unit AS unit, s.description AS description, s.interval AS interval, s.labels AS labels, s.enrichment AS enrichment
FROM series AS s WHERE s.seen >= fromUnixTimestamp64Milli({told:Int64}, 'UTC') AND s.metric BETWEEN {metric:UInt32} AND {last:UInt32}
  AND (s.metric, s.id, toUnixTimestamp64Milli(s.since)) > ({metric:UInt32}, {id:UInt64}, {from:Int64})
ORDER BY s.metric, s.id, s.since LIMIT ${PAGE}`;

/** Names of labels, metrics and units come once a page. */
const AS_DICTIONARIES = { output_format_arrow_low_cardinality_as_dictionary: 1 };

interface Place {
  readonly metric: number;
  readonly id: bigint;
  readonly from: bigint;
}
/** Above all metrics. */
export const LAST = 2 ** 32 - 1;
const BEGINNING: Place = { metric: 0, id: 0n, from: -(2n ** 62n) };

export class SeriesFeed {
  readonly #columns: Pick<ColumnStore, 'query'>;
  #isTold: boolean;
  #index = new SeriesIndex();
  /** One that is to take its place. */
  #next: SeriesIndex | undefined;
  /** Versions of the indexes before. */
  #before = 0;
  /** When the store was looked into last, ms. */
  #looked: number | undefined;
  /** The same by a clock that nobody sets. */
  #lookedAt = Number.NEGATIVE_INFINITY;
  #doubtedUntil = Number.NEGATIVE_INFINITY;
  #running: Promise<void> | undefined;
  /** Up to which metric (its hash, not in it) the first reading has come. */
  #readTo = 0;
  /** Metrics that were read before all of them were. */
  readonly #alone = new Map<string, Promise<void>>();
  readonly #read = new Set<string>();

  constructor(columns: Pick<ColumnStore, 'query'>, tell?: TellRows) {
    this.#columns = columns;
    this.#isTold = tell !== undefined;
    tell?.((rows) => {
      try {
        for (const index of new Set([this.#index, this.#next])) index?.feed(renamed(rows));
      } catch {
        // What cannot be taken in here must not keep it from standing in the store; from now on that is looked into, and says what is wrong.
        this.#isTold = false;
      }
    });
  }

  /** Rises with every change of what metrics are. */
  get version(): number {
    return this.#before + this.#index.version;
  }

  get index(): SeriesIndex {
    return this.#index;
  }

  /** All series were read. */
  get isReady(): boolean {
    return this.#looked !== undefined;
  }

  /** Whether all series of the metric, if it has any, are in the index. */
  knows(metric: string): boolean {
    return this.isReady || this.#read.has(metric) || metricHash(metric) < this.#readTo;
  }

  /** Takes in what is new, as one with whoever asks meanwhile. Rejects when the store does not answer; what was known stays. */
  learn(now: number): Promise<void> {
    this.#running ??= this.#learn(now).finally(() => {
      this.#running = undefined;
    });
    return this.#running;
  }

  /** For so long what stands in the table need not have been told: it is looked for. */
  doubt(ms: number): void {
    this.#doubtedUntil = performance.now() + ms;
  }

  /** Takes in what is new where it was not looked for within so many ms; the first reading is not waited for. */
  async catchUp(now: number, ms: number): Promise<void> {
    const isTold = this.#isTold && performance.now() >= this.#doubtedUntil;
    if (this.isReady && !isTold && performance.now() - this.#lookedAt > ms) await this.learn(now);
  }

  /** Takes in the series of one metric, before all of them are there. */
  async learnMetric(metric: string): Promise<void> {
    if (this.knows(metric)) return;
    const reading = this.#alone.get(metric) ?? this.#take(this.#index, { told: 0, first: metricHash(metric), last: metricHash(metric) }, false);
    this.#alone.set(metric, reading);
    await reading.finally(() => this.#alone.delete(metric));
    this.#read.add(metric);
  }

  /** A clock may have been set back since the last look. */
  async #learn(now: number): Promise<void> {
    const begun = performance.now();
    const isStale = this.#looked !== undefined && (await this.#isStale());
    const index = isStale ? new SeriesIndex() : this.#index;
    const told = this.#looked === undefined || isStale ? 0 : Math.max(0, Math.min(this.#looked, now) - OVERLAP_MS);
    this.#next = index;
    await this.#take(index, { told, first: 0, last: LAST }, !this.isReady).finally(() => {
      this.#next = undefined;
    });
    if (index !== this.#index) this.#before += this.#index.version + 1;
    this.#index = index;
    this.#looked = now;
    this.#lookedAt = begun;
    this.#read.clear();
  }

  async #isStale(): Promise<boolean> {
    if (this.#index.size < FEW) return false;
    const { batches } = await this.#columns.query('SELECT toUInt64(count()) AS rows FROM series');
    return Number(batches[0] === undefined ? 0 : valueAt(columnOf(batches[0], 'rows'), 0)) < this.#index.size * STILL_THERE;
  }

  async #take(index: SeriesIndex, which: Which, isFirst: boolean): Promise<void> {
    for await (const rows of seriesRows(this.#columns, which)) {
      index.feed(rows);
      if (isFirst) this.#readTo = Math.max(this.#readTo, lastOf(rows).metric);
    }
  }
}

/** Told at `told` (ms) or later; of metrics whose hash is within these. */
interface Which {
  readonly told: number;
  readonly first: number;
  readonly last: number;
}

/** Rows of the table `series` in its order, as the index takes them, page by page; while one is taken in the store works on the next. */
export async function* seriesRows(columns: Pick<ColumnStore, 'query'>, { told, first, last }: Which): AsyncGenerator<Batch> {
  const pageAfter = (place: Place): Promise<QueryAnswer> => {
    const page = columns.query(ROWS, { params: { told, last, ...place }, settings: AS_DICTIONARIES });
    // Told to whoever waits for it; nobody does once a page before it could not be taken in.
    page.catch(() => undefined);
    return page;
  };
  for (let page: Promise<QueryAnswer> | undefined = pageAfter({ ...BEGINNING, metric: first }); page !== undefined; ) {
    const batches: readonly Batch[] = (await page).batches.filter(({ length }) => length > 0);
    const end = batches.at(-1);
    page = end === undefined || batches.reduce((sum, { length }) => sum + length, 0) < PAGE ? undefined : pageAfter(lastOf(end));
    yield* batches;
  }
}

/** As the index takes them. */
const renamed = (rows: Batch): Batch => ({
  ...rows,
  fields: rows.fields.map((field) => ({ ...field, name: field.name === 'since' ? 'from' : field.name === 'seen' ? 'told' : field.name })),
});

const lastOf = (batch: Batch): Place => {
  const last = (name: string): bigint => BigInt(valueAt(columnOf(batch, name), batch.length - 1) as bigint | number);
  return { metric: Number(last('metric')), id: last('id'), from: last('from') };
};
