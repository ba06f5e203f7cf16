// What the rows of each schema must be beyond their types and beyond what they may not lack: how long texts may be,
// which words a text may be, which column is the row's time. Data only; `admit.ts` holds rows against it.
import { SEVERITIES } from '../schemas/catalogue.ts';
import { EXTREME } from '../schemas/sample-value.ts';
import type { SignalSchema } from '../schemas/tables.ts';
import { METRIC_KINDS } from '../schemas/types.ts';

export interface ColumnRule {
  /** Most bytes of a text, of an item of a list, of a text value of a map. Default 4 KiB. */
  readonly bytes?: number;
  /** The text is one of these, or empty. */
  readonly words?: readonly string[];
  /** Of the text values of these keys of a map, where fewer than `bytes`. */
  readonly bytesOf?: ReadonlyMap<string, number>;
  /** Most entries of a map or items of a list. Default 64. */
  readonly entries?: number;
  /** The text may be empty. Default yes. */
  readonly empty?: boolean;
  /** Numbers lie between ± this, so that what is worked out of them can be represented; a number of a sample may be any. */
  readonly magnitude?: number;
}

export interface SchemaRule {
  /** The column by which a row is late or in the future; undefined: rows have no time. */
  readonly time: string | undefined;
  /** Other columns that hold a moment. */
  readonly moments: readonly string[];
  /** The column that says since when the row counts: never after its time. */
  readonly start?: string;
  /** Texts may hold zero bytes (PostgreSQL cannot keep them, and names must not). */
  readonly zeroBytes: boolean;
  readonly columns: Readonly<Record<string, ColumnRule>>;
}

export const DEFAULT_TEXT_BYTES = 4 << 10;
export const DEFAULT_ENTRIES = 64;
/** Of a label of a series, whose catalogue all senders share. */
export const LABEL_NAME_BYTES = 128;
export const LABEL_VALUE_BYTES = 1024;
/** Of a key of a map. */
export const KEY_BYTES = 512;

const NAME_BYTES = 512;
const name: ColumnRule = { bytes: NAME_BYTES, empty: false };
const found: ColumnRule = { bytes: 64 << 10 };
const attributes: ColumnRule = { entries: 128, bytes: 64 << 10 };
const number: ColumnRule = { magnitude: EXTREME };
/** Row by row, in `distribution-rows.ts`. */
const judged: ColumnRule = { entries: Number.POSITIVE_INFINITY };

export const SCHEMA_RULES: Readonly<Record<SignalSchema, SchemaRule>> = {
  series: {
    time: undefined,
    moments: [],
    zeroBytes: false,
    columns: {
      name,
      // Whose each series is rests in memory and in the record store.
      labels: { bytesOf: new Map([['host', NAME_BYTES]]) },
      kind: { words: METRIC_KINDS, empty: false },
      temporality: { words: ['cumulative', 'delta'] },
      unit: { bytes: 64 },
    },
  },
  metrics: { time: 'time', moments: [], start: 'start', zeroBytes: false, columns: {} },
  histograms: {
    time: 'time',
    moments: [],
    start: 'start',
    zeroBytes: false,
    columns: { bounds: judged, counts: judged, positive_counts: judged, negative_counts: judged },
  },
  summaries: { time: 'time', moments: [], start: 'start', zeroBytes: false, columns: { quantiles: judged, values: judged } },
  logs: {
    time: 'time',
    moments: [],
    zeroBytes: true,
    columns: {
      body: { bytes: 1 << 20 },
      raw: { bytes: 1 << 20 },
      severity: { words: SEVERITIES },
      // Found in lines by the agent, so as long as a line may make them.
      service: found,
      trace_id: found,
      span_id: found,
      attributes,
      numbers: { ...attributes, ...number },
    },
  },
  processes: {
    time: 'time',
    moments: ['start'],
    zeroBytes: true,
    columns: { host: name, command: { bytes: 128 << 10 }, cpu: number, 'io.read': number, 'io.write': number },
  },
  jvm: {
    time: 'time',
    moments: ['start', 'gc.last'],
    zeroBytes: true,
    columns: {
      host: name,
      arguments: { bytes: 128 << 10 },
      options: { bytes: 128 << 10 },
      ...{ 'heap.utilization': number, 'gc.time': number, 'safepoint.time': number, 'safepoint.sync': number },
      ...{ pools: number, collections: number, collection_times: number },
    },
  },
  inventory: { time: 'time', moments: [], zeroBytes: false, columns: { host: name, addresses: { entries: 1024, bytes: 64 } } },
  events: { time: 'time', moments: [], zeroBytes: false, columns: { kind: name, title: { bytes: 4 << 10 }, attributes } },
};
