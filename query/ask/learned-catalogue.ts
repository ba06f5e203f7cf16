// The catalogue as the data teaches it: metrics from the series' definitions, attributes from recent log lines. Answers from memory;
// `refresh` asks the stores for what is new.
import { type Batch, columnOf, valueAt } from '../../core/batch/batch.ts';
import type { ColumnStore } from '../../engines/columns/port.ts';
import type { Search } from '../../engines/search/port.ts';
import { RETENTION } from '../../schemas/retention.ts';
import type { Dataset, MetricInfo, MetricKind, Temporality } from '../../schemas/types.ts';
import type { Catalogue } from '../2-semantic/catalogue.ts';
import { type AttributeKind, type LearnedAttribute, LearnedAttributes } from './learned-attributes.ts';

const METRICS = `SELECT name, argMax(kind, seen) AS kind, argMax(temporality, seen) AS temporality, ifNull(argMax(tuple(unit), seen).1, '') AS unit,
  ifNull(argMax(tuple(description), seen).1, '') AS description, argMax(interval, seen) AS interval,
  arraySort(arrayDistinct(arrayConcat(groupUniqArrayArray(mapKeys(labels)), groupUniqArrayArray(mapKeys(enrichment))))) AS labels
FROM series WHERE seen >= fromUnixTimestamp64Milli({since:Int64}, 'UTC') GROUP BY name`;

/** Definitions arrive by several ways and clocks: what was told a little before the last look may still be new to us. */
const OVERLAP_MS = 120_000;
const MOST_METRICS = 200_000;

const texts = (batch: Batch, column: string, row: number): string => String(valueAt(columnOf(batch, column), row) ?? '');
const list = (batch: Batch, column: string, row: number): readonly string[] =>
  ((valueAt(columnOf(batch, column), row) ?? []) as readonly unknown[]).map(String);

export class LearnedCatalogue implements Catalogue {
  readonly datasets: readonly Dataset[];
  /** Rises with every change, so that what was checked against an older one can be told. */
  version = 0;
  readonly #columns: ColumnStore;
  readonly #attributes: LearnedAttributes;
  #metrics = new Map<string, MetricInfo>();
  #names: readonly string[] = [];
  /** When it was asked last, ms. */
  #looked: number | undefined;
  #running: Promise<void> | undefined;

  /** `logsKeptMs`: how long log lines are kept now. */
  constructor(datasets: readonly Dataset[], columns: ColumnStore, search: Search, logsKeptMs: () => number = () => RETENTION.logs) {
    this.datasets = datasets;
    this.#columns = columns;
    this.#attributes = new LearnedAttributes(search, logsKeptMs);
  }

  metric(name: string): MetricInfo | undefined {
    return this.#metrics.get(name);
  }
  metricNames(): readonly string[] {
    return this.#names;
  }
  attribute(dataset: string, name: string): AttributeKind | undefined {
    return dataset === 'logs' ? this.#attributes.kind(name) : undefined;
  }
  /** Most used first. */
  attributeNames(dataset: string): readonly string[] {
    return this.attributes(dataset).map(({ name }) => name);
  }
  /** Most used first. */
  attributes(dataset: string): readonly LearnedAttribute[] {
    return dataset === 'logs' ? this.#attributes.all : [];
  }

  /** Learns what is new; calls at once share one question. Rejects when a store does not answer; what was known stays. */
  refresh(now: number = Date.now()): Promise<void> {
    this.#running ??= this.#learn(now).finally(() => {
      this.#running = undefined;
    });
    return this.#running;
  }

  /** Of what was told before the last look nothing is read: an index finds the few rows since. A clock may have been set back meanwhile. */
  #since(now: number): number {
    return this.#looked === undefined ? 0 : Math.max(0, Math.min(this.#looked, now) - OVERLAP_MS);
  }

  async #learn(now: number): Promise<void> {
    const [metrics, others] = await Promise.all([this.#columns.query(METRICS, { params: { since: this.#since(now) } }), this.#attributes.learn(now)]);
    this.#looked = now;
    let changed = others;
    for (const batch of metrics.batches) for (let row = 0; row < batch.length; row++) changed = this.#note(batch, row) || changed;
    if (!changed) return;
    this.#names = [...this.#metrics.keys()].sort();
    this.version++;
  }

  #note(batch: Batch, row: number): boolean {
    const name = texts(batch, 'name', row);
    const known = this.#metrics.get(name);
    if (known === undefined && this.#metrics.size >= MOST_METRICS) return false;
    const unit = texts(batch, 'unit', row);
    const description = texts(batch, 'description', row);
    const intervalMs = Number(valueAt(columnOf(batch, 'interval'), row));
    const info: MetricInfo = {
      name,
      kind: texts(batch, 'kind', row) as MetricKind,
      temporality: texts(batch, 'temporality', row) as Temporality,
      ...(unit === '' ? {} : { unit }),
      ...(intervalMs === 0 ? {} : { intervalMs }),
      ...(description === '' ? {} : { description }),
      labels: [...new Set([...(known?.labels ?? []), ...list(batch, 'labels', row)])].sort(),
    };
    if (known !== undefined && JSON.stringify(known) === JSON.stringify(info)) return false;
    this.#metrics.set(name, info);
    return true;
  }
}
