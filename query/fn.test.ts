// Functions of a text: where a mistake is told, what is offered, and texts that would not end without the bounds.
import { expect, test } from 'vitest';
import { MAX_TEXT } from './1-syntax/bounds.ts';
import { check, complete, format } from './language.ts';
import { specCatalogue } from './testing/spec-run.ts';

const times = (n: number, part: (i: number) => string, separator = ''): string => Array.from({ length: n }, (_, i) => part(i)).join(separator);
const codes = (text: string): readonly string[] => check(text, specCatalogue).diagnostics.map(({ code }) => code);

test('a mistake in a body is told there, with the calls that led to it, the nearest first', () => {
  const text = 'fn slow(x) = x > 5\nfn bad(y) = slow(y) or slow(y)\ndata [{a: 1, b: "t"}] | where slow(a) and bad(b)';
  const { diagnostics } = check(text, specCatalogue);
  const cut = ({ start, end }: { start: number; end: number }): string => text.slice(start, end);
  expect(diagnostics.map(({ span, related }) => [cut(span), related?.map((r) => [cut(r.span), r.message])])).toEqual([
    [
      'x > 5',
      [
        ['slow(y)', 'slow is called here'],
        ['bad(b)', 'bad is called here'],
      ],
    ],
  ]);
});

test('a mistake outside of bodies has no related places', () => {
  const { diagnostics } = check('fn half(x) = x / 2\ndata [{a: 1}] | set b = half(a) + c', specCatalogue);
  expect(diagnostics.map(({ code, related }) => [code, related])).toEqual([['iql.unknown-field', undefined]]);
});

const DATA = 'data [{a: 1}]';
test.each<[what: string, text: string, told: readonly string[]]>([
  ['a thousand calls in each other', `fn f(x) = x + 1\n${DATA} | set b = ${'f('.repeat(1000)}a${')'.repeat(1000)}`, ['iql.too-deep']],
  ['ninety calls in each other, each twice', `fn f(x) = x + x\n${DATA} | set b = ${'f('.repeat(90)}a${')'.repeat(90)}`, ['iql.too-large']],
  ['a chain of functions', `fn f0(x) = x\n${times(1000, (i) => `fn f${i + 1}(x) = f${i}(x)\n`)}${DATA} | set b = f1000(a)`, ['iql.too-deep']],
  ['a chain that doubles', `fn f0(x) = x + x\n${times(60, (i) => `fn f${i + 1}(x) = f${i}(x) + f${i}(x)\n`)}${DATA} | set b = f60(a)`, ['iql.too-large']],
  [
    'a thousand functions in one circle',
    `${times(1000, (i) => `fn f${i}(x) = f${(i + 1) % 1000}(x)\n`)}${DATA}`,
    [
      ...times(100, () => 'iql.fn-recursive,')
        .split(',')
        .slice(0, 100),
      'iql.more-mistakes',
    ],
  ],
  [
    'thousands of parameters and arguments',
    `fn f(${times(4000, (i) => `p${i}`, ',')}) = ${times(90, (i) => `p${i}`, '+')}\n${DATA} | set b = f(${times(4000, () => '1', ',')})`,
    [
      ...times(100, () => 'iql.unused-parameter,')
        .split(',')
        .slice(0, 100),
      'iql.more-mistakes',
    ],
  ],
  ['one function called everywhere', `fn f(x) = ${times(40, () => 'x', '+')}\n${DATA}${times(120, () => ' | set a = f(a)')}`, ['iql.too-large']],
])('%s', (_, text, told) => {
  expect(text.length).toBeLessThan(MAX_TEXT);
  const found = codes(text);
  expect(found.slice(0, 120)).toEqual(told);
});

test('a call of what is wrong is not told again', () => {
  expect(codes('fn f(x) = g(x)\nfn g(x) = f(x)\ndata [{a: 1}] | set b = f(a), c = g(b) | sort c')).toEqual(['iql.fn-recursive', 'iql.fn-recursive']);
  expect(codes('fn f(x) = x +\ndata [{a: 1}] | set b = f(a)')).toEqual(['iql.missing-expression']);
});

test('a function prints as it reads', () => {
  expect(format('FN half ( x,y, ) = (x/2)+y\nfrom hosts')).toBe('fn half(x, y) = x / 2 + y\nfrom hosts');
});

const at = (marked: string): readonly string[] => {
  const offset = marked.indexOf('‸');
  return complete(marked.replace('‸', ''), offset, specCatalogue).map(({ insert }) => insert);
};
test('completion offers the parameters in the body and the function where a value stands', () => {
  expect(at('fn half(x, other) = ‸').slice(0, 2)).toEqual(['x', 'other']);
  expect(at('fn half(x, other) = x / oth‸')).toEqual(['other']);
  expect(at('fn half(x) = x / 2\nfn third(y) = ‸')).toContain('half(');
  expect(at('fn half(x) = x / 2\nfrom hosts | set y = ha‸')[0]).toBe('half(');
  expect(at('fn part(x) = sum(x) / count()\nfrom logs | summarize ‸')).toContain('part(');
  expect(at('fn half(x) = x / 2\nfrom hosts | where ‸')).not.toContain('x');
  expect(at('‸')).toContain('fn');
});
