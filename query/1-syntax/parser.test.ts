// Right texts: what they are printed as, how operators bind, where things stand, and the limits of length and nesting.
import { describe, expect, test } from 'vitest';
import { MAX_TEXT } from './bounds.ts';
import { tokens } from './highlight.ts';
import { nearest } from './nearest.ts';
import { parse } from './parser.ts';
import { print } from './printer.ts';
import { queryOf } from './statements.ts';
import { TEST_PIPES } from './test-support/pipes.ts';

const printed = (text: string): string => {
  const { text: tree, diagnostics } = parse(text, TEST_PIPES);
  expect(diagnostics).toEqual([]);
  return print(tree, TEST_PIPES);
};
const where = (text: string): string => printed(`from a | where ${text}`).slice('from a | where '.length);

describe('expressions', () => {
  test.each([
    ['a = 1', 'a == 1'],
    ['a=1 AND b', 'a == 1 and b'],
    ['(a or b) and c', '(a or b) and c'],
    ['a or (b and c)', 'a or b and c'],
    ['not (a == b)', 'not a == b'],
    ['(not a) == b', '(not a) == b'],
    ['not a and b', 'not a and b'],
    ['exists a and b', 'exists a and b'],
    ['a ?? b > c', 'a ?? b > c'],
    ['a ?? (b + c)', 'a ?? b + c'],
    ['(a ?? b) + c', '(a ?? b) + c'],
    ['a - (b - c)', 'a - (b - c)'],
    ['(a - b) - c', 'a - b - c'],
    ['-a * b % c', '-a * b % c'],
    ['-(a * b)', '-(a * b)'],
    ['a between 1 and 2 and b', 'a between 1 and 2 and b'],
    ['a NOT IN ("x",)', 'a not in ("x")'],
    ['a in [1, 2]', 'a in (1, 2)'],
    ['a in $list', 'a in ($list)'],
    ['a in (from b)', 'a in (from b)'],
    ['a not like "x*"', 'a not like "x*"'],
    ['a not contains "x"', 'not a contains "x"'],
    ['a STARTS  with "x"', 'a starts with "x"'],
    ['`a` == `b c`', 'a == `b c`'],
    ['`end` == `a``b`', '`end` == `a``b`'],
    ['if(a, b, c) > 1', 'if(a, b, c) > 1'],
    ['case when a then b end', 'case when a then b end'],
    ['m["k"][0] == x.p99.9', 'm["k"][0] == x.p99.9'],
    ['t > @2026-11-20t10:00z', 't > @2026-11-20T10:00Z'],
    ['contains contains "x"', '`contains` contains "x"'],
    ['größe > 1e3', 'größe > 1000.0'],
    ['now - 1h < t', 'now - 1h < t'],
  ])('%s', (text, wanted) => expect(where(text)).toBe(wanted));
});

describe('pipes', () => {
  test.each([
    ['FROM a | WHERE b', 'from a | where b'],
    ['from a|every 1m avg over 5m,max x by b,', 'from a | every 1m avg over 5m, max x by b'],
    ['from a | sum\nby\nb', 'from a | sum by b'],
    ['from a | left  join r=(from b)on k, x=r.y within 30s', 'from a | left join r = (from b) on k, x == r.y within 30s'],
    ['from a | rename b as c, d as e', 'from a | rename b as c, d as e'],
    ['from a | sort desc desc', 'from a | sort desc desc'],
    ['from a | join (from b) on `on`', 'from a | join (from b) on `on`'],
    ['from a | p99.9 x by k', 'from a | p99.9 x by k'],
    ['from a | set x = (p95 y) / (p50 y)', 'from a | set x = (p95 y) / (p50 y)'],
    ['from a | summarize n = count(where b = 1), sum(c where d)', 'from a | summarize n = count(where b == 1), sum(c where d)'],
    ['from a | parse b with "<x>" on error drop', 'from a | parse b with "<x>" on error drop'],
    ['from a | sum (b where c = 1) by d', 'from a | sum(b where c == 1) by d'],
    ['from a | sum(b,)', 'from a | sum b'],
    ['from a | sum(b,)[0] by d', 'from a | sum b[0] by d'],
    ['from a | sum(b% where c != "d") by e', 'from a | sum b % (`where` c) != "d" by e'],
    ['from a | sum(b like where c)', 'from a | sum b like (`where` c)'],
    ['from a | p95(b, c)', 'from a | p95(b, c)'],
    ['from a | count() by d', 'from a | count() by d'],
    ['from a | sum(b)', 'from a | sum b'],
    ['from a | where (b or c) and d', 'from a | where (b or c) and d'],
    ['from a offset 1w last 1h', 'from a last 1h offset 1w'],
    ['from data [{a: 1,},]', 'data [{a: 1}]'],
    ['data counter(By) delta [] last 5m', 'data counter("By") delta [] last 5m'],
    ['from a | run x.y(pid: $pid, 1) in batches of 10% pause 5s', 'from a | run x.y(1, pid: $pid) in batches of 10% pause 5s'],
  ])('%s', (text, wanted) => expect(printed(text)).toBe(wanted));

  test('long queries have a pipe a line, long sub-queries are aligned', () => {
    expect(
      printed(
        'from combine(errors=(from metrics.http.errors|every 5m rate|sum by service),all=(from metrics.http.requests|every 5m rate|sum by service))|set ratio=(errors??0)/all',
      ),
    ).toBe(`from combine(errors = (from metrics.http.errors | every 5m rate | sum by service),
             all    = (from metrics.http.requests | every 5m rate | sum by service))
| set ratio = (errors ?? 0) / all`);
    expect(
      printed('from hosts | anti join (from metrics.system.uptime last 5m | where datacenter == "fra1" and environment == "production") on host'),
    ).toBe(`from hosts
| anti join (from metrics.system.uptime last 5m
             | where datacenter == "fra1" and environment == "production") on host`);
  });
  test('comments stay with what they are about', () => {
    const text = `// top
let a = 5% // a ratio
// the logs
from logs // all
// only errors
| where severity >= error // or worse
| count by host
// end`;
    expect(printed(text)).toBe(text);
  });
});

test('spans lie where the words stand', () => {
  const text = 'from logs last 5m | where host == "a" | every 1m avg by k';
  const query = queryOf(parse(text, TEST_PIPES).text);
  const cut = (s: { start: number; end: number } | undefined): string => text.slice(s?.start, s?.end);
  expect(cut(query?.source.span)).toBe('from logs last 5m');
  expect(query?.pipes.map((p) => cut(p.span))).toEqual(['| where host == "a"', '| every 1m avg by k']);
  expect(query?.pipes.map((p) => cut(p.nameSpan))).toEqual(['where', 'every']);
  expect(cut(query?.pipes[1]?.clauses[0]?.span)).toBe('by k');
  expect(cut(query?.pipes[1]?.arguments[0]?.words[1]?.span)).toBe('avg');
});

test('the tokens of a text have kinds, also in a broken one', () => {
  const text = 'from a | where lower(b) == "c" and d > 5m // e\n| search x -y | sum by ';
  expect(tokens(text, TEST_PIPES).map(({ kind, span }) => `${kind} ${text.slice(span.start, span.end)}`)).toEqual([
    'keyword from',
    'name a',
    'punctuation |',
    'pipe where',
    'function lower',
    'bracket (',
    'name b',
    'bracket )',
    'operator ==',
    'text "c"',
    'keyword and',
    'name d',
    'operator >',
    'number 5m',
    'comment // e',
    'punctuation |',
    'pipe search',
    'search x -y',
    'punctuation |',
    'pipe sum',
    'clause by',
  ]);
});

describe('limits', () => {
  const codes = (text: string): string[] => parse(text, TEST_PIPES).diagnostics.map((d) => d.code);
  test('a text of 1 MiB is told its length', () => {
    const { diagnostics, text } = parse('x'.repeat(1_048_576), TEST_PIPES);
    expect(diagnostics.map((d) => d.message)).toEqual([`the text has 1048576 characters, the limit is ${MAX_TEXT}`]);
    expect(queryOf(text)).toBeUndefined();
  });
  test.each([
    ['10,000 parentheses', `from a | where ${'('.repeat(10_000)}x${')'.repeat(10_000)}`],
    ['brackets', `from a | where ${'['.repeat(10_000)}`],
    ['sub-queries', 'from a | where x in (from b | where x in ('.repeat(500)],
    ['cases', `from a | where ${'case when '.repeat(5000)}`],
    ['negations', `from a | where ${'not '.repeat(10_000)}x`],
    ['signs', `from a | where ${'-'.repeat(60_000)}x`],
  ])('%s nested too deep', (_, text) => expect(codes(text)).toContain('iql.too-deep'));
  test.each([
    ['or', `from a | where ${'x or '.repeat(12_000)}x`],
    ['index', `from a | where x${'[0]'.repeat(20_000)}`],
    ['nested or', `from a | where ${`${'('.repeat(50)}x`}${' or x'.repeat(5000)}${')'.repeat(50)}`],
  ])('too many operators: %s', (_, text) => expect(codes(text)).toEqual(['iql.too-complex']));
  test('operators are counted for each value and argument by itself', () => {
    const sum = `x${' + 1'.repeat(900)}`;
    expect(codes(`let a = ${sum}\nlet b = ${sum}\nfrom c | set d = ${sum}, e = ${sum}`)).toEqual([]);
  });
  test('what is just below the limits is read and printed', () => {
    const deep = `from a | where ${'('.repeat(99)}x${' or x'.repeat(900)}${')'.repeat(99)}`;
    const queries = `from a | where x in (${'from a | where x in ('.repeat(49)}from b${')'.repeat(50)}`;
    for (const text of [deep, queries]) expect(printed(printed(text))).toBe(printed(text));
  });
});

test('did you mean', () => {
  const names = ['where', 'every', 'sort', 'limit', 'lookup'];
  expect(nearest('wehre', names)).toBe('where');
  expect(nearest('WHER', names)).toBe('where');
  expect(nearest('ev', names)).toBe('every');
  expect(nearest('zzz', names)).toBeUndefined();
  expect(nearest('', names)).toBeUndefined();
});
