// What the door takes at most: sizes, counts and times. Data only; each limit is a setting of the server.
import { FRAME_LIMITS, type FrameLimits } from '../schemas/frame.ts';
import { RETENTION, type Retention } from '../schemas/retention.ts';
import { FUTURE_MS, type SignalSchema } from '../schemas/tables.ts';
import type { QuotaLimits } from './byte-quota.ts';
import type { HostLimits } from './host-quota.ts';
import type { NameLimits } from './name-quota.ts';
import type { SeriesLimits } from './series-tables.ts';

export interface IntakeLimits extends SeriesLimits, HostLimits, NameLimits, QuotaLimits {
  /** Bytes of a request as it comes over the wire. */
  readonly requestBytes: number;
  /** Of a frame, decompressed. */
  readonly frame: FrameLimits;
  /** How far ahead of the server's clock a row's time may be. */
  readonly futureMs: number;
  /** How old a row may be: as long as it is kept. */
  readonly ageMs: Readonly<Record<SignalSchema, number>>;
  /** Bytes of all requests that have arrived and are not answered, and requests being worked on at once. */
  readonly bytesInHand: number;
  readonly requestsAtWork: number;
  readonly requestsWaiting: number;
  /** How long next to nothing of a request may come. */
  readonly patienceMs: number;
}

/** Histograms and summaries are kept as samples are. An inventory says how a host is now: it is taken as long as the samples of that time are. */
export const intakeAges = ({ samples, processes, jvm, logs, events }: Retention): IntakeLimits['ageMs'] => ({
  series: samples,
  metrics: samples,
  histograms: samples,
  summaries: samples,
  processes,
  jvm,
  logs,
  inventory: samples,
  events,
});

export const INTAKE_LIMITS: IntakeLimits = {
  requestBytes: 16 << 20,
  frame: FRAME_LIMITS,
  futureMs: FUTURE_MS,
  ageMs: intakeAges(RETENTION),
  seriesPerSender: 200_000,
  series: 2_000_000,
  hostsPerSender: 10_000,
  hosts: 100_000,
  metricsPerSender: 10_000,
  metrics: 200_000,
  labelNamesPerSender: 128,
  labelNames: 256,
  bytesPerSender: 100 * 2 ** 30,
  bytesShared: 750 * 2 ** 30,
  bytesInHand: 256 << 20,
  requestsAtWork: 4,
  requestsWaiting: 2_000,
  patienceMs: 10_000,
};
