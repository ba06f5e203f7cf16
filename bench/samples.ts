// The whole way of samples: from HTTP bodies at the door to rows that are merged. The server is a process of its own with all its stores; its
// cost is the processor time of all its processes until they rest, its memory what they have at most. Left out: what the sender costs, which makes the bodies while it sends.
// `VICTORIAMETRICS=FILE` names that program: it then gets the same samples by remote-write in the same run.
import { mkdtempSync, rmSync, statfsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { columnOf, valueAt } from '../core/batch/batch.ts';
import { silentLogger } from '../core/logger.ts';
import { openClickHouse } from '../engines/columns/clickhouse/open.ts';
import { startEmbeddedColumns } from '../engines/columns/embedded/start.ts';
import { type Figure, short } from './figure.ts';
import { folderBytes } from './folder-bytes.ts';
import { agentLoad, BENCH_METRICS, type SampleLoad, type SampleSet, STEP_MS } from './load-samples.ts';
import { treeCpu, treeMemory, untilIdle } from './process-tree.ts';
import { call, remoteWrite, resultOf, type System, startServer, startVictoriaMetrics } from './server.ts';

/** Of each set; `INFRAMIRROR_BENCH_SAMPLES` asks for another number. */
const SAMPLES = Number(process.env.INFRAMIRROR_BENCH_SAMPLES ?? 20_000_000);
const SENDERS = 4;

interface Goal {
  /** Samples a CPU-second, bytes of memory, bytes a sample on disk. */
  readonly rate: number;
  readonly memory: number;
  readonly bytes: number;
}

/** `INFRAMIRROR_BENCH_SETS=0,2` asks for some of them. */
const SETS: readonly { readonly what: string; readonly agents: number; readonly series: number; readonly goal: Goal }[] = [
  { what: '1,000 series, bodies of 500', agents: 2, series: 500, goal: { rate: 1_000_000, memory: 800e6, bytes: 0.7 } },
  { what: '100,000 series, bodies of 10,000', agents: 10, series: 10_000, goal: { rate: 1_200_000, memory: 800e6, bytes: 0.8 } },
  { what: '100,000 series, bodies of 100', agents: 1000, series: 100, goal: { rate: 800_000, memory: 800e6, bytes: 0.8 } },
  { what: '1 M series, bodies of 10,000', agents: 100, series: 10_000, goal: { rate: 400_000, memory: 1500e6, bytes: 2 } },
];

/** What is measured: a server in a folder of its own. */
interface Measured {
  readonly system: System;
  /** Rejects unless the body was taken. */
  readonly send: (load: SampleLoad, step: number) => Promise<unknown>;
  /** Samples that can be asked for. */
  readonly count: (from: number, to: number) => Promise<number>;
  /** Bytes of what rests, when it has stopped. */
  readonly bytes: () => Promise<number>;
}

interface Cost {
  readonly rate: number;
  readonly memory: number;
  readonly bytes: number;
}

const startOurs = async (folder: string): Promise<Measured> => {
  const server = await startServer(folder);
  return {
    system: server,
    send: (load, step) => server.send(load.frame(step)),
    count: async (from, to) => {
      let sum = 0;
      // One metric after the other: a question about millions of series at once would take longer than a question may.
      for (const metric of BENCH_METRICS) {
        const answer = await server.ask(`from metrics.${metric} between @${new Date(from).toISOString()} and @${new Date(to).toISOString()} | count`);
        const value = resultOf(answer).columns[0]?.values[0];
        if (value === undefined) throw new Error(`no count: ${answer.text.slice(0, 500)}`);
        sum += Number(value);
      }
      return sum;
    },
    bytes: () => activeBytes(join(folder, 'columns')),
  };
};

const startPeer = async (program: string, folder: string): Promise<Measured> => {
  const system = await startVictoriaMetrics(program, folder);
  return {
    system,
    send: (load, step) => remoteWrite(system, load.remoteWrite(step)),
    count: async (from, to) => {
      // Without the moment that its range begins with.
      const query = `sum(count_over_time({job="bench"}[${Math.ceil((to - from) / 1000) + 1}s]))`;
      const { text } = await call(`${system.origin}/api/v1/query?${new URLSearchParams({ query, time: String(to / 1000) })}`, 'GET');
      const answer = JSON.parse(text) as { readonly data?: { readonly result: readonly { readonly value: readonly [number, string] }[] } };
      return Number(answer.data?.result[0]?.value[1] ?? 0);
    },
    bytes: () => folderBytes(folder),
  };
};

/** Of the parts that count: those that merges have replaced stay for minutes, in case the power fails. */
const activeBytes = async (dataDir: string): Promise<number> => {
  const engine = await startEmbeddedColumns({ dataDir, log: silentLogger });
  const columns = openClickHouse(engine);
  try {
    const { batches } = await columns.query('SELECT toFloat64(sum(bytes_on_disk)) AS bytes FROM system.parts WHERE active AND database = currentDatabase()');
    return batches.reduce((sum, batch) => sum + Number(valueAt(columnOf(batch, 'bytes'), 0)), 0);
  } finally {
    await columns.close();
    await engine.stop();
  }
};

const measure = async (start: (folder: string) => Promise<Measured>, set: SampleSet): Promise<Cost> => {
  const folder = mkdtempSync(join(tmpdir(), 'inframirror-bench-door-'));
  const { system, send: sendOne, count, bytes } = await start(folder);
  let memory = 0;
  const watch = setInterval(() => {
    memory = Math.max(memory, treeMemory(system.pid));
  }, 500);
  try {
    await untilIdle(system.pid);
    const before = treeCpu(system.pid);
    const to = Math.floor(Date.now() / STEP_MS) * STEP_MS;
    const first = to - (set.steps - 1) * STEP_MS;
    const loads = Array.from({ length: set.agents }, (_, agent) => agentLoad(agent, set, first));
    // An agent's frames go in their order, the agents beside each other.
    for (let step = 0; step < set.steps; step++) {
      const waiting = [...loads];
      const send = async (): Promise<void> => {
        for (let load = waiting.pop(); load !== undefined; load = waiting.pop()) await sendOne(load, step);
      };
      await Promise.all(Array.from({ length: SENDERS }, send));
    }
    await untilIdle(system.pid);
    const cpu = treeCpu(system.pid);
    const samples = set.agents * set.series * set.steps;
    const found = await count(first, to + STEP_MS);
    if (found !== samples) throw new Error(`of ${samples} samples ${found} are found`);
    clearInterval(watch);
    await system.stop();
    return { rate: samples / (cpu - before), memory, bytes: (await bytes()) / samples };
  } finally {
    clearInterval(watch);
    await system.stop();
    rmSync(folder, { recursive: true, force: true });
  }
};

const figuresOf = (what: string, goal: Goal, ours: Cost, peer: Cost | undefined): readonly Figure[] => {
  const against = (of: (cost: Cost) => string): string => `${peer === undefined ? '' : `${of(peer)} (VictoriaMetrics); `}goal ${of(goal)}`;
  const figure = (name: string, of: (cost: Cost) => string, value: (cost: Cost) => number): Figure => ({
    what: `${what}: ${name}`,
    value: of(ours),
    against: against(of),
    ratio: value(ours) / value(peer ?? goal),
  });
  return [
    figure(
      'to merged rows',
      ({ rate }) => `${short(rate)} samples/CPU-s`,
      ({ rate }) => rate,
    ),
    figure(
      'memory at most',
      ({ memory }) => `${Math.round(memory / 1e6)} MB`,
      ({ memory }) => memory,
    ),
    figure(
      'on disk',
      ({ bytes }) => `${short(bytes)} bytes a sample`,
      ({ bytes }) => bytes,
    ),
  ];
};

export const run = async (): Promise<readonly Figure[]> => {
  const { bavail, bsize } = statfsSync(tmpdir());
  if (bavail * bsize < 8e9) throw new Error(`${tmpdir()} has less than 8 GB free`);
  const figures: Figure[] = [];
  const program = process.env.VICTORIAMETRICS;
  const asked = process.env.INFRAMIRROR_BENCH_SETS?.split(',').map(Number);
  for (const [number, { what, agents, series, goal }] of SETS.entries()) {
    if (asked?.includes(number) === false) continue;
    const set = { agents, series, steps: Math.max(1, Math.round(SAMPLES / (agents * series))) };
    // It takes minutes.
    console.error(`${what}: ${short(agents * series * set.steps)} samples …`);
    const ours = await measure(startOurs, set);
    const peer = program === undefined ? undefined : await measure((folder) => startPeer(program, folder), set);
    figures.push(...figuresOf(what, goal, ours, peer));
  }
  return figures;
};
