// The series that `metric-questions` asks about, as 1,000 hosts send them: a gauge for more than a day and a counter for more than six hours,
// of one series a host, and many other metrics for an hour beside them. Our server and a peer are given the same samples.
import { type BenchSeries, hostOf, SampleLoad, STEP_MS } from './load-samples.ts';

export const HOSTS = 1000;
export const GAUGE = 'bench.utilization';
export const COUNTER = 'bench.requests';
const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;
/** Ranges of questions move into the past by as much. */
export const SPARE_MS = { minutes: 15 * MINUTE_MS, hours: 3 * HOUR_MS };
/** So that no sample lies on the border of a bucket, which belongs to the one on its right for us and on its left for the peer. */
const ASIDE_MS = 7000;
const MOST = 25_000_000;
const SENDERS = 20;
/** Of those that have many hours: as an agent sends what it kept. */
const READINGS = 10;
const REGIONS = ['eu-west', 'eu-north', 'us-east', 'ap-south'];

export const DATACENTER = `${REGIONS[0]}-0`;
export const datacenterOf = (host: number): string => `${REGIONS[host % 4]}-${host % 3}`;

/** Of one host. */
export const hostSeries = (name: string, kind: BenchSeries['kind'], host: number): BenchSeries => ({
  name,
  kind,
  labels: [
    ['host', hostOf(host)],
    ['region', REGIONS[host % 4] as string],
    ['datacenter', datacenterOf(host)],
    ['env', host % 5 === 0 ? 'test' : 'production'],
    ['role', `role-${host % 7}`],
    ['owner', `team-${host % 11}`],
    ['service', `service-${host % 20}`],
    ['instance', `${hostOf(host)}:9100`],
    ['job', 'bench'],
    ['device', `device-${host % 3}`],
    ['mode', ['user', 'system', 'idle', 'wait'][host % 4] as string],
  ],
});

export interface Sending {
  readonly load: SampleLoad;
  /** Bodies. */
  readonly steps: number;
}

/** Hosts that one sender speaks for. */
const hostsOf = (sender: number, senders: number): readonly number[] => Array.from({ length: HOSTS / senders }, (_, i) => (sender * HOSTS) / senders + i);

/** What is sent, up to `to`, a minute's beginning, ms: what comes after waits for what stands before. */
export const questionLoads = (series: number, to: number): readonly (readonly Sending[])[] => {
  const sending = (sender: string, seed: number, definitions: readonly BenchSeries[], lengthMs: number, readings: number): Sending => {
    const steps = Math.floor(lengthMs / STEP_MS / readings);
    const first = to - steps * readings * STEP_MS + ASIDE_MS;
    return { steps, load: new SampleLoad({ sender, host: hostOf(0), series: definitions, first, seed, readings }) };
  };
  const all = hostsOf(0, 1);
  const metrics = Math.max(0, Math.round(series / HOSTS) - 2);
  const lengthMs = Math.min(HOUR_MS, Math.floor(MOST / Math.max(1, metrics * HOSTS)) * STEP_MS);
  return [
    [
      sending(
        'bench-gauge',
        1,
        all.map((host) => hostSeries(GAUGE, 'gauge', host)),
        24 * HOUR_MS + SPARE_MS.hours,
        READINGS,
      ),
    ],
    [
      sending(
        'bench-counter',
        2,
        all.map((host) => hostSeries(COUNTER, 'counter', host)),
        6 * HOUR_MS + SPARE_MS.hours,
        READINGS,
      ),
    ],
    Array.from({ length: SENDERS }, (_, sender) =>
      sending(
        `bench-${sender}`,
        sender + 3,
        hostsOf(sender, SENDERS).flatMap((host) => Array.from({ length: metrics }, (_, i) => hostSeries(`bench.metric_${i}`, 'gauge', host))),
        lengthMs,
        1,
      ),
    ),
  ];
};

const AT_ONCE = 4;

/** Sends all; a sender's bodies go in their order, senders beside each other. Samples that were sent. */
export const sendAll = async (groups: readonly (readonly Sending[])[], send: (load: SampleLoad, step: number) => Promise<unknown>): Promise<number> => {
  let samples = 0;
  for (const group of groups)
    for (let step = 0, left = [...group]; left.length > 0; step++) {
      const waiting = [...left];
      const work = async (): Promise<void> => {
        for (let one = waiting.pop(); one !== undefined; one = waiting.pop()) {
          await send(one.load, step);
          samples += one.load.size;
        }
      };
      await Promise.all(Array.from({ length: AT_ONCE }, work));
      left = left.filter(({ steps }) => step + 1 < steps);
    }
  return samples;
};
