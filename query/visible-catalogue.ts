// The catalogue as those see it who may see some rows only: it has no name, value or unit that none of their rows has.
import { metricDataset } from '../schemas/catalogue.ts';
import type { Dataset, MetricInfo } from '../schemas/types.ts';
import type { Catalogue } from './2-semantic/catalogue.ts';
import type { RowRight, RowRights } from './3-plan/rights.ts';
import { boundCondition } from './4-emit/clickhouse/expression.ts';
import { CLICKHOUSE_FUNCTIONS } from './4-emit/clickhouse/functions.ts';
import { exactCondition } from './4-emit/elasticsearch/condition.ts';
import type { AttributeKind, LearnedAttribute, LearnedAttributes } from './ask/learned-attributes.ts';
import type { LearnedCatalogue } from './ask/learned-catalogue.ts';
import { RUN_FUNCTIONS } from './functions/run/functions.ts';
import { SeriesFinder } from './series/find-series.ts';
import type { MetricSeries } from './series/metric-series.ts';
import type { LabelValue } from './series/series-index.ts';

/** What is seen of a metric. */
interface Seen {
  readonly metric: MetricSeries;
  readonly version: string;
  /** Numbers of its series. */
  readonly series: Int32Array;
  readonly info: MetricInfo | undefined;
}

const ANY_METRIC = metricDataset({ name: '', kind: 'gauge', temporality: 'cumulative', labels: [] });
/** So old may be what is known of the attributes of log lines. */
const ATTRIBUTES_MS = 60_000;
/** Longer than that nobody waits for them. */
const PATIENCE_MS = 2000;

export class VisibleCatalogue implements Catalogue {
  readonly rights: RowRights;
  readonly #whole: LearnedCatalogue;
  readonly #now: () => number;
  readonly #metrics: RowRight;
  readonly #seen = new Map<string, Seen>();
  readonly #attributes: LearnedAttributes | undefined;
  #learned = Number.NEGATIVE_INFINITY;
  #learning: Promise<void> | undefined;

  constructor(whole: LearnedCatalogue, rights: RowRights, now: () => number = Date.now) {
    this.#whole = whole;
    this.#now = now;
    this.rights = rights;
    this.#metrics = rights.on(ANY_METRIC);
    const logs = whole.datasets.find(({ name }) => name === 'logs');
    const right = logs && rights.on(logs);
    if (typeof right === 'object')
      this.#attributes = whole.attributesWhere({ ...boundCondition(right, CLICKHOUSE_FUNCTIONS), documents: exactCondition(right) });
  }

  get datasets(): readonly Dataset[] {
    return this.rights.isAll ? this.#whole.datasets : this.#whole.datasets.filter((dataset) => this.rights.on(dataset) !== 'none');
  }

  metric(name: string): MetricInfo | undefined {
    const info = this.#whole.metric(name);
    return info === undefined || this.#metrics === 'all' ? info : this.#seenOf(name)?.info;
  }

  metricNames(): readonly string[] {
    const names = this.#whole.metricNames();
    return this.#metrics === 'all' ? names : names.filter((name) => this.#seenOf(name)?.info !== undefined);
  }

  /** Values of a label of a metric, most used first; undefined where the stores have to be asked. */
  labelValues(metric: string, label: string, most: number): readonly LabelValue[] | undefined {
    if (this.#metrics === 'all') return this.#whole.labelValues(metric, label, most);
    return this.#whole.metric(metric) && this.#whole.series.values(metric, label, most, this.#seenOf(metric)?.series ?? NO_SERIES);
  }

  attribute(dataset: string, name: string): AttributeKind | undefined {
    return this.#isAllOf(dataset) ? this.#whole.attribute(dataset, name) : dataset === 'logs' ? this.#attributes?.kind(name) : undefined;
  }

  attributeNames(dataset: string): readonly string[] {
    return this.attributes(dataset).map(({ name }) => name);
  }

  /** Most used first. */
  attributes(dataset: string): readonly LearnedAttribute[] {
    return this.#isAllOf(dataset) ? this.#whole.attributes(dataset) : dataset === 'logs' ? (this.#attributes?.all ?? []) : [];
  }

  /** What is not learned with the whole catalogue is learned when it is first needed; a store that does not answer in time is not waited for. */
  async ready(): Promise<void> {
    if (this.#attributes === undefined || performance.now() - this.#learned < ATTRIBUTES_MS) return;
    const isFirst = this.#learned === Number.NEGATIVE_INFINITY;
    const learning = this.lookAgain().catch(() => undefined);
    if (isFirst) await Promise.race([learning, new Promise((resolve) => setTimeout(resolve, PATIENCE_MS))]);
  }

  /** Learns what a text may have asked for in vain. Rejects when the store does not answer; what was known stays. */
  lookAgain(): Promise<void> {
    this.#learning ??= this.#learn().finally(() => {
      this.#learning = undefined;
    });
    return this.#learning;
  }

  async #learn(): Promise<void> {
    await this.#attributes?.learn(this.#now());
    this.#learned = performance.now();
  }

  #isAllOf(name: string): boolean {
    const dataset = this.#whole.datasets.find((d) => d.name === name);
    return dataset !== undefined && this.rights.on(dataset) === 'all';
  }

  #seenOf(name: string): Seen | undefined {
    const { series: index } = this.#whole;
    const metric = index.series(name);
    if (metric === undefined || typeof this.#metrics === 'string') return undefined;
    const version = `${metric.states.version} ${index.version}`;
    const known = this.#seen.get(name);
    if (known?.metric === metric && known.version === version) return known;
    const series = new SeriesFinder(index, RUN_FUNCTIONS).ever(name, this.#metrics);
    const seen = { metric, version, series, info: series.length === 0 ? undefined : index.metricOf(name, series) };
    this.#seen.set(name, seen);
    return seen;
  }
}

const NO_SERIES = new Int32Array(0);
