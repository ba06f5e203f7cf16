// The sink of metrics: definitions are upserted first, then it is told which series have something on which days and who sends them, then hours in
// which samples want care are marked, then samples, histograms and summaries are inserted, and what of the samples came late is marked behind them.
// A sample whose definition nobody knows is written like any other, and counted.
import { randomUUID } from 'node:crypto';
import { sliceBatch } from '../../core/batch/take.ts';
import { encodeStream } from '../../core/ipc/write.ts';
import type { Logger } from '../../core/logger.ts';
import type { Telemetry } from '../../core/telemetry.ts';
import { NANOS_PER_MS } from '../../core/time.ts';
import type { ColumnStore } from '../../engines/columns/port.ts';
import { type Block, takeRows } from '../block.ts';
import type { Inventory } from '../inventory.ts';
import type { DeadLetter, Decoded } from '../message.ts';
import { retryUntilStopped } from '../retry.ts';
import { type DayOfSeries, SeriesDays } from '../series-days.ts';
import { DEFINED, SeriesIndex, UNKNOWN, UNSEEN } from '../series-index.ts';
import { SeriesSenders } from '../series-senders.ts';
import type { SeriesKey, SeriesTable } from '../series-table.ts';
import type { PartitionSink, RoundContext, Sink } from '../sink.ts';
import { byDay, DAY_MS } from '../stages/days.ts';
import { SampleOrder } from '../stages/sample-order.ts';
import { BlockRoom, LateMarks, type Mark, markRows, type SampleBlock, SampleRows, sampleBlocks, ValueMarks } from '../stages/samples.ts';
import { newlyTold, seriesRows } from '../stages/series.ts';
import { SeriesNumbers } from '../stages/series-numbers.ts';
import { findStandingInserts, type StoreClock } from '../standing.ts';
import { writeBlocks } from '../write.ts';
import { lateMarks } from './late.ts';
import { lettersOf, originOf } from './origin.ts';

export interface ColumnSinkOptions {
  readonly columns: ColumnStore;
  readonly clock: Pick<StoreClock, 'now' | 'forget'>;
  readonly inventory: Inventory;
  readonly telemetry: Telemetry;
  readonly log: Logger;
  readonly maxExecutionMs: number;
  /** See `WriteOptions`. */
  readonly readBack: boolean;
  readonly fence: boolean;
  /** ms. */
  readonly now: () => number;
}

/** How often definitions that were not there are looked for again: they may have come through another partition. */
const LOOK_AGAIN_MS = 60_000;
/** Smaller blocks the store sorts for what it costs here. Of 250,000 rows it takes 0.31 CPU-s a million sorted and 0.75 unsorted, and this 0.19. */
const SORTED_FROM = 100_000;

/** Rows for the ledger; `marked`, ms, default now. */
interface Marks {
  readonly marks: readonly (Mark & { readonly marked?: number })[];
  readonly stand: () => void;
}

class SamplesPartition implements PartitionSink {
  readonly #options: ColumnSinkOptions;
  readonly #table: SeriesTable;
  #index = new SeriesIndex();
  #order = new SampleOrder(this.#index);
  #numbers = new SeriesNumbers(this.#index);
  readonly #room = new BlockRoom();
  readonly #rows = new SampleRows();
  /** Series met, and of those the ones whose definition is not known. */
  #met = 0;
  #unknown = 0;
  #days: SeriesDays;
  #senders: SeriesSenders;
  #exponentDay = 0;
  #looked = 0;
  readonly #marks = new ValueMarks();
  readonly #late = new LateMarks();

  constructor(options: ColumnSinkOptions, table: SeriesTable) {
    this.#options = options;
    this.#table = table;
    this.#days = new SeriesDays(options.columns, this.#index);
    this.#senders = new SeriesSenders(options.columns, this.#index, this.#days);
  }

  async write(messages: readonly Decoded[], context: RoundContext): Promise<readonly DeadLetter[]> {
    const { columns, clock, maxExecutionMs, readBack, fence } = this.#options;
    const { signal, health } = context;
    this.#refresh();
    const definitions = messages.filter(({ schema }) => schema === 'series');
    const letters: DeadLetter[] = [];
    if (definitions.length > 0) letters.push(...(await retryUntilStopped(() => this.#define(definitions, signal), signal, health)));
    const samples = messages.filter(({ schema }) => schema === 'metrics');
    const until = (sender: string): number => Number(-(-context.until(sender) / NANOS_PER_MS));
    const blocks = sampleBlocks(
      samples.map(({ sender, batch }) => ({ batch, until: until(sender) })),
      this.#numbers,
      this.#room,
    );
    const others = [...this.#distributions(messages, 'histograms'), ...this.#distributions(messages, 'summaries')];
    await retryUntilStopped(() => this.#meet([...blocks, ...others]), signal, health);
    await retryUntilStopped(() => this.#days.tell(others, signal), signal, health);
    const senders = samples.map(({ sender }) => sender);
    const shared = await retryUntilStopped(() => this.#senders.tell(blocks, senders, this.#options.now(), signal), signal, health);
    await this.#mark(this.#marks.of(blocks, this.#index, shared), context);
    const rows = [...blocks.map((block) => this.#rowsOf(block, samples)), ...others];
    const refused = await writeBlocks(rows, { ...context, columns, clock, maxExecutionMs, readBack, fence });
    const now = await retryUntilStopped(() => clock.now(), signal, health);
    const passed = context.numbers.lastMs;
    const late = () => lateMarks(this.#late, blocks, this.#index, { columns, now, passed, signal });
    await this.#mark(await retryUntilStopped(late, signal, health), context);
    return [...letters, ...lettersOf(refused, messages, 'samples')];
  }

  /** They rest as they came: a table's columns are those of its schema. Of two for one time the later stands; whoever reads them has to say so. */
  #distributions(messages: readonly Decoded[], schema: 'histograms' | 'summaries'): readonly (Block & DayOfSeries)[] {
    const own = messages.filter((message) => message.schema === schema);
    return byDay(own.map(({ batch }) => batch)).map((day): Block & DayOfSeries => ({
      table: schema,
      day: day.day,
      length: day.batch.length,
      origin: originOf(day, own),
      rows: (ranges, insert) => takeRows(day.batch, ranges, insert),
      seriesIndex: this.#numbers.of(day.batch),
    }));
  }

  #rowsOf(block: SampleBlock, messages: readonly Decoded[]): Block {
    return {
      table: 'samples',
      day: block.day,
      length: block.length,
      origin: block.sent.map(({ index, length }) => ({ offset: (messages[index] as Decoded).stored.offset, rows: length })),
      rows: (ranges, insert) => {
        const count = ranges.reduce((sum, { from, to }) => sum + to - from, 0);
        return this.#rows.of(block, ranges, count < SORTED_FROM ? undefined : this.#order.placesOf(block, ranges), this.#index, insert);
      },
    };
  }

  /** Once a day exponents begin anew; a table of series that is full does so too, and then of their times is known what their senders have sent. */
  #refresh(): void {
    const now = this.#options.now();
    const day = Math.floor(now / DAY_MS);
    if (day !== this.#exponentDay) this.#index.resetExponents();
    this.#exponentDay = day;
    if (!this.#index.full) return;
    this.#index = new SeriesIndex();
    this.#order = new SampleOrder(this.#index);
    this.#numbers = new SeriesNumbers(this.#index);
    this.#met = 0;
    this.#unknown = 0;
    this.#days = new SeriesDays(this.#options.columns, this.#index);
    this.#senders = new SeriesSenders(this.#options.columns, this.#index, this.#days);
    this.#options.telemetry.add('inframirror_pipeline_series_forgotten_total');
    this.#options.log.warn('a partition has more series than are kept in memory; their times are learned anew');
  }

  #define(definitions: readonly Decoded[], signal: AbortSignal): Promise<readonly DeadLetter[]> {
    return this.#table.inTurn(async () => {
      const { inventory, telemetry, now } = this.#options;
      const at = now();
      const told = newlyTold(definitions, this.#index, inventory, at);
      const { batch, origins, written } = seriesRows(told, await this.#table.standing(told), this.#index, at);
      const refused = batch === undefined ? [] : await this.#table.insert(batch, signal);
      written();
      if (batch === undefined) return [];
      telemetry.add('inframirror_pipeline_definitions_total', {}, batch.length - refused.length);
      return refused.map(({ row, error }): DeadLetter => {
        const value = encodeStream([sliceBatch(batch, row, row + 1)]);
        return { message: (origins[row] as Decoded).stored, value, rows: 1, stage: 'series', reason: 'refused-row', error };
      });
    });
  }

  /** Looks up the definitions of series that were not met before; counts the samples of those that have none. */
  async #meet(blocks: readonly DayOfSeries[]): Promise<void> {
    const { state } = this.#index;
    const now = this.#options.now();
    const again = this.#unknown > 0 && now - this.#looked >= LOOK_AGAIN_MS;
    if (this.#index.size > this.#met || again) {
      const unseen = this.#keys(blocks, (at) => state[at] === UNSEEN || (again && state[at] === UNKNOWN));
      if (again) this.#looked = now;
      const known = unseen.size === 0 ? undefined : await this.#table.known([...unseen.values()]);
      for (const [at, { id }] of unseen) state[at] = known?.has(id) === true ? DEFINED : UNKNOWN;
      this.#met = this.#index.size;
      this.#unknown = 0;
      for (let at = 0; at < this.#met; at++) if (state[at] === UNKNOWN) this.#unknown++;
    }
    if (this.#unknown === 0) return;
    let unknown = 0;
    for (const { seriesIndex } of blocks) for (let row = 0; row < seriesIndex.length; row++) if (state[seriesIndex[row] as number] === UNKNOWN) unknown++;
    if (unknown > 0) this.#options.telemetry.add('inframirror_pipeline_unknown_series_samples_total', {}, unknown);
  }

  async #mark({ marks, stand }: Marks, { signal, health }: RoundContext): Promise<void> {
    if (marks.length > 0) {
      const now = await retryUntilStopped(() => this.#options.clock.now(), signal, health);
      const rows = markRows(marks, now);
      await retryUntilStopped(() => this.#options.columns.insert('marks', rows, { queryId: randomUUID(), signal }), signal, health);
    }
    stand();
  }

  #keys(blocks: readonly DayOfSeries[], wanted: (at: number) => boolean): Map<number, SeriesKey> {
    const found = new Map<number, SeriesKey>();
    for (const { seriesIndex } of blocks)
      for (let row = 0; row < seriesIndex.length; row++) {
        const at = seriesIndex[row] as number;
        if (wanted(at) && !found.has(at)) found.set(at, { metric: this.#index.metric[at] as number, id: this.#index.idOf(at) });
      }
    return found;
  }
}

export const samplesSink = (options: ColumnSinkOptions, table: SeriesTable): Sink => ({
  open: () => new SamplesPartition(options, table),
  findStandingInserts: (inserts, signal) => findStandingInserts(inserts, options.columns, signal, options.fence),
});
