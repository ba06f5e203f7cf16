// How a host is, told from when the door last heard it and how old its frames were then. The thresholds stand here and nowhere else.
// Data and one pure function; the record store's view `hosts_now` is made from the same numbers, so a change of them needs a migration.

/** Late: nothing heard for so long (a host sends every ten to fifteen seconds), or its newest frame was made that long before it came. */
export const LATE_MS = 60_000;
/** Silent: nothing heard for so long. */
export const SILENT_MS = 300_000;

/** `stopped`: its agent said that it ends, and was not heard in a new run since. */
export const HOST_STATES = ['reporting', 'late', 'silent', 'stopped'] as const;
export type HostState = (typeof HOST_STATES)[number];

export interface Heard {
  /** ms by the server's clock. */
  readonly lastSeen: number;
  /** How old the newest frame was when it came, ms; undefined: not known. */
  readonly lagMs: number | undefined;
  readonly stopped: boolean;
}

export const hostState = ({ lastSeen, lagMs, stopped }: Heard, now: number): HostState => {
  if (stopped) return 'stopped';
  const age = now - lastSeen;
  if (age > SILENT_MS) return 'silent';
  return age > LATE_MS || (lagMs !== undefined && lagMs > LATE_MS) ? 'late' : 'reporting';
};
