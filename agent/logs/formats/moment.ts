// Times as logs write them. A time without a zone is in the zone of this machine, one without a year is the latest such day.
import { EARLIEST_NS, LATEST_NS, NANOS_PER_MS, NANOS_PER_SECOND } from '../../../core/time.ts';

const MONTHS: readonly string[] = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];

export const monthOf = (word: string): number => MONTHS.indexOf(word.toLowerCase());

/** Undefined outside the range every boundary accepts. */
const accepted = (ns: bigint): bigint | undefined => (ns >= EARLIEST_NS && ns < LATEST_NS ? ns : undefined);

/** `zone` as `Z`, `UTC`, `GMT` or `+hh:mm`; undefined is the machine's. `month` from 0. */
export const moment = (
  year: number,
  month: number,
  day: number,
  hour: number,
  minute: number,
  second: number,
  fraction = '',
  zone: string | undefined = undefined,
): bigint | undefined => {
  // `Date` takes the years 0 to 99 for those of the last century; a second of 60 is the first of the next minute.
  if (year < 1969 || year > 2200 || month < 0 || month > 11 || day < 1 || day > daysOf(year, month) || hour > 23 || minute > 59 || second > 60)
    return undefined;
  const offset = zone === undefined ? undefined : offsetMs(zone);
  const ms = offset === undefined ? new Date(year, month, day, hour, minute, second).getTime() : Date.UTC(year, month, day, hour, minute, second) - offset;
  return accepted(BigInt(ms) * NANOS_PER_MS + BigInt(fraction.slice(0, 9).padEnd(9, '0')));
};

const DAYS: readonly number[] = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

const daysOf = (year: number, month: number): number =>
  month === 1 && year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0) ? 29 : (DAYS[month] as number);

const offsetMs = (zone: string): number | undefined => {
  if (zone === 'Z' || zone === 'z' || zone === 'UTC' || zone === 'GMT') return 0;
  const match = /^([+-])(\d{2}):?(\d{2})?$/.exec(zone);
  return match === null ? undefined : (match[1] === '-' ? -1 : 1) * (Number(match[2]) * 60 + Number(match[3] ?? 0)) * 60_000;
};

const ISO = /^(\d{4})[-/](\d{2})[-/](\d{2})[T ](\d{2}):(\d{2})(?::(\d{2})(?:[.,](\d{1,9})\d*)?)?(?: ?(Z|UTC|GMT|[+-]\d{2}(?::?\d{2})?)(?![\w:]))?/;

/** The minute that was read last: most lines are of the same one, and a calendar costs more than all the rest of a line's head. */
let minuteText = '';
let minuteZone: string | undefined;
let minute: bigint | undefined;

/** An ISO time at the beginning of a text, and how long it is there. */
export const isoMoment = (text: string): { readonly time: bigint; readonly length: number } | undefined => {
  const first = text.charCodeAt(0);
  if (first !== 0x31 && first !== 0x32) return undefined;
  const m = ISO.exec(text);
  if (m === null) return undefined;
  const start = text.slice(0, 16);
  if (start !== minuteText || m[8] !== minuteZone) {
    minute = moment(Number(m[1]), Number(m[2]) - 1, Number(m[3]), Number(m[4]), Number(m[5]), 0, '', m[8]);
    minuteText = start;
    minuteZone = m[8];
  }
  const second = Number(m[6] ?? 0);
  if (minute === undefined || second > 60) return undefined;
  const time = minute + BigInt(second * 1e9 + Number((m[7] ?? '').padEnd(9, '0')));
  return time < LATEST_NS ? { time, length: m[0].length } : undefined;
};

/** A day without a year: this year's, unless that would lie in the future by more than a day or does not exist. `now` in ms, whole or not. */
export const momentWithoutYear = (month: number, day: number, hour: number, minute: number, second: number, now: number, fraction = ''): bigint | undefined => {
  const year = new Date(now).getFullYear();
  const here = moment(year, month, day, hour, minute, second, fraction);
  return here === undefined || here > BigInt(Math.ceil(now) + 86_400_000) * NANOS_PER_MS ? moment(year - 1, month, day, hour, minute, second, fraction) : here;
};

/** A clock without a day: today's, unless that would lie in the future by more than an hour. `now` in ms, whole or not. */
export const momentOfClock = (hour: number, minuteOfHour: number, second: number, now: number, fraction = ''): bigint | undefined => {
  const day = new Date(now);
  const here = moment(day.getFullYear(), day.getMonth(), day.getDate(), hour, minuteOfHour, second, fraction);
  if (here === undefined || here <= BigInt(Math.ceil(now) + 3_600_000) * NANOS_PER_MS) return here;
  day.setDate(day.getDate() - 1);
  return moment(day.getFullYear(), day.getMonth(), day.getDate(), hour, minuteOfHour, second, fraction);
};

/** A count since 1970, in seconds, ms, µs or ns, told apart by its size. */
export const momentOfNumber = (value: number): bigint | undefined => {
  if (!Number.isFinite(value) || value < 1e8) return undefined;
  const perSecond = value < 1e11 ? 1 : value < 1e14 ? 1e3 : value < 1e17 ? 1e6 : 1e9;
  const seconds = Math.floor(value / perSecond);
  return accepted(BigInt(seconds) * NANOS_PER_SECOND + BigInt(Math.round(((value - seconds * perSecond) / perSecond) * 1e9)));
};
