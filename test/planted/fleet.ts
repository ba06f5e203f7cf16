// Machines that are not there: what their agents would say comes by frames at the door, first of the last minutes, then as time goes on.
// What they are is `machines.ts`; nothing is decided here.

import { Samples } from '../../agent/collectors/samples.ts';
import { encodeStream } from '../../core/ipc/write.ts';
import { frameOf, partOf, zstd } from '../../ingest/testing/frames.ts';
import type { OwnFramePart } from '../../schemas/frame.ts';
import { SIGNAL_VERSION } from '../../schemas/tables.ts';
import { eventually, type Product } from '../end-to-end/support/product.ts';
import { type Java, type Line, MACHINES, type Machine, type Program } from './machines.ts';

const STEP_MS = 10_000;
const CORES = 4;
const MEMORY = 16 * 1024 ** 3;

/** Sends the past minutes, then a step every ten seconds; rejects where the door does not take a frame. Returns what ends it. */
export const startFleet = async (product: Product, pastSeconds: number, machines = MACHINES): Promise<() => Promise<void>> => {
  const now = Date.now();
  const begun = now - pastSeconds * 1000;
  const senders = machines.map((machine) => sender(product, machine, begun, now));
  // up to the moment when the last of it is sent: nothing is missing in between
  for (let at = begun; at < Date.now(); at += STEP_MS) await Promise.all(senders.map((send) => send(at)));
  let going: Promise<unknown> = Promise.resolve();
  const timer = setInterval(() => {
    const at = Date.now();
    going = going.then(() => Promise.all(senders.map((send) => send(at)))).catch(() => undefined);
  }, STEP_MS);
  return async () => {
    clearInterval(timer);
    await going;
  };
};

const sender = (product: Product, machine: Machine, begun: number, planted: number): ((at: number) => Promise<void>) => {
  const { host } = machine;
  const samples = new Samples(host, STEP_MS, 3_600_000);
  const set = instruments(samples, machine);
  let seq = 1;
  let step = 0;
  return async (at) => {
    const moment = Math.min(1, (at - begun) / (planted - begun));
    samples.begin(at);
    set(step, moment);
    const parts = [
      ...metricParts(samples),
      processesPart(machine, at, begun),
      ...jvmParts(machine, at, begun),
      ...linesParts(host, machine.lines(step, moment), at),
    ];
    if (step === 0) parts.push(inventoryPart(machine, at));
    const body = zstd(frameOf(parts, { agent: `agent of ${host}`, host, boot: BigInt(begun), seq, sent: new Date(at).toISOString() }));
    await eventually(`the frame of ${host}`, async () => (await product.frames(body, { 'content-encoding': 'zstd' })).ok);
    seq += parts.length;
    step++;
  };
};

const instruments = (samples: Samples, { cpu, disks }: Machine): ((step: number, moment: number) => void) => {
  const utilization = samples.gauge('system.cpu.utilization', '1', 'Share of all processors’ time in each mode since the last sample', 'cpu.mode');
  const time = samples.counter('system.cpu.time', 's', 'Time each logical processor spent in each mode', 'cpu.logical_number', 'cpu.mode');
  const load = samples.gauge('system.cpu.load_average.1m', '{thread}', 'Threads running or waiting for a processor or a disk, averaged over 1m');
  const memory = samples.gauge('system.memory.utilization', '1', 'Share of the memory in each state', 'state');
  const usage = samples.gauge('system.memory.usage', 'By', 'Memory by state; the states add up to the limit', 'state');
  const io = samples.counter('system.disk.io', 'By', 'Bytes read and written', 'device', 'direction');
  const network = samples.counter('system.network.io', 'By', 'Bytes received and sent', 'device', 'direction');
  const add = totals();
  const disk = samples.gauge(
    'system.filesystem.utilization',
    '1',
    'Share of the space open to users that is used',
    ...['device', 'mountpoint', 'type', 'mode'],
  );
  return (step, moment) => {
    const busy = Math.min(1, cpu * (1 + 0.2 * Math.sin(step / 3) + 0.1 * Math.sin(step / 1.7 + cpu * 40)));
    const seconds = STEP_MS / 1000;
    for (const [mode, share] of [
      ['user', busy * 0.8],
      ['system', busy * 0.2],
      ['idle', 1 - busy],
    ] as const) {
      utilization.set(share, mode);
      time.set(add(`cpu ${mode}`, share * CORES * seconds), '0', mode);
    }
    load.set(busy * CORES * (1.1 + 0.2 * Math.sin(step / 5)));
    const used = 0.3 + cpu / 2 + 0.05 * Math.sin(step / 11);
    for (const [state, share] of [
      ['used', used],
      ['cached', 0.9 - used],
      ['free', 0.1],
    ] as const) {
      memory.set(share, state);
      usage.set(share * MEMORY, state);
    }
    for (const [direction, rate] of [
      ['read', 180_000],
      ['write', 940_000],
    ] as const)
      io.set(add(direction, rate * busy * (1.2 + Math.sin(step / 4 + rate)) * seconds), 'vda', direction);
    for (const [direction, rate] of [
      ['receive', 2_100_000],
      ['transmit', 3_400_000],
    ] as const)
      network.set(add(direction, rate * busy * (1.5 + 0.4 * Math.sin(step / 6 + cpu)) * seconds), 'eth0', direction);
    for (const [i, [mountpoint, used]] of Object.entries(disks).entries()) disk.set(used(moment), `/dev/vd${'abc'[i]}`, mountpoint, 'ext4', 'rw');
  };
};

/** Sums by name, for counters. */
const totals = (): ((name: string, more: number) => number) => {
  const sums = new Map<string, number>();
  return (name, more) => {
    const sum = (sums.get(name) ?? 0) + more;
    sums.set(name, sum);
    return sum;
  };
};

const metricParts = (samples: Samples): OwnFramePart[] => {
  const taken = samples.take();
  if (taken === undefined) return [];
  const { definitions, metrics } = taken;
  const part = (schema: 'series' | 'metrics', batch: typeof metrics): OwnFramePart => ({
    schema,
    version: SIGNAL_VERSION,
    rows: batch.length,
    ipc: encodeStream([batch]),
  });
  return [...(definitions === undefined ? [] : [part('series', definitions)]), part('metrics', metrics)];
};

const processesPart = ({ host, programs }: Machine, at: number, begun: number): OwnFramePart => {
  const all = <T>(value: (program: Program, i: number) => T): readonly T[] => programs.map(value);
  return partOf('processes', {
    time: all(() => BigInt(at)),
    host: all(() => host),
    pid: all((_, i) => (i === 0 ? 1 : 400 + i)),
    start: all(() => BigInt(begun - 86_400_000)),
    parent: all((_, i) => (i === 0 ? 0 : 1)),
    name: all(({ name }) => name),
    command: all(({ name }) => `/usr/sbin/${name}`),
    user: all(({ user }) => user),
    state: all(() => 'sleeping'),
    cpu: all(({ cpu }) => cpu * (1 + 0.2 * Math.sin(at / 40_000))),
    memory: all(({ memory }) => BigInt(memory * 1024 ** 2)),
    threads: all(() => 4),
  });
};

const jvmParts = ({ host, jvms = [] }: Machine, at: number, begun: number): readonly OwnFramePart[] => {
  if (jvms.length === 0) return [];
  const all = <T>(value: (jvm: Java, i: number) => T): readonly T[] => jvms.map(value);
  const seconds = (at - begun) / 1000;
  const used = ({ heap, used: share }: Java): number => Math.floor(heap * 1024 ** 2 * share * (1 + 0.05 * Math.sin(at / 30_000)));
  return [
    partOf('jvm', {
      time: all(() => BigInt(at)),
      host: all(() => host),
      pid: all((_, i) => 700 + i),
      start: all(() => BigInt(begun - 86_400_000)),
      user: all(({ user }) => user),
      perf_data: all(() => 'read'),
      main_class: all(({ main }) => main),
      version: all(() => '25.0.3'),
      'heap.used': all((jvm) => BigInt(used(jvm))),
      'heap.committed': all(({ heap }) => BigInt(heap * 1024 ** 2)),
      'heap.max': all(({ heap }) => BigInt(heap * 1024 ** 2)),
      'heap.utilization': all((jvm) => used(jvm) / (jvm.heap * 1024 ** 2)),
      pools: all((jvm) => new Map([['old', used(jvm)]])),
      'gc.name': all(({ collector }) => collector),
      'gc.count': all(() => BigInt(Math.floor(seconds / 4))),
      'gc.time': all(({ used: share }) => seconds * 0.01 * share),
      'gc.last': all(() => BigInt(at - 1500)),
      collections: all(() => new Map([['young', Math.floor(seconds / 4)]])),
      collection_times: all(({ used: share }) => new Map([['young', seconds * 0.01 * share]])),
      threads: all(() => 48),
    }),
  ];
};

const linesParts = (host: string, lines: readonly Line[], at: number): readonly OwnFramePart[] =>
  lines.length === 0
    ? []
    : [
        partOf('logs', {
          time: lines.map((_, i) => BigInt(at + i) * 1_000_000n),
          severity: lines.map(({ severity }) => severity),
          body: lines.map(({ body }) => body),
          service: lines.map(({ service }) => service),
          host: lines.map(() => host),
          source: lines.map(({ source }) => source),
          attributes: lines.map(({ attributes }) => new Map(Object.entries(attributes ?? {}))),
          numbers: lines.map(({ numbers }) => new Map(Object.entries(numbers ?? {}))),
        }),
      ];

const inventoryPart = ({ host, role, owner }: Machine, at: number): OwnFramePart =>
  partOf('inventory', {
    time: [BigInt(at) * 1_000_000n],
    host: [host],
    id: [`id of ${host}`],
    os: ['Debian GNU/Linux 12 (bookworm)'],
    kernel: ['6.1.0-27-amd64'],
    architecture: ['amd64'],
    cores: [CORES],
    memory: [BigInt(MEMORY)],
    labels: [
      new Map([
        ['role', role],
        ['owner', owner],
      ]),
    ],
    agent_version: ['0.1.0'],
  });
