// int, float, text, bool, duration, time, hash: conversions. What does not convert is missing (and is not counted as not representable).
//
// Exactly (S: text must match as a whole, no blanks):
// - int: float truncated toward zero, within 64 bits; bool 0 or 1; time whole seconds since 1970 (floored); duration whole seconds (toward
//   zero); S `[+-]?[0-9]+` within 64 bits.
// - float: int to the nearest; bool 0 or 1; time and duration in seconds (nanoseconds as float / 1e9);
//   S `[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]+)?`, finite.
// - text: bool `true` `false`; int in decimal; float the shortest text that reads back (JSON's digits; exponent from 1e21 up and below 1e-6,
//   written `1e21`, `1e-7`; −0 is `-0`), as ClickHouse's toString; time in UTC as core/time.ts writes it; duration in seconds with all
//   digits needed and `s`: `90s`, `0.25s`, `-1.5s`; lists and maps as JSON (times and durations in them as text).
// - bool: a number is true unless 0; S `true` or `false` in any case of ASCII.
// - duration: a number is seconds (float: × 1e9, truncated; int: exact, within 64 bits); S an optional `-` and then parts of digits (with an
//   optional fraction) and a unit (ns us ms s m h d w; d is 24 h, w 168 h): `1h30m`, `0.25s`. Fractions are exact, cut at nanoseconds.
// - time: a number is seconds since 1970 (as duration); S RFC 3339 with zone, or a date, or date and time without zone, which are UTC.
// - hash: see hash.ts.
import { type Column, type Value, valueAt } from '../../../core/batch/batch.ts';
import { formatTime, NANOS_PER_SECOND, parseTime } from '../../../core/time.ts';
import { physicalType } from '../../3-plan/physical.ts';
import { MAX_INT64, MIN_INT64, makeBools, makeInts, makeText, maskOf, presentInAll, type ScalarRun, type Vector } from '../../run/vector.ts';
import { xxHash64 } from './hash.ts';

const inRange = (v: bigint): bigint | undefined => (v >= MIN_INT64 && v <= MAX_INT64 ? v : undefined);
const truncated = (v: number): bigint | undefined => (v >= -(2 ** 63) && v < 2 ** 63 ? BigInt(Math.trunc(v)) : undefined);

const INT = /^[+-]?[0-9]+$/;
const FLOAT = /^[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]+)?$/;

/** How a value is read: from the kind of its column. */
type Kind = Column['type']['kind'];

const floorSeconds = (ns: bigint): bigint => (ns < 0n ? (ns - NANOS_PER_SECOND + 1n) / NANOS_PER_SECOND : ns / NANOS_PER_SECOND);

const toInt = (v: Value, kind: Kind): bigint | undefined => {
  if (typeof v === 'boolean') return v ? 1n : 0n;
  if (typeof v === 'number') return truncated(v);
  if (typeof v === 'string') return INT.test(v) ? inRange(BigInt(v.startsWith('+') ? v.slice(1) : v)) : undefined;
  if (typeof v !== 'bigint') return undefined;
  if (kind === 'timestamp') return floorSeconds(v);
  return kind === 'duration' ? v / NANOS_PER_SECOND : v;
};

const toFloat = (v: Value, kind: Kind): number | undefined => {
  if (typeof v === 'boolean') return v ? 1 : 0;
  if (typeof v === 'number') return v;
  if (typeof v === 'string') return FLOAT.test(v) && Number.isFinite(Number(v)) ? Number(v) : undefined;
  if (typeof v !== 'bigint') return undefined;
  return kind === 'timestamp' || kind === 'duration' ? Number(v) / 1e9 : Number(v);
};

const toBool = (v: Value): boolean | undefined => {
  if (typeof v === 'boolean') return v;
  if (typeof v === 'number' || typeof v === 'bigint') return v !== 0 && v !== 0n;
  if (typeof v !== 'string') return undefined;
  const word = /^(true)$|^false$/i.exec(v);
  return word === null ? undefined : word[1] !== undefined;
};

const UNIT_NANOS: Readonly<Record<string, bigint>> = {
  ns: 1n,
  us: 1_000n,
  ms: 1_000_000n,
  s: NANOS_PER_SECOND,
  m: 60n * NANOS_PER_SECOND,
  h: 3_600n * NANOS_PER_SECOND,
  d: 86_400n * NANOS_PER_SECOND,
  w: 604_800n * NANOS_PER_SECOND,
};
const DURATION_TEXT = /^-?(?:[0-9]+(?:\.[0-9]+)?(?:ns|us|ms|[smhdw]))+$/;
const DURATION_PART = /([0-9]+)(?:\.([0-9]+))?(ns|us|ms|[smhdw])/g;

export const parseDuration = (text: string): bigint | undefined => {
  if (!DURATION_TEXT.test(text)) return undefined;
  let sum = 0n;
  for (const [, whole, fraction = '', unit] of text.matchAll(DURATION_PART)) {
    const nanos = UNIT_NANOS[unit as string] as bigint;
    sum += BigInt(whole as string) * nanos + (fraction === '' ? 0n : (BigInt(fraction) * nanos) / 10n ** BigInt(fraction.length));
  }
  return inRange(text.startsWith('-') ? -sum : sum);
};

/** Nanoseconds of a number of seconds. */
const fromSeconds = (v: number | bigint): bigint | undefined => (typeof v === 'bigint' ? inRange(v * NANOS_PER_SECOND) : truncated(v * 1e9));

const toDuration = (v: Value, kind: Kind): bigint | undefined => {
  if (typeof v === 'string') return parseDuration(v);
  if (kind === 'duration') return v as bigint;
  return typeof v === 'number' || (typeof v === 'bigint' && kind === 'int') ? fromSeconds(v) : undefined;
};

const DATE = /^\d{4}-\d{2}-\d{2}$/;

const toTime = (v: Value, kind: Kind): bigint | undefined => {
  if (typeof v === 'string') {
    const found = parseTime(v) ?? parseTime(DATE.test(v) ? `${v}T00:00:00Z` : `${v}Z`) ?? parseTime(`${v}:00Z`);
    return found === undefined ? undefined : inRange(found);
  }
  if (kind === 'timestamp') return v as bigint;
  return typeof v === 'number' || (typeof v === 'bigint' && kind === 'int') ? fromSeconds(v) : undefined;
};

export const durationText = (ns: bigint): string => {
  const size = ns < 0n ? -ns : ns;
  const rest = (size % NANOS_PER_SECOND).toString().padStart(9, '0').replace(/0+$/, '');
  return `${ns < 0n ? '-' : ''}${size / NANOS_PER_SECOND}${rest === '' ? '' : `.${rest}`}s`;
};

const floatText = (v: number): string => (Object.is(v, -0) ? '-0' : String(v).replace('e+', 'e'));

type DataType = Column['type'];

export const toText = (v: Value, type: DataType): string | undefined => {
  if (typeof v === 'string') return v;
  if (typeof v === 'number') return floatText(v);
  if (typeof v === 'boolean') return String(v);
  if (typeof v === 'bigint') {
    if (type.kind === 'timestamp') return Math.abs(Number(v)) < 8.6e21 ? formatTime(v) : undefined;
    return type.kind === 'duration' ? durationText(v) : String(v);
  }
  return v === null ? undefined : jsonText(v, type);
};

const jsonText = (v: Value, type: DataType): string => {
  if (v === null) return 'null';
  if (v instanceof Map && type.kind === 'map') return `{${[...v].map(([k, item]) => `${JSON.stringify(k)}:${jsonText(item, type.value)}`).join(',')}}`;
  if (Array.isArray(v) && type.kind === 'list') return `[${v.map((item) => jsonText(item, type.item)).join(',')}]`;
  if (typeof v === 'string' || type.kind === 'timestamp' || type.kind === 'duration') return JSON.stringify(toText(v, type));
  return toText(v, type) ?? 'null';
};

const encoder = new TextEncoder();

const reader = (v: Vector): ((row: number) => Value) => {
  const mask = maskOf(v);
  return (row) => valueAt(v.column, row & mask);
};

const intsBy =
  (type: 'int' | 'duration' | 'time', convert: (v: Value, kind: Kind) => bigint | undefined): ScalarRun =>
  (args, { rows }) => {
    const v = args[0] as Vector;
    const read = reader(v);
    return makeInts(physicalType(type), rows, presentInAll([v], rows), (i) => convert(read(i), v.column.type.kind));
  };

const float: ScalarRun = (args, { rows }) => {
  const v = args[0] as Vector;
  const read = reader(v);
  const values = new Float64Array(rows);
  const validity = new Uint8Array((rows + 7) >> 3);
  const present = presentInAll([v], rows);
  for (let i = 0; i < rows; i++) {
    if (present !== undefined && (((present[i >> 3] as number) >> (i & 7)) & 1) === 0) continue;
    const made = toFloat(read(i), v.column.type.kind);
    if (made === undefined) continue;
    values[i] = made;
    validity[i >> 3] = (validity[i >> 3] as number) | (1 << (i & 7));
  }
  return { layout: 'fixed', type: physicalType('float'), length: rows, validity, values };
};

const text: ScalarRun = (args, { rows }) => {
  const v = args[0] as Vector;
  const read = reader(v);
  return makeText(rows, presentInAll([v], rows), (i) => toText(read(i), v.column.type));
};

const bool: ScalarRun = (args, { rows }) => {
  const v = args[0] as Vector;
  const read = reader(v);
  return makeBools(rows, presentInAll([v], rows), (i) => toBool(read(i)));
};

const hash: ScalarRun = (args, { rows }) => {
  const v = args[0] as Vector;
  const read = reader(v);
  return makeInts(physicalType('int'), rows, presentInAll([v], rows), (i) => {
    const made = toText(read(i), v.column.type);
    return made === undefined ? undefined : BigInt.asIntN(64, xxHash64(encoder.encode(made)));
  });
};

export const CONVERSION = { int: intsBy('int', toInt), float, text, bool, duration: intsBy('duration', toDuration), time: intsBy('time', toTime), hash };
