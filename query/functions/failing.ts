// Which functions can lack a result though all their arguments are present, because it cannot be represented, and between which numbers
// results lie: where that shows that no call of a text can fail, nobody has to count. A new function must decide (the compiler asks).
//
// What does not convert (`int("x")`), a key that a map lacks and a bucket of no width are missing too, but are not counted.
import { EXTREME } from '../../schemas/sample-value.ts';
import type { Failing, Interval } from '../3-plan/failing.ts';
import type { AggregateFunction, AnyScalar } from './names.ts';

const ANYTHING: Interval = { low: Number.NaN, high: Number.NaN };
const NEVER: Failing = { fails: false };
/** Always between these. */
const within = (low: number, high: number): Failing => ({ fails: false, reach: () => ({ low, high }) });
const fails = (reach: (...args: readonly Interval[]) => Interval): Failing => ({ fails: true, reach: (args) => reach(...args) });

const X: Interval = ANYTHING;
const hull = (...of: readonly Interval[]): Interval => ({ low: Math.min(...of.map((i) => i.low)), high: Math.max(...of.map((i) => i.high)) });
const corners = (a: Interval, b: Interval, f: (x: number, y: number) => number): Interval => {
  const all = [f(a.low, b.low), f(a.low, b.high), f(a.high, b.low), f(a.high, b.high)];
  return { low: Math.min(...all), high: Math.max(...all) };
};
const size = (a: Interval): number => Math.max(Math.abs(a.low), Math.abs(a.high));
const holdsZero = (a: Interval): boolean => !(a.low > 0 || a.high < 0);
const around = (most: number): Interval => ({ low: -most, high: most });
/** Of a rising function, from `least` on. */
const rising = (f: (x: number) => number, least: number): Failing => fails((a = X) => (a.low >= least ? { low: f(a.low), high: f(a.high) } : ANYTHING));

const product = fails((a = X, b = X) => corners(a, b, (x, y) => x * y));
const chosen: Failing = { fails: false, reach: (args) => hull(...args) };
const whole: Failing = { fails: false, reach: ([a = X]) => ({ low: Math.floor(a.low), high: Math.ceil(a.high) }) };

export const FAILING: Readonly<Record<AnyScalar, Failing>> = {
  add: fails((a = X, b = X) => ({ low: a.low + b.low, high: a.high + b.high })),
  subtract: fails((a = X, b = X) => ({ low: a.low - b.high, high: a.high - b.low })),
  multiply: product,
  divide: fails((a = X, b = X) => (holdsZero(b) ? ANYTHING : corners(a, b, (x, y) => x / y))),
  remainder: {
    fails: true,
    reach: ([a = X, b = X], { type }) => {
      if (holdsZero(b) || !Number.isFinite(size(a) / Math.min(Math.abs(b.low), Math.abs(b.high)))) return ANYTHING;
      return around(type === 'float' ? size(a) * 2 : Math.min(size(a), size(b)));
    },
  },
  negate: fails((a = X) => ({ low: -a.high, high: -a.low })),
  scale: product,
  to_float: {
    fails: false,
    reach: ([a = X], { of }) => (of[0] === 'duration' ? { low: Math.min(a.low, a.low / 1e9), high: Math.max(a.high, a.high / 1e9) } : a),
  },
  abs: fails((a = X) => (a.low >= 0 ? a : { low: 0, high: size(a) })),
  ceil: whole,
  floor: whole,
  round: { fails: true, reach: (args) => (args.length === 1 ? (whole.reach?.(args, { type: 'float', of: [] }) ?? X) : around(size(args[0] ?? X) * 2 + 1)) },
  sqrt: rising(Math.sqrt, 0),
  exp: rising(Math.exp, Number.NEGATIVE_INFINITY),
  ln: rising(Math.log, Number.MIN_VALUE),
  log2: rising(Math.log2, Number.MIN_VALUE),
  log10: rising(Math.log10, Number.MIN_VALUE),
  pow: fails((a = X, b = X) => (a.low > 0 ? corners(a, b, Math.pow) : ANYTHING)),
  sign: within(-1, 1),
  clamp: chosen,
  least: chosen,
  greatest: chosen,
  coalesce: chosen,

  equals: NEVER,
  not_equals: NEVER,
  less: NEVER,
  less_or_equal: NEVER,
  greater: NEVER,
  greater_or_equal: NEVER,
  and: NEVER,
  or: NEVER,
  not: NEVER,
  exists: NEVER,
  in: NEVER,
  like: NEVER,
  matches: NEVER,
  starts_with: NEVER,
  contains: NEVER,
  has: NEVER,
  search_tokens: NEVER,
  search_prefix: NEVER,
  level: within(0, 1000),
  in_level_order: NEVER,
  /** A line's numbers. */
  map_get: { fails: false, reach: (_, { type }) => (type === 'float' ? around(EXTREME) : ANYTHING) },
  list_get: NEVER,

  lower: NEVER,
  upper: NEVER,
  trim: NEVER,
  length: within(0, 2 ** 31),
  substring: NEVER,
  replace: NEVER,
  replace_regex: NEVER,
  split: NEVER,
  concat: NEVER,

  bucket: NEVER,
  year: within(-300_000, 300_000),
  month: within(1, 12),
  day: within(1, 31),
  weekday: within(1, 7),
  hour: within(0, 23),
  minute: within(0, 59),
  format_time: NEVER,
  parse_time: NEVER,

  cidr: NEVER,
  int: NEVER,
  float: NEVER,
  text: NEVER,
  bool: NEVER,
  duration: NEVER,
  time: NEVER,
  hash: NEVER,
};

/** More rows than a group has. */
const ROWS = 4e9;
/** Of a series: rises of twice the values' size, over a nanosecond at least. */
const overTime = fails((a = X) => around(size(a) * 2 * ROWS * 1e9));

export const FAILING_AGGREGATES: Readonly<Record<AggregateFunction, Failing>> = {
  count: within(0, 2 ** 53),
  distinct_count: within(0, 2 ** 53),
  sum: fails((a = X) => ({ low: Math.min(0, a.low) * ROWS, high: Math.max(0, a.high) * ROWS })),
  // Of floats it is a sum before it is a mean.
  avg: { fails: true, reach: ([a = X], { of }) => (of[0] !== 'float' || Number.isFinite(size(a) * ROWS) ? a : ANYTHING) },
  min: chosen,
  max: chosen,
  first: chosen,
  last: chosen,
  any: chosen,
  values: NEVER,
  stddev: fails((a = X) => (Number.isFinite((size(a) * 2) ** 2 * ROWS) ? { low: 0, high: size(a) * 2 } : ANYTHING)),
  variance: fails((a = X) => ({ low: 0, high: (size(a) * 2) ** 2 * ROWS })),
  quantile: { fails: true, reach: ([a = X]) => (Number.isFinite(a.high - a.low) ? a : ANYTHING) },
  rate: overTime,
  increase: overTime,
  delta: overTime,
};
