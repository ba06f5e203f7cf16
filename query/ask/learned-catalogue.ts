// The catalogue as the data teaches it: metrics from the series that are known, attributes from recent log lines. Answers from memory;
// `refresh` asks the stores for what is new.
import type { ColumnStore } from '../../engines/columns/port.ts';
import type { Search } from '../../engines/search/port.ts';
import { RETENTION } from '../../schemas/retention.ts';
import type { Dataset, MetricInfo } from '../../schemas/types.ts';
import type { Catalogue } from '../2-semantic/catalogue.ts';
import type { LabelValue, SeriesIndex } from '../series/series-index.ts';
import { type AttributeKind, type LearnedAttribute, LearnedAttributes, type LinesWhere } from './learned-attributes.ts';
import { SeriesFeed } from './series-feed.ts';
import type { TellRows } from './told-rows.ts';

/** How long a series may be there before a question finds it, ms. */
const FRESH_MS = 1000;
/** Metrics of one text that are looked for at once. */
const MOST_WANTED = 50;

export class LearnedCatalogue implements Catalogue {
  readonly datasets: readonly Dataset[];
  readonly #series: SeriesFeed;
  readonly #attributes: LearnedAttributes;
  /** Learns them from some lines only. */
  readonly attributesWhere: (where: LinesWhere) => LearnedAttributes;
  #running: Promise<void> | undefined;
  /** Metrics that were asked for before all were there. */
  readonly #wanted = new Set<string>();
  /** Of attributes, and of what is known at all. */
  #changes = 0;

  /** `logsKeptMs`: how long log lines are kept now. `tellSeries`: left out where others write series too. */
  constructor(datasets: readonly Dataset[], columns: ColumnStore, search: Search, logsKeptMs: () => number = () => RETENTION.logs, tellSeries?: TellRows) {
    this.datasets = datasets;
    this.#series = new SeriesFeed(columns, tellSeries);
    this.#attributes = new LearnedAttributes(search, logsKeptMs);
    this.attributesWhere = (where) => new LearnedAttributes(search, logsKeptMs, where);
  }

  /** Rises with every change, so that what was checked against an older one can be told. */
  get version(): number {
    return this.#changes + this.#series.version;
  }

  get series(): SeriesIndex {
    return this.#series.index;
  }

  /** All series were read. */
  get isReady(): boolean {
    return this.#series.isReady;
  }

  metric(name: string): MetricInfo | undefined {
    if (this.#series.knows(name)) return this.#series.index.metric(name);
    this.#wanted.add(name);
    return undefined;
  }
  /** Values of a label of a metric, most used first; undefined where the stores have to be asked. */
  labelValues(metric: string, label: string, most: number): readonly LabelValue[] | undefined {
    return this.#series.knows(metric) ? this.#series.index.values(metric, label, most) : undefined;
  }
  metricNames(): readonly string[] {
    return this.#series.index.metricNames();
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

  /** For so long series may stand without having been told, as whoever wrote them is gone: they are looked for. */
  doubt(ms: number): void {
    this.#series.doubt(ms);
  }

  /** Learns what is new; calls at once share one question. Rejects when a store does not answer; what was known stays. */
  refresh(now: number = Date.now()): Promise<void> {
    this.#running ??= this.#learn(now).finally(() => {
      this.#running = undefined;
    });
    return this.#running;
  }

  /** Series that were told up to a moment before now are known. What fails leaves what was known. */
  async catchUp(now: number = Date.now()): Promise<void> {
    await this.#series.catchUp(now, FRESH_MS);
  }

  /** Learns what a text may have asked for in vain: before all is there, just that. */
  async lookAgain(): Promise<void> {
    const wanted = [...this.#wanted].slice(-MOST_WANTED);
    this.#wanted.clear();
    if (this.#series.isReady) return this.refresh();
    await Promise.allSettled(wanted.map((name) => this.#series.learnMetric(name)));
    this.#changes++;
  }

  /** All series are known. */
  async whole(): Promise<void> {
    if (!this.#series.isReady) await this.refresh();
  }

  async #learn(now: number): Promise<void> {
    const { isReady } = this;
    const [, others] = await Promise.all([this.#series.learn(now), this.#attributes.learn(now)]);
    if (others || !isReady) this.#changes++;
  }
}
