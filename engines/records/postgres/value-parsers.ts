// How values of PostgreSQL's text protocol become values of the port: int8 exact, times in nanoseconds, nothing through Date.
// Types that are not listed stay text.
import type { CustomTypesConfig } from 'pg';
import pg from 'pg';

const TIMESTAMP = /^(\d{4,6})-(\d\d)-(\d\d) (\d\d):(\d\d):(\d\d)(?:\.(\d{1,6}))?([+-]\d\d)(?::(\d\d))?(?::(\d\d))?( BC)?$/;
const MOST = 2n ** 63n - 1n;

/** Nanoseconds since the epoch of a timestamptz as DateStyle ISO prints it; infinities are the ends of int64. */
export const parseTimestamp = (text: string): bigint => {
  if (text === 'infinity') return MOST;
  if (text === '-infinity') return -MOST - 1n;
  const m = TIMESTAMP.exec(text);
  if (m === null) throw new TypeError(`not a timestamp with zone: ${text}`);
  const [, year, month, day, hour, minute, second, fraction = '', zoneHour, zoneMinute = '0', zoneSecond = '0', era] = m;
  const date = new Date(0);
  date.setUTCFullYear(era === undefined ? Number(year) : 1 - Number(year), Number(month) - 1, Number(day));
  date.setUTCHours(Number(hour), Number(minute), Number(second));
  const zone = Math.abs(Number(zoneHour)) * 3600 + Number(zoneMinute) * 60 + Number(zoneSecond);
  const seconds = date.getTime() / 1000 - (zoneHour?.startsWith('-') ? -zone : zone);
  return BigInt(seconds) * 1_000_000_000n + BigInt(fraction.padEnd(9, '0'));
};

/** bytea in its hex form. */
const parseBytes = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text.slice(2), 'hex'));

type Parser = (text: string) => unknown;

const SCALARS: ReadonlyMap<number, Parser> = new Map<number, Parser>([
  [16, (text) => text === 't'],
  [17, parseBytes],
  [20, BigInt],
  [21, Number],
  [23, Number],
  [26, Number],
  [114, JSON.parse],
  [700, Number],
  [701, Number],
  [1184, parseTimestamp],
  [1700, Number],
  [3802, JSON.parse],
]);

/** Array type → type of its items. */
const ARRAYS: ReadonlyMap<number, number> = new Map([
  [1000, 16],
  [1001, 17],
  [1005, 21],
  [1007, 23],
  [1009, 25],
  [1015, 1043],
  [1016, 20],
  [1021, 700],
  [1022, 701],
  [1041, 869],
  [1185, 1184],
  [1231, 1700],
  [3807, 3802],
]);

const asText: Parser = (text) => text;
const scalar = (type: number): Parser => SCALARS.get(type) ?? asText;

// The driver's own parser of array literals; its type is wider than what it does.
const arrays = (pg.types as unknown as { arrayParser: { create(text: string, item: Parser): { parse(): unknown } } }).arrayParser;

export const parserOf = (type: number): Parser => {
  const item = ARRAYS.get(type);
  if (item === undefined) return scalar(type);
  const parse = scalar(item);
  return (text) => arrays.create(text, parse).parse();
};

export const VALUE_TYPES = { getTypeParser: parserOf } as unknown as CustomTypesConfig;
