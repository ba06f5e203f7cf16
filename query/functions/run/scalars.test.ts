// Every scalar function by examples; each is asked with constants, with plain columns and with dictionaries, and must answer the same.
import { expect, test } from 'vitest';
import { type Batch, type Value, valueAt } from '../../../core/batch/batch.ts';
import type { ValueType } from '../../../schemas/types.ts';
import { type AnyScalar, OPERATOR_FUNCTIONS, SCALAR_FUNCTIONS } from '../../2-semantic/function-names.ts';
import { call, columnReference, type Literal, literal } from '../../3-plan/expression.ts';
import { planType } from '../../3-plan/physical.ts';
import { evaluate } from '../../run/evaluate.ts';
import { batchFrom, testEnvironment, withDictionaries } from '../../run/testing/environment.ts';

type Typed = Literal;
const i = (v: number | bigint | null): Typed => literal('int', v === null ? null : BigInt(v));
const f = (v: number | null): Typed => literal('float', v);
const s = (v: string | null): Typed => literal('string', v);
const b = (v: boolean | null): Typed => literal('bool', v);
const t = (text: string | null): Typed => literal('time', text === null ? null : BigInt(Date.parse(text)) * 1_000_000n);
const d = (ns: number | bigint | null): Typed => literal('duration', ns === null ? null : BigInt(ns));
const l = (item: ValueType, ...values: Value[]): Typed => ({ op: 'literal', type: planType('list', item), value: values });
const m = (entries: readonly [string, string][]): Typed => ({ op: 'literal', type: planType('map'), value: new Map(entries) });

const MAX = 2n ** 63n - 1n;
const SECOND = 1_000_000_000n;

type Example = readonly [AnyScalar, ValueType, readonly Typed[], Value];
const EXAMPLES: readonly Example[] = [
  ['add', 'int', [i(2), i(3)], 5n],
  ['add', 'int', [i(MAX), i(1)], null],
  ['add', 'int', [i(null), i(1)], null],
  ['add', 'float', [f(0.1), f(0.2)], 0.1 + 0.2],
  ['add', 'float', [f(1e308), f(1e308)], null],
  ['add', 'time', [t('2026-01-01T00:00:00Z'), d(SECOND)], BigInt(Date.parse('2026-01-01T00:00:01Z')) * 1_000_000n],
  ['subtract', 'duration', [t('2026-01-01T00:00:01Z'), t('2026-01-01T00:00:00Z')], SECOND],
  ['subtract', 'int', [i(-MAX), i(2)], null],
  ['multiply', 'int', [i(-4), i(3)], -12n],
  ['multiply', 'int', [i(MAX), i(2)], null],
  ['multiply', 'duration', [d(3), f(0.5)], 1n],
  ['divide', 'float', [i(1), i(4)], 0.25],
  ['divide', 'float', [f(1), f(0)], null],
  ['divide', 'float', [d(SECOND), d(4n * SECOND)], 0.25],
  ['divide', 'duration', [d(SECOND), f(3)], 333_333_333n],
  ['remainder', 'int', [i(-7), i(3)], -1n],
  ['remainder', 'int', [i(7), i(0)], null],
  ['remainder', 'float', [f(-7.5), f(2)], -1.5],
  // The float nearest to 0.1 is a little more than it, so it goes into 1 nine times.
  ['remainder', 'float', [f(1), f(0.1)], 0.09999999999999995],
  ['remainder', 'float', [f(1e17), f(7)], 5],
  ['remainder', 'float', [f(1), f(0)], null],
  ['negate', 'int', [i(5)], -5n],
  ['negate', 'int', [i(-(2n ** 63n))], null],
  ['to_float', 'float', [i(5)], 5],
  ['to_float', 'float', [d(1_500_000_000)], 1.5],
  ['scale', 'float', [f(2), f(1024)], 2048],
  ['equals', 'bool', [f(0), f(-0)], true],
  ['equals', 'bool', [i(null), i(null)], false],
  ['equals', 'bool', [s('a'), s('a')], true],
  ['equals', 'bool', [s('a'), s('A')], false],
  ['equals', 'bool', [b(true), b(true)], true],
  ['equals', 'bool', [l('int', 1n, 2n), l('int', 1n, 2n)], true],
  ['not_equals', 'bool', [s(null), s('a')], true],
  ['not_equals', 'bool', [i(null), i(null)], true],
  ['not_equals', 'bool', [i(1), i(1)], false],
  ['less', 'bool', [s('\u{ffff}'), s('\u{10000}')], true],
  ['less', 'bool', [s('a'), s('ab')], true],
  ['less', 'bool', [i(1), i(null)], false],
  ['less_or_equal', 'bool', [t('2026-01-01T00:00:00Z'), t('2026-01-01T00:00:00Z')], true],
  ['greater', 'bool', [f(2), f(1)], true],
  ['greater', 'bool', [i(MAX), i(MAX - 1n)], true],
  ['greater_or_equal', 'bool', [d(1), d(2)], false],
  ['and', 'bool', [b(true), b(null)], false],
  ['and', 'bool', [b(true), b(true)], true],
  ['or', 'bool', [b(null), b(true)], true],
  ['or', 'bool', [b(false), b(false)], false],
  ['not', 'bool', [b(null)], true],
  ['not', 'bool', [b(true)], false],
  ['exists', 'bool', [s('')], true],
  ['exists', 'bool', [s(null)], false],
  ['coalesce', 'int', [i(null), i(7)], 7n],
  ['coalesce', 'string', [s('a'), s('b')], 'a'],
  ['coalesce', 'float', [f(null), f(null)], null],
  ['in', 'bool', [s('a'), l('string', 'b', 'a')], true],
  ['in', 'bool', [i(3), l('int', 1n, null)], false],
  ['in', 'bool', [i(null), l('int', 1n, null)], false],
  ['in', 'bool', [f(3), l('int', 3n)], true],
  ['like', 'bool', [s('web-12'), s('web-*')], true],
  ['like', 'bool', [s('a\nb'), s('a?b')], true],
  ['like', 'bool', [s('a😀b'), s('a?b')], true],
  ['like', 'bool', [s('a*b'), s('a\\*b')], true],
  ['like', 'bool', [s('axb'), s('a\\*b')], false],
  ['like', 'bool', [s('Web'), s('web')], false],
  ['like', 'bool', [s('abcabd'), s('*ab?')], true],
  ['like', 'bool', [s(`${'a'.repeat(200)}b`), s('*a*a*a*a*a*a*a*c')], false],
  ['like', 'bool', [s('a\\'), s('a\\')], true],
  ['matches', 'bool', [s('error 42'), s('r \\d+$')], true],
  ['matches', 'bool', [s('a\nb'), s('a.b')], true],
  ['matches', 'bool', [s('x'), s('(')], false],
  ['matches', 'bool', [s('plain text'), s('in te')], true],
  ['matches', 'bool', [s(null), s('a')], false],
  ['starts_with', 'bool', [s('häuser'), s('hä')], true],
  ['starts_with', 'bool', [s('häuser'), s('HÄ')], false],
  ['contains', 'bool', [s('Connection REFUSED'), s('refused')], true],
  ['contains', 'bool', [s('ΌΔΟΣ'), s('δοσ')], true],
  ['contains', 'bool', [s(null), s('a')], false],
  ['has', 'bool', [s('GET /api/users'), s('api users')], true],
  ['has', 'bool', [s('GET /api/users'), s('user')], false],
  ['has', 'bool', [s('x'), s('--')], true],
  ['search_tokens', 'bool', [s('Connection refused by peer'), l('string', 'refused', 'by')], true],
  ['search_tokens', 'bool', [s('refused by'), l('string', 'by', 'refused')], false],
  ['search_prefix', 'bool', [s('connection refused'), l('string', 'connection', 'ref')], true],
  ['search_prefix', 'bool', [s('connection'), l('string', 'nection')], false],
  ['level', 'int', [s('warn'), l('string', 'info', 'warn')], 1n],
  ['level', 'int', [s('loud'), l('string', 'info', 'warn')], null],
  ['in_level_order', 'list', [l('string', 'b', 'warn', 'a', 'info'), l('string', 'info', 'warn')], ['info', 'warn', 'a', 'b']],
  [
    'map_get',
    'string',
    [
      m([
        ['__proto__', 'x'],
        ['b', 'y'],
      ]),
      s('__proto__'),
    ],
    'x',
  ],
  ['map_get', 'string', [m([['a', 'x']]), s('toString')], null],
  ['list_get', 'int', [l('int', 5n, 6n), i(1)], 6n],
  ['list_get', 'int', [l('int', 5n, 6n), i(-1)], null],
  ['list_get', 'int', [l('int', 5n, 6n), i(2)], null],
  ['abs', 'int', [i(-3)], 3n],
  ['abs', 'float', [f(-3.5)], 3.5],
  ['ceil', 'float', [f(1.2)], 2],
  ['ceil', 'int', [f(1.2)], 2n],
  ['floor', 'float', [f(-1.2)], -2],
  ['floor', 'int', [i(4)], 4n],
  ['round', 'float', [f(2.5)], 3],
  ['round', 'float', [f(-2.5)], -3],
  ['round', 'float', [f(0.49999999999999994)], 0],
  ['round', 'float', [f(1.236), i(2)], 1.24],
  ['round', 'float', [f(1250), i(-2)], 1300],
  ['round', 'int', [i(-1250), i(-2)], -1300n],
  ['round', 'int', [i(1249), i(-2)], 1200n],
  ['sqrt', 'float', [f(9)], 3],
  ['sqrt', 'float', [f(-1)], null],
  ['exp', 'float', [f(0)], 1],
  ['ln', 'float', [f(0)], null],
  ['log2', 'float', [f(8)], 3],
  ['log10', 'float', [f(1000)], 3],
  ['pow', 'float', [f(2), f(10)], 1024],
  ['sign', 'float', [f(-0.1)], -1],
  ['sign', 'int', [i(0)], 0n],
  ['clamp', 'float', [f(5), f(0), f(1)], 1],
  ['clamp', 'float', [f(5), f(3), f(1)], 3],
  ['clamp', 'int', [i(null), i(0), i(1)], null],
  ['least', 'int', [i(3), i(1), i(2)], 1n],
  ['least', 'string', [s('b'), s('a')], 'a'],
  ['greatest', 'float', [f(1), f(3), f(2)], 3],
  ['greatest', 'float', [f(1), f(null)], null],
  ['lower', 'string', [s('ÄΑΣ İ')], 'äας i̇'],
  ['upper', 'string', [s('straße')], 'STRASSE'],
  ['trim', 'string', [s(' \t\na b\u00a0 ')], 'a b\u00a0'],
  ['length', 'int', [s('a😀ä')], 3n],
  ['length', 'int', [l('int', 1n, 2n)], 2n],
  ['substring', 'string', [s('a😀äb'), i(1), i(2)], '😀ä'],
  ['substring', 'string', [s('abc'), i(-2), i(9)], 'bc'],
  ['substring', 'string', [s('abc'), i(-9), i(2)], 'ab'],
  ['substring', 'string', [s('abc'), i(3), i(1)], ''],
  ['substring', 'string', [s('abc'), i(1)], 'bc'],
  ['substring', 'string', [s('abc'), i(0), i(-1)], ''],
  ['replace', 'string', [s('a.b.c'), s('.'), s('$&')], 'a$&b$&c'],
  ['replace', 'string', [s('abc'), s(''), s('x')], 'abc'],
  ['replace_regex', 'string', [s('2026-11'), s('(\\d+)-(\\d+)'), s('\\2/\\1\\\\\\0')], '11/2026\\2026-11'],
  ['replace_regex', 'string', [s('baac'), s('a*'), s('-')], '-b--c-'],
  ['replace_regex', 'string', [s('abc'), s('x*'), s('-')], '-a-b-c-'],
  ['replace_regex', 'string', [s('abc'), s('^'), s('x')], 'xabc'],
  ['replace_regex', 'string', [s('abc'), s('('), s('x')], null],
  ['split', 'list', [s('a,,b,'), s(',')], ['a', '', 'b', '']],
  ['split', 'list', [s(''), s(',')], ['']],
  ['split', 'list', [s('a😀'), s('')], ['a', '😀']],
  ['concat', 'string', [s('a'), s('b'), s('c')], 'abc'],
  ['concat', 'string', [s('a'), s(null)], null],
  ['bucket', 'time', [t('2026-01-01T00:07:31Z'), d(300n * SECOND)], BigInt(Date.parse('2026-01-01T00:05:00Z')) * 1_000_000n],
  ['bucket', 'time', [literal('time', -1n), d(10)], -10n],
  ['bucket', 'time', [t('2026-01-01T00:00:00Z'), d(0)], null],
  ['year', 'int', [t('2025-12-31T23:30:00Z'), s('Europe/Berlin')], 2026n],
  ['year', 'int', [t('2025-12-31T23:30:00Z')], 2025n],
  ['month', 'int', [t('2026-11-20T00:00:00Z')], 11n],
  ['day', 'int', [t('2026-11-20T23:00:00Z'), s('Asia/Tokyo')], 21n],
  ['weekday', 'int', [t('2026-11-22T12:00:00Z')], 7n],
  ['weekday', 'int', [t('2026-11-23T12:00:00Z')], 1n],
  ['hour', 'int', [t('2026-07-01T12:30:00Z'), s('Asia/Kolkata')], 18n],
  ['minute', 'int', [t('2026-07-01T12:30:00Z'), s('Asia/Kolkata')], 0n],
  ['hour', 'int', [t('2026-07-01T12:30:00Z'), s('No/Where')], null],
  [
    'format_time',
    'string',
    [literal('time', BigInt(Date.parse('2026-11-20T10:05:07Z')) * 1_000_000n + 123_456_789n), s('%Y-%m-%d %H:%M:%S.%f %y %j %e|%I %p %a %b %z %% %T %F')],
    '2026-11-20 10:05:07.123456 26 324 20|10 AM Fri Nov +0000 % 10:05:07 2026-11-20',
  ],
  ['format_time', 'string', [t('2026-11-20T10:00:00Z'), s('%H %z'), s('America/New_York')], '05 -0500'],
  ['format_time', 'string', [t('2026-11-20T10:00:00Z'), s('%Q')], null],
  ['parse_time', 'time', [s('20/Nov/2026:10:05:07 +0100'), s('%d/%b/%Y:%H:%M:%S %z')], BigInt(Date.parse('2026-11-20T09:05:07Z')) * 1_000_000n],
  ['parse_time', 'time', [s('2026-03-29 02:30'), s('%F %H:%M'), s('Europe/Berlin')], BigInt(Date.parse('2026-03-29T01:30:00Z')) * 1_000_000n],
  ['parse_time', 'time', [s('10:05:07.25'), s('%T.%f')], BigInt(Date.parse('1970-01-01T10:05:07.250Z')) * 1_000_000n],
  ['parse_time', 'time', [s('2026-02-30'), s('%F')], null],
  ['parse_time', 'time', [s('2026-02-20x'), s('%F')], null],
  ['cidr', 'bool', [s('10.1.2.3'), s('10.0.0.0/8')], true],
  ['cidr', 'bool', [s('11.1.2.3'), s('10.0.0.0/8')], false],
  ['cidr', 'bool', [s('10.1.2.3'), s('0.0.0.0/0')], true],
  ['cidr', 'bool', [s('2001:db8::1'), s('2001:db8::/33')], true],
  ['cidr', 'bool', [s('2001:db8:8000::1'), s('2001:db8::/33')], false],
  ['cidr', 'bool', [s('::ffff:10.0.0.1'), s('10.0.0.0/8')], false],
  ['cidr', 'bool', [s('nonsense'), s('10.0.0.0/8')], null],
  ['cidr', 'bool', [s('10.0.0.1'), s('10.0.0.0/33')], null],
  ['int', 'int', [f(-3.9)], -3n],
  ['int', 'int', [f(1e19)], null],
  ['int', 'int', [s('+42')], 42n],
  ['int', 'int', [s('4.2')], null],
  ['int', 'int', [s(' 4')], null],
  ['int', 'int', [s('9223372036854775808')], null],
  ['int', 'int', [b(true)], 1n],
  ['int', 'int', [d(-1_500_000_000)], -1n],
  ['int', 'int', [t('2026-11-20T10:00:00Z')], 1795168800n],
  ['float', 'float', [s('.5e1')], 5],
  ['float', 'float', [s('0x10')], null],
  ['float', 'float', [s('1e999')], null],
  ['float', 'float', [s('NaN')], null],
  ['float', 'float', [i(3)], 3],
  ['float', 'float', [d(250_000_000)], 0.25],
  ['text', 'string', [f(1e21)], '1e21'],
  ['text', 'string', [f(1e-7)], '1e-7'],
  ['text', 'string', [f(0.1 + 0.2)], '0.30000000000000004'],
  ['text', 'string', [f(-0)], '-0'],
  ['text', 'string', [i(MAX)], '9223372036854775807'],
  ['text', 'string', [b(false)], 'false'],
  ['text', 'string', [d(-1_500_000_000)], '-1.5s'],
  ['text', 'string', [literal('time', 1_000n)], '1970-01-01T00:00:00.000001Z'],
  ['text', 'string', [l('int', 1n, null)], '[1,null]'],
  ['bool', 'bool', [s('TRUE')], true],
  ['bool', 'bool', [s('yes')], null],
  ['bool', 'bool', [f(0)], false],
  ['bool', 'bool', [i(-1)], true],
  ['duration', 'duration', [s('1h30m')], 5400n * SECOND],
  ['duration', 'duration', [s('-0.25s')], -250_000_000n],
  ['duration', 'duration', [s('5')], null],
  ['duration', 'duration', [f(1.5)], 1_500_000_000n],
  ['duration', 'duration', [i(2)], 2n * SECOND],
  ['time', 'time', [s('2026-11-20')], BigInt(Date.parse('2026-11-20T00:00:00Z')) * 1_000_000n],
  ['time', 'time', [s('2026-11-20T10:00:00+01:00')], BigInt(Date.parse('2026-11-20T09:00:00Z')) * 1_000_000n],
  ['time', 'time', [s('2026-11-20T10:00')], BigInt(Date.parse('2026-11-20T10:00:00Z')) * 1_000_000n],
  ['time', 'time', [i(1)], SECOND],
  ['time', 'time', [s('soon')], null],
  // Values that ClickHouse's xxHash64 gives.
  ['hash', 'int', [s('')], BigInt.asIntN(64, 17241709254077376921n)],
  ['hash', 'int', [s('a')], -3292477735350538661n],
  ['hash', 'int', [s('the quick brown fox jumps over the lazy dog 0123456789')], BigInt.asIntN(64, 13370363838340325883n)],
];

/** The arguments as columns of many rows: every third row is the example, the others are missing. */
const columnsOf = (args: readonly Typed[], keepConstant: number): { batch: Batch; references: readonly (Typed | ReturnType<typeof columnReference>)[] } => {
  const columns = args.map((a, k) => ({ name: `c${k}`, type: a.type }));
  const rows = Array.from({ length: 10 }, (_, row) => args.map((a) => (row % 3 === 0 ? a.value : null)));
  return { batch: batchFrom(columns, rows), references: args.map((a, k) => (k === keepConstant ? a : columnReference(`c${k}`, a.type))) };
};

const shown = (v: Value | undefined): string =>
  v instanceof Map ? JSON.stringify([...v]) : typeof v === 'bigint' ? `${v}n` : Object.is(v, -0) ? '0' : JSON.stringify(v);

test.each(
  EXAMPLES.map(
    (e) =>
      [
        `${e[0]}(${e[2].map((a) => (typeof a.value === 'bigint' ? String(a.value) : JSON.stringify(a.value, (_, v) => (typeof v === 'bigint' ? String(v) : v)))).join(', ')})`,
        e,
      ] as const,
  ),
)('%s', (_, [name, type, args, wanted]) => {
  const env = testEnvironment();
  const none: Batch = { length: 1, fields: [], columns: [] };
  expect(shown(valueAt(evaluate(call(name, planType(type), ...args), none, env), 0))).toBe(shown(wanted));
  // Every argument but one, then none, stays constant; text also as dictionary.
  for (let constant = args.length > 1 ? args.length - 1 : -1; constant >= -1; constant--) {
    const { batch, references } = columnsOf(args, constant);
    for (const b of [batch, withDictionaries(batch)]) {
      const column = evaluate(call(name, planType(type), ...references), b, env);
      expect(column.length).toBe(10);
      for (const row of [0, 3, 9]) expect(shown(valueAt(column, row))).toBe(shown(wanted));
    }
  }
});

test('every function has an example', () => {
  const shownNames = new Set(EXAMPLES.map(([name]) => name));
  expect([...SCALAR_FUNCTIONS, ...OPERATOR_FUNCTIONS].filter((name) => !shownNames.has(name))).toEqual([]);
});

test('what cannot be represented is counted, for rows that are present only', () => {
  const env = testEnvironment();
  const batch = batchFrom(
    [
      { name: 'x', type: 'float' },
      { name: 'n', type: 'int' },
    ],
    [
      [1, 1n],
      [0, MAX],
      [null, null],
    ],
  );
  const x = columnReference('x', 'float');
  const n = columnReference('n', 'int');
  evaluate(call('divide', 'float', literal('float', 1), x), batch, env);
  expect(env.lost()).toBe(1);
  evaluate(call('add', 'int', n, n), batch, env);
  expect(env.lost()).toBe(2);
});
