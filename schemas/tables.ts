// The rows that travel: the columns of each schema in a frame and in a stream message, and of each table of the column store.
// A frame's schema only ever gains columns within a major version; readers fill what is missing and ignore what they do not know.
import { BOOL, type Field, FLOAT, INT8, INT32, INT64, list, map, TIME_MS, TIME_NS, UINT32, UINT64, UTF8 } from '../core/batch/batch.ts';

const field = (name: string, type: Field['type']): Field => ({ name, type });

/** What a part of a frame, and so a stream message, can hold. */
export type SignalSchema = 'series' | 'metrics' | 'histograms' | 'summaries' | 'logs' | 'processes' | 'jvm' | 'inventory' | 'events';

/** Rows of series, of each by its metric and id. */
export const MEASURED = ['metrics', 'histograms', 'summaries'] as const satisfies readonly SignalSchema[];
export type MeasuredSchema = (typeof MEASURED)[number];
export const isMeasured = (schema: SignalSchema): schema is MeasuredSchema => (MEASURED as readonly string[]).includes(schema);

/** How far ahead of the server's clock the time of a row may be, ms: the door refuses later ones. */
export const FUTURE_MS = 600_000;

/** Major version of every signal schema of this program. */
export const SIGNAL_VERSION = 1;

/** Topic of each schema; `series` goes ahead of what is measured of them on the same one. */
export const TOPIC: Readonly<Record<SignalSchema, string>> = {
  series: 'im.metrics',
  metrics: 'im.metrics',
  histograms: 'im.metrics',
  summaries: 'im.metrics',
  logs: 'im.logs',
  processes: 'im.processes',
  jvm: 'im.jvm',
  inventory: 'im.events',
  events: 'im.events',
};

/** What no retry can save: a schema nobody here knows, a message that does not hold together, a row that its store refuses. */
export const DEAD_TOPIC = 'im.dead';

/**
 * Of every row of a series. `start` is when what it counts began, OpenTelemetry's StartTimeUnixNano in ms; missing or 0: not known. Another
 * start than the row's before is a reset. A sender rounds it down as it does `time`, so that it is never after that; one that is, is not known either.
 */
const START = field('start', TIME_MS);

/** `stale`: the series ends here, the rest of the row says nothing. Exemplars are not kept. */
const distribution: readonly Field[] = [
  field('metric', UINT32),
  field('id', UINT64),
  field('time', TIME_MS),
  START,
  field('stale', BOOL),
  field('count', UINT64),
  field('sum', FLOAT),
];

/** A sample without its start, as those send it who know none. */
export const SAMPLE_FIELDS: readonly Field[] = [field('metric', UINT32), field('id', UINT64), field('time', TIME_MS), field('value', FLOAT)];

export const SIGNAL_FIELDS: Readonly<Record<SignalSchema, readonly Field[]>> = {
  /** One row a series definition. `id` is `seriesId` of name and labels; `interval` in ms, 0 unknown. */
  series: [
    field('id', UINT64),
    field('name', UTF8),
    field('kind', UTF8),
    field('temporality', UTF8),
    field('unit', UTF8),
    field('description', UTF8),
    field('interval', UINT32),
    field('labels', map(UTF8)),
  ],
  /** One row a sample. `metric` is `metricHash` of the name. */
  metrics: [...SAMPLE_FIELDS, START],
  /** One row a histogram, see `histogram.ts`. A row with `scale` is exponential, one without explicit. */
  histograms: [
    ...distribution,
    field('min', FLOAT),
    field('max', FLOAT),
    field('bounds', list(FLOAT)),
    field('counts', list(UINT64)),
    field('scale', INT8),
    field('zero_count', UINT64),
    field('zero_threshold', FLOAT),
    field('positive_offset', INT32),
    field('positive_counts', list(UINT64)),
    field('negative_offset', INT32),
    field('negative_counts', list(UINT64)),
  ],
  /** One row a summary: `values` at `quantiles`, as its sender worked them out; they cannot be merged. */
  summaries: [...distribution, field('quantiles', list(FLOAT)), field('values', list(FLOAT))],
  /**
   * One row a line. `body` is its message, `raw` the whole line as it was written; missing where the body is that. `file` and `position` tell it
   * from all other lines of its sender for ever, however often it is read: which content of which file, and where it begins there; both missing
   * where the sender cannot tell.
   */
  logs: [
    field('time', TIME_NS),
    field('severity', UTF8),
    field('body', UTF8),
    field('raw', UTF8),
    field('service', UTF8),
    field('host', UTF8),
    field('source', UTF8),
    field('trace_id', UTF8),
    field('span_id', UTF8),
    field('attributes', map(UTF8)),
    field('numbers', map(FLOAT)),
    field('file', UINT64),
    field('position', UINT64),
  ],
  processes: [
    field('time', TIME_MS),
    field('host', UTF8),
    field('pid', INT32),
    field('start', TIME_MS),
    field('parent', INT32),
    field('name', UTF8),
    field('command', UTF8),
    field('user', UTF8),
    field('state', UTF8),
    field('cpu', FLOAT),
    field('memory', INT64),
    field('virtual_memory', INT64),
    field('threads', INT32),
    field('open_files', INT32),
    field('io.read', FLOAT),
    field('io.write', FLOAT),
  ],
  /** One row a JVM. See the dataset `jvm` for what each means. */
  jvm: [
    field('time', TIME_MS),
    field('host', UTF8),
    field('pid', INT32),
    field('start', TIME_MS),
    field('user', UTF8),
    field('perf_data', UTF8),
    field('main_class', UTF8),
    field('arguments', UTF8),
    field('options', UTF8),
    field('version', UTF8),
    field('heap.used', INT64),
    field('heap.committed', INT64),
    field('heap.max', INT64),
    field('heap.utilization', FLOAT),
    field('pools', map(FLOAT)),
    field('gc.name', UTF8),
    field('gc.count', INT64),
    field('gc.time', FLOAT),
    field('gc.last', TIME_MS),
    field('collections', map(FLOAT)),
    field('collection_times', map(FLOAT)),
    field('threads', INT32),
    field('threads.daemon', INT32),
    field('classes', INT64),
    field('safepoint.count', INT64),
    field('safepoint.time', FLOAT),
    field('safepoint.sync', FLOAT),
    field('deadlocks', INT32),
  ],
  /** One row: the sender as it is. */
  inventory: [
    field('time', TIME_NS),
    field('host', UTF8),
    field('id', UTF8),
    field('os', UTF8),
    field('kernel', UTF8),
    field('architecture', UTF8),
    field('cores', INT32),
    field('memory', INT64),
    field('addresses', list(UTF8)),
    field('labels', map(UTF8)),
    field('agent_version', UTF8),
  ],
  events: [field('time', TIME_NS), field('kind', UTF8), field('title', UTF8), field('host', UTF8), field('service', UTF8), field('attributes', map(UTF8))],
};

/** Columns that must be there, with a value in every row: a row without means nothing. */
export const REQUIRED: Readonly<Record<SignalSchema, readonly string[]>> = {
  series: ['id', 'name', 'kind', 'labels'],
  metrics: ['metric', 'id', 'time', 'value'],
  histograms: ['metric', 'id', 'time', 'count'],
  summaries: ['metric', 'id', 'time', 'count'],
  logs: ['time', 'body'],
  processes: ['time', 'host', 'pid', 'start'],
  jvm: ['time', 'host', 'pid', 'start'],
  inventory: ['time', 'host'],
  events: ['time', 'kind', 'title'],
};

const enrichment: readonly Field[] = [field('region', UTF8), field('datacenter', UTF8), field('env', UTF8), field('role', UTF8), field('owner', UTF8)];

/** Tables of the column store. */
export type TableName =
  | 'samples'
  | 'histograms'
  | 'summaries'
  | 'series'
  | 'series_days'
  | 'series_senders'
  | 'processes'
  | 'jvm'
  | 'logs'
  | 'marks'
  | 'rollups_5m'
  | 'rollups_1h'
  | 'rollup_hours';

/** Parts of samples: see `rollups.ts`. `time` in s. */
const ROLLUP_FIELDS: readonly Field[] = [
  field('metric', UINT32),
  field('id', UINT64),
  field('time', UINT32),
  field('count', UINT32),
  field('missing', UINT32),
  field('stale', UINT32),
  field('opens', INT8),
  field('ends', INT8),
  field('exponent', INT8),
  field('first', INT64),
  field('span', INT64),
  field('below', INT64),
  field('above', INT64),
  field('bulge', INT64),
  field('beyond', INT64),
  field('resets', UINT32),
  field('floats', list(FLOAT)),
  field('begins', UINT32),
  field('lasts', UINT32),
  field('first_start', INT64),
  field('last_start', INT64),
  field('runs', list(FLOAT)),
  field('version', UINT64),
];

/** Of a log line beside its fields in `TABLE_FIELDS`: see `pipeline/stages/line-pattern.ts`; where it is not given the store works it out. */
export const LINE_PATTERN: Field = field('pattern', UTF8);

/** Sample values: see `exponent` in `sample-value.ts`. `start`: when a counter began to count, 0 unknown. `insert` rises over inserts and is the receive order. */
export const TABLE_FIELDS: Readonly<Record<TableName, readonly Field[]>> = {
  samples: [
    field('metric', UINT32),
    field('id', UINT64),
    field('time', TIME_MS),
    field('mantissa', INT64),
    field('exponent', INT8),
    field('float', FLOAT),
    field('start', TIME_MS),
    field('insert', UINT64),
  ],
  histograms: [...SIGNAL_FIELDS.histograms, field('insert', UINT64)],
  summaries: [...SIGNAL_FIELDS.summaries, field('insert', UINT64)],
  /** A row for each state of a series, upserted by (metric, id, since): it holds until the next one's `since`. `seen`: when it was told last. */
  series: [
    field('metric', UINT32),
    field('name', UTF8),
    field('id', UINT64),
    field('since', TIME_MS),
    field('seen', TIME_MS),
    field('kind', UTF8),
    field('temporality', UTF8),
    field('unit', UTF8),
    field('description', UTF8),
    field('interval', UINT32),
    field('labels', map(UTF8)),
    field('enrichment', map(UTF8)),
  ],
  /** See `presence.ts`: bits of several rows of one (metric, id, month) count together. */
  series_days: [field('metric', UINT32), field('id', UINT64), field('month', UINT32), field('days', UINT32)],
  /** Who sent samples of a series in the hour (its start, ms), by a hash of the name. */
  series_senders: [field('metric', UINT32), field('id', UINT64), field('hour', TIME_MS), field('sender', UINT64)],
  processes: [...SIGNAL_FIELDS.processes, ...enrichment, field('insert', UINT64)],
  jvm: [...SIGNAL_FIELDS.jvm, ...enrichment, field('insert', UINT64)],
  /**
   * (sender, file, position) is the id of a line; where the sender told none, `file` is made of its message and `position` is its row there. The whole line is `head`, `body` and `tail` one after the other, or `raw` where that stands; neither head nor tail is ever missing. Where the tail begins with a zero byte, which is no part of it, quotes and backslashes of the body have a backslash before them in the line.
   */
  logs: [...SIGNAL_FIELDS.logs, field('head', UTF8), field('tail', UTF8), ...enrichment, field('sender', UTF8), field('insert', UINT64)],
  /** The ledger: hours (start, ms) of a metric in which samples want care (`SAMPLE_MARKS`), or came late; `marked`: up to when, by the store's clock, some may come. */
  marks: [field('kind', UTF8), field('metric', UINT32), field('hour', TIME_MS), field('marked', TIME_MS)],
  rollups_5m: ROLLUP_FIELDS,
  rollups_1h: ROLLUP_FIELDS,
  /** What was put together: see `pipeline/rollups/ledger.ts`. */
  rollup_hours: [
    field('whole', INT8),
    field('metric', UINT32),
    field('hour', TIME_MS),
    field('version', UINT64),
    field('computed', TIME_MS),
    field('fine', INT8),
    field('samples', UINT64),
  ],
};
