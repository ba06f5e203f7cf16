// What the senders of the kill test send: frame n of an agent holds rows that are worked out from (agent, n) alone, so that the oracle can
// tell what must stand. Every second sample is of the next day, so that a round needs several inserts.
import { hash } from 'node:crypto';
import { zstdCompressSync } from 'node:zlib';
import type { Value } from '../../core/batch/batch.ts';
import { batchOf, columnFrom } from '../../core/batch/build.ts';
import { encodeStream } from '../../core/ipc/write.ts';
import { encodeFrame, type OwnFramePart } from '../../schemas/frame.ts';
import { metricHash, seriesId } from '../../schemas/series-id.ts';
import { SIGNAL_FIELDS, SIGNAL_VERSION, type SignalSchema } from '../../schemas/tables.ts';

export const AGENTS = ['kill-a', 'kill-b', 'kill-c'] as const;
const SERIES = 10;
const SAMPLES = 20;
const DAY = 86_400_000;
/** Of the frames of one run; within the door's limits for days to come. */
export const firstTime = (now: number): number => Math.floor(now / DAY) * DAY - 3 * DAY;
const STEP = 500;

const labelsOf = (agent: string, series: number): ReadonlyMap<string, string> =>
  new Map([
    ['host', agent],
    ['n', String(series)],
  ]);
const NAME = 'kill.test';
const sha256 = (bytes: Uint8Array): Uint8Array => hash('sha256', bytes, 'buffer');
const ids = new Map(AGENTS.map((agent) => [agent as string, Array.from({ length: SERIES }, (_, n) => seriesId(NAME, labelsOf(agent, n), sha256))]));
const DISTRIBUTIONS = [
  { name: 'kill.explicit', kind: 'histogram' },
  { name: 'kill.exponential', kind: 'exponential histogram' },
  { name: 'kill.summary', kind: 'summary' },
] as const;
const distributionId = (agent: string, of: number): bigint => seriesId((DISTRIBUTIONS[of] as { name: string }).name, labelsOf(agent, 0), sha256);
const idOf = (agent: string, series: number): bigint => ids.get(agent)?.[series] as bigint;

/** A row's key and what it must hold. */
export type Expected = readonly [key: string, value: string];

export interface FrameRows {
  readonly samples: readonly Expected[];
  readonly histograms: readonly Expected[];
  readonly summaries: readonly Expected[];
  readonly processes: readonly Expected[];
  readonly logs: readonly Expected[];
  readonly events: readonly Expected[];
}

interface Sample {
  readonly id: bigint;
  readonly time: number;
  readonly value: number;
}

const samplesOf = (agent: string, n: number, first: number): readonly Sample[] =>
  Array.from({ length: SAMPLES }, (_, j) => ({
    id: idOf(agent, j % SERIES),
    time: first + n * STEP + (j >= SERIES ? STEP / 2 : 0) + (j % 2) * DAY,
    // Some are no short decimals.
    value: j === 3 ? Math.sqrt(n + 0.5) : Math.round(n * 100 + j) / 100,
  }));

const LINES = [0, 1, 2];

export const rowsOf = (agent: string, n: number, first: number): FrameRows => ({
  samples: samplesOf(agent, n, first).map(({ id, time, value }) => [`${id}@${time}`, String(value)]),
  // The exponential one is of the next day.
  histograms: [0, 1].map((of) => [`${distributionId(agent, of)}@${first + n * STEP + of * DAY}`, `${first} ${[n % 7, n]}`]),
  summaries: [[`${distributionId(agent, 2)}@${first + n * STEP}`, `${first} ${[n / 2, n]}`]],
  processes: LINES.map((pid) => [`${agent}/${pid}@${first + n * STEP}`, `${n}`]),
  logs: LINES.map((line) => [`${agent}/${n}/${line}`, `${first + n * STEP + line}`]),
  events: [[`${agent}/${n}`, agent]],
});

const part = (schema: SignalSchema, columns: Readonly<Record<string, readonly Value[]>>): OwnFramePart => {
  const fields = SIGNAL_FIELDS[schema].filter(({ name }) => columns[name] !== undefined);
  const batch = batchOf(fields.map(({ name, type }) => [name, columnFrom(type, columns[name] as readonly Value[])] as const));
  return { schema, version: SIGNAL_VERSION, rows: batch.length, ipc: encodeStream([batch]) };
};

const partsOf = (agent: string, n: number, first: number, define: boolean): readonly OwnFramePart[] => {
  const samples = samplesOf(agent, n, first);
  const time = first + n * STEP;
  const all = Array.from({ length: SERIES }, (_, series) => series);
  const definitions = part('series', {
    id: [...all.map((series) => idOf(agent, series)), ...DISTRIBUTIONS.map((_, of) => distributionId(agent, of))],
    name: [...all.map(() => NAME), ...DISTRIBUTIONS.map(({ name }) => name)],
    kind: [...all.map(() => 'gauge'), ...DISTRIBUTIONS.map(({ kind }) => kind)],
    labels: [...all, 0, 0, 0].map((series) => labelsOf(agent, series)),
  });
  return [
    ...(define ? [definitions] : []),
    part('metrics', {
      metric: samples.map(() => metricHash(NAME)),
      id: samples.map(({ id }) => id),
      time: samples.map((sample) => BigInt(sample.time)),
      value: samples.map(({ value }) => value),
    }),
    part('histograms', {
      metric: [0, 1].map((of) => metricHash((DISTRIBUTIONS[of] as { name: string }).name)),
      id: [0, 1].map((of) => distributionId(agent, of)),
      time: [BigInt(time), BigInt(time + DAY)],
      start: [BigInt(first), BigInt(first)],
      count: [BigInt((n % 7) + n), BigInt((n % 7) + n)],
      bounds: [[1], []],
      counts: [[BigInt(n % 7), BigInt(n)], []],
      scale: [null, 3],
      positive_counts: [[], [BigInt(n % 7), BigInt(n)]],
    }),
    part('summaries', {
      metric: [metricHash(DISTRIBUTIONS[2].name)],
      id: [distributionId(agent, 2)],
      time: [BigInt(time)],
      start: [BigInt(first)],
      count: [1n],
      quantiles: [[0.5, 0.9]],
      values: [[n / 2, n]],
    }),
    part('processes', {
      time: LINES.map(() => BigInt(time)),
      host: LINES.map(() => agent),
      pid: LINES,
      start: LINES.map(() => 0n),
      cpu: LINES.map(() => n),
    }),
    part('logs', { time: LINES.map((line) => BigInt(time + line) * 1_000_000n), body: LINES.map((line) => `${agent}/${n}/${line}`) }),
    part('events', { time: [BigInt(time) * 1_000_000n], kind: ['kill'], title: [`${agent}/${n}`], host: [agent] }),
  ];
};

export interface LoadFrame {
  readonly body: Uint8Array;
  readonly parts: number;
  readonly rows: number;
}

export const frameOf = (agent: string, boot: bigint, seq: number, n: number, first: number, define: boolean): LoadFrame => {
  const parts = partsOf(agent, n, first, define);
  const header = { agent, host: agent, boot, seq, sent: new Date().toISOString(), labels: new Map<string, string>() };
  return { body: zstdCompressSync(encodeFrame(header, parts)), parts: parts.length, rows: parts.reduce((sum, { rows }) => sum + rows, 0) };
};
