// The metrics of the data for differential tests: what is known of each, the labels of its series, the values they take. What a
// catalogue would have learned of all the data stands here too.
import { DATASETS } from '../../schemas/catalogue.ts';
import type { MetricInfo } from '../../schemas/types.ts';
import type { Catalogue } from '../2-semantic/catalogue.ts';

export const ODD_TEXTS: readonly string[] = [
  '',
  'a',
  'Ä',
  'ß',
  'ς',
  'İ',
  "it's",
  'say "hi"',
  'back\\slash',
  '__proto__',
  'constructor',
  '%_%',
  'tab\there',
  'line\nbreak',
  '日本語',
  '😀 smile',
  'zero\0byte',
  ' padded ',
  'UPPER lower',
  '10.0.0.1',
  '::1',
  '12',
  '-3.5',
  '1e3',
  'true',
  '2026-10-25T01:30:00Z',
  '5m',
  'a,b,,c',
  '`tick`',
  '{p0:String}',
];
export const HOSTS = ['web-1', 'web-2', 'db-1', "o'hara", '日本', '__proto__', 'unlisted'];
export const METRICS: readonly MetricInfo[] = [
  { name: 'system.cpu.utilization', kind: 'gauge', temporality: 'cumulative', unit: '1', intervalMs: 10_000, labels: ['cpu', 'datacenter', 'host', 'region'] },
  { name: 'system.memory.usage', kind: 'gauge', temporality: 'cumulative', unit: 'By', labels: ['datacenter', 'host', 'state'] },
  { name: 'system.network.io', kind: 'counter', temporality: 'cumulative', unit: 'By', intervalMs: 15_000, labels: ['device', 'direction', 'host', 'region'] },
  { name: 'http.requests', kind: 'counter', temporality: 'delta', unit: '{request}', intervalMs: 60_000, labels: ['host', 'status'] },
  { name: 'http.latency', kind: 'gauge', temporality: 'cumulative', unit: 'ms', labels: ['host', 'route'] },
  { name: 'odd.values', kind: 'gauge', temporality: 'cumulative', labels: ['__proto__', 'host', 'odd`label "\\', 'text'] },
  { name: 'empty.metric', kind: 'gauge', temporality: 'cumulative', unit: '1', labels: ['host'] },
];

export const learnedCatalogue: Catalogue = {
  datasets: DATASETS,
  metric: (name) => METRICS.find((m) => m.name === name),
  metricNames: () => METRICS.map((m) => m.name),
  attribute: (dataset, name) =>
    dataset !== 'logs'
      ? undefined
      : name === 'path' || name === '__proto__'
        ? 'text'
        : name === 'duration_ms'
          ? 'number'
          : name === 'status'
            ? 'both'
            : undefined,
  attributeNames: (dataset) => (dataset === 'logs' ? ['path', 'duration_ms', 'status', '__proto__'] : []),
};

/** Values of one series, in time order. */
export const valuesOf = (name: string, random: () => number): (() => number) => {
  // In 64ths: sums and means of them are exact, whatever the order, so that what is made of them is one and the same to the last bit.
  const exact = (x: number): number => Math.round(x * 64) / 64;
  switch (name) {
    case 'system.cpu.utilization': {
      let v = random();
      return () => (v = exact(Math.min(1, Math.max(0, v + (random() - 0.5) / 3))));
    }
    case 'system.memory.usage':
      return () => Math.floor(random() * 2 ** (random() < 0.1 ? 54 : 34));
    case 'system.network.io': {
      let v = Math.floor(random() * 1e6);
      return () => (v = random() < 0.03 ? Math.floor(random() * 100) : random() < 0.1 ? v : v + Math.floor(random() * 1e5));
    }
    case 'http.requests':
      return () => Math.floor(random() * 50);
    case 'http.latency':
      return () => exact(random() ** 4 * 1000);
    default: {
      const odd = [
        0,
        -0,
        1,
        -1,
        0.1,
        1e-300,
        -1e300,
        1e308,
        1.7e308,
        2 ** 53,
        2 ** 53 + 2,
        -(2 ** 63),
        1 / 3,
        Number.NaN,
        Number.POSITIVE_INFINITY,
        Number.NEGATIVE_INFINITY,
        5e-324,
        123456.789,
        1e15 + 0.5,
      ];
      return () => odd[Math.floor(random() * odd.length)] as number;
    }
  }
};

export const labelSets = (info: MetricInfo): readonly ReadonlyMap<string, string>[] => {
  switch (info.name) {
    case 'system.cpu.utilization':
      return ['web-1', 'web-2', 'db-1', '__proto__'].flatMap((host) =>
        ['0', '1'].map(
          (cpu) =>
            new Map([
              ['host', host],
              ['cpu', cpu],
            ]),
        ),
      );
    case 'system.memory.usage':
      return ['web-1', 'web-2', 'db-1', "o'hara", '日本'].flatMap((host) =>
        ['used', 'free'].map(
          (state) =>
            new Map([
              ['host', host],
              ['state', state],
            ]),
        ),
      );
    case 'system.network.io':
      return ['web-1', 'web-2', 'db-1'].flatMap((host) =>
        ['eth0', ''].flatMap((device) =>
          ['transmit', 'receive'].map(
            (direction) =>
              new Map([
                ['host', host],
                ['device', device],
                ['direction', direction],
              ]),
          ),
        ),
      );
    case 'http.requests':
      return ['web-1', 'web-2', 'unlisted'].flatMap((host) =>
        ['200', '404', '500'].map(
          (status) =>
            new Map([
              ['host', host],
              ['status', status],
            ]),
        ),
      );
    case 'http.latency':
      return ['web-1', 'web-2'].flatMap((host) =>
        ['/', '/api', '/api/v1?x="1"'].map(
          (route) =>
            new Map([
              ['host', host],
              ['route', route],
            ]),
        ),
      );
    case 'odd.values':
      return ODD_TEXTS.slice(0, 14).map(
        (text, i) =>
          new Map([
            ['host', HOSTS[i % HOSTS.length] as string],
            ['text', text],
            ...(i % 3 === 0 ? [['__proto__', `p${i % 2}`] as const] : []),
            ...(i % 4 === 0 ? [['odd`label "\\', text] as const] : []),
          ]),
      );
    default:
      return [];
  }
};
