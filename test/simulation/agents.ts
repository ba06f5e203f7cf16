// Agents of the simulation: what each sends at one reading of a host with so many series and processes, and a few lines. Values walk as
// those of real hosts do; a host is restarted now and then, and its processes come and go, so that definitions and names change. Some frames
// wait until the next one goes, as where a network is away: what they hold comes late.
import type { Value } from '../../core/batch/batch.ts';
import { frameOf, idOf, partOf, seriesPart } from '../../ingest/testing/frames.ts';
import type { OwnFramePart } from '../../schemas/frame.ts';
import { metricHash } from '../../schemas/series-id.ts';

export interface Load {
  readonly series: number;
  readonly processes: number;
  readonly lines: number;
  /** Days between two restarts of a host. */
  readonly restartDays: number;
  /** Of all frames so many wait, 0 to 1. */
  readonly waiting: number;
}

const DAY_MS = 86_400_000;

export class SimulatedAgent {
  readonly #host: string;
  readonly #load: Load;
  readonly #random: () => number;
  #boot = 0n;
  #bootDay = Number.NEGATIVE_INFINITY;
  #seq = 0;
  #definitions: readonly (readonly [string, readonly (readonly [string, string])[]])[] = [];
  #ids: readonly bigint[] = [];
  #values: number[] = [];
  #pids: number[] = [];
  #waiting: readonly number[] = [];

  constructor(n: number, load: Load, random: () => number) {
    this.#host = `host-${n}`;
    this.#load = load;
    this.#random = random;
  }

  /** The frame of readings at these times (ms, rising) and of those that waited; undefined: they wait too, which the last of a day never do. */
  frame(fresh: readonly number[], isLast: boolean): Uint8Array | undefined {
    const times = [...this.#waiting, ...fresh];
    const waits = !isLast && this.#random() < this.#load.waiting;
    this.#waiting = waits ? times : [];
    if (waits) return undefined;
    const parts: OwnFramePart[] = [];
    const [first, last] = [times[0] as number, times.at(-1) as number];
    const day = Math.floor(first / DAY_MS);
    if (day - this.#bootDay >= this.#load.restartDays) parts.push(...this.#restart(first, day));
    const metrics = this.#definitions.map(([name]) => metricHash(name));
    parts.push(
      partOf('metrics', {
        metric: times.flatMap(() => metrics),
        id: times.flatMap(() => this.#ids),
        time: times.flatMap((time) => this.#ids.map(() => BigInt(time))),
        value: times.flatMap(() => this.#walkOn()),
      }),
    );
    if (this.#load.processes > 0) parts.push(this.#processes(times));
    if (this.#load.lines > 0) parts.push(this.#lines(times));
    const frame = frameOf(parts, { agent: this.#host, host: this.#host, boot: this.#boot, seq: this.#seq + 1, sent: new Date(last).toISOString() });
    this.#seq += parts.length;
    return frame;
  }

  #walkOn(): readonly number[] {
    this.#values = this.#values.map((value) => Math.round((value + this.#random() - 0.5) * 10) / 10);
    return this.#values;
  }

  #restart(now: number, day: number): readonly OwnFramePart[] {
    this.#boot = BigInt(now);
    this.#bootDay = day;
    this.#seq = 0;
    const { series, processes } = this.#load;
    // A tenth of the series are of devices that are others after a restart.
    this.#definitions = Array.from({ length: series }, (_, i) => [
      `sim.metric.${i}`,
      [
        ['host', this.#host],
        ['device', i % 10 === 0 ? `dev-${day}` : 'sda'],
      ],
    ]);
    this.#ids = this.#definitions.map(([name, labels]) => idOf(name, labels));
    this.#values = Array.from({ length: series }, () => 50 + 10 * this.#random());
    this.#pids = Array.from({ length: processes }, (_, i) => i + 1);
    const labels = new Map([['role', day % 2 === 0 ? 'web' : 'db']]);
    const ns = BigInt(now) * 1_000_000n;
    return [
      partOf('inventory', { time: [ns], host: [this.#host], os: ['Linux'], cores: [4], memory: [8n << 30n], addresses: [['10.0.0.1']], labels: [labels] }),
      partOf('events', { time: [ns], kind: ['agent.start'], title: ['the agent started'], host: [this.#host], attributes: [new Map()] }),
      seriesPart(this.#definitions, this.#ids),
    ];
  }

  #processes(times: readonly number[]): OwnFramePart {
    const rows = times.flatMap((time) => {
      this.#pids[Math.floor(this.#random() * this.#pids.length)] = 1000 + Math.floor(this.#random() * 30_000);
      return this.#pids.map((pid, i) => ({ time: BigInt(time), pid, i }));
    });
    const all = <T extends Value>(value: (i: number) => T): readonly T[] => rows.map(({ i }) => value(i));
    return partOf('processes', {
      time: rows.map(({ time }) => time),
      host: all(() => this.#host),
      pid: rows.map(({ pid }) => pid),
      start: all(() => BigInt(Number(this.#boot))),
      name: all((i) => `worker-${i}`),
      command: all((i) => `/usr/bin/worker --number ${i}`),
      cpu: all(() => this.#random()),
      memory: all(() => BigInt(Math.floor(this.#random() * 1e8))),
    });
  }

  #lines(times: readonly number[]): OwnFramePart {
    const rows = times.flatMap((time) => Array.from({ length: this.#load.lines }, (_, i) => BigInt(time) * 1_000_000n + BigInt(i)));
    const all = <T extends Value>(value: () => T): readonly T[] => rows.map(() => value());
    return partOf('logs', {
      time: rows,
      severity: all(() => 'info'),
      body: all(() => `GET /item/${Math.floor(this.#random() * 1e6)} took ${Math.floor(this.#random() * 900)} ms`),
      host: all(() => this.#host),
    });
  }
}
