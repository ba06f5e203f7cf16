// Samples as they come into samples as they rest: mantissa and exponent, one block a UTC day; and which hours of which metrics are to be marked
// for them.
// Runs over typed arrays; nothing is allocated, stringified or hashed for a sample.
import { type Batch, columnOf, type FixedColumn } from '../../core/batch/batch.ts';
import { safeIntegerAt, wordsOf } from '../../core/batch/words.ts';
import { encodeValues, LATE, MOST_EXPONENT, markOf, type SampleMark, type ValueColumns } from '../../schemas/sample-value.ts';
import { TABLE_FIELDS } from '../../schemas/tables.ts';
import type { SeriesIndex } from '../series-index.ts';

export const HOUR_MS = 3_600_000;

export interface SampleBlock {
  /** Rows of the table `samples` without its last column, `insert`. */
  readonly batch: Batch;
  /** Dense numbers of the series, by row. */
  readonly series: Int32Array;
}

const fixed = (type: FixedColumn['type'], values: FixedColumn['values']): FixedColumn => ({
  layout: 'fixed',
  type,
  length: values.length,
  validity: undefined,
  values,
});

/** `samples`: rows of the schema `metrics`, all of one day. */
export const sampleBlock = (samples: Batch, index: SeriesIndex): SampleBlock => {
  const { length } = samples;
  const [metric, id, time, value] = ['metric', 'id', 'time', 'value'].map((name) => columnOf(samples, name) as FixedColumn) as [
    FixedColumn,
    FixedColumn,
    FixedColumn,
    FixedColumn,
  ];
  const words = wordsOf(id.values as BigUint64Array);
  const series = new Int32Array(length);
  for (let row = 0; row < length; row++) series[row] = index.at(words[row * 2] as number, words[row * 2 + 1] as number);
  const values: ValueColumns = { mantissa: new BigInt64Array(length), exponent: new Int8Array(length), float: new Float64Array(length) };
  encodeValues(value.values as Float64Array, series, index.sticky, values);
  const fields = TABLE_FIELDS.samples.slice(0, -1);
  const columns = [
    metric,
    id,
    time,
    ...[values.mantissa, values.exponent, values.float, new BigInt64Array(length)].map((array, i) =>
      fixed((fields[i + 3] as (typeof fields)[number]).type, array),
    ),
  ];
  return { batch: { length, fields, columns }, series };
};

/** A row of the ledger: `hour` begins at, ms; `metric` is a hash. */
export interface Mark {
  readonly kind: SampleMark | typeof LATE;
  readonly metric: number;
  readonly hour: number;
}

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

/** Rows of one message in a block, and the time (ms) behind which none of its sender's rows are in the store yet. */
export interface SentRows {
  readonly rows: number;
  readonly until: number;
}

/**
 * Which hours of which metrics are to be marked before samples are inserted, less those that are known to be marked already: those in which a
 * sample is not surely newer than all others of its series, and those with values that want care (`SAMPLE_MARKS`).
 */
export class ValueMarks {
  #known = new MarkSet();

  /** `stand` says that the marks stand in the ledger now. `sent`: of each block, message by message. */
  of(
    blocks: readonly SampleBlock[],
    sent: readonly (readonly SentRows[])[],
    index: SeriesIndex,
  ): { readonly marks: readonly Mark[]; readonly stand: () => void } {
    const fresh = new MarkSet();
    for (const [at, block] of blocks.entries()) {
      this.#findDoubles(block, sent[at] ?? [], index, fresh);
      this.#findOdd(block, fresh);
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

  #findDoubles({ batch, series }: SampleBlock, sent: readonly SentRows[], { last }: SeriesIndex, fresh: MarkSet): void {
    const [metrics, times] = ['metric', 'time'].map((name) => (columnOf(batch, name) as FixedColumn).values) as [Uint32Array, BigInt64Array];
    const words = wordsOf(times);
    let row = 0;
    for (const { rows, until } of sent)
      for (const end = row + rows; row < end; row++) {
        const time = safeIntegerAt(words, row);
        const at = series[row] as number;
        const before = last[at] as number;
        if (time > before) last[at] = time;
        // Of a series that was not met before it is known only what its sender has sent.
        if (time > (before === Number.NEGATIVE_INFINITY ? until : before)) continue;
        fresh.add('double', metrics[row] as number, time - (time % HOUR_MS));
      }
  }

  #findOdd({ batch }: SampleBlock, fresh: MarkSet): void {
    const [metrics, exponents, floats, times] = ['metric', 'exponent', 'float', 'time'].map((name) => (columnOf(batch, name) as FixedColumn).values) as [
      Uint32Array,
      Int8Array,
      Float64Array,
      BigInt64Array,
    ];
    const words = wordsOf(times);
    for (let row = 0; row < batch.length; row++) {
      if ((exponents[row] as number) <= MOST_EXPONENT) continue;
      const kind = markOf(exponents[row] as number, floats[row] as number);
      if (kind === undefined) continue;
      const time = safeIntegerAt(words, row);
      fresh.add(kind, metrics[row] as number, time - (time % HOUR_MS));
    }
  }
}

/** How long after its end an hour is over: samples that come later are late. */
const OVER_MS = 120_000;
/** For how long a mark says that more may come. */
const LATE_MS = 60_000;

/** Which hours of which metrics got samples after they were over, and up to when (ms, the store's clock) that is said already. */
export class LateMarks {
  #said = new Map<string, number>();

  /** For samples that stand; `now`: the store's clock, ms. */
  of(blocks: readonly SampleBlock[], now: number): { readonly marks: readonly (Mark & { readonly marked: number })[]; readonly stand: () => void } {
    const fresh = new MarkSet();
    for (const { batch } of blocks) {
      const [metrics, times] = ['metric', 'time'].map((name) => (columnOf(batch, name) as FixedColumn).values) as [Uint32Array, BigInt64Array];
      const words = wordsOf(times);
      for (let row = 0; row < batch.length; row++) {
        const time = safeIntegerAt(words, row);
        const hour = time - (time % HOUR_MS);
        if (hour + HOUR_MS + OVER_MS <= now) fresh.add(LATE, metrics[row] as number, hour);
      }
    }
    for (const [key, until] of this.#said) if (until <= now) this.#said.delete(key);
    const keyOf = ({ metric, hour }: Mark): string => `${metric}/${hour}`;
    const marks = fresh
      .list()
      .filter((mark) => !this.#said.has(keyOf(mark)))
      .map((mark) => ({ ...mark, marked: now + LATE_MS }));
    return {
      marks,
      stand: () => {
        for (const mark of marks) this.#said.set(keyOf(mark), mark.marked);
      },
    };
  }
}
