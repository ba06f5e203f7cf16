// The settings as the rooms of the product take them: objects whose values are those in force whenever they are read, so that a
// change needs no telling. No room but the app knows that they may change.
import { INTAKE_LIMITS, type IntakeLimits, intakeAges } from '../../ingest/limits.ts';
import type { Retention } from '../../schemas/retention.ts';
import type { Settings } from './settings.ts';

export const liveRetention = (settings: () => Settings): Retention => ({
  get samples() {
    return settings()['retention.samples'];
  },
  get rollups_5m() {
    return settings()['retention.rollups_5m'];
  },
  get rollups_1h() {
    return settings()['retention.rollups_1h'];
  },
  get processes() {
    return settings()['retention.processes'];
  },
  get jvm() {
    return settings()['retention.jvm'];
  },
  get logs() {
    return settings()['retention.logs'];
  },
  get events() {
    return settings()['retention.events'];
  },
  get audit() {
    return settings()['retention.audit'];
  },
});

/** How old a row may be is how long it is kept. */
export const liveIntakeLimits = (settings: () => Settings): IntakeLimits => {
  const kept = liveRetention(settings);
  return {
    ...INTAKE_LIMITS,
    get requestBytes() {
      return settings()['limits.intake.request'];
    },
    get frame() {
      return { ...INTAKE_LIMITS.frame, bytes: settings()['limits.intake.frame'], rows: settings()['limits.intake.rows'] };
    },
    get futureMs() {
      return settings()['limits.intake.future'];
    },
    get ageMs() {
      return intakeAges(kept);
    },
    get bytesInHand() {
      return settings()['limits.intake.in_hand'];
    },
    get requestsAtWork() {
      return settings()['limits.intake.at_work'];
    },
    get requestsWaiting() {
      return settings()['limits.intake.waiting'];
    },
    get series() {
      return settings()['limits.intake.series'];
    },
    get bytesPerSender() {
      return settings()['limits.intake.bytes_per_sender'];
    },
    get bytesShared() {
      return settings()['limits.intake.bytes_shared'];
    },
    get hosts() {
      return settings()['limits.intake.hosts'];
    },
    get hostsPerSender() {
      return settings()['limits.intake.hosts_per_sender'];
    },
    get metrics() {
      return settings()['limits.intake.metrics'];
    },
    get metricsPerSender() {
      return settings()['limits.intake.metrics_per_sender'];
    },
    get labelNames() {
      return settings()['limits.intake.label_names'];
    },
    get labelNamesPerSender() {
      return settings()['limits.intake.label_names_per_sender'];
    },
    get seriesPerSender() {
      return settings()['limits.intake.series_per_sender'];
    },
  };
};
