// On which UTC days a series has samples, as the table `series_days` keeps it: a row a series and month, a bit for each day of it. Written by
// the pipeline before the samples of that day, read by questions over a range, so that they pass over series which have nothing in it.

/** A month as YYYYMM, and the bits of days in it. */
export interface MonthDays {
  readonly month: number;
  readonly days: number;
}

/** A stretch of days: of the first month and of the last the days given, of months between them all. */
export interface DayStretch {
  readonly first: MonthDays;
  readonly last: MonthDays;
}

const DAY_MS = 86_400_000;
/** Of the year 9999. */
const LAST_DAY = 2_932_896;

/** `day`: UTC days since 1970. */
const dateOf = (day: number): { readonly month: number; readonly bit: number } => {
  const date = new Date(Math.min(Math.max(day, 0), LAST_DAY) * DAY_MS);
  return { month: date.getUTCFullYear() * 100 + date.getUTCMonth() + 1, bit: date.getUTCDate() - 1 };
};

/** A day, in UTC days since 1970. */
export const monthDay = (day: number): MonthDays => {
  const { month, bit } = dateOf(day);
  return { month, days: (1 << bit) >>> 0 };
};

/** The days from `from` to `to`, both of them too, in UTC days since 1970. */
export const dayStretch = (from: number, to: number): DayStretch => {
  const [a, b] = [dateOf(from), dateOf(Math.max(from, to))];
  const [since, until] = [(-1 << a.bit) >>> 0, 0xffff_ffff >>> (31 - b.bit)];
  if (a.month === b.month) return { first: { month: a.month, days: (since & until) >>> 0 }, last: { month: a.month, days: (since & until) >>> 0 } };
  return { first: { month: a.month, days: since }, last: { month: b.month, days: until } };
};
