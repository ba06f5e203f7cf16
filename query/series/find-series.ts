// The series of a metric that a question means, and their labels as they were then. What the inventory says of a series' host changes; what its
// sender says of it never does.
import { type Batch, bitAt, columnOf, type DictionaryColumn, type TextColumn, UTF8 } from '../../core/batch/batch.ts';
import { bitmapBytes, clearBit, setBit } from '../../core/batch/bits.ts';
import { batchOf, columnFrom } from '../../core/batch/build.ts';
import { takeRows } from '../../core/batch/take.ts';
import { wordsOf } from '../../core/batch/words.ts';
import { labelOfColumn } from '../../schemas/label-column.ts';
import { metricHash } from '../../schemas/series-id.ts';
import { columnsOf, conjuncts, type PlanExpression } from '../3-plan/expression.ts';
import { ASSIGNED } from '../3-plan/rights.ts';
import { EVER, type FoundSeries, type KnownSeries, type LabelColumn, type LabelQuestion, type LabelRows, type Moments } from '../4-emit/known-series.ts';
import type { RunFunctions } from '../run/environment.ts';
import { evaluateTrue } from '../run/evaluate.ts';
import { Pace } from '../run/pace.ts';
import { allBits } from '../run/vector.ts';
import type { MetricSeries } from './metric-series.ts';
import type { IndexedLabel, SeriesIndex } from './series-index.ts';
import type { Told } from './series-states.ts';

/** Whole milliseconds: a moment of the index lies before `ns` exactly if it is below this. */
const millisUpTo = (ns: bigint): number => Number((ns + 999_999n) / 1_000_000n);

/** Rows by series and state; `since` ms. */
interface States {
  readonly series: Int32Array;
  readonly states: Int32Array;
  readonly since: Float64Array | undefined;
}

/** The series (by number) for which a condition is true. */
interface Worked {
  readonly metric: MetricSeries;
  readonly version: number;
  readonly from: bigint | undefined;
  readonly to: bigint | undefined;
  readonly parts: readonly PlanExpression[];
  readonly found: Int32Array;
}

/** Conditions on fewer series are worked out at once. */
const MANY = 20_000;

/** Lives as long as one question. */
export class SeriesFinder implements KnownSeries {
  readonly #index: SeriesIndex;
  readonly #functions: RunFunctions;
  readonly #worked: Worked[] = [];

  constructor(index: SeriesIndex, functions: RunFunctions) {
    this.#index = index;
    this.#functions = functions;
  }

  named(hash: number): readonly string[] {
    return this.#index.named(hash);
  }

  metricsWhere(condition: PlanExpression | undefined): readonly string[] {
    const names = this.#index.metricNames();
    if (condition === undefined) return names;
    const bits = this.#isTrue(condition, { ...batchOf([['name', columnFrom(UTF8, names)]]), length: names.length });
    return names.filter((_, i) => bitAt(bits, i));
  }

  find(name: string, range: Moments | undefined, condition: PlanExpression | undefined): FoundSeries {
    const metric = this.#index.series(name);
    if (metric === undefined) return NONE;
    const found = condition === undefined ? undefined : this.#whereOnce(metric, range, condition);
    const size = found?.length ?? metric.size;
    const isWhole = condition === undefined && this.#index.named(metricHash(name)).length === 1;
    return {
      size,
      isWhole,
      get ids() {
        return idsOf(metric, found ?? everyOne(metric.size));
      },
      changes: (labels) => this.#moving(metric, range, labels).size > 0,
      rows: (labels) => this.#rows(metric, this.#states(metric, range, labels, found), labels),
    };
  }

  /**
   * Works out what is asked of the labels of very many series, by turns: a slow condition on a million of them would stand in the way of all else.
   * `find` has it then. Rejects with `iql.cancelled` when it is ended.
   */
  async prepare(questions: readonly LabelQuestion[], signal: AbortSignal): Promise<void> {
    for (const { metric: name, range, condition } of questions) {
      const metric = this.#index.series(name);
      if (metric === undefined || metric.size < MANY) continue;
      const { version } = metric.states;
      const { states, batch } = this.#labelled(metric, range, condition);
      const bits = new Uint8Array(bitmapBytes(batch.length));
      const pace = new Pace({ signal });
      let row = 0;
      for (const piece of pace.pieces(batch, [])) {
        const some = this.#isTrue(condition, piece);
        for (let i = 0; i < piece.length; i++, row++) if (bitAt(some, i)) setBit(bits, row);
        await pace.turn();
      }
      this.#worked.push({ metric, version, from: range?.from, to: range?.to, parts: conjuncts(condition), found: seriesOf(states, bits) });
    }
  }

  findOf(names: readonly string[], range: Moments | undefined, condition: PlanExpression | undefined): FoundSeries {
    const found = names.map((name) => ({ name, series: this.find(name, range, condition) })).filter(({ series }) => series.size > 0);
    const ownOf = (labels: Iterable<string>): readonly string[] => [...labels].filter((label) => label !== NAME);
    return {
      size: found.reduce((sum, { series }) => sum + series.size, 0),
      isWhole: false,
      get ids() {
        return joinedWords(found.map(({ series }) => series.ids));
      },
      changes: (labels) => found.some(({ series }) => series.changes(ownOf(labels))),
      rows: (labels) => {
        const rows = found.map(({ series }) => series.rows(ownOf(labels)));
        const sizes = rows.map(({ ids }) => ids.length / 2);
        const columns = labels.map((label): readonly [string, LabelColumn] => {
          const codes = rows.map((each, i) => each.labels.get(label)?.codes ?? new Int32Array(sizes[i] as number).fill(i));
          const values =
            label === NAME
              ? (columnFrom(
                  UTF8,
                  found.map(({ name }) => name),
                ) as TextColumn)
              : (this.#label(label)?.values ?? EMPTY);
          return [label, { codes: Int32Array.from(codes.flatMap((each) => [...each])), values }];
        });
        const moves = rows.some(({ since }) => since !== undefined);
        const since = moves ? BigInt64Array.from(rows.flatMap((each, i) => [...(each.since ?? new BigInt64Array(sizes[i] as number).fill(EVER))])) : undefined;
        return { ids: joinedWords(rows.map(({ ids }) => ids)), since, labels: new Map(columns) };
      },
    };
  }

  /** Numbers of the metric's series for which the condition, which speaks of labels alone, is true at some moment. */
  ever(name: string, condition: PlanExpression): Int32Array {
    const metric = this.#index.series(name);
    return metric === undefined ? new Int32Array(0) : this.#where(metric, undefined, condition);
  }

  label(batch: Batch, name: string, range: Moments | undefined, labels: ReadonlyMap<string, string>, moment: string | undefined): Batch {
    const metric = this.#index.series(name);
    if (metric === undefined || batch.length === 0) return EMPTY_BATCH;
    const ids = wordsIn(batch, '#series');
    const times = moment === undefined ? undefined : wordsIn(batch, moment);
    const series = new Int32Array(batch.length);
    let unknown = 0;
    for (let row = 0; row < batch.length; row++) {
      series[row] = metric.ids.find(ids[row * 2] as number, ids[row * 2 + 1] as number);
      if (series[row] === -1) unknown++;
    }
    if (unknown > 0) {
      const rows = Int32Array.from(series.keys()).filter((row) => series[row] !== -1);
      return this.label(takeRows(batch, rows), name, range, labels, moment);
    }
    const end = range === undefined ? Number.POSITIVE_INFINITY : millisUpTo(range.to);
    const states = series.map((one, row) => metric.states.before(one, times === undefined ? end : millisAfter(times, row)));
    const told = this.#rows(metric, { series, states, since: undefined }, [...new Set(labels.values())]);
    const columns = new Map(Array.from(told.labels, ([label, column]) => [label, dictionaryOf(compact(column))]));
    return {
      length: batch.length,
      fields: [...batch.fields, ...Array.from(labels.keys(), (as) => ({ name: as, type: UTF8 }))],
      columns: [...batch.columns, ...Array.from(labels.values(), (label) => columns.get(label) as DictionaryColumn)],
    };
  }

  /** A question is tried at each level of its plan, with the same conditions. */
  #whereOnce(metric: MetricSeries, range: Moments | undefined, condition: PlanExpression): Int32Array {
    const parts = conjuncts(condition);
    const known = this.#worked.find(
      (w) =>
        w.metric === metric &&
        w.version === metric.states.version &&
        w.from === range?.from &&
        w.to === range?.to &&
        w.parts.length === parts.length &&
        w.parts.every((part, i) => part === parts[i]),
    );
    if (known !== undefined) return known.found;
    const found = this.#where(metric, range, condition);
    this.#worked.push({ metric, version: metric.states.version, from: range?.from, to: range?.to, parts, found });
    return found;
  }

  #where(metric: MetricSeries, range: Moments | undefined, condition: PlanExpression): Int32Array {
    const { states, batch } = this.#labelled(metric, range, condition);
    return seriesOf(states, this.#isTrue(condition, batch));
  }

  /** All series of the metric with the labels that a condition speaks of. */
  #labelled(metric: MetricSeries, range: Moments | undefined, condition: PlanExpression): { readonly states: States; readonly batch: Batch } {
    const names = [...columnsOf(condition)];
    const states = this.#states(metric, range, names, undefined);
    const { labels } = this.#rows(metric, states, names);
    const columns = Array.from(labels, ([name, column]) => [name, dictionaryOf(column)] as const);
    return { states, batch: { ...batchOf(columns), length: states.series.length } };
  }

  #isTrue(condition: PlanExpression, batch: Batch): Uint8Array {
    return evaluateTrue(condition, batch, { functions: this.#functions, warn: () => undefined });
  }

  #label(column: string): IndexedLabel | undefined {
    return column.startsWith(ASSIGNED) ? this.#index.assigned(column.slice(ASSIGNED.length)) : this.#index.label(labelOfColumn(column));
  }

  /** What was told of series that did not stay the same in the range, of those labels. */
  #moving(metric: MetricSeries, range: Moments | undefined, labels: Iterable<string>): ReadonlyMap<number, readonly Told[]> {
    const told = Array.from(labels, (name) => this.#label(name)).filter((label) => label?.isTold === true);
    const moving = new Map<number, readonly Told[]>();
    if (told.length === 0) return moving;
    for (const [series, all] of metric.states.changing()) {
      const kept: Told[] = [];
      for (const state of range === undefined ? all : within(all, range)) {
        const before = kept.at(-1);
        if (before === undefined || told.some((label) => label?.at(metric, series, before.state) !== label?.at(metric, series, state.state))) kept.push(state);
      }
      if (kept.length > 1) moving.set(series, kept);
    }
    return moving;
  }

  /** `among`: numbers of series, ascending; undefined: all. */
  #states(metric: MetricSeries, range: Moments | undefined, labels: readonly string[], among: Int32Array | undefined): States {
    const moving = this.#moving(metric, range, labels);
    const end = range === undefined ? Number.POSITIVE_INFINITY : millisUpTo(range.to);
    const each = among ?? everyOne(metric.size);
    if (moving.size === 0) return { series: each, states: each.map((series) => metric.states.before(series, end)), since: undefined };
    const rows: { readonly series: number; readonly state: number; readonly since: number }[] = [];
    for (const series of each) {
      const told = moving.get(series) ?? [{ state: metric.states.before(series, end), since: 0 }];
      for (const [i, { state, since }] of told.entries()) rows.push({ series, state, since: i === 0 ? Number.NEGATIVE_INFINITY : since });
    }
    return { series: Int32Array.from(rows, (r) => r.series), states: Int32Array.from(rows, (r) => r.state), since: Float64Array.from(rows, (r) => r.since) };
  }

  #rows(metric: MetricSeries, { series, states, since }: States, labels: readonly string[]): LabelRows {
    const columns = labels.map((name): readonly [string, LabelColumn] => {
      const label = this.#label(name);
      if (label === undefined) return [name, { codes: new Int32Array(series.length).fill(-1), values: EMPTY }];
      return [name, { codes: series.map((one, row) => label.at(metric, one, states[row] as number)), values: label.values }];
    });
    const moments = since && BigInt64Array.from(since, (ms) => (ms === Number.NEGATIVE_INFINITY ? EVER : BigInt(ms) * 1_000_000n));
    return { ids: idsOf(metric, series), since: moments, labels: new Map(columns) };
  }
}

/** The series with a row that is true; rows of one series stand together. */
const seriesOf = ({ series }: States, bits: Uint8Array): Int32Array => {
  const found = new Int32Array(series.length);
  let count = 0;
  let last = -1;
  for (const [row, one] of series.entries()) {
    if (one === last || !bitAt(bits, row)) continue;
    last = one;
    found[count++] = one;
  }
  return found.subarray(0, count);
};

/** Of all metrics together: which of them a series is of. */
const NAME = 'name';

const joinedWords = (parts: readonly Uint32Array[]): Uint32Array => {
  const all = new Uint32Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
};

const EMPTY = { layout: 'text', type: { kind: 'utf8' }, length: 0, validity: undefined, offsets: new Int32Array(1), data: new Uint8Array(0) } as const;
const NONE: FoundSeries = {
  size: 0,
  isWhole: false,
  ids: new Uint32Array(0),
  changes: () => false,
  rows: (labels) => ({
    ids: new Uint32Array(0),
    since: undefined,
    labels: new Map(labels.map((name) => [name, { codes: new Int32Array(0), values: EMPTY }])),
  }),
};

const EMPTY_BATCH: Batch = { length: 0, fields: [], columns: [] };

const wordsIn = (batch: Batch, name: string): Uint32Array => {
  const column = columnOf(batch, name);
  if (column.layout !== 'fixed' || !(column.values instanceof BigInt64Array)) throw new TypeError(`${name} is a column of ${column.type.kind}`);
  return wordsOf(column.values);
};

/** The first whole millisecond after the nanoseconds of a row, worked out in steps that numbers hold exactly. */
const millisAfter = (words: Uint32Array, row: number): number => {
  const high = (words[row * 2 + 1] as number) | 0;
  const millions = Math.floor(high / 1e6);
  return millions * 2 ** 32 + Math.floor(((high - millions * 1e6) * 2 ** 32 + (words[row * 2] as number)) / 1e6) + 1;
};

/** With those of the values that a row has. */
const compact = ({ codes, values }: LabelColumn): LabelColumn => {
  const places = new Map<number, number>();
  const made = new Int32Array(codes.length);
  const offsets: number[] = [0];
  for (const [row, code] of codes.entries()) {
    let place = code < 0 ? -1 : places.get(code);
    if (place === undefined) {
      place = places.size;
      places.set(code, place);
      offsets.push((offsets[place] as number) + (values.offsets[code + 1] as number) - (values.offsets[code] as number));
    }
    made[row] = place;
  }
  const data = new Uint8Array(offsets[places.size] as number);
  for (const [code, place] of places) data.set(values.data.subarray(values.offsets[code] as number, values.offsets[code + 1] as number), offsets[place]);
  return { codes: made, values: { ...values, length: places.size, offsets: Int32Array.from(offsets), data } };
};

/** By a loop: `Int32Array.from` takes thirty times as long, and each question comes by here. */
const everyOne = (size: number): Int32Array => {
  const all = new Int32Array(size);
  for (let i = 0; i < size; i++) all[i] = i;
  return all;
};

const idsOf = (metric: MetricSeries, series: Int32Array): Uint32Array => {
  const words = new Uint32Array(series.length * 2);
  for (let row = 0; row < series.length; row++) {
    const one = series[row] as number;
    words[row * 2] = metric.ids.low(one);
    words[row * 2 + 1] = metric.ids.high(one);
  }
  return words;
};

/** What held at some moment of the range: the last that was told by its beginning, or ever first, and what was told in it. */
const within = (all: readonly Told[], { from, to }: Moments): readonly Told[] => {
  const [begin, end] = [millisUpTo(from + 1n), millisUpTo(to)];
  const first = Math.max(
    0,
    all.findLastIndex(({ since }) => since < begin),
  );
  return all.filter(({ since }, i) => i === first || (i > first && since < end));
};

export const dictionaryOf = ({ codes, values }: LabelColumn): DictionaryColumn => {
  const { length } = codes;
  let validity: Uint8Array | undefined;
  let indices = codes;
  for (const [row, code] of codes.entries()) {
    if (code >= 0) continue;
    validity ??= allBits(length);
    if (indices === codes) indices = codes.slice();
    clearBit(validity, row);
    indices[row] = 0;
  }
  if (values.length > 0) return { layout: 'dictionary', type: { kind: 'utf8' }, length, validity, indices, dictionary: values };
  return { layout: 'dictionary', type: { kind: 'utf8' }, length, validity: new Uint8Array(bitmapBytes(length)), indices, dictionary: NOTHING };
};

/** An entry for missing values to point at. */
const NOTHING = { ...EMPTY, length: 1, offsets: new Int32Array(2) };
