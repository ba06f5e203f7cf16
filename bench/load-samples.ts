// The samples that both systems of a comparison are given: series of eleven labels that walk in steps of a tenth, a reading each 15 s, as
// frames of our agents and as bodies of Prometheus remote-write with the same samples. Both are made while they are sent, one body at a time.
import { hash } from 'node:crypto';
import { constants, zstdCompressSync } from 'node:zlib';
import type { Batch, FixedArray, Value } from '../core/batch/batch.ts';
import { allocateFixed, batchOf, columnFrom } from '../core/batch/build.ts';
import { encodeStream } from '../core/ipc/write.ts';
import { encodeFrame } from '../schemas/frame.ts';
import { metricHash, seriesId } from '../schemas/series-id.ts';
import { SAMPLE_FIELDS, SIGNAL_FIELDS, SIGNAL_VERSION } from '../schemas/tables.ts';

export interface SampleSet {
  readonly agents: number;
  /** Of one agent, and samples of one body. */
  readonly series: number;
  /** Bodies of one agent. */
  readonly steps: number;
}

export const STEP_MS = 15_000;
const METRICS = 50;
/** Their names. */
export const BENCH_METRICS: readonly string[] = Array.from({ length: METRICS }, (_, i) => `bench.metric_${i}`);
const REGIONS = ['eu-west', 'eu-north', 'us-east', 'ap-south'];
const ZSTD = { params: { [constants.ZSTD_c_compressionLevel]: 1 } };

export interface BenchSeries {
  readonly name: string;
  readonly kind: 'gauge' | 'counter';
  readonly labels: readonly (readonly [string, string])[];
}

export const hostOf = (agent: number): string => `host-${String(agent).padStart(5, '0')}`;

const seriesOf = (agent: number, i: number): BenchSeries => ({
  name: BENCH_METRICS[i % METRICS] as string,
  kind: 'gauge',
  labels: [
    ['host', hostOf(agent)],
    ['region', REGIONS[agent % 4] as string],
    ['datacenter', `${REGIONS[agent % 4]}-${agent % 3}`],
    ['env', agent % 5 === 0 ? 'test' : 'production'],
    ['role', `role-${agent % 7}`],
    ['owner', `team-${agent % 11}`],
    ['service', `service-${i % 20}`],
    ['instance', `${hostOf(agent)}:9${100 + (i % 10)}`],
    ['job', 'bench'],
    ['device', `device-${Math.floor(i / METRICS)}`],
    ['mode', ['user', 'system', 'idle', 'wait'][i % 4] as string],
  ],
});

export interface LoadOptions {
  readonly sender: string;
  readonly host: string;
  readonly series: readonly BenchSeries[];
  /** Time of the first reading, ms. */
  readonly first: number;
  readonly seed: number;
  /** In one body; default 1. */
  readonly readings?: number;
  /** Between two readings; default 15 s. */
  readonly stepMs?: number;
}

/** One agent's readings. */
export const agentLoad = (agent: number, set: SampleSet, first: number): SampleLoad =>
  new SampleLoad({
    sender: `bench-${agent}`,
    host: hostOf(agent),
    series: Array.from({ length: set.series }, (_, i) => seriesOf(agent, i)),
    first,
    seed: agent + 1,
  });

/** One sender's readings, gauges that walk and counters that rise; bodies must be made in order. */
export class SampleLoad {
  readonly #options: LoadOptions;
  readonly #ids: BigUint64Array;
  readonly #metrics: Uint32Array;
  /** Tenths. */
  readonly #walk: Float64Array;
  #state: number;
  #labels: readonly Uint8Array[] | undefined;

  constructor(options: LoadOptions) {
    this.#options = options;
    const { series, seed } = options;
    this.#ids = BigUint64Array.from(series, ({ name, labels }) => seriesId(name, new Map(labels), (bytes) => hash('sha256', bytes, 'buffer')));
    this.#metrics = Uint32Array.from(series, ({ name }) => metricHash(name));
    this.#walk = new Float64Array(series.length).fill(500);
    this.#state = seed;
  }

  /** Samples of one body. */
  get size(): number {
    return this.#ids.length * this.#readings;
  }

  get #readings(): number {
    return this.#options.readings ?? 1;
  }

  /** Of a reading, ms. */
  #timeOf(step: number, reading: number): number {
    const { first, stepMs = STEP_MS } = this.#options;
    return first + (step * this.#readings + reading) * stepMs;
  }

  #walkOn(): void {
    for (let i = 0; i < this.#walk.length; i++) {
      this.#state = (Math.imul(this.#state, 1664525) + 1013904223) >>> 0;
      const [at, random] = [this.#walk[i] as number, this.#state / 2 ** 32];
      this.#walk[i] =
        this.#options.series[i]?.kind === 'counter' ? at + Math.floor(random * 1000) * 10 : Math.max(0, Math.min(1000, at + Math.round((random - 0.5) * 10)));
    }
  }

  /** As its agent sends it: definitions with the first one, zstd 1. */
  frame(step: number): Uint8Array {
    const { sender, host, first } = this.#options;
    const [n, readings] = [this.#ids.length, this.#readings];
    const [metric, id, time, value] = SAMPLE_FIELDS.map((f) => allocateFixed(f.type, this.size)) as [Uint32Array, BigUint64Array, BigInt64Array, Float64Array];
    for (let reading = 0, from = 0; reading < readings; reading++, from += n) {
      this.#walkOn();
      metric.set(this.#metrics, from);
      id.set(this.#ids, from);
      time.fill(BigInt(this.#timeOf(step, reading)), from, from + n);
      for (let i = 0; i < n; i++) value[from + i] = (this.#walk[i] as number) / 10;
    }
    const arrays: readonly FixedArray[] = [metric, id, time, value];
    const columns = SAMPLE_FIELDS.map(
      ({ name, type }, at) => [name, { layout: 'fixed', type, length: this.size, validity: undefined, values: arrays[at] as FixedArray }] as const,
    );
    const part = (schema: 'series' | 'metrics', batch: Batch) => ({ schema, version: SIGNAL_VERSION, rows: batch.length, ipc: encodeStream([batch]) });
    const parts = [...(step === 0 ? [part('series', this.#definitions())] : []), part('metrics', batchOf(columns))];
    const seq = step === 0 ? 1 : step + 2;
    const header = {
      agent: sender,
      host,
      boot: BigInt(first),
      seq,
      sent: new Date().toISOString(),
      labels: new Map(),
    };
    return zstdCompressSync(encodeFrame(header, parts), ZSTD);
  }

  #definitions(): Batch {
    const { series } = this.#options;
    const values: Readonly<Record<string, readonly Value[]>> = {
      id: [...this.#ids],
      name: series.map(({ name }) => name),
      kind: series.map(({ kind }) => kind),
      temporality: series.map(() => 'cumulative'),
      unit: series.map(() => '1'),
      description: series.map(() => null),
      interval: series.map(() => this.#options.stepMs ?? STEP_MS),
      labels: series.map(({ labels }) => new Map(labels)),
    };
    return batchOf(SIGNAL_FIELDS.series.map(({ name, type }) => [name, columnFrom(type, values[name] as readonly Value[])] as const));
  }

  /** A `WriteRequest` of https://prometheus.io/docs/specs/prw/remote_write_spec/, zstd 1. */
  remoteWrite(step: number): Uint8Array {
    const { series } = this.#options;
    this.#labels ??= series.map(({ name, labels }) => labelBytes([['__name__', name.replace('.', '_')], ...labels]));
    const readings = this.#readings;
    const times = Array.from({ length: readings }, (_, reading) => varint(this.#timeOf(step, reading)));
    const values = times.map(() => {
      this.#walkOn();
      return this.#walk.slice();
    });
    // Each has a tag and a length before it, a tag and eight bytes of value, a tag and its time.
    const samples = times.reduce((sum, time) => sum + 12 + time.length, 0);
    const out = Buffer.allocUnsafe(this.#labels.reduce((sum, labels) => sum + labels.length + samples + 12, 0));
    let at = 0;
    for (const [i, labels] of this.#labels.entries()) {
      out[at++] = 0x0a;
      at += copy(varint(labels.length + samples), out, at);
      at += copy(labels, out, at);
      for (const [reading, time] of times.entries()) {
        out[at++] = 0x12;
        out[at++] = 10 + time.length;
        out[at++] = 0x09;
        at = out.writeDoubleLE(((values[reading] as Float64Array)[i] as number) / 10, at);
        out[at++] = 0x10;
        at += copy(time, out, at);
      }
    }
    return zstdCompressSync(out.subarray(0, at), ZSTD);
  }
}

const copy = (from: Uint8Array, to: Uint8Array, at: number): number => {
  to.set(from, at);
  return from.length;
};

const varint = (value: number): Uint8Array => {
  const bytes: number[] = [];
  let rest = value;
  for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) bytes.push((rest % 0x80) | 0x80);
  return Uint8Array.from([...bytes, rest]);
};

const field = (tag: number, bytes: Uint8Array): readonly number[] => [tag, ...varint(bytes.length), ...bytes];

const labelBytes = (labels: readonly (readonly [string, string])[]): Uint8Array => {
  const encoder = new TextEncoder();
  const sorted = labels.toSorted(([a], [b]) => (a < b ? -1 : 1));
  return Uint8Array.from(
    sorted.flatMap(([name, value]) => field(0x0a, Uint8Array.from([...field(0x0a, encoder.encode(name)), ...field(0x12, encoder.encode(value))]))),
  );
};
