// Functions of time.
//
// Exactly:
// - bucket(t, d): the start of the d-long bucket that holds t, counted from 1970-01-01T00:00Z (also before it); d ≤ 0 is missing.
//   Without a zone fixed nanoseconds: 1d is 24 h from midnight UTC. With one it cuts local time, and whole days and weeks (from Monday) are
//   those of its calendar.
// - year, month 1–12, day 1–31, weekday 1–7 (ISO: Monday is 1), hour 0–23, minute 0–59, of the local time in the zone (last argument,
//   constant text); without one UTC. A zone that does not exist gives missing.
// - format_time(t, pattern[, zone]), parse_time(text, pattern[, zone]): see time-pattern.ts.
import type { Column } from '../../../core/batch/batch.ts';
import { millisFromNanos } from '../../../core/time.ts';
import { calendarBucket, isZone, zoneOffset } from '../../../core/zone.ts';
import { floorTo } from '../../3-plan/bucket.ts';
import { physicalType } from '../../3-plan/physical.ts';
import { intsOf, makeInts, makeText, maskOf, presentInAll, type ScalarRun, textReader, type Vector } from '../../run/vector.ts';
import { formatTimeBy, isReadable, parseTimeBy, timePattern } from './time-pattern.ts';

const DAY = 86_400_000_000_000n;

const localFloor = (moment: bigint, step: bigint, zone: string): bigint => {
  if (step % (7n * DAY) === 0n) return calendarBucket(moment, 'week', Number(step / (7n * DAY)), zone).start;
  if (step % DAY === 0n) return calendarBucket(moment, 'day', Number(step / DAY), zone).start;
  const ahead = BigInt(zoneOffset(zone, millisFromNanos(moment))) * 1_000_000n;
  return floorTo(moment + ahead, step) - ahead;
};

const bucket: ScalarRun = (args, { rows }) => {
  const [t, d, zone] = args as [Vector, Vector, Vector | undefined];
  const zoneAt = zoneReader(zone);
  const times = intsOf(t);
  const steps = intsOf(d);
  const [tMask, dMask] = [maskOf(t), maskOf(d)];
  return makeInts(physicalType('time'), rows, presentInAll(args, rows), (i) => {
    const step = steps[i & dMask] as bigint;
    const moment = times[i & tMask] as bigint;
    if (step <= 0n) return undefined;
    if (zone === undefined) return floorTo(moment, step);
    const name = zoneAt(i);
    return name === undefined ? undefined : localFloor(moment, step, name);
  });
};

/** The zone of a row; undefined when there is no such zone. */
const zoneReader = (zone: Vector | undefined): ((row: number) => string | undefined) => {
  if (zone === undefined) return () => 'UTC';
  const read = textReader(zone);
  const valid = new Map<string, boolean>();
  return (row) => {
    const name = read(row);
    let ok = valid.get(name);
    if (ok === undefined) {
      ok = isZone(name);
      valid.set(name, ok);
    }
    return ok ? name : undefined;
  };
};

const part =
  (f: (local: Date) => number): ScalarRun =>
  (args, { rows }): Column => {
    const [t, zone] = args as [Vector, Vector | undefined];
    const times = intsOf(t);
    const mask = maskOf(t);
    const zoneAt = zoneReader(zone);
    return makeInts(physicalType('int'), rows, presentInAll(args, rows), (i) => {
      const name = zoneAt(i);
      if (name === undefined) return undefined;
      const ms = millisFromNanos(times[i & mask] as bigint);
      return BigInt(f(new Date(ms + zoneOffset(name, ms))));
    });
  };

const format: ScalarRun = (args, { rows }) => {
  const [t, pattern, zone] = args as [Vector, Vector, Vector | undefined];
  const times = intsOf(t);
  const mask = maskOf(t);
  const zoneAt = zoneReader(zone);
  const patternAt = patternReader(pattern);
  return makeText(rows, presentInAll(args, rows), (i) => {
    const name = zoneAt(i);
    const pieces = patternAt(i);
    return name === undefined || pieces === undefined ? undefined : formatTimeBy(times[i & mask] as bigint, pieces, name);
  });
};

const parse: ScalarRun = (args, { rows }) => {
  const [x, pattern, zone] = args as [Vector, Vector, Vector | undefined];
  const text = textReader(x);
  const zoneAt = zoneReader(zone);
  const patternAt = patternReader(pattern);
  return makeInts(physicalType('time'), rows, presentInAll(args, rows), (i) => {
    const name = zoneAt(i);
    const pieces = patternAt(i);
    return name === undefined || pieces === undefined || !isReadable(pieces) ? undefined : parseTimeBy(text(i), pieces, name);
  });
};

const patternReader = (pattern: Vector): ((row: number) => ReturnType<typeof timePattern>) => {
  const read = textReader(pattern);
  const known = new Map<string, ReturnType<typeof timePattern>>();
  return (row) => {
    const text = read(row);
    if (!known.has(text)) known.set(text, timePattern(text));
    return known.get(text);
  };
};

export const TIME = {
  bucket,
  year: part((d) => d.getUTCFullYear()),
  month: part((d) => d.getUTCMonth() + 1),
  day: part((d) => d.getUTCDate()),
  weekday: part((d) => ((d.getUTCDay() + 6) % 7) + 1),
  hour: part((d) => d.getUTCHours()),
  minute: part((d) => d.getUTCMinutes()),
  format_time: format,
  parse_time: parse,
};
