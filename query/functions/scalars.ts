// Signatures of the scalar functions a user can call: form, slots, result. What they do is in `run/` and in the emitters' tables.

import type { ScalarFunction } from '../2-semantic/function-names.ts';
import type { ScalarSignature, Slot } from '../2-semantic/scope.ts';
import { type Type, type Typed, type } from '../2-semantic/type.ts';
import type { Unit } from '../2-semantic/unit.ts';

const float = (unit?: Unit): Type => type('float', unit);
const first = (args: readonly Typed[]): Type => ({ ...(args[0] as Typed).type, levels: undefined });

const scalar = (
  form: string,
  summary: string,
  slots: readonly Slot[],
  result: ScalarSignature['result'] | Type['value'],
  extra: { readonly optional?: number; readonly variadic?: boolean } = {},
): ScalarSignature => ({
  form,
  summary,
  slots,
  optional: extra.optional ?? 0,
  variadic: extra.variadic ?? false,
  result: typeof result === 'string' ? () => type(result) : result,
});

/** The number keeps its unit; other types have none. */
const converted =
  (to: 'int' | 'float') =>
  (args: readonly Typed[]): Type => {
    const t = (args[0] as Typed).type;
    return type(to, t.value === 'int' || t.value === 'float' ? t.unit : undefined);
  };

export const SCALARS: Readonly<Record<ScalarFunction, ScalarSignature>> = {
  abs: scalar('abs(x)', 'Without its sign', ['number'], first),
  ceil: scalar('ceil(x)', 'The next whole number up', ['number'], first),
  floor: scalar('floor(x)', 'The next whole number down', ['number'], first),
  round: scalar('round(x [, digits])', 'Nearest, halves away from zero', ['number', 'int'], first, { optional: 1 }),
  sqrt: scalar('sqrt(x)', 'Square root; missing below 0', ['number'], () => float()),
  exp: scalar('exp(x)', 'e to the power of x', ['number'], () => float()),
  ln: scalar('ln(x)', 'Natural logarithm; missing at 0 and below', ['number'], () => float()),
  log2: scalar('log2(x)', 'Logarithm to base 2', ['number'], () => float()),
  log10: scalar('log10(x)', 'Logarithm to base 10', ['number'], () => float()),
  pow: scalar('pow(x, y)', 'x to the power of y', ['number', 'number'], () => float()),
  sign: scalar('sign(x)', '-1, 0 or 1', ['number'], 'int'),
  clamp: scalar('clamp(x, low, high)', 'x, but not below low and not above high', ['ordered', 'same', 'same'], first),
  least: scalar('least(a, b, …)', 'The smallest; missing where one of them is', ['ordered', 'same'], first, { variadic: true }),
  greatest: scalar('greatest(a, b, …)', 'The largest; missing where one of them is', ['ordered', 'same'], first, { variadic: true }),
  lower: scalar('lower(s)', 'In lower case', ['string'], 'string'),
  upper: scalar('upper(s)', 'In upper case', ['string'], 'string'),
  trim: scalar('trim(s)', 'Without white space at both ends', ['string'], 'string'),
  length: scalar('length(s)', 'Number of characters (code points)', ['string'], 'int'),
  substring: scalar('substring(s, from [, n])', 'n characters from the given place; the first is 0', ['string', 'int', 'int'], 'string', { optional: 1 }),
  replace: scalar('replace(s, a, b)', 'Every a becomes b', ['string', 'constant-string', 'constant-string'], 'string'),
  replace_regex: scalar(
    'replace_regex(s, r, with)',
    'Every match of r becomes `with`; \\1 is the first group',
    ['string', 'regex', 'constant-string'],
    'string',
  ),
  split: scalar('split(s, separator)', 'The parts between separators', ['string', 'constant-string'], () => ({ ...type('list'), item: 'string' })),
  concat: scalar('concat(a, b, …)', 'One after the other, as text', ['as-text', 'as-text'], 'string', { variadic: true }),
  bucket: scalar(
    'bucket(t, d [, zone])',
    'Start of the d that holds t, counted from 1970; with a zone in its local time, days and weeks by its calendar',
    ['time', 'duration', 'zone'],
    'time',
    { optional: 1 },
  ),
  year: scalar('year(t [, zone])', 'Year', ['time', 'zone'], 'int', { optional: 1 }),
  month: scalar('month(t [, zone])', 'Month, 1 to 12', ['time', 'zone'], 'int', { optional: 1 }),
  day: scalar('day(t [, zone])', 'Day of the month', ['time', 'zone'], 'int', { optional: 1 }),
  weekday: scalar('weekday(t [, zone])', 'Monday is 1, Sunday 7 (ISO 8601)', ['time', 'zone'], 'int', { optional: 1 }),
  hour: scalar('hour(t [, zone])', 'Hour, 0 to 23', ['time', 'zone'], 'int', { optional: 1 }),
  minute: scalar('minute(t [, zone])', 'Minute, 0 to 59', ['time', 'zone'], 'int', { optional: 1 }),
  format_time: scalar('format_time(t, format [, zone])', 'Time as text: %Y-%m-%d %H:%M:%S', ['time', 'constant-string', 'zone'], 'string', { optional: 1 }),
  parse_time: scalar(
    'parse_time(s, format [, zone])',
    'Text as time: %Y-%m-%d %H:%M:%S; missing where it does not fit',
    ['string', 'constant-string', 'zone'],
    'time',
    { optional: 1 },
  ),
  cidr: scalar('cidr(ip, "10.0.0.0/8")', 'Whether the address is in the network', ['string', 'constant-string'], 'bool'),
  int: scalar('int(x)', 'As a whole number, cut towards zero', ['any'], converted('int')),
  float: scalar('float(x)', 'As a number; durations in seconds', ['any'], converted('float')),
  text: scalar('text(x)', 'As text', ['any'], 'string'),
  bool: scalar('bool(x)', 'As true or false', ['any'], 'bool'),
  duration: scalar('duration(x)', 'As a duration: a number of seconds, or text such as "5m"', ['any'], 'duration'),
  time: scalar('time(x)', 'As a time: ISO text, or a number of seconds since 1970', ['any'], 'time'),
  hash: scalar('hash(x)', '64 bits of a hash of the text of x (XXH64), as a signed whole number', ['any'], 'int'),
};
