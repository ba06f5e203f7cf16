// Zones: offsets at the second they change, local times that are missing or double, days and weeks over such changes.
import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { calendarBucket, calendarFloor, calendarStep, isZone, localToUtc, zoneOffset } from './zone.ts';

const at = (text: string): number => Date.parse(text);
const ns = (text: string): bigint => BigInt(at(text)) * 1_000_000n;
const HOUR = 3_600_000;

test('names', () => {
  expect(['UTC', 'Europe/Berlin', '+02:00'].map(isZone)).toEqual([true, true, true]);
  expect(['No/Where', '', '__proto__'].map(isZone)).toEqual([false, false, false]);
});

test('the offset changes at its second', () => {
  expect(zoneOffset('Europe/Berlin', at('2026-03-29T00:59:59.999Z'))).toBe(HOUR);
  expect(zoneOffset('Europe/Berlin', at('2026-03-29T01:00:00Z'))).toBe(2 * HOUR);
  expect(zoneOffset('UTC', 0)).toBe(0);
  expect(zoneOffset('Asia/Kolkata', 0)).toBe(5.5 * HOUR);
});

test('a local time that does not exist moves forward, of a double one the earlier is meant', () => {
  expect(localToUtc('Europe/Berlin', at('2026-03-29T02:30:00Z'))).toBe(at('2026-03-29T01:30:00Z'));
  expect(localToUtc('Europe/Berlin', at('2026-10-25T02:30:00Z'))).toBe(at('2026-10-25T00:30:00Z'));
  expect(localToUtc('Pacific/Apia', at('2011-12-30T12:00:00Z'))).toBe(at('2011-12-30T22:00:00Z'));
});

test('days without a midnight, weeks from Monday on', () => {
  // In Beirut 2022-03-27 began at 01:00.
  expect(calendarBucket(ns('2022-03-27T12:00:00Z'), 'day', 1, 'Asia/Beirut')).toEqual({ start: ns('2022-03-26T22:00:00Z'), end: ns('2022-03-27T21:00:00Z') });
  expect(calendarBucket(ns('2026-11-22T23:30:00Z'), 'week', 1, 'UTC').start).toBe(ns('2026-11-16T00:00:00Z'));
  expect(calendarBucket(ns('2026-11-22T23:30:00Z'), 'week', 1, 'Europe/Berlin').start).toBe(ns('2026-11-22T23:00:00Z'));
  expect(calendarBucket(ns('1970-01-01T00:00:00Z'), 'week', 2, 'UTC').start).toBe(ns('1969-12-22T00:00:00Z'));
  expect(calendarBucket(ns('1970-01-02T00:00:00Z'), 'day', 2, 'UTC')).toEqual({ start: 0n, end: ns('1970-01-03T00:00:00Z') });
});

test('steps are by the calendar', () => {
  const start = calendarFloor('Europe/Berlin', 'day', 1, at('2026-03-29T12:00:00Z'));
  expect(start).toBe(at('2026-03-28T23:00:00Z'));
  expect(calendarStep('Europe/Berlin', 'day', 1, start, 1)).toBe(at('2026-03-29T22:00:00Z'));
  expect(calendarStep('Europe/Berlin', 'day', 1, start, -1)).toBe(at('2026-03-27T23:00:00Z'));
});

test('offsets are Intl’s, and buckets hold their moment, at any time in any zone', () => {
  const zones = fc.constantFrom(
    'Europe/Berlin',
    'America/New_York',
    'Africa/Casablanca',
    'Australia/Lord_Howe',
    'America/St_Johns',
    'Asia/Kathmandu',
    'Pacific/Apia',
    'America/Havana',
  );
  const moments = fc.integer({ min: 0, max: at('2199-12-31T00:00:00Z') });
  fc.assert(
    fc.property(zones, moments, fc.constantFrom<'day' | 'week'>('day', 'week'), fc.integer({ min: 1, max: 5 }), (zone, ms, unit, count) => {
      const local = new Date(ms + zoneOffset(zone, ms));
      const shown = new Intl.DateTimeFormat('en-GB', { timeZone: zone, dateStyle: 'short', timeStyle: 'medium' }).format(ms);
      expect(new Intl.DateTimeFormat('en-GB', { timeZone: 'UTC', dateStyle: 'short', timeStyle: 'medium' }).format(local)).toBe(shown);
      const { start, end } = calendarBucket(BigInt(ms) * 1_000_000n, unit, count, zone);
      expect(start <= BigInt(ms) * 1_000_000n && BigInt(ms) * 1_000_000n < end).toBe(true);
      expect(calendarBucket(end, unit, count, zone).start).toBe(end);
      expect(calendarBucket(start, unit, count, zone)).toEqual({ start, end });
    }),
    { numRuns: 300 },
  );
});

test('days and weeks are those of Python’s zoneinfo (testing/calendar-buckets.py)', () => {
  const lines = readFileSync(new URL('testing/calendar-buckets.txt', import.meta.url), 'utf8')
    .trimEnd()
    .split('\n');
  expect(lines.length).toBeGreaterThan(500);
  const seconds = (s: string | undefined): bigint => BigInt(s as string) * 1_000_000_000n;
  for (const line of lines) {
    const [zone, unit, count, moment, start, end] = line.split(' ');
    const found = calendarBucket(seconds(moment), unit as 'day' | 'week', Number(count), zone as string);
    expect(found, line).toEqual({ start: seconds(start), end: seconds(end) });
  }
});
