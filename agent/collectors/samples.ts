// Takes samples from collectors into columns that are used over and over, and knows which definitions of series the server still lacks.
// A series gets its id once; a sample costs a look-up in a Map and three numbers.
import { createHash } from 'node:crypto';
import { type Batch, FLOAT, TIME_MS, UINT32, UINT64, type Value } from '../../core/batch/batch.ts';
import { ColumnBuilder } from '../../core/batch/build.ts';
import { metricHash, seriesId } from '../../schemas/series-id.ts';
import { SAMPLE_FIELDS, SIGNAL_FIELDS } from '../../schemas/tables.ts';
import type { MetricKind } from '../../schemas/types.ts';
import { boundedName } from '../bounded.ts';

export interface Instrument {
  /** A value that is undefined or not finite is left out. Label values stand in the order the instrument was made with. */
  set(value: number | undefined, ...labels: readonly string[]): void;
}

export interface Instruments {
  counter(name: string, unit: string, description: string, ...labels: readonly string[]): Instrument;
  gauge(name: string, unit: string, description: string, ...labels: readonly string[]): Instrument;
}

interface Series {
  readonly id: bigint;
  readonly metric: number;
  readonly name: string;
  readonly kind: MetricKind;
  readonly unit: string;
  readonly description: string;
  readonly labels: ReadonlyMap<string, string>;
  /** Time of the last sample. */
  seen: number;
  /** When its definition was last put into a frame; 0: the server does not have it. */
  defined: number;
  readonly forget: () => void;
}

export interface Taken {
  readonly rows: number;
  readonly time: number;
  readonly metrics: Batch;
  /** Definitions that must go ahead; undefined when the server has them all. */
  readonly definitions: Batch | undefined;
}

const MOST_SERIES = 20_000;
/** Characters of the value of a label, of three bytes at most each: the door takes 1,024 bytes. */
const MOST_LABEL = 341;
/** A series without samples for so long is forgotten: its device is gone. */
const FORGET_MS = 3_600_000;

const sha256 = (bytes: Uint8Array): Uint8Array => createHash('sha256').update(bytes).digest();

export class Samples implements Instruments {
  readonly #host: string;
  readonly #intervalMs: number;
  readonly #repeatMs: number;
  readonly #series = new Set<Series>();
  #rows: Series[] = [];
  #values = new Float64Array(1024);
  #count = 0;
  #now = 0;
  /** Samples refused because there are too many series. */
  overflow = 0;

  constructor(host: string, intervalMs: number, repeatMs: number) {
    this.#host = host;
    this.#intervalMs = intervalMs;
    this.#repeatMs = repeatMs;
  }

  counter(name: string, unit: string, description: string, ...labels: readonly string[]): Instrument {
    return this.#instrument('counter', name, unit, description, labels);
  }

  gauge(name: string, unit: string, description: string, ...labels: readonly string[]): Instrument {
    return this.#instrument('gauge', name, unit, description, labels);
  }

  get seriesCount(): number {
    return this.#series.size;
  }

  /** What is set from here on is of that time. */
  begin(now: number): void {
    this.#now = now;
    this.#count = 0;
  }

  /** Everything set since `begin`; undefined when that is nothing. The definitions in it count as sent. */
  take(): Taken | undefined {
    const rows = this.#count;
    if (rows === 0) return undefined;
    const metric = new Uint32Array(rows);
    const id = new BigUint64Array(rows);
    const undefinedYet: Series[] = [];
    for (let i = 0; i < rows; i++) {
      const series = this.#rows[i] as Series;
      metric[i] = series.metric;
      id[i] = series.id;
      series.seen = this.#now;
      if (series.defined === 0 || this.#now - series.defined >= this.#repeatMs) {
        series.defined = this.#now;
        undefinedYet.push(series);
      }
    }
    const fixed = (type: Batch['fields'][number]['type'], values: Uint32Array | BigUint64Array | BigInt64Array | Float64Array) =>
      ({ layout: 'fixed', type, length: rows, validity: undefined, values }) as const;
    const metrics: Batch = {
      length: rows,
      fields: SAMPLE_FIELDS,
      columns: [
        fixed(UINT32, metric),
        fixed(UINT64, id),
        fixed(TIME_MS, new BigInt64Array(rows).fill(BigInt(this.#now))),
        fixed(FLOAT, this.#values.subarray(0, rows)),
      ],
    };
    this.#forgetOld();
    return { rows, time: this.#now, metrics, definitions: undefinedYet.length === 0 ? undefined : this.#definitions(undefinedYet) };
  }

  /** A frame with definitions was lost: all of them go again with the next samples. */
  redefine(): void {
    for (const series of this.#series) series.defined = 0;
  }

  #instrument(kind: MetricKind, name: string, unit: string, description: string, labels: readonly string[]): Instrument {
    const known = new Map<string, Series>();
    const metric = metricHash(name);
    return {
      set: (value, ...values) => {
        if (value === undefined || !Number.isFinite(value)) return;
        const key = values.length === 1 ? (values[0] as string) : values.join('\0');
        let series = known.get(key);
        if (series === undefined) {
          if (this.#series.size >= MOST_SERIES) {
            this.overflow++;
            return;
          }
          const all = new Map([['host', this.#host]]);
          for (const [i, label] of labels.entries()) if (values[i] !== undefined && values[i] !== '') all.set(label, boundedName(values[i], MOST_LABEL));
          series = {
            id: seriesId(name, all, sha256),
            metric,
            name,
            kind,
            unit,
            description,
            labels: all,
            seen: 0,
            defined: 0,
            forget: () => known.delete(key),
          };
          known.set(key, series);
          this.#series.add(series);
        }
        this.#add(series, value);
      },
    };
  }

  #add(series: Series, value: number): void {
    if (this.#count === this.#values.length) {
      const grown = new Float64Array(this.#count * 2);
      grown.set(this.#values);
      this.#values = grown;
    }
    this.#rows[this.#count] = series;
    this.#values[this.#count++] = value;
  }

  #forgetOld(): void {
    for (const series of this.#series)
      if (this.#now - series.seen > FORGET_MS) {
        series.forget();
        this.#series.delete(series);
        this.#rows = [];
      }
  }

  #definitions(all: readonly Series[]): Batch {
    const fields = SIGNAL_FIELDS.series;
    const columns = fields.map((f) => new ColumnBuilder(f.type));
    for (const s of all) {
      const row: readonly Value[] = [s.id, s.name, s.kind, 'cumulative', s.unit, s.description, this.#intervalMs, s.labels];
      for (const [i, value] of row.entries()) (columns[i] as ColumnBuilder).append(value);
    }
    return { length: all.length, fields, columns: columns.map((c) => c.finish()) };
  }
}
