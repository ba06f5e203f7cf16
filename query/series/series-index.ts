// All series that are known, by metric: which labels they have, with which values. Fed with rows of the table `series`; asked for the metrics
// there are, what they are, their labels, and the values of these.
import { type Batch, columnOf, type TextColumn, textAt, valueAt } from '../../core/batch/batch.ts';
import { safeIntegerAt, wordsOf } from '../../core/batch/words.ts';
import { ENRICHMENT } from '../../schemas/catalogue.ts';
import { metricHash } from '../../schemas/series-id.ts';
import type { MetricInfo, MetricKind, Temporality } from '../../schemas/types.ts';
import { MetricSeries } from './metric-series.ts';
import { pairsReader, textReader } from './rows.ts';
import { TextTable } from './text-table.ts';
import { ToldStates } from './told-states.ts';

/** Labels that become columns of a metric, those of most series first: questions that name more are longer than stores read. */
export const MOST_LABELS = 200;
export interface IndexedLabel {
  readonly values: TextColumn;
  /** The inventory may have told it: then it depends on the moment. */
  readonly isTold: boolean;
  /** The number of what a series has, in a state of what was told; −1: nothing. */
  readonly at: (metric: MetricSeries, series: number, state: number) => number;
}

/** Metrics; those that come later are not known. */
const MOST_METRICS = 200_000;
/** A million ordinary series take 100 MB. Those that are told when so much is kept are not known: questions do not find them. */
const MOST_BYTES = 1 << 30;

export interface LabelValue {
  readonly value: string;
  /** How many have it. */
  readonly series: number;
}

const encoder = new TextEncoder();

export class SeriesIndex {
  /** Rises with every change of a metric's meaning, labels or words. */
  version = 0;
  readonly #metrics = new Map<string, MetricSeries>();
  readonly #infos = new Map<string, MetricInfo>();
  readonly #labels = new TextTable();
  /** By the number of a label. */
  readonly #values: TextTable[] = [];
  /** Numbers of the inventory's labels. */
  readonly #inventory: readonly number[];
  readonly #states = new ToldStates();
  /** By the hash of a name: those that have it, nearly always one. */
  readonly #byHash = new Map<number, string[]>();
  #names: readonly string[] | undefined;
  readonly #mostBytes: number;
  /** There was no room for some series, or their metric. */
  isFull = false;

  constructor(mostBytes = MOST_BYTES) {
    this.#mostBytes = mostBytes;
    this.#inventory = ENRICHMENT.map((name) => {
      const bytes = encoder.encode(name);
      this.#values.push(new TextTable());
      return this.#labels.add(bytes, 0, bytes.length);
    });
  }

  /** Names of metrics that have the hash (schemas/series-id.ts). */
  named(hash: number): readonly string[] {
    return this.#byHash.get(hash) ?? [];
  }

  /** undefined: none of its series is known. */
  series(metric: string): MetricSeries | undefined {
    return this.#metrics.get(metric);
  }

  /** Whether there was no room for some series of the metric; undefined: of any. */
  lacksSome(metric: string | undefined): boolean {
    return (metric === undefined ? undefined : this.#metrics.get(metric)?.lacksSome) ?? this.isFull;
  }

  /** Values of a label, as they are numbered for all metrics; undefined: no series has it. */
  label(name: string): IndexedLabel | undefined {
    const number = this.#labelNumber(name);
    const table = this.#values[number];
    if (table === undefined) return undefined;
    const place = this.#inventory.indexOf(number);
    return {
      values: table.column(),
      isTold: place >= 0,
      at: (series, i, state) => {
        const own = series.valueOf(i, number);
        return own >= 0 || place < 0 ? own : this.#states.codeOf(state, place);
      },
    };
  }

  /** Values that the inventory says, whatever the senders call the same; undefined: it is none of its labels. */
  assigned(name: string): IndexedLabel | undefined {
    const number = this.#labelNumber(name);
    const [table, place] = [this.#values[number], this.#inventory.indexOf(number)];
    return table === undefined || place < 0 ? undefined : { values: table.column(), isTold: true, at: (_, __, state) => this.#states.codeOf(state, place) };
  }

  /** Sorted. */
  metricNames(): readonly string[] {
    this.#names ??= [...this.#metrics.keys()].sort();
    return this.#names;
  }

  metric(name: string): MetricInfo | undefined {
    let info = this.#infos.get(name);
    if (info !== undefined) return info;
    const series = this.#metrics.get(name);
    if (series === undefined) return undefined;
    info = this.#infoOf(series);
    this.#infos.set(name, info);
    return info;
  }

  /** What a metric would be that had only some of its series, at least one; by their numbers. */
  metricOf(name: string, among: Int32Array): MetricInfo | undefined {
    const series = this.#metrics.get(name);
    return series && this.#infoOf(series, among);
  }

  /**
   * Values of a label that its senders gave it, those of most series first; undefined where there are more, or the inventory may have given it.
   * `among`: of these series, by their numbers.
   */
  values(name: string, label: string, most: number, among?: Int32Array): readonly LabelValue[] | undefined {
    const metric = this.#metrics.get(name);
    const number = this.#labelNumber(label);
    if (metric === undefined || number < 0 || metric.told.has(number)) return undefined;
    const texts = (this.#values[number] as TextTable).column();
    const counts = new Int32Array(texts.length);
    let different = 0;
    const size = among?.length ?? metric.size;
    for (let i = 0; i < size; i++) {
      const value = metric.valueOf(among?.[i] ?? i, number);
      if (value < 0) continue;
      if (counts[value] === 0) different++;
      counts[value] = (counts[value] as number) + 1;
    }
    if (different > most) return undefined;
    const found: LabelValue[] = [];
    for (const [value, series] of counts.entries()) if (series > 0) found.push({ value: textAt(texts, value), series });
    return found.sort((a, b) => b.series - a.series);
  }

  /** Of all metrics. */
  get size(): number {
    let sum = 0;
    for (const { size } of this.#metrics.values()) sum += size;
    return sum;
  }

  /** What it keeps takes about so many bytes. */
  get bytes(): number {
    let sum = this.#labels.bytes + this.#states.bytes;
    for (const metric of this.#metrics.values()) sum += metric.bytes;
    for (const values of this.#values) sum += values.bytes;
    return sum;
  }

  /** Rows of the table `series` (`from`: its `since`, `told`: its `seen`, ms); may be given again, and in any order. */
  feed(rows: Batch): void {
    const [ids, since, seen] = [wordsIn(rows, 'id'), wordsIn(rows, 'from'), wordsIn(rows, 'told')];
    const texts = (name: string): ((row: number) => string) => textReader(columnOf(rows, name));
    const [name, kind, temporality, unit, description] = [texts('name'), texts('kind'), texts('temporality'), texts('unit'), texts('description')];
    const [labels, enrichment, interval] = [pairsReader(columnOf(rows, 'labels')), pairsReader(columnOf(rows, 'enrichment')), columnOf(rows, 'interval')];
    const hasRoom = this.bytes < this.#mostBytes;
    for (let row = 0; row < rows.length; row++) {
      const metric = this.#metricNamed(name(row), hasRoom);
      if (metric === undefined || !(hasRoom || metric.ids.find(ids[row * 2] as number, ids[row * 2 + 1] as number) >= 0)) {
        this.isFull = true;
        if (metric !== undefined) metric.lacksSome = true;
        continue;
      }
      const { size } = metric;
      const series = metric.ids.add(ids[row * 2] as number, ids[row * 2 + 1] as number);
      if (series === size)
        labels(row, (keys, key, values, value) => {
          const label = this.#label(keys, key);
          if (metric.countOf(label) === 0) this.#changed(metric);
          metric.put(series, label, add(this.#values[label] as TextTable, values, value));
        });
      const [from, told] = [safeIntegerAt(since, row), safeIntegerAt(seen, row)];
      if (!metric.states.tell(series, from, told, this.#told(row, enrichment, metric))) continue;
      const meaning = { kind: kind(row) as MetricKind, temporality: temporality(row) as Temporality, unit: unit(row) };
      if (metric.variants.tell(series, meaning, { description: description(row), interval: Number(valueAt(interval, row)) }, { since: from, seen: told }))
        this.#changed(metric);
    }
  }

  #metricNamed(name: string, hasRoom: boolean): MetricSeries | undefined {
    let metric = this.#metrics.get(name);
    if (metric === undefined && hasRoom && this.#metrics.size < MOST_METRICS) {
      metric = new MetricSeries(name);
      this.#metrics.set(name, metric);
      const hash = metricHash(name);
      const sharing = this.#byHash.get(hash);
      if (sharing === undefined) this.#byHash.set(hash, [name]);
      else sharing.push(name);
      this.#names = undefined;
    }
    return metric;
  }

  #changed({ name }: MetricSeries): void {
    this.version++;
    this.#infos.delete(name);
  }

  #label(keys: TextColumn, key: number): number {
    const label = add(this.#labels, keys, key);
    this.#values[label] ??= new TextTable();
    return label;
  }

  /** What the inventory says. Labels that only it gives are the metric's too. */
  #told(row: number, enrichment: ReturnType<typeof pairsReader>, metric: MetricSeries): number {
    let state = 0;
    enrichment(row, (keys, key, values, value) => {
      const label = this.#label(keys, key);
      if (!metric.told.has(label)) {
        metric.told.add(label);
        this.#changed(metric);
      }
      const place = this.#inventory.indexOf(label);
      if (place >= 0) state = this.#states.with(state, place, add(this.#values[label] as TextTable, values, value));
    });
    return state;
  }

  #infoOf(series: MetricSeries, among?: Int32Array): MetricInfo {
    const names = this.#labels.column();
    const host = this.#labelNumber('host');
    const { unit, interval, description, ...meaning } = series.variants.chosen(among ?? series.size, (i) => series.valueOf(i, host));
    const own = among === undefined ? series.labels() : series.labels().filter((label) => among.some((i) => series.valueOf(i, label) >= 0));
    const told = among === undefined ? [...series.told] : [...series.told].filter((label) => among.some((i) => this.#isTold(series, i, label)));
    const labels = new Set([...own.slice(0, MOST_LABELS), ...told]);
    return {
      name: series.name,
      ...meaning,
      ...(unit === '' ? {} : { unit }),
      ...(interval === 0 ? {} : { intervalMs: interval }),
      ...(description === '' ? {} : { description }),
      labels: Array.from(labels, (label) => textAt(names, label)).sort(),
    };
  }

  #isTold(metric: MetricSeries, series: number, label: number): boolean {
    const place = this.#inventory.indexOf(label);
    return place >= 0 && metric.states.of(series).some((state) => this.#states.codeOf(state, place) >= 0);
  }

  #labelNumber(name: string): number {
    const bytes = encoder.encode(name);
    return this.#labels.find(bytes, 0, bytes.length);
  }
}

const add = (table: TextTable, texts: TextColumn, entry: number): number =>
  table.add(texts.data, texts.offsets[entry] as number, texts.offsets[entry + 1] as number);

const wordsIn = (rows: Batch, name: string): Uint32Array => {
  const column = columnOf(rows, name);
  if (column.layout === 'fixed' && (column.values instanceof BigUint64Array || column.values instanceof BigInt64Array)) return wordsOf(column.values);
  throw new TypeError(`${name} is a column of ${column.type.kind}`);
};
