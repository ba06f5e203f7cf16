// Time as the whole product keeps it: bigint nanoseconds since 1970-01-01T00:00:00Z, and its text forms (RFC 3339).

export const NANOS_PER_MS = 1_000_000n;
export const NANOS_PER_SECOND = 1_000_000_000n;
export const NANOS_PER_HOUR = 3_600_000_000_000n;

/** The range every boundary accepts for the time of a sample or a line: 1970-01-01 up to, not including, 2200-01-01. */
export const EARLIEST_NS = 0n;
export const LATEST_NS = BigInt(Date.UTC(2200, 0, 1)) * NANOS_PER_MS;

export const earlierOf = (a: bigint, b: bigint): bigint => (a < b ? a : b);
export const laterOf = (a: bigint, b: bigint): bigint => (a > b ? a : b);

export const nanosFromMillis = (ms: number): bigint => BigInt(ms) * NANOS_PER_MS;

/** Floored milliseconds. */
export const millisFromNanos = (ns: bigint): number => {
  const ms = ns / NANOS_PER_MS;
  return Number(ns < 0n && ns % NANOS_PER_MS !== 0n ? ms - 1n : ms);
};

/** ISO text in UTC with three digits of a second, up to nine where present: `2026-11-20T10:00:00.000Z`. */
export const formatTime = (ns: bigint): string => {
  const ms = millisFromNanos(ns);
  const text = new Date(ms).toISOString();
  const rest = ns - BigInt(ms) * NANOS_PER_MS;
  return rest === 0n ? text : `${text.slice(0, -1)}${rest.toString().padStart(6, '0').replace(/0+$/, '')}Z`;
};

const RFC3339 = /^(\d{4})-(\d{2})-(\d{2})[Tt ](\d{2}):(\d{2})(?::(\d{2})(?:[.,](\d{1,9})\d*)?)?([Zz]|[+-](?:[01]\d|2[0-3]):?[0-5]\d)$/;

/** Nanoseconds of an RFC 3339 time with zone, whose seconds may be left out; undefined when the text is none or names a moment that does not exist. */
export const parseTime = (text: string): bigint | undefined => {
  const m = RFC3339.exec(text);
  if (m === null) return undefined;
  const [, year, month, day, hour, minute, second = '0', fraction = '', zone = 'Z'] = m;
  if (Number(month) < 1 || Number(month) > 12 || Number(hour) > 23 || Number(minute) > 59 || Number(second) > 59) return undefined;
  const ms = Date.UTC(Number(year), Number(month) - 1, Number(day), Number(hour), Number(minute), Number(second));
  const date = new Date(ms);
  if (Number(year) < 100 || date.getUTCDate() !== Number(day)) return undefined;
  const offset = zone === 'Z' || zone === 'z' ? 0 : (zone[0] === '-' ? -1 : 1) * (Number(zone.slice(1, 3)) * 60 + Number(zone.slice(-2)));
  return BigInt(ms - offset * 60_000) * NANOS_PER_MS + BigInt(fraction.padEnd(9, '0') || 0);
};
