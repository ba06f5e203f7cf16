// Every scalar function in ClickHouse's SQL, so that it gives to the last bit what `run/` gives; where that cannot be had: undefined.
//
// Times and durations are Int64 nanoseconds there, missing is NULL. What is not finite becomes NULL at each step, as in the runner.

import { tokensOf } from '../../../core/tokens.ts';
import { fixedOffset } from '../../../core/zone.ts';
import type { AnyScalar } from '../../2-semantic/function-names.ts';
import type { EmitFunction, Emitted } from './dialect.ts';
import { storePattern } from './store-pattern.ts';
import { truth } from './truth.ts';

const finite = (sql: string): string => `ifNotFinite(${sql}, NULL)`;
const isFloat = (a: Emitted | undefined): boolean => a?.type === 'float';
const sql = (args: readonly Emitted[], i: number): string => (args[i] as Emitted).sql;

/** 64-bit arithmetic done in 128 bits; what does not fit back is NULL. */
const exact = (body: string): string => `accurateCastOrNull(${body}, 'Int64')`;

const arithmetic =
  (sign: string): EmitFunction =>
  (args, { type }) => {
    const [a, b] = [sql(args, 0), sql(args, 1)];
    if (type === 'float') return finite(`(${a} ${sign} ${b})`);
    return exact(`(toInt128(${a}) ${sign} toInt128(${b}))`);
  };

const compare =
  (sign: string): EmitFunction =>
  (args) =>
    `ifNull(${sql(args, 0)} ${sign} ${sql(args, 1)}, ${sign === '!=' ? 'true' : 'false'})`;

const floats =
  (name: string): EmitFunction =>
  (args) =>
    finite(`${name}(${sql(args, 0)})`);

const whole =
  (name: string): EmitFunction =>
  (args, { type }) =>
    isFloat(args[0]) && type === 'float' ? `${name}(${sql(args, 0)})` : sql(args, 0);

/** `x` worked out once and used several times. */
const once = (x: string, body: string): string => `arrayMap(x -> ${body}, [${x}])[1]`;

const zoned =
  (name: string, rest = ''): EmitFunction =>
  (args) => {
    const [time, zone] = args as [Emitted, Emitted | undefined];
    if (zone !== undefined && !zone.constant) return undefined;
    const minutes = zone === undefined ? 0 : fixedOffset(String(zone.value));
    // The store knows places only.
    const [moved, place] = minutes === undefined ? [time.sql, zone?.sql] : [`(${time.sql} + ${BigInt(minutes) * 60_000_000_000n})`, "'UTC'"];
    return `toInt64(${name}(fromUnixTimestamp64Nano(${moved}, ${place})${rest}))`;
  };

const FOLD = (x: string): string => `replaceAll(lowerUTF8(${x}), 'ς', 'σ')`;
const words = (x: string): string => `concat(' ', arrayStringConcat(extractAll(${FOLD(x)}, '[\\\\p{L}\\\\p{N}]+'), ' '), ' ')`;

const tokens = (x: string, list: readonly string[], prefix: boolean, bind: (v: string) => string): string => {
  if (list.length === 0) return `ifNull(isNotNull(${x}), false)`;
  const wanted = prefix ? ` ${list.join(' ')}` : ` ${list.join(' ')} `;
  return `ifNull(position(${words(x)}, ${bind(wanted)}) > 0, false)`;
};

const searching =
  (prefix: boolean): EmitFunction =>
  (args, { bind }) => {
    const list = args.at(-1);
    if (list?.constant !== true) return undefined;
    const wanted = (list.value as readonly unknown[]).flatMap((t) => tokensOf(String(t)));
    const found = args.slice(0, -1).map((x) => tokens(x.sql, wanted, prefix, (v) => bind('string', v)));
    return found.length === 1 ? found[0] : `(${found.join(' OR ')})`;
  };

/** `*` and `?` of IQL as `%` and `_` of LIKE. */
export const likePattern = (pattern: string): string => {
  let out = '';
  const characters = [...pattern];
  for (let i = 0; i < characters.length; i++) {
    let c = characters[i] as string;
    if (c === '*') out += '%';
    else if (c === '?') out += '_';
    else {
      if (c === '\\' && i + 1 < characters.length) c = characters[++i] as string;
      out += /[%_\\]/.test(c) ? `\\${c}` : c;
    }
  }
  return out;
};

const extreme =
  (sign: string): EmitFunction =>
  (args) =>
    args.map((a) => a.sql).reduce((a, b) => `multiIf(isNull(${a}) OR isNull(${b}), NULL, ${a} ${sign} ${b}, ${a}, ${b})`);

const local: EmitFunction = () => undefined;

export const CLICKHOUSE_FUNCTIONS: Readonly<Record<AnyScalar, EmitFunction>> = {
  add: arithmetic('+'),
  subtract: arithmetic('-'),
  multiply: (args, call) => (call.type === 'duration' ? undefined : arithmetic('*')(args, call)),
  divide: (args, call) => {
    if (call.type === 'duration') return undefined;
    return finite(`(toFloat64(${sql(args, 0)}) / toFloat64(${sql(args, 1)}))`);
  },
  // Of floats the store rounds on its way.
  remainder: (args, { type }) => (type === 'float' ? undefined : exact(`if(${sql(args, 1)} = 0, NULL, toInt128(${sql(args, 0)}) % toInt128(${sql(args, 1)}))`)),
  negate: (args, { type }) => (type === 'float' ? `(-${sql(args, 0)})` : exact(`(-toInt128(${sql(args, 0)}))`)),
  equals: compare('='),
  not_equals: compare('!='),
  less: compare('<'),
  less_or_equal: compare('<='),
  greater: compare('>'),
  greater_or_equal: compare('>='),
  and: (args) => `(${args.map((a) => truth(a.sql)).join(' AND ')})`,
  or: (args) => `(${args.map((a) => truth(a.sql)).join(' OR ')})`,
  not: (args) => `NOT (${truth(sql(args, 0))})`,
  exists: (args) => `isNotNull(${sql(args, 0)})`,
  coalesce: (args) => `coalesce(${args.map((a) => a.sql).join(', ')})`,
  in: (args, { bind }) => {
    const [x, list] = args as [Emitted, Emitted];
    if (!list.constant) return undefined;
    const items = list.value as readonly unknown[];
    if (items.length === 0) return 'false';
    if (items.length <= 100) return `ifNull(${isFloat(x) ? `(${x.sql} + 0.)` : x.sql} IN (${items.map((v) => bind(x.type, v)).join(', ')}), false)`;
    return `ifNull(has(${list.sql}, ${x.sql}), false)`;
  },
  like: (args, { bind }) =>
    args[1]?.constant === true ? `ifNull(${sql(args, 0)} LIKE ${bind('string', likePattern(String(args[1].value)))}, false)` : undefined,
  matches: (args, { bind }) =>
    args[1]?.constant === true ? `ifNull(match(${sql(args, 0)}, ${bind('string', storePattern(String(args[1].value)))}), false)` : undefined,
  starts_with: (args) => `ifNull(startsWith(${sql(args, 0)}, ${sql(args, 1)}), false)`,
  contains: (args) => `ifNull(position(${FOLD(sql(args, 0))}, ${FOLD(sql(args, 1))}) > 0, false)`,
  has: (args, { bind }) => (args[1]?.constant === true ? tokens(sql(args, 0), tokensOf(String(args[1].value)), false, (v) => bind('string', v)) : undefined),
  search_tokens: searching(false),
  search_prefix: searching(true),
  level: (args) => `toInt64(nullIf(indexOf(${sql(args, 1)}, ${sql(args, 0)}), 0) - 1)`,
  in_level_order: (args) => {
    const [texts, levels] = [sql(args, 0), sql(args, 1)];
    return `arraySort(x -> (indexOf(${levels}, x) = 0, indexOf(${levels}, x), x), ${texts})`;
  },
  map_get: (args) => `if(mapContains(${sql(args, 0)}, ${sql(args, 1)}), ${sql(args, 0)}[${sql(args, 1)}], NULL)`,
  list_get: (args) => `if(${sql(args, 1)} >= 0 AND ${sql(args, 1)} < length(${sql(args, 0)}), ${sql(args, 0)}[${sql(args, 1)} + 1], NULL)`,
  to_float: (args) => (args[0]?.type === 'duration' ? `(toFloat64(${sql(args, 0)}) / 1000000000.)` : `toFloat64(${sql(args, 0)})`),
  scale: (args) => finite(`(${sql(args, 0)} * ${sql(args, 1)})`),

  abs: (args, { type }) => (type === 'float' ? `abs(${sql(args, 0)})` : exact(`abs(toInt128(${sql(args, 0)}))`)),
  ceil: whole('ceil'),
  floor: whole('floor'),
  round: (args, { type }) => {
    if (type !== 'float' || !isFloat(args[0])) return args[1] === undefined ? sql(args, 0) : undefined;
    return args[1] === undefined ? once(sql(args, 0), 'trunc(x) + if(abs(x - trunc(x)) >= 0.5, sign(x), 0)') : undefined;
  },
  sqrt: floats('sqrt'),
  // The store's differ in the last digit.
  exp: local,
  ln: local,
  log2: local,
  log10: local,
  pow: local,
  sign: (args) => `toInt64(sign(${sql(args, 0)}))`,
  clamp: (args) => {
    const upper = extreme('<=')([args[0] as Emitted, args[2] as Emitted], { type: 'float', bind: () => '' }) as string;
    return extreme('>=')([{ ...(args[0] as Emitted), sql: upper }, args[1] as Emitted], { type: 'float', bind: () => '' });
  },
  least: extreme('<='),
  greatest: extreme('>='),

  lower: (args) => `lowerUTF8(${sql(args, 0)})`,
  upper: (args) => `upperUTF8(${sql(args, 0)})`,
  trim: (args) => `replaceRegexpAll(${sql(args, 0)}, '^[ \\\\t\\\\n\\\\v\\\\f\\\\r]+|[ \\\\t\\\\n\\\\v\\\\f\\\\r]+$', '')`,
  length: (args) => `toInt64(lengthUTF8(${sql(args, 0)}))`,
  substring: (args, { bind }) => {
    const [, from, count] = args;
    if (from?.constant !== true || (count !== undefined && !count.constant) || BigInt(from.value as bigint) < 0n) return undefined;
    const start = bind('int', BigInt(from.value as bigint) + 1n);
    if (count === undefined) return `substringUTF8(${sql(args, 0)}, ${start})`;
    return BigInt(count.value as bigint) <= 0n ? undefined : `substringUTF8(${sql(args, 0)}, ${start}, ${count.sql})`;
  },
  replace: (args) => (args[1]?.constant === true && args[1].value !== '' ? `replaceAll(${sql(args, 0)}, ${sql(args, 1)}, ${sql(args, 2)})` : undefined),
  replace_regex: local,
  split: local,
  concat: (args) => `concat(${args.map((a) => a.sql).join(', ')})`,

  bucket: (args) => (args.length > 2 ? undefined : `if(${sql(args, 1)} > 0, ${sql(args, 0)} - positiveModulo(${sql(args, 0)}, ${sql(args, 1)}), NULL)`),
  year: zoned('toYear'),
  month: zoned('toMonth'),
  day: zoned('toDayOfMonth'),
  weekday: zoned('toDayOfWeek', ', 0'),
  hour: zoned('toHour'),
  minute: zoned('toMinute'),
  format_time: local,
  parse_time: local,

  cidr: local,
  int: (args) => {
    const [x] = args as [Emitted];
    if (x.type === 'int') return x.sql;
    if (x.type === 'bool') return `toInt64(${x.sql})`;
    return x.type === 'float' ? once(x.sql, 'if(x >= -9223372036854775808. AND x < 9223372036854775808., toInt64(trunc(x)), NULL)') : undefined;
  },
  float: (args) => (args[0]?.type === 'int' || args[0]?.type === 'float' || args[0]?.type === 'bool' ? `toFloat64(${sql(args, 0)})` : undefined),
  text: (args) => {
    const [x] = args as [Emitted];
    if (x.type === 'string' || x.type === 'ip') return x.sql;
    if (x.type === 'bool') return `if(isNull(${x.sql}), NULL, if(${x.sql}, 'true', 'false'))`;
    return x.type === 'int' || x.type === 'float' ? `toString(${x.sql})` : undefined;
  },
  bool: (args) => (args[0]?.type === 'int' || args[0]?.type === 'float' ? `(${sql(args, 0)} != 0)` : args[0]?.type === 'bool' ? sql(args, 0) : undefined),
  duration: (args) => (args[0]?.type === 'duration' ? sql(args, 0) : undefined),
  time: (args) => (args[0]?.type === 'time' ? sql(args, 0) : undefined),
  hash: (args) => (args[0]?.type === 'string' ? `reinterpretAsInt64(xxHash64(${sql(args, 0)}))` : undefined),
};
