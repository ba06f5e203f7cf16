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

/** The minute that was read last: most lines are of the same one, and a calendar costs more than all the rest of a line's head. */
let minuteKey = -1;
let minuteZone: string | undefined;
let minute: bigint | undefined;

const SLASH = 0x2f;
const DASH = 0x2d;
const COLON = 0x3a;
const BLANK = 0x20;
const T = 0x54;

const isDigit = (c: number): boolean => c >= 0x30 && c <= 0x39;

/** The number that two digits are; -1 for anything else. */
const twoDigits = (text: string, at: number): number => {
  const a = text.charCodeAt(at);
  const b = text.charCodeAt(at + 1);
  return isDigit(a) && isDigit(b) ? (a - 0x30) * 10 + b - 0x30 : -1;
};

/**
 * An ISO time at the beginning of a text, and how long it is there: `yyyy-mm-ddThh:mm`, with `/` and a blank for `-` and `T` too, then perhaps
 * `:ss`, a fraction behind a point or a comma, and a zone. Every line of most logs comes here.
 */
export const isoMoment = (text: string): { readonly time: bigint; readonly length: number } | undefined => {
  const first = text.charCodeAt(0);
  if (first !== 0x31 && first !== 0x32) return undefined;
  const a = text.charCodeAt(4);
  const b = text.charCodeAt(7);
  const between = text.charCodeAt(10);
  if ((a !== DASH && a !== SLASH) || (b !== DASH && b !== SLASH) || (between !== T && between !== BLANK) || text.charCodeAt(13) !== COLON) return undefined;
  const century = twoDigits(text, 0);
  const ofCentury = twoDigits(text, 2);
  const month = twoDigits(text, 5);
  const day = twoDigits(text, 8);
  const hour = twoDigits(text, 11);
  const minuteOfHour = twoDigits(text, 14);
  if (Math.min(century, ofCentury, month, day, hour, minuteOfHour) < 0) return undefined;
  let length = 16;
  let second = text.charCodeAt(16) === COLON ? twoDigits(text, 17) : -1;
  let nanos = 0;
  if (second === -1) second = 0;
  else {
    length = 19;
    const point = text.charCodeAt(19);
    if ((point === 0x2e || point === 0x2c) && isDigit(text.charCodeAt(20))) {
      for (length = 20; isDigit(text.charCodeAt(length)); length++) if (length < 29) nanos = nanos * 10 + text.charCodeAt(length) - 0x30;
      for (let digits = length - 20; digits < 9; digits++) nanos *= 10;
    }
  }
  const zoneFrom = text.charCodeAt(length) === BLANK ? length + 1 : length;
  const zoneTo = zoneEnd(text, zoneFrom);
  const zone = zoneTo === -1 ? undefined : text.slice(zoneFrom, zoneTo);
  if (zoneTo !== -1) length = zoneTo;
  const key = ((((century * 100 + ofCentury) * 100 + month) * 100 + day) * 100 + hour) * 100 + minuteOfHour;
  if (key !== minuteKey || zone !== minuteZone) {
    minute = moment(century * 100 + ofCentury, month - 1, day, hour, minuteOfHour, 0, '', zone);
    minuteKey = key;
    minuteZone = zone;
  }
  if (minute === undefined || second > 60) return undefined;
  const time = minute + BigInt(second * 1e9 + nanos);
  return time < LATEST_NS ? { time, length } : undefined;
};

/** Where a zone ends that begins at `from`: `Z`, `UTC`, `GMT`, `+hh`, `+hhmm`, `+hh:mm`; -1 where there is none, or more letters follow. */
const zoneEnd = (text: string, from: number): number => {
  const c = text.charCodeAt(from);
  let end = -1;
  if (c === 0x5a) end = from + 1;
  else if (c === 0x55 || c === 0x47) end = text.startsWith('UTC', from) || text.startsWith('GMT', from) ? from + 3 : -1;
  else if ((c === 0x2b || c === DASH) && twoDigits(text, from + 1) !== -1) {
    end = from + 3;
    const minutes = text.charCodeAt(end) === COLON ? end + 1 : end;
    if (twoDigits(text, minutes) !== -1) end = minutes + 2;
  }
  return end === -1 || isWord(text.charCodeAt(end)) ? -1 : end;
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

/** A count since 1970, in seconds, ms, µs or ns, told apart by its size. As a number it holds no more than whole µs of these days: the rest would be noise. */
export const momentOfNumber = (value: number): bigint | undefined => {
  if (!Number.isFinite(value) || value < 1e8) return undefined;
  if (value >= 1e17) return accepted(BigInt(Math.round(value)));
  const perSecond = value < 1e11 ? 1 : value < 1e14 ? 1e3 : 1e6;
  const seconds = Math.floor(value / perSecond);
  return accepted(BigInt(seconds) * NANOS_PER_SECOND + BigInt(Math.round(((value - seconds * perSecond) / perSecond) * 1e6)) * 1000n);
};

/** Seconds since 1970 and nanoseconds beside them; undefined where they are no such. */
export const momentOfSeconds = (seconds: number, nanos: number): bigint | undefined =>
  Number.isSafeInteger(seconds) && Number.isInteger(nanos) && nanos >= 0 && nanos < 1e9
    ? accepted(BigInt(seconds) * NANOS_PER_SECOND + BigInt(nanos))
    : undefined;

/** A letter, a digit, `_` or `:`. */
const isWord = (c: number): boolean => (c >= 0x30 && c <= 0x3a) || (c >= 0x41 && c <= 0x5a) || (c >= 0x61 && c <= 0x7a) || c === 0x5f;
