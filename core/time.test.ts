// Shows that times survive their text form to the nanosecond, and that what names no moment is refused.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { EARLIEST_NS, formatTime, LATEST_NS, millisFromNanos, NANOS_PER_MS, NANOS_PER_SECOND, nanosFromMillis, parseTime } from './time.ts';

const noon = nanosFromMillis(Date.UTC(2026, 10, 20, 12));
/** Years 0100 to 9999, the four digits that the text form has. */
const anyTime = fc.bigInt({ min: nanosFromMillis(Date.UTC(1000, 0, 1)), max: nanosFromMillis(Date.UTC(9999, 11, 31)) });

test('a time printed and read is the same time', () => {
  fc.assert(fc.property(anyTime, (ns) => parseTime(formatTime(ns)) === ns));
});

test('texts of times are in the order of the times, where their length is the same', () => {
  fc.assert(
    fc.property(anyTime, anyTime, (a, b) => {
      const [x, y] = [formatTime(a), formatTime(b)];
      return x.length !== y.length || (a < b ? x < y : x >= y);
    }),
  );
});

test('no text makes it throw or gives a time outside of a bigint', () => {
  const timeLike = fc.stringMatching(/^\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d([.,]\d{1,12})?([Zz]|[+-]\d\d:?\d\d)$/);
  fc.assert(fc.property(fc.oneof(fc.string(), timeLike), (text) => ['bigint', 'undefined'].includes(typeof parseTime(text))));
});

describe('formatTime prints three digits of a second, more only where they are', () => {
  test.each([
    [noon, '2026-11-20T12:00:00.000Z'],
    [noon + 5n * NANOS_PER_MS, '2026-11-20T12:00:00.005Z'],
    [noon + 1n, '2026-11-20T12:00:00.000000001Z'],
    [noon + 120_000n, '2026-11-20T12:00:00.00012Z'],
    [-1n, '1969-12-31T23:59:59.999999999Z'],
    [EARLIEST_NS, '1970-01-01T00:00:00.000Z'],
    [LATEST_NS, '2200-01-01T00:00:00.000Z'],
  ])('%s', (ns, text) => {
    expect(formatTime(ns)).toBe(text);
  });
});

describe('parseTime takes RFC 3339 with any zone', () => {
  test.each([
    ['2026-11-20T12:00:00Z', noon],
    ['2026-11-20t12:00:00z', noon],
    ['2026-11-20 12:00:00+00:00', noon],
    ['2026-11-20T14:30:00+02:30', noon],
    ['2026-11-20T04:00:00-0800', noon],
    ['2026-11-21T01:00:00+13:00', noon],
    ['2026-11-20T12:00:00.5Z', noon + NANOS_PER_SECOND / 2n],
    ['2026-11-20T12:00:00,123456789Z', noon + 123_456_789n],
    ['2026-11-20T12:00:00.1234567899Z', noon + 123_456_789n],
    ['2024-02-29T00:00:00Z', nanosFromMillis(Date.UTC(2024, 1, 29))],
  ])('%s', (text, ns) => {
    expect(parseTime(text)).toBe(ns);
  });
});

test('seconds may be left out', () => {
  expect(parseTime('2026-11-20T12:00Z')).toBe(parseTime('2026-11-20T12:00:00Z'));
  expect(parseTime('2026-11-20T12:00+01:00')).toBe(parseTime('2026-11-20T11:00:00Z'));
});

describe('parseTime refuses what names no moment', () => {
  test.each([
    '',
    '2026-11-20',
    '2026-11-20T12:00:00',
    '2026-11-20T12:00',
    '2026-11-20T12Z',
    '2026-02-29T00:00:00Z',
    '2026-04-31T00:00:00Z',
    '2026-00-10T00:00:00Z',
    '2026-13-10T00:00:00Z',
    '2026-11-00T00:00:00Z',
    '2026-11-20T24:00:00Z',
    '2026-11-20T12:60:00Z',
    '2026-11-20T12:00:60Z',
    '2026-11-20T12:00:00+24:00',
    '2026-11-20T12:00:00+01:60',
    '0001-01-01T00:00:00Z',
    ' 2026-11-20T12:00:00Z',
    '2026-11-20T12:00:00Z\n',
    '２026-11-20T12:00:00Z',
  ])('%j', (text) => {
    expect(parseTime(text)).toBeUndefined();
  });
});

test('milliseconds are floored, before 1970 too', () => {
  expect([0n, 1n, 999_999n, 1_000_000n, -1n, -1_000_000n, -1_000_001n].map(millisFromNanos)).toEqual([0, 0, 0, 1, -1, -1, -2]);
});
