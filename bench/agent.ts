// What the agent costs: CPU and memory of a real agent on this machine over a while, sending to a door that only counts.
// Also what a frame costs to make and to read, and a sample value to encode.
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { constants, zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import { AGENT_NODE_FLAGS } from '../agent/node-flags.ts';
import { Sink } from '../agent/testing/sink.ts';
import { type Batch, type Column, FLOAT, TIME_MS, UINT32, UINT64, valueAt } from '../core/batch/batch.ts';
import { decodeStream } from '../core/ipc/read.ts';
import { encodeStream } from '../core/ipc/write.ts';
import { decodeFrame, encodeFrame } from '../schemas/frame.ts';
import { SAMPLE_FIELDS } from '../schemas/tables.ts';
import { decodeValues, encodeValues } from '../schemas/testing/values.ts';
import { costOf, cpuSeconds, type Figure, short } from './figure.ts';

const ROWS = 10_000;
/** Long enough for each interval of the agent to come round four times. */
const SECONDS = 60;

const perSecond = async (what: string, work: () => unknown): Promise<Figure> => ({
  what,
  value: `${short(ROWS / (await cpuSeconds(work, 50)))} rows / CPU-s`,
  against: '',
  ratio: undefined,
});

const randomWalk = (): Float64Array => {
  const values = new Float64Array(ROWS);
  let value = 50;
  for (let i = 0; i < ROWS; i++) {
    value = Math.round((value + Math.random() - 0.5) * 10) / 10;
    values[i] = value;
  }
  return values;
};

const metricsBatch = (): Batch => {
  const fixed = (type: Batch['fields'][number]['type'], values: Uint32Array | BigUint64Array | BigInt64Array | Float64Array) =>
    ({ layout: 'fixed', type, length: ROWS, validity: undefined, values }) as const;
  const ids = BigUint64Array.from({ length: ROWS }, (_, i) => (BigInt(i) * 0x9e3779b97f4a7c15n) & 0xffff_ffff_ffff_ffffn);
  return {
    length: ROWS,
    fields: SAMPLE_FIELDS,
    columns: [
      fixed(UINT32, new Uint32Array(ROWS).fill(7)),
      fixed(UINT64, ids),
      fixed(TIME_MS, new BigInt64Array(ROWS).fill(1_790_000_000_000n)),
      fixed(FLOAT, randomWalk()),
    ],
  };
};

const frames = async (): Promise<readonly Figure[]> => {
  const batch = metricsBatch();
  const header = { agent: 'a', host: 'h', boot: 1n, seq: 1, sent: '2026-11-20T10:00:00.000Z', labels: new Map([['region', 'eu']]) };
  const encode = (): Uint8Array => encodeFrame(header, [{ schema: 'metrics', version: 1, rows: ROWS, ipc: encodeStream([batch]) }]);
  const level = { params: { [constants.ZSTD_c_compressionLevel]: 1 } };
  const plain = encode();
  const packed = zstdCompressSync(plain, level);
  const own = await cpuSeconds(() => zstdCompressSync(encode(), level), 50);
  const asJson = JSON.stringify(rowsOf(batch));
  const json = await cpuSeconds(() => zstdCompressSync(JSON.stringify(rowsOf(batch)), level), 5);
  const opened = await cpuSeconds(() => decodeStream(decodeFrame(zstdDecompressSync(packed)).parts[0]?.ipc as Uint8Array), 50);
  return [
    await perSecond('frame encode', encode),
    {
      what: 'frame encode with zstd',
      value: `${short(ROWS / own)} rows / CPU-s`,
      against: `${short(ROWS / json)} as JSON of objects with zstd`,
      ratio: json / own,
    },
    await perSecond('frame decode', () => decodeStream(decodeFrame(plain).parts[0]?.ipc as Uint8Array)),
    { what: 'frame decode with zstd', value: `${short(ROWS / opened)} rows / CPU-s`, against: '', ratio: undefined },
    {
      what: 'frame size, samples of random series',
      value: `${short(packed.length / ROWS)} B / row`,
      against: `${short(zstdCompressSync(asJson, level).length / ROWS)} as JSON with zstd`,
      ratio: packed.length / zstdCompressSync(asJson, level).length,
    },
  ];
};

const rowsOf = (batch: Batch): readonly object[] =>
  Array.from({ length: batch.length }, (_, row) => Object.fromEntries(batch.fields.map((f, c) => [f.name, Number(valueAt(batch.columns[c] as Column, row))])));

const values = async (): Promise<readonly Figure[]> => {
  const walk = randomWalk();
  const series = new Int32Array(ROWS);
  const out = { mantissa: new BigInt64Array(ROWS), exponent: new Int8Array(ROWS), float: new Float64Array(ROWS) };
  const back = new Float64Array(ROWS);
  return [
    await perSecond('sample value encode', () => encodeValues(walk, series, new Int8Array(1), out)),
    await perSecond('sample value decode', () => decodeValues(out, back)),
  ];
};

export interface AgentCost {
  /** ms until it ran. */
  readonly started: number;
  /** Share of a core. */
  readonly cpu: number;
  /** Bytes: at most, and of an idle Node. */
  readonly memory: number;
  readonly bare: number;
  /** Bytes a second. */
  readonly sent: number;
  readonly series: number;
  readonly processes: number;
  readonly jvms: number;
}

/** Of a real agent on this machine, for a minute. */
export const agentCost = async (): Promise<AgentCost> => {
  const folder = mkdtempSync(join(tmpdir(), 'bench-agent-'));
  const sink = await Sink.start();
  writeFileSync(join(folder, 'token'), sink.token);
  const child = fileURLToPath(new URL('../agent/testing/child.ts', import.meta.url));
  const settings = JSON.stringify({ server: sink.url, tokenFile: join(folder, 'token'), folder: join(folder, 'data') });
  const env = { ...process.env, NODE_COMPILE_CACHE: join(folder, 'cache') };
  const start = async (flags: readonly string[], script: readonly string[]) => {
    const started = spawn(process.execPath, [...flags, ...script], { stdio: ['pipe', 'pipe', 'inherit'], env });
    await new Promise((resolve) => started.stdout.once('data', resolve));
    return started;
  };
  const stopped = (running: Awaited<ReturnType<typeof start>>): Promise<void> =>
    new Promise((resolve) => {
      running.once('exit', () => resolve());
      running.kill('SIGTERM');
    });
  try {
    const idle = await start(AGENT_NODE_FLAGS, ['-e', 'setInterval(() => 1, 9e6); console.log(1)']);
    const bare = costOf(idle.pid as number).rss;
    await stopped(idle);
    // The first start fills the cache of compiled sources, as the first start after an installation does.
    await stopped(await start(AGENT_NODE_FLAGS, [child, settings]));
    const began = performance.now();
    const running = await start(AGENT_NODE_FLAGS, [child, settings]);
    const started = performance.now() - began;
    // What starting cost is not what running costs.
    await setTimeout(2000);
    const before = costOf(running.pid as number);
    const bytes = sink.bytes;
    let most = before.rss;
    for (let i = 0; i < SECONDS; i++) {
      await setTimeout(1000);
      most = Math.max(most, costOf(running.pid as number).rss);
    }
    const cpu = (costOf(running.pid as number).cpu - before.cpu) / SECONDS;
    const sent = (sink.bytes - bytes) / SECONDS;
    await stopped(running);
    const count = (schema: 'series' | 'processes' | 'jvm', column: string): number => new Set(sink.column(schema, column)).size;
    return { started, cpu, memory: most, bare, sent, series: count('series', 'id'), processes: count('processes', 'pid'), jvms: count('jvm', 'pid') };
  } finally {
    await sink.stop();
    rmSync(folder, { recursive: true });
  }
};

export const costFigures = (what: string, { cpu, memory, bare, series, processes, jvms }: AgentCost): readonly Figure[] => [
  {
    what: `${what}: CPU (goal 1 %)`,
    value: `${short(cpu * 100)} % of a core`,
    against: `${series} series, ${processes} processes, ${jvms} JVMs`,
    ratio: undefined,
  },
  {
    what: `${what}: resident memory at most (goal 80 MB)`,
    value: `${short(memory / 1e6)} MB`,
    against: `${short(bare / 1e6)} MB an idle Node`,
    ratio: memory / bare,
  },
];

const agent = async (): Promise<readonly Figure[]> => {
  const cost = await agentCost();
  return [
    { what: 'agent: start to running', value: `${short(cost.started)} ms`, against: '', ratio: undefined },
    ...costFigures('agent', cost),
    { what: 'agent: sent', value: `${short(cost.sent)} B / s`, against: '', ratio: undefined },
  ];
};

export const run = async (): Promise<readonly Figure[]> => [...(await frames()), ...(await values()), ...(await agent())];
