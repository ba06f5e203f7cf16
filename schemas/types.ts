// The words in which datasets are described: value types, metric kinds, temporality. Units are UCUM text as OpenTelemetry uses it.

/** IQL's types; times and durations are nanoseconds, an `ip` is text in canonical form (RFC 5952 for version 6). */
export type ValueType = 'bool' | 'int' | 'float' | 'string' | 'time' | 'duration' | 'ip' | 'list' | 'map' | 'histogram';

/** https://opentelemetry.io/docs/specs/otel/metrics/data-model/ */
export const METRIC_KINDS = ['gauge', 'counter', 'histogram', 'exponential histogram', 'summary'] as const;
export type MetricKind = (typeof METRIC_KINDS)[number];
/** Has no single value for a moment, and rests in a table of its own. */
export const isDistribution = (kind: MetricKind): kind is Exclude<MetricKind, 'gauge' | 'counter'> => kind !== 'gauge' && kind !== 'counter';
export type Temporality = 'cumulative' | 'delta';

/** Which store a dataset rests in. */
export type Role = 'columns' | 'search' | 'records';

export interface DatasetColumn {
  readonly name: string;
  readonly type: ValueType;
  /** UCUM: `By`, `s`, `1` (a ratio), `{process}` (a count), `By/s`; undefined: no unit or unknown. */
  readonly unit?: string;
  /** For measured columns: whether `rate` and `increase` make sense. */
  readonly kind?: 'gauge' | 'counter';
  /** Says which series it is, or describes it; aggregates over time carry it along. */
  readonly label?: boolean;
  /** For `list` and `map`: the type of what it holds. */
  readonly item?: ValueType;
  /** Values, smallest first, where the order is not that of the text (severity). */
  readonly levels?: readonly string[];
  readonly description: string;
}

/** What `from <name>` means. */
export interface Dataset {
  readonly name: string;
  readonly description: string;
  readonly role: Role;
  readonly table: string;
  readonly columns: readonly DatasetColumn[];
  /**
   * series: rows are samples of things that go on, told apart by `key`; rows: each row stands alone.
   * A dataset with a column `time` takes a range.
   */
  readonly shape: 'series' | 'rows';
  readonly key: readonly string[];
  /** Fields not in `columns` are looked up in these maps: text and numbers. */
  readonly attributes?: { readonly text: string; readonly number: string };
  /** For metrics: how the samples were taken. */
  readonly metric?: MetricInfo;
  /** How long between two samples of a series, where the sender said so. */
  readonly intervalMs?: number;
}

/** What is known of a metric's name; learned from the definitions that senders send. */
export interface MetricInfo {
  readonly name: string;
  readonly kind: MetricKind;
  readonly temporality: Temporality;
  /** UCUM; undefined: unknown (not the same as `1`). */
  readonly unit?: string;
  readonly intervalMs?: number;
  readonly description?: string;
  /** Names of the labels and enrichment seen on any of its series, sorted. */
  readonly labels: readonly string[];
}
