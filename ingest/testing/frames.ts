// Frames for the tests of the door: rows written as lists of values, columns of the schema that are not given left out.
import { hash } from 'node:crypto';
import { zstdCompressSync } from 'node:zlib';
import type { Field, Value } from '../../core/batch/batch.ts';
import { batchOf, columnFrom } from '../../core/batch/build.ts';
import { encodeStream } from '../../core/ipc/write.ts';
import { encodeFrame, type FrameHeader, type OwnFramePart } from '../../schemas/frame.ts';
import { metricHash, seriesId } from '../../schemas/series-id.ts';
import { SIGNAL_FIELDS, SIGNAL_VERSION, type SignalSchema } from '../../schemas/tables.ts';
import type { MetricKind } from '../../schemas/types.ts';

/** The clock of the tests: 2026-11-20T12:00:00Z in ms. */
export const NOW = Date.UTC(2026, 10, 20, 12);
export const NOW_NS = BigInt(NOW) * 1_000_000n;
export const DAY_NS = 86_400_000_000_000n;

export type Columns = Readonly<Record<string, readonly Value[]>>;

export const ipcOf = (schema: SignalSchema, columns: Columns, fields: readonly Field[] = SIGNAL_FIELDS[schema]): Uint8Array =>
  encodeStream([
    batchOf(fields.filter((f) => columns[f.name] !== undefined).map((f) => [f.name, columnFrom(f.type, columns[f.name] as readonly Value[])] as const)),
  ]);

export const partOf = (schema: SignalSchema, columns: Columns, fields?: readonly Field[]): OwnFramePart => ({
  schema,
  version: SIGNAL_VERSION,
  rows: Object.values(columns)[0]?.length ?? 0,
  ipc: ipcOf(schema, columns, fields),
});

/** As agents send it. */
export const packed = (part: OwnFramePart): OwnFramePart => ({
  ...part,
  ipc: new Uint8Array(zstdCompressSync(part.ipc)),
  encoding: 'zstd',
  size: part.ipc.length,
});

export const HEADER: FrameHeader = { agent: 'agent-1', host: 'web-1', boot: 7n, seq: 40, sent: '2026-11-20T12:00:00.000Z', labels: new Map() };

export const frameOf = (parts: readonly OwnFramePart[], header: Partial<FrameHeader> = {}): Uint8Array => encodeFrame({ ...HEADER, ...header }, parts);

export const zstd = (bytes: Uint8Array): Uint8Array => zstdCompressSync(bytes);

export const sha256 = (bytes: Uint8Array): Uint8Array => hash('sha256', bytes, 'buffer');

export const idOf = (name: string, labels: Iterable<readonly [string, string]>): bigint => seriesId(name, new Map(labels), sha256);

export type Definition = readonly [name: string, labels: readonly (readonly [string, string])[]];

export const seriesPart = (
  definitions: readonly Definition[],
  ids: readonly bigint[] = definitions.map((d) => idOf(...d)),
  unit = '1',
  kind: MetricKind = 'gauge',
): OwnFramePart =>
  partOf('series', {
    id: ids,
    name: definitions.map(([name]) => name),
    kind: definitions.map(() => kind),
    temporality: definitions.map(() => 'cumulative'),
    unit: definitions.map(() => unit),
    interval: definitions.map(() => 10_000),
    labels: definitions.map(([, labels]) => new Map(labels)),
  });

/** Samples of one definition; times in ms. */
export const samplesPart = ([name, labels]: Definition, samples: readonly (readonly [ms: number | bigint, value: number])[]): OwnFramePart =>
  partOf('metrics', {
    metric: samples.map(() => metricHash(name)),
    id: samples.map(() => idOf(name, labels)),
    time: samples.map(([ms]) => BigInt(ms)),
    value: samples.map(([, value]) => value),
  });

/** Histograms or summaries of one definition; `columns` without its metric and id. */
export const distributionsPart = (schema: 'histograms' | 'summaries', [name, labels]: Definition, columns: Columns): OwnFramePart => {
  const rows = columns.time ?? [];
  return partOf(schema, { metric: rows.map(() => metricHash(name)), id: rows.map(() => idOf(name, labels)), ...columns });
};

export const logsPart = (lines: readonly string[], times: readonly bigint[] = lines.map((_, i) => NOW_NS - BigInt(i))): OwnFramePart =>
  partOf('logs', { time: times, severity: lines.map(() => 'info'), body: lines, host: lines.map(() => 'web-1') });
