// Time zones: offsets of IANA zones by Intl, local time to UTC, and calendar days and weeks of a zone.
// Never reads the clock or the machine's own zone. Local times here are milliseconds as if the zone were UTC.
import { millisFromNanos, NANOS_PER_MS } from './time.ts';

const DAY_MS = 86_400_000;
const UTC_NAMES: ReadonlySet<string> = new Set(['UTC', 'ETC/UTC', 'Z', 'GMT', 'ETC/GMT']);

/** Names that users write, in any case, are kept no longer than this many. */
const ZONES_MAX = 2000;

const formats = new Map<string, Intl.DateTimeFormat>();

const formatOf = (zone: string): Intl.DateTimeFormat => {
  let format = formats.get(zone);
  if (format === undefined) {
    format = new Intl.DateTimeFormat('en-US', {
      timeZone: UTC_NAMES.has(zone.toUpperCase()) ? 'UTC' : zone,
      hourCycle: 'h23',
      era: 'short',
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
      second: 'numeric',
    });
    if (formats.size >= ZONES_MAX) formats.clear();
    formats.set(zone, format);
  }
  return format;
};

const named = new Map<string, string | undefined>();

/** The name that every part knows a zone by: IANA's in its own spelling, `UTC`, or `+hh:mm`; undefined when there is no such zone. */
export const zoneNamed = (zone: string): string | undefined => {
  if (UTC_NAMES.has(zone.toUpperCase())) return 'UTC';
  if (named.has(zone)) return named.get(zone);
  let name: string | undefined;
  try {
    name = formatOf(zone).resolvedOptions().timeZone;
  } catch {
    name = undefined;
  }
  if (name === '+00:00' || name === '-00:00') name = 'UTC';
  if (named.size >= ZONES_MAX) named.clear();
  named.set(zone, name);
  return name;
};

/** Whether the name is a zone (`Europe/Berlin`, `UTC`, `+02:00`); case does not count. */
export const isZone = (zone: string): boolean => zoneNamed(zone) !== undefined;

/** Minutes east of UTC of a zone that is an offset, as `zoneNamed` writes it; undefined: it is a place's. */
export const fixedOffset = (zone: string): number | undefined => {
  const found = /^([+-])(\d\d):(\d\d)$/.exec(zone);
  return found === null ? undefined : (found[1] === '-' ? -1 : 1) * (Number(found[2]) * 60 + Number(found[3]));
};

const askOffset = (zone: string, utcMs: number): number => {
  const parts: Partial<Record<Intl.DateTimeFormatPartTypes, string>> = {};
  for (const { type, value } of formatOf(zone).formatToParts(utcMs)) parts[type] = value;
  const part = (type: Intl.DateTimeFormatPartTypes): number => Number(parts[type]);
  const year = parts.era === 'BC' ? 1 - part('year') : part('year');
  const local = new Date(0);
  local.setUTCFullYear(year, part('month') - 1, part('day'));
  local.setUTCHours(part('hour'), part('minute'), part('second'), 0);
  return local.getTime() - Math.floor(utcMs / 1000) * 1000;
};

/** Of one UTC day: the offset before `change` and from it on. */
interface DayOffsets {
  readonly change: number;
  readonly before: number;
  readonly after: number;
}
const known = new Map<string, Map<number, DayOffsets>>();
const KNOWN_DAYS_MAX = 100_000;

const dayOffsets = (zone: string, day: number): DayOffsets => {
  if (known.size >= ZONES_MAX) known.clear();
  const days = known.get(zone) ?? new Map<number, DayOffsets>();
  known.set(zone, days);
  let found = days.get(day);
  if (found === undefined) {
    const before = askOffset(zone, day * DAY_MS);
    const after = askOffset(zone, (day + 1) * DAY_MS);
    let low = day * DAY_MS;
    let high = (day + 1) * DAY_MS;
    if (before !== after)
      while (high - low > 1000) {
        const middle = Math.floor((low + high) / 2000) * 1000;
        if (askOffset(zone, middle) === before) low = middle;
        else high = middle;
      }
    found = { change: high, before, after };
    if (days.size >= KNOWN_DAYS_MAX) days.clear();
    days.set(day, found);
  }
  return found;
};

/** Milliseconds by which the zone's local time is ahead of UTC at that moment. */
export const zoneOffset = (zone: string, utcMs: number): number => {
  if (UTC_NAMES.has(zone)) return 0;
  const { change, before, after } = dayOffsets(zone, Math.floor(utcMs / DAY_MS));
  return utcMs < change ? before : after;
};

/** The moment of a local time; one that does not exist moves forward by the gap, of one that is there twice the earlier. */
export const localToUtc = (zone: string, localMs: number): number => {
  const early = zoneOffset(zone, localMs - DAY_MS);
  const late = zoneOffset(zone, localMs + DAY_MS);
  const a = localMs - early;
  const b = localMs - late;
  const aHolds = zoneOffset(zone, a) === early;
  const bHolds = zoneOffset(zone, b) === late;
  if (aHolds && bHolds) return Math.min(a, b);
  return bHolds ? b : a;
};

export type CalendarUnit = 'day' | 'week';

/** Monday 1970-01-05, in days since the epoch. */
const FIRST_MONDAY = 4;

const startOfNumber = (number: number, unit: CalendarUnit, zone: string): number =>
  localToUtc(zone, (unit === 'day' ? number : number * 7 + FIRST_MONDAY) * DAY_MS);

/** Number of the local day, or week from Monday on, that holds the moment. */
const numberOf = (utcMs: number, unit: CalendarUnit, zone: string): number => {
  const day = Math.floor((utcMs + zoneOffset(zone, utcMs)) / DAY_MS);
  return unit === 'day' ? day : Math.floor((day - FIRST_MONDAY) / 7);
};

/** As `calendarBucket`, in milliseconds. */
const bucketMs = (zone: string, unit: CalendarUnit, count: number, utcMs: number): { readonly start: number; readonly end: number } => {
  let number = Math.floor(numberOf(utcMs, unit, zone) / count) * count;
  let start = startOfNumber(number, unit, zone);
  let end = startOfNumber(number + count, unit, zone);
  // A clock set back over midnight shows the old day again: the moment still belongs to the bucket that has begun.
  while (end <= utcMs) {
    number += count;
    start = end;
    end = startOfNumber(number + count, unit, zone);
  }
  return { start, end };
};

/** The start, in milliseconds, of the bucket of `count` days or weeks that holds the moment. */
export const calendarFloor = (zone: string, unit: CalendarUnit, count: number, utcMs: number): number => bucketMs(zone, unit, count, utcMs).start;

/** The start of the bucket `steps` buckets after (before, when negative) the one that begins at `startMs`. */
export const calendarStep = (zone: string, unit: CalendarUnit, count: number, startMs: number, steps: number): number =>
  startOfNumber(numberOf(startMs, unit, zone) + steps * count, unit, zone);

/**
 * The start of the calendar bucket of `count` days or weeks that holds `ns`, and of the one after it, in nanoseconds. Days are counted from
 * the local 1970-01-01, weeks from the local Monday 1970-01-05; a bucket begins at the first moment of its day.
 */
export const calendarBucket = (ns: bigint, unit: CalendarUnit, count: number, zone: string): { readonly start: bigint; readonly end: bigint } => {
  const { start, end } = bucketMs(zone, unit, count, millisFromNanos(ns));
  return { start: BigInt(start) * NANOS_PER_MS, end: BigInt(end) * NANOS_PER_MS };
};
