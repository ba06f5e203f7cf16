// Days as bits of months, held against the calendar.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { dayStretch, type MonthDays, monthDay } from './presence.ts';

const DAY = 86_400_000;
const day = fc.integer({ min: 0, max: 2_932_896 });

/** Whether a row of the table meets the stretch, as a question asks it. */
const meets = (row: MonthDays, from: number, to: number): boolean => {
  const { first, last } = dayStretch(from, to);
  if (row.month < first.month || row.month > last.month) return false;
  return (row.days & (row.month === first.month ? first.days : row.month === last.month ? last.days : 0xffff_ffff)) !== 0;
};

test('a day is a bit of its month', () => {
  expect(monthDay(Date.UTC(2026, 10, 29) / DAY)).toEqual({ month: 202611, days: 2 ** 28 });
  expect(monthDay(Date.UTC(2027, 0, 31) / DAY)).toEqual({ month: 202701, days: 2 ** 30 });
  fc.assert(
    fc.property(day, (at) => {
      const { month, days } = monthDay(at);
      expect(Date.UTC(Math.floor(month / 100), (month % 100) - 1, Math.log2(days) + 1)).toBe(at * DAY);
    }),
  );
});

test('a stretch is met by its days alone', () => {
  fc.assert(
    fc.property(day, fc.integer({ min: 0, max: 100 }), fc.integer({ min: -100, max: 200 }), (from, length, offset) => {
      const at = from + offset;
      fc.pre(at >= 0 && at <= 2_932_896);
      const to = Math.min(from + length, 2_932_896);
      expect(meets(monthDay(at), from, to)).toBe(at >= from && at <= to);
    }),
  );
});

test('days out of all calendars are its ends', () => {
  expect(dayStretch(-5, -1)).toEqual(dayStretch(0, 0));
  expect(dayStretch(0, 1e9).last.month).toBe(999_912);
});
