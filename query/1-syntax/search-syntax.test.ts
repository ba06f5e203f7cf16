// The words of `search`: trees by their canonical print, what ends them, and what is told of wrong ones.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parse } from './parser.ts';
import { parseSearch, printSearch, searchTokens } from './search-syntax.ts';
import { queryOf } from './statements.ts';
import { TEST_PIPES } from './test-support/pipes.ts';

test.each([
  ['connection  refused', 'connection refused'],
  ['"connection refused" -healthcheck', '"connection refused" -healthcheck'],
  ['a and b or c d', 'a b or c d'],
  ['a (b or c)', 'a (b or c)'],
  ['not a', '-a'],
  ['not (a b)', '-(a b)'],
  ['-(a)', '-a'],
  ['not not a', '-(-a)'],
  ['pre* foo-bar*', 'pre* foo-bar*'],
  ['status:500 host:"web 1" k:pre*', 'status:500 host:"web 1" k:pre*'],
  ['http://x/y', 'http://x/y'],
  ['*', '*'],
  ['--- a', 'a'],
  ['a or *', 'a or *'],
  ['AND:1 OR b', 'AND:1 or b'],
])('%s is printed %s', (text, canonical) => {
  const { node, diagnostics } = parseSearch(text, 0);
  expect(diagnostics).toEqual([]);
  expect(printSearch(node)).toBe(canonical);
  expect(printSearch(parseSearch(canonical, 0).node)).toBe(canonical);
});

test('words are cut into tokens that stand side by side; spans are of the whole text', () => {
  expect(parseSearch('foo-bar_1 größe', 10).node).toMatchObject({
    kind: 'and',
    items: [
      { kind: 'word', text: 'foo-bar_1', tokens: ['foo', 'bar', '1'], span: { start: 10, end: 19 } },
      { kind: 'word', tokens: ['größe'], span: { start: 20, end: 25 } },
    ],
  });
  expect(searchTokens('a.b:c/d')).toEqual(['a', 'b', 'c', 'd']);
});

test('a field keeps what it means where it is no column', () => {
  expect(parseSearch('status:500', 0).node).toMatchObject({
    kind: 'field',
    field: 'status',
    term: { tokens: ['500'] },
    word: { kind: 'word', tokens: ['status', '500'] },
  });
  expect(parseSearch('http://x', 0).node).toMatchObject({ kind: 'word', tokens: ['http', 'x'] });
  expect(parseSearch('12:30', 0).node).toMatchObject({ kind: 'word', tokens: ['12', '30'] });
});

test('it ends at a pipe or an unmatched bracket, not inside a phrase', () => {
  const { text, diagnostics } = parse('from a | join (from b | search (x or "y | )") it\'s // note\n) on c | sum', TEST_PIPES);
  expect(diagnostics).toEqual([]);
  expect(queryOf(text)?.pipes.map((p) => p.name)).toEqual(['join', 'sum']);
  expect(JSON.stringify(queryOf(text))).toContain(JSON.stringify('(x or "y | )") it\'s'));
  expect(text.comments.map((c) => c.text)).toEqual(['// note']);
});

test.each([
  ['', 'missing-expression'],
  ['a or', 'missing-expression'],
  ['and a', 'missing-expression'],
  ['not', 'missing-expression'],
  ['(a', 'unclosed'],
  ['('.repeat(5000), 'too-deep'],
  ['not '.repeat(5000), 'too-deep'],
])('%s is told', (text, code) => expect(parseSearch(text, 0).diagnostics.map((d) => d.code)).toContain(`iql.${code}`));

test('any words give a tree whose print reads back the same', () => {
  fc.assert(
    fc.property(
      fc.array(fc.oneof(fc.constantFrom('a', 'b*', '-', '(', ')', '"', 'or', 'and', 'not', 'k:', ' ', '//', '*', '\n'), fc.string({ maxLength: 3 }))),
      (parts) => {
        const { node, diagnostics } = parseSearch(parts.join(' '), 0);
        if (diagnostics.length > 0) return;
        const printed = printSearch(node);
        expect(printSearch(parseSearch(printed, 0).node)).toBe(printed);
      },
    ),
    { numRuns: 1000 },
  );
});
