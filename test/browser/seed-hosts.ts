// Many hosts without their agents: relays send their inventories and five minutes of figures through the door, a hundred hosts a frame.
// `node test/browser/seed-hosts.ts ORIGIN TOKEN_FILE [COUNT]` fills a product that runs already. Most report, some are late, some silent.
import { readFile } from 'node:fs/promises';
import { frameOf, idOf, partOf } from '../../ingest/testing/frames.ts';
import { LATE_MS, SILENT_MS } from '../../schemas/host-state.ts';
import { metricHash } from '../../schemas/series-id.ts';

const STEP_MS = 10_000;
const SAMPLES = 30;
/** Of one frame, and frames at once. */
const HOSTS = 100;
const AT_ONCE = 4;

interface Figure {
  readonly name: string;
  readonly kind: 'gauge' | 'counter';
  readonly unit: string;
  readonly labels: readonly (readonly [string, string])[];
  readonly at: (host: number, sample: number) => number;
}
const wave = (host: number, sample: number): number => 0.5 + 0.45 * Math.sin(host * 1.7 + sample / 5);
const device = (name: string, direction: string): Figure['labels'] => [
  ['device', name],
  ['direction', direction],
];
const FIGURES: readonly Figure[] = [
  { name: 'system.cpu.utilization', kind: 'gauge', unit: '1', labels: [['cpu.mode', 'user']], at: (host, sample) => wave(host, sample) },
  { name: 'system.cpu.utilization', kind: 'gauge', unit: '1', labels: [['cpu.mode', 'idle']], at: (host, sample) => 1 - wave(host, sample) },
  { name: 'system.memory.utilization', kind: 'gauge', unit: '1', labels: [['state', 'used']], at: (host) => (host % 97) / 100 },
  { name: 'system.cpu.load_average.1m', kind: 'gauge', unit: '{thread}', labels: [], at: (host, sample) => 4 * wave(host, sample) },
  { name: 'system.disk.io', kind: 'counter', unit: 'By', labels: device('sda', 'read'), at: (host, sample) => (host % 50) * 1e5 * sample },
  { name: 'system.disk.io', kind: 'counter', unit: 'By', labels: device('sda', 'write'), at: (host, sample) => (host % 20) * 1e5 * sample },
  { name: 'system.network.io', kind: 'counter', unit: 'By', labels: device('eth0', 'receive'), at: (host, sample) => (host % 31) * 1e6 * sample },
];

export const hostName = (n: number): string => `${['web', 'db', 'cache', 'queue', 'batch'][n % 5]}-${String(n).padStart(5, '0')}.example.net`;
/** ms before now at which a host was heard last. */
const heardAgo = (n: number): number => (n % 50 === 7 ? 2 * SILENT_MS : n % 50 === 9 ? 2 * LATE_MS : 0);

/** The frame of a relay of some hosts, whose figures end at `now` (ms) or when each was heard last. */
const frameOfHosts = (hosts: readonly number[], now: number): Uint8Array => {
  const end = Math.floor(now / STEP_MS) * STEP_MS;
  const all = hosts.flatMap((n) =>
    FIGURES.map((figure) => {
      const labels = [...figure.labels, ['host', hostName(n)] as const];
      return { ...figure, n, labels, id: idOf(figure.name, labels) };
    }),
  );
  const samples = all.flatMap(({ name, id, n, at }) =>
    Array.from({ length: SAMPLES }, (_, i) => ({
      metric: metricHash(name),
      id,
      time: BigInt(end - heardAgo(n) - (SAMPLES - 1 - i) * STEP_MS),
      value: at(n, i),
    })),
  );
  const series = partOf('series', {
    id: all.map(({ id }) => id),
    name: all.map(({ name }) => name),
    kind: all.map(({ kind }) => kind),
    temporality: all.map(() => 'cumulative'),
    unit: all.map(({ unit }) => unit),
    interval: all.map(() => STEP_MS),
    labels: all.map(({ labels }) => new Map(labels)),
  });
  const metrics = partOf('metrics', {
    metric: samples.map(({ metric }) => metric),
    id: samples.map(({ id }) => id),
    time: samples.map(({ time }) => time),
    value: samples.map(({ value }) => value),
  });
  const labelsOf = (n: number): ReadonlyMap<string, string> =>
    new Map([
      ['env', n % 3 === 0 ? 'test' : 'prod'],
      ['role', hostName(n).split('-')[0] as string],
      ['region', n % 2 === 0 ? 'eu-1' : 'us-2'],
      ['team', `team-${n % 12}`],
    ]);
  const inventory = partOf('inventory', {
    time: hosts.map((n) => BigInt(now - heardAgo(n)) * 1_000_000n),
    host: hosts.map(hostName),
    os: hosts.map(() => 'Debian 13'),
    cores: hosts.map(() => 8),
    memory: hosts.map(() => 32n << 30n),
    labels: hosts.map(labelsOf),
    agent_version: hosts.map((n) => (n % 10 === 0 ? '0.9.4' : '1.0.0')),
  });
  const relay = `relay-${hosts[0]}`;
  return frameOf([inventory, series, metrics], { agent: relay, host: relay, boot: BigInt(now), seq: 1, sent: new Date(now).toISOString() });
};

/** `token`: of agents. Resolves when the door has accepted every frame; what is in them is in the stores a moment later. */
export const seedHosts = async ({ origin, token }: { readonly origin: string; readonly token: string }, count: number): Promise<void> => {
  let next = 0;
  const send = async (): Promise<void> => {
    for (let from = next; from < count; from = next) {
      next += HOSTS;
      const hosts = Array.from({ length: Math.min(HOSTS, count - from) }, (_, i) => from + i);
      const body = frameOfHosts(hosts, Date.now()) as Uint8Array<ArrayBuffer>;
      for (let accepted = false; !accepted; ) {
        const answer = await fetch(`${origin}/ingest/frames`, { method: 'POST', body, headers: { authorization: `Bearer ${token}` } });
        const said = await answer.text();
        accepted = answer.ok;
        // a door that is full says so: the frame is sent again, as an agent does it
        if (answer.status === 429 || answer.status === 503) await new Promise((resolve) => setTimeout(resolve, 500));
        else if (!accepted) throw new Error(`the door answered ${answer.status}: ${said}`);
      }
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, send));
};

if (import.meta.main) {
  const [origin, tokenFile, count = '10000'] = process.argv.slice(2);
  if (origin === undefined || tokenFile === undefined) throw new Error('usage: node test/browser/seed-hosts.ts ORIGIN TOKEN_FILE [COUNT]');
  const begun = performance.now();
  await seedHosts({ origin, token: (await readFile(tokenFile, 'utf8')).trim() }, Number(count));
  console.log(`${count} hosts in ${((performance.now() - begun) / 1000).toFixed(1)} s`);
}
