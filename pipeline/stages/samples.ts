// Samples as they come into samples as they rest: mantissa and exponent, one block a UTC day; and which hours of which metrics are to be marked
// for them. Runs over typed arrays; nothing is allocated, stringified or hashed for a sample.
import { type Batch, columnOf, type FixedColumn, type Value } from '../../core/batch/batch.ts';
import { batchOf, columnFrom } from '../../core/batch/build.ts';
import { safeIntegerAt, wordsOf } from '../../core/batch/words.ts';
import { encodeValue, LATE, markOf, type SampleMark, valueWriter } from '../../schemas/sample-value.ts';
import { TABLE_FIELDS } from '../../schemas/tables.ts';
import type { Range } from '../progress.ts';
import type { SeriesIndex } from '../series-index.ts';
import { DAY_MS, daysOf } from './days.ts';
import type { SeriesNumbers } from './series-numbers.ts';

export const HOUR_MS = 3_600_000;

/** Rows of one message: all of its batch, or those named. */
export interface SentRows {
  readonly batch: Batch;
  readonly rows: Int32Array | undefined;
  readonly length: number;
  /** Which message. */
  readonly index: number;
  /** ms; none of its sender's rows with a later time are in the store yet. */
  readonly until: number;
}

/** Samples of one UTC day, message by message. */
export interface SampleBlock {
  readonly day: number;
  readonly length: number;
  readonly sent: readonly SentRows[];
  /** By row: the dense number of the series, the hour of the day, the time in ms. */
  readonly seriesIndex: Int32Array;
  readonly hour: Uint8Array;
  readonly time: Float64Array;
}

export interface SampleMessage {
  /** Rows of the schema `metrics`. */
  readonly batch: Batch;
  readonly until: number;
}

const values = <T extends FixedColumn['values']>(batch: Batch, name: string): T => (columnOf(batch, name) as FixedColumn).values as T;

/** Room for the rows of blocks that is used again: what was taken before is overwritten. */
export class BlockRoom {
  #seriesIndex = new Int32Array(0);
  #hour = new Uint8Array(0);
  #time = new Float64Array(0);
  #used = 0;

  /** For all blocks that are taken until the next call. */
  begin(length: number): void {
    this.#used = 0;
    if (length <= this.#time.length) return;
    this.#seriesIndex = new Int32Array(length);
    this.#hour = new Uint8Array(length);
    this.#time = new Float64Array(length);
  }

  take(length: number): Pick<SampleBlock, 'seriesIndex' | 'hour' | 'time'> {
    const [from, to] = [this.#used, this.#used + length];
    this.#used = to;
    return { seriesIndex: this.#seriesIndex.subarray(from, to), hour: this.#hour.subarray(from, to), time: this.#time.subarray(from, to) };
  }
}

/** All rows of the messages, one block a day; the same messages always give the same. The blocks stand in `room`. */
export const sampleBlocks = (messages: readonly SampleMessage[], numbers: SeriesNumbers, room = new BlockRoom()): readonly SampleBlock[] => {
  room.begin(messages.reduce((sum, { batch }) => sum + batch.length, 0));
  const days = new Map<number, { readonly sent: SentRows[]; readonly series: Int32Array[] }>();
  for (const [index, { batch, until }] of messages.entries()) {
    const series = numbers.of(batch);
    for (const { day, rows } of daysOf(columnOf(batch, 'time') as FixedColumn)) {
      const of = days.get(day) ?? { sent: [], series: [] };
      days.set(day, of);
      of.sent.push({ batch, rows, length: rows?.length ?? batch.length, index, until });
      of.series.push(rows === undefined ? series : rows.map((row) => series[row] as number));
    }
  }
  return [...days].sort(([a], [b]) => a - b).map(([day, { sent, series }]) => blockOf(day, sent, series, room));
};

const blockOf = (day: number, sent: readonly SentRows[], parts: readonly Int32Array[], room: BlockRoom): SampleBlock => {
  const length = parts.reduce((sum, part) => sum + part.length, 0);
  const block = { day, length, sent, ...room.take(length) };
  let at = 0;
  for (const [i, { batch, rows, length: count }] of sent.entries()) {
    block.seriesIndex.set(parts[i] as Int32Array, at);
    const words = wordsOf(values<BigInt64Array>(batch, 'time'));
    for (let row = 0; row < count; row++, at++) {
      const time = safeIntegerAt(words, rows === undefined ? row : (rows[row] as number));
      block.time[at] = time;
      block.hour[at] = (time - day * DAY_MS) / HOUR_MS;
    }
  }
  return block;
};

/** Arrays of the table's columns that are used again for each insert: what was made before is overwritten. */
export class SampleRows {
  #room = 0;
  #metric = new Uint32Array(0);
  #id = new BigUint64Array(0);
  #time = new BigInt64Array(0);
  #mantissa = new BigInt64Array(0);
  #exponent = new Int8Array(0);
  #float = new Float64Array(0);
  #start = new BigInt64Array(0);
  #insert = new BigUint64Array(0);

  #grow(length: number): void {
    if (length <= this.#room) return;
    this.#room = length;
    this.#metric = new Uint32Array(length);
    this.#id = new BigUint64Array(length);
    this.#time = new BigInt64Array(length);
    this.#mantissa = new BigInt64Array(length);
    this.#exponent = new Int8Array(length);
    this.#float = new Float64Array(length);
    this.#start = new BigInt64Array(length);
    this.#insert = new BigUint64Array(length);
  }

  /** Rows of the table `samples`, those of the ranges one after the other, each at its place (default: as they come). */
  of(block: SampleBlock, ranges: readonly Range<number>[], places: Int32Array | undefined, index: SeriesIndex, insert: bigint): Batch {
    const length = ranges.reduce((sum, { from, to }) => sum + to - from, 0);
    this.#grow(length);
    const [ids, times, starts, metric] = [wordsOf(this.#id), wordsOf(this.#time), wordsOf(this.#start), this.#metric];
    const writer = valueWriter({ mantissa: this.#mantissa, exponent: this.#exponent, float: this.#float });
    const { sticky } = index;
    let at = 0;
    for (const range of ranges) {
      let begin = 0;
      for (const { batch, rows, length: count } of block.sent) {
        const [from, to] = [Math.max(range.from, begin), Math.min(range.to, begin + count)];
        if (from < to) {
          const given = values<Float64Array>(batch, 'value');
          const bits = wordsOf(given);
          const from64 = wordsOf(values<BigInt64Array>(batch, 'time'));
          const begins = wordsOf(values<BigInt64Array>(batch, 'start'));
          for (let row = from; row < to; row++, at++) {
            const own = rows === undefined ? row - begin : (rows[row - begin] as number);
            const place = places === undefined ? at : (places[at] as number);
            const series = block.seriesIndex[row] as number;
            metric[place] = index.metric[series] as number;
            index.putId(series, ids, place);
            times[place * 2] = from64[own * 2] as number;
            times[place * 2 + 1] = from64[own * 2 + 1] as number;
            starts[place * 2] = begins[own * 2] as number;
            starts[place * 2 + 1] = begins[own * 2 + 1] as number;
            encodeValue(given, bits, own, series, sticky, writer, place);
          }
        }
        begin += count;
      }
    }
    this.#insert.fill(insert, 0, length);
    const arrays = [this.#metric, this.#id, this.#time, this.#mantissa, this.#exponent, this.#float, this.#start, this.#insert];
    const columns = TABLE_FIELDS.samples.map(
      ({ type }, i): FixedColumn => ({ layout: 'fixed', type, length, validity: undefined, values: (arrays[i] as FixedColumn['values']).subarray(0, length) }),
    );
    return { length, fields: TABLE_FIELDS.samples, columns };
  }
}

/** A row of the ledger: `hour` begins at, ms; `metric` is a hash. */
export interface Mark {
  readonly kind: SampleMark | typeof LATE;
  readonly metric: number;
  readonly hour: number;
}

/** Rows of the table `marks`; `now`, ms, where a mark says no moment of its own. */
export const markRows = (marks: readonly (Mark & { readonly marked?: number })[], now: number): Batch => {
  const value: Readonly<Record<string, (mark: Mark & { readonly marked?: number }) => Value>> = {
    kind: ({ kind }) => kind,
    metric: ({ metric }) => metric,
    hour: ({ hour }) => BigInt(hour),
    marked: ({ marked = now }) => BigInt(Math.floor(marked)),
  };
  return batchOf(TABLE_FIELDS.marks.map(({ name, type }) => [name, columnFrom(type, marks.map(value[name] as (mark: Mark) => Value))] as const));
};

/** Above it what is known is forgotten: a mark made twice costs a row. */
const MOST_KNOWN = 100_000;

/** Marks, each once: metrics by kind and hour. Samples that follow each other are mostly of one hour, so that is looked up first. */
export class MarkSet {
  readonly #metrics = new Map<Mark['kind'], Map<number, Set<number>>>();
  #latest: { readonly kind: Mark['kind']; readonly hour: number; readonly metrics: Set<number> } | undefined;

  get size(): number {
    let size = 0;
    for (const hours of this.#metrics.values()) for (const metrics of hours.values()) size += metrics.size;
    return size;
  }

  has(kind: Mark['kind'], metric: number, hour: number): boolean {
    return this.#metrics.get(kind)?.get(hour)?.has(metric) === true;
  }

  add(kind: Mark['kind'], metric: number, hour: number): void {
    if (this.#latest?.hour !== hour || this.#latest.kind !== kind) this.#latest = { kind, hour, metrics: this.#of(kind, hour) };
    this.#latest.metrics.add(metric);
  }

  #of(kind: Mark['kind'], hour: number): Set<number> {
    const hours = this.#metrics.get(kind) ?? new Map<number, Set<number>>();
    this.#metrics.set(kind, hours);
    const metrics = hours.get(hour) ?? new Set<number>();
    hours.set(hour, metrics);
    return metrics;
  }

  list(): readonly Mark[] {
    return [...this.#metrics].flatMap(([kind, hours]) => [...hours].flatMap(([hour, metrics]) => [...metrics].map((metric): Mark => ({ kind, metric, hour }))));
  }
}

/**
 * Which hours of which metrics are to be marked before samples are inserted, less those that are known to be marked already: those in which a
 * sample is not surely newer than all others of its series, or several senders send one, and those with values that want care (`SAMPLE_MARKS`).
 */
export class ValueMarks {
  #known = new MarkSet();

  /** `shared`: hours that several senders have part in; `stand` says that the marks stand in the ledger now. */
  of(blocks: readonly SampleBlock[], index: SeriesIndex, shared: readonly Mark[] = []): { readonly marks: readonly Mark[]; readonly stand: () => void } {
    const fresh = new MarkSet();
    for (const { kind, metric, hour } of shared) fresh.add(kind, metric, hour);
    for (const block of blocks) {
      this.#findDoubles(block, index, fresh);
      this.#findOdd(block, index, fresh);
    }
    const marks = fresh.list().filter(({ kind, metric, hour }) => !this.#known.has(kind, metric, hour));
    return {
      marks,
      stand: () => {
        if (this.#known.size > MOST_KNOWN) this.#known = new MarkSet();
        for (const { kind, metric, hour } of marks) this.#known.add(kind, metric, hour);
      },
    };
  }

  #findDoubles({ sent, seriesIndex, time: times }: SampleBlock, { last, metric }: SeriesIndex, fresh: MarkSet): void {
    let row = 0;
    for (const { length, until } of sent)
      for (const end = row + length; row < end; row++) {
        const time = times[row] as number;
        const at = seriesIndex[row] as number;
        const before = last[at] as number;
        if (time > before) last[at] = time;
        // Of a series that was not met before it is known only what its sender has sent.
        if (time > (before === Number.NEGATIVE_INFINITY ? until : before)) continue;
        fresh.add('double', metric[at] as number, time - (time % HOUR_MS));
      }
  }

  #findOdd({ sent, seriesIndex, time: times }: SampleBlock, { metric }: SeriesIndex, fresh: MarkSet): void {
    let begin = 0;
    for (const { batch, rows, length } of sent) {
      const given = values<Float64Array>(batch, 'value');
      const bits = wordsOf(given);
      const starts = wordsOf(values<BigInt64Array>(batch, 'start'));
      for (let row = 0; row < length; row++) {
        const own = rows === undefined ? row : (rows[row] as number);
        const kind = markOf(given, bits, own);
        const hasStart = starts[own * 2] !== 0 || starts[own * 2 + 1] !== 0;
        if (kind === undefined && !hasStart) continue;
        const time = times[begin + row] as number;
        const [of, hour] = [metric[seriesIndex[begin + row] as number] as number, time - (time % HOUR_MS)];
        if (kind !== undefined) fresh.add(kind, of, hour);
        if (hasStart) fresh.add('start', of, hour);
      }
      begin += length;
    }
  }
}

/** How long after its end an hour is over: samples that come later are late. */
const OVER_MS = 120_000;
/** For how long a mark says that more may come. */
const LATE_MS = 60_000;

/** `hour`: its start; ms, both. */
export const isOver = (hour: number, now: number): boolean => hour + HOUR_MS + OVER_MS <= now;

/** Which hours of which metrics got samples after they were over, and up to when (ms, the store's clock) that is said already. */
export class LateMarks {
  #said = new Map<string, number>();

  /** For samples that stand; `now`: the store's clock, ms; `passed`: the latest time that it may have told before, where it went back. */
  of(
    blocks: readonly SampleBlock[],
    { metric }: SeriesIndex,
    now: number,
    passed = now,
  ): { readonly marks: readonly (Mark & { readonly marked: number })[]; readonly stand: () => void } {
    const fresh = new MarkSet();
    for (const { seriesIndex, time: times } of blocks)
      for (let row = 0; row < times.length; row++) {
        const time = times[row] as number;
        const hour = time - (time % HOUR_MS);
        if (isOver(hour, passed)) fresh.add(LATE, metric[seriesIndex[row] as number] as number, hour);
      }
    for (const [key, until] of this.#said) if (until <= now || until > now + LATE_MS) this.#said.delete(key);
    const keyOf = ({ metric, hour }: Mark): string => `${metric}/${hour}`;
    const marks = fresh
      .list()
      .filter((mark) => !this.#said.has(keyOf(mark)))
      .map((mark) => ({ ...mark, marked: now + LATE_MS }));
    return {
      marks,
      stand: () => {
        for (const mark of marks) this.#said.set(keyOf(mark), now + LATE_MS);
      },
    };
  }
}
