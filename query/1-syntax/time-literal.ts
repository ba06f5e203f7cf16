// Times in a text: `@2026-11-20`, `@2026-11-20T10:00:00.5Z`, `@2026-11-20T10:00[Europe/Berlin]`. Reads the form and finds the moment; never asks the clock.
import { isZone, localToUtc } from '../../core/zone.ts';

export interface TimeParts {
  readonly year: number;
  /** 1–12. */
  readonly month: number;
  readonly day: number;
  readonly hour: number;
  readonly minute: number;
  readonly second: number;
  /** Nanoseconds within the second. */
  readonly nanos: number;
  /** Minutes east of UTC, the name of a zone, or undefined: the request's zone. */
  readonly zone: number | string | undefined;
}

const FORM =
  /(\d{4})-(\d{2})-(\d{2})(?:[Tt](\d{2}):(\d{2})(?::(\d{2})(?:\.(\d{1,9}))?)?(?:([Zz])|([+-])(\d{2}):?(\d{2}))?)?(?:\[([A-Za-z][A-Za-z0-9_+/-]*)\])?/y;
const AFTER = /[\p{L}\p{N}_:.[]/u;
const LOOSE = /[\p{L}\p{N}_:.+-]*(?:\[[^\]\s|]*\])?/uy;

const partsOf = (m: RegExpExecArray): TimeParts | undefined => {
  const [, year, month, day, hour = '0', minute = '0', second = '0', fraction = '', utc, sign, zoneHour, zoneMinute, zone] = m;
  const offset = utc !== undefined ? 0 : sign === undefined ? undefined : (sign === '-' ? -1 : 1) * (Number(zoneHour) * 60 + Number(zoneMinute));
  if (offset !== undefined && zone !== undefined) return undefined;
  const parts: TimeParts = {
    year: Number(year),
    month: Number(month),
    day: Number(day),
    hour: Number(hour),
    minute: Number(minute),
    second: Number(second),
    nanos: Number(fraction.padEnd(9, '0')),
    zone: offset ?? zone,
  };
  const days = new Date(Date.UTC(2000, parts.month, 0));
  days.setUTCFullYear(parts.year, parts.month, 0);
  const valid =
    parts.month >= 1 && parts.month <= 12 && parts.day >= 1 && parts.day <= days.getUTCDate() && parts.hour <= 23 && parts.minute <= 59 && parts.second <= 59;
  return valid && (offset === undefined || Math.abs(offset) < 24 * 60) && (zone === undefined || isZone(zone)) ? parts : undefined;
};

/** Reads the literal after the `@` at `start`: where it ends, and its parts when it is right. */
export const readTime = (text: string, start: number): { readonly end: number; readonly parts: TimeParts | undefined } => {
  FORM.lastIndex = start + 1;
  const m = FORM.exec(text);
  const end = start + 1 + (m?.[0].length ?? 0);
  if (m !== null && !AFTER.test(text[end] ?? ' ')) return { end, parts: partsOf(m) };
  LOOSE.lastIndex = start + 1;
  return { end: start + 1 + (LOOSE.exec(text)?.[0].length ?? 0), parts: undefined };
};

/** Nanoseconds since 1970 of a time literal's text (without `@`); `zone` is the request's. Undefined when the text is no time. */
export const timeLiteralNanos = (text: string, zone: string): bigint | undefined => {
  const { end, parts } = readTime(`@${text}`, 0);
  if (parts === undefined || end !== text.length + 1) return undefined;
  const date = new Date(0);
  date.setUTCFullYear(parts.year, parts.month - 1, parts.day);
  date.setUTCHours(parts.hour, parts.minute, parts.second);
  const local = date.getTime();
  const ms = typeof parts.zone === 'number' ? local - parts.zone * 60_000 : localToUtc(parts.zone ?? zone, local);
  return BigInt(ms) * 1_000_000n + BigInt(parts.nanos);
};
