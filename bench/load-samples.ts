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

interface Series {
  readonly name: string;
  readonly labels: readonly (readonly [string, string])[];
}

const hostOf = (agent: number): string => `host-${String(agent).padStart(5, '0')}`;

const seriesOf = (agent: number, i: number): Series => ({
  name: BENCH_METRICS[i % METRICS] as string,
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

/** One agent's readings; `step` must be called in order. */
export class AgentLoad {
  readonly #agent: number;
  readonly #series: readonly Series[];
  readonly #ids: BigUint64Array;
  readonly #metrics: Uint32Array;
  readonly #walk: Int32Array;
  readonly #first: number;
  #state: number;
  #labels: readonly Uint8Array[] | undefined;

  /** `first`: time of the first reading, ms. */
  constructor(agent: number, set: SampleSet, first: number) {
    this.#agent = agent;
    this.#first = first;
    this.#series = Array.from({ length: set.series }, (_, i) => seriesOf(agent, i));
    this.#ids = BigUint64Array.from(this.#series, ({ name, labels }) => seriesId(name, new Map(labels), (bytes) => hash('sha256', bytes, 'buffer')));
    this.#metrics = Uint32Array.from(this.#series, ({ name }) => metricHash(name));
    this.#walk = new Int32Array(set.series).fill(500);
    this.#state = agent + 1;
  }

  #walkOn(): void {
    for (let i = 0; i < this.#walk.length; i++) {
      this.#state = (Math.imul(this.#state, 1664525) + 1013904223) >>> 0;
      this.#walk[i] = Math.max(0, Math.min(1000, (this.#walk[i] as number) + Math.round((this.#state / 2 ** 32 - 0.5) * 10)));
    }
  }

  /** As its agent sends it: definitions with the first one, zstd 1. */
  frame(step: number): Uint8Array {
    this.#walkOn();
    const n = this.#series.length;
    const [metric, id, time, value] = SAMPLE_FIELDS.map((f) => allocateFixed(f.type, n)) as [Uint32Array, BigUint64Array, BigInt64Array, Float64Array];
    metric.set(this.#metrics);
    id.set(this.#ids);
    time.fill(BigInt(this.#first + step * STEP_MS));
    for (let i = 0; i < n; i++) value[i] = (this.#walk[i] as number) / 10;
    const arrays: readonly FixedArray[] = [metric, id, time, value];
    const columns = SAMPLE_FIELDS.map(
      ({ name, type }, at) => [name, { layout: 'fixed', type, length: n, validity: undefined, values: arrays[at] as FixedArray }] as const,
    );
    const part = (schema: 'series' | 'metrics', batch: Batch) => ({ schema, version: SIGNAL_VERSION, rows: n, ipc: encodeStream([batch]) });
    const parts = [...(step === 0 ? [part('series', this.#definitions())] : []), part('metrics', batchOf(columns))];
    const seq = step === 0 ? 1 : step + 2;
    const header = {
      agent: `bench-${this.#agent}`,
      host: hostOf(this.#agent),
      boot: BigInt(this.#first),
      seq,
      sent: new Date().toISOString(),
      labels: new Map(),
    };
    return zstdCompressSync(encodeFrame(header, parts), ZSTD);
  }

  #definitions(): Batch {
    const values: Readonly<Record<string, readonly Value[]>> = {
      id: [...this.#ids],
      name: this.#series.map(({ name }) => name),
      kind: this.#series.map(() => 'gauge'),
      temporality: this.#series.map(() => 'cumulative'),
      unit: this.#series.map(() => '1'),
      description: this.#series.map(() => null),
      interval: this.#series.map(() => STEP_MS),
      labels: this.#series.map(({ labels }) => new Map(labels)),
    };
    return batchOf(SIGNAL_FIELDS.series.map(({ name, type }) => [name, columnFrom(type, values[name] as readonly Value[])] as const));
  }

  /** A `WriteRequest` of https://prometheus.io/docs/specs/prw/remote_write_spec/, zstd 1. */
  remoteWrite(step: number): Uint8Array {
    this.#walkOn();
    this.#labels ??= this.#series.map(({ name, labels }) => labelBytes([['__name__', name.replace('.', '_')], ...labels]));
    const time = varint(this.#first + step * STEP_MS);
    const out = Buffer.allocUnsafe(this.#labels.reduce((sum, labels) => sum + labels.length + time.length + 24, 0));
    let at = 0;
    for (const [i, labels] of this.#labels.entries()) {
      const sample = 9 + 1 + time.length;
      const length = varint(labels.length + 2 + sample);
      out[at++] = 0x0a;
      at += copy(length, out, at);
      at += copy(labels, out, at);
      out[at++] = 0x12;
      out[at++] = sample;
      out[at++] = 0x09;
      at = out.writeDoubleLE((this.#walk[i] as number) / 10, at);
      out[at++] = 0x10;
      at += copy(time, out, at);
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
