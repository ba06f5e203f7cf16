// What the parser says of wrong texts: marked place, code, and the text after the fix. `undefined`: there is no fix.
import { describe, expect, test } from 'vitest';
import { parse } from './parser.ts';
import { queryOf } from './statements.ts';
import { fixed, mark, unmark } from './test-support/marked.ts';
import { TEST_PIPES } from './test-support/pipes.ts';

type Row = readonly [marked: string, codes: string, fixed?: string];

const tables: Readonly<Record<string, readonly Row[]>> = {
  'words of other languages': [
    ['from a | where x «&&» y', 'foreign-operator', 'from a | where x and y'],
    ['from a | where x«||»y', 'foreign-operator', 'from a | where x or y'],
    ['from a | where «!»x', 'foreign-operator', 'from a | where not x'],
    ['from a | where x «<>» 1', 'foreign-operator', 'from a | where x != 1'],
    ['from a | where x «=~» "a"', 'foreign-operator', 'from a | where x matches "a"'],
    ['from a | where «x is null»', 'is-null', 'from a | where not exists x'],
    ['from a | where «x is not null» and y', 'is-null', 'from a | where exists x and y'],
    ['from a | where «x == null»', 'is-null', 'from a | where not exists x'],
    ['from a | where «if» x', 'if-form'],
    ['from a«;»', 'semicolon', 'from a'],
    ['from a «/* x */»| sum', 'block-comment'],
    ['«select» a, b from logs where x > 1 order by a limit 5', 'sql', 'from logs | where x > 1 | sort a | limit 5 | select a, b'],
    ['«select» host, count(*) as n from logs group by host', 'sql', 'from logs | summarize n = count() by host'],
    ['«select» * from logs', 'sql', 'from logs'],
    ['«select» a from (select b from c)', 'sql'],
  ],
  'literals and names': [
    ['from a | where x > «5M»', 'bad-unit', 'from a | where x > 5_000_000'],
    ['from a | limit «1k»', 'bad-unit', 'from a | limit 1_000'],
    ['from a | where x > «10kb»', 'bad-unit', 'from a | where x > 10KB'],
    ['from a last «5min»', 'bad-unit', 'from a last 5m'],
    ['from a | where x > «5xyz»', 'bad-unit'],
    ['from a last «5 m»', 'space-before-unit', 'from a last 5m'],
    ['from a | every «5 m» avg', 'space-before-unit', 'from a | every 5m avg'],
    ['from a | every 1m avg over «5 m»', 'space-before-unit', 'from a | every 1m avg over 5m'],
    ['from a | where x == «1__0»', 'bad-number'],
    ['from a | where x == «5.»', 'bad-number', 'from a | where x == 5'],
    [`from a last «${'9'.repeat(400)}w»`, 'bad-number'],
    ['from a | where x > «1e308GB»', 'bad-number'],
    ['from a | where t > «@2026-02-30»', 'time-form'],
    ['from a | where t > «@2026-11-20T10:00[Mars/Base]»', 'time-form'],
    ['from a | where x == «"b»', 'unclosed-text', 'from a | where x == "b"'],
    ['from a | where x == «"b» | sum', 'unclosed-text', 'from a | where x == "b" | sum'],
    ['from a | where x matches "«\\d»+"', 'bad-escape', 'from a | where x matches "\\\\d+"'],
    ['from a | where «`b»', 'unclosed-name', 'from a | where `b`'],
    ['from a | where «`#b`» == 1', 'reserved-name'],
    ['from a | where «end» == 1', 'reserved-word', 'from a | where `end` == 1'],
    ['from «metrics.»', 'unfinished-name'],
    ['from a | where x «§» y', 'bad-character'],
    ['from a | where x == "a«\0»"', 'zero-byte'],
    ['from a // «\ud800»', 'bad-surrogate'],
    ['from a | where x == «"\\u0000"»', 'zero-byte'],
    ['from a | where x == «"\\ud800"»', 'bad-surrogate'],
    ['from a | where x == «10%»3', 'percent-space', 'from a | where x == 10 % 3'],
    ['from a | where x > «10%»and y', 'percent-space', 'from a | where x > 10% and y'],
  ],
  brackets: [
    ['from a | where «(»x', 'unclosed', 'from a | where (x)'],
    ['from a | where f«(»x | sum', 'unclosed', 'from a | where f(x) | sum'],
    ['from a | where x«)»', 'unopened', 'from a | where x'],
    ['from a | where x in (1, «[»2)', 'unclosed', 'from a | where x in (1, [2])'],
    ['from a | join «(»from b | sum', 'unclosed', 'from a | join (from b | sum)'],
    ['let x = f«(»1\nfrom a', 'unclosed', 'let x = f(1)\nfrom a'],
    ['from a | where «case» when x then y', 'unclosed', 'from a | where case when x then y end'],
  ],
  'the shape of a text': [
    ['«»', 'no-query'],
    ['// nothing«»', 'no-query'],
    ['let a = 5«»', 'no-query'],
    ['«logs» | sum', 'missing-from', 'from logs | sum'],
    ['«logs» last 5m', 'missing-from', 'from logs last 5m'],
    ['«|» sum', 'no-query'],
    ['«where» x > 5', 'no-query'],
    ['from«»', 'missing-source'],
    ['from« »| sum', 'missing-source'],
    ['from a «|»', 'missing-pipe'],
    ['from a «|» | sum', 'missing-pipe'],
    ['from a «where» x', 'missing-bar', 'from a | where x'],
    ['from a | «wehre» x', 'unknown-pipe', 'from a | where x'],
    ['from a | «evry» 1m avg over 5m by x', 'unknown-pipe', 'from a | every 1m avg over 5m by x'],
    ["from a | «serach» it's so", 'unknown-pipe', "from a | search it's so"],
    ['from a | «qqq» a b by c', 'unknown-pipe'],
    ['from a | limit«=»5', 'pipe-equals', 'from a | limit 5'],
    ['from a | set x «==» 1', 'assignment', 'from a | set x = 1'],
    ['let x «==» 1 from a', 'assignment', 'let x = 1 from a'],
    ['from a | join «from b» on x', 'query-parentheses', 'from a | join (from b) on x'],
    ['let w = «from b» | sum\nfrom a', 'query-parentheses', 'let w = (from b | sum)\nfrom a'],
    ['from a | join («b» | sum) on x', 'missing-from', 'from a | join (from b | sum) on x'],
    ['from a\n«from b | sum»', 'second-query'],
    ['from a\n«let» b = 1', 'definition-after-query'],
    ['alert« »', 'missing-name'],
    ['alert x severity «=» high when (from b) from a', 'pipe-equals'],
    ['alert x when (from b) for«\n»from a', 'missing-expression'],
    ['alert x «y» when (from b)', 'unexpected'],
    ['alert x when «from b» for 5m', 'query-parentheses'],
    ['from a last 5m «last» 6m', 'repeated-range'],
    ['from a between 1«»', 'missing-word'],
    ['data [«1»]', 'data-form'],
    ['data« »x', 'data-form unexpected'],
  ],
  expressions: [
    ['from a | where x >«»', 'missing-expression'],
    ['from a | where x >« »| sum', 'missing-expression'],
    ['from a | top 5 by«»', 'missing-expression'],
    ['from a | set x =«»', 'missing-expression'],
    ['from a | where not«»', 'missing-expression'],
    ['from a | where a < b «<» c', 'comparison-chain', 'from a | where a < b and b < c'],
    ['from a | summarize «sum x * 2»', 'words-or-operator', 'from a | summarize sum(x * 2)'],
    ['from a | where x between 1« »or y', 'missing-word'],
    ['from a | where x in «5»', 'missing-word'],
    ['from a | where f(1« »"c")', 'missing-word', 'from a | where f(1, "c")'],
    ['from a | where {a« »5}', 'missing-word'],
    ['let« »= 5 from a', 'missing-name'],
    ['let x« »5 from a', 'missing-word'],
    ['from a | where «$»', 'missing-name'],
  ],
};

for (const [name, rows] of Object.entries(tables)) {
  describe(name, () => {
    for (const [marked, codes, after] of rows) {
      test(JSON.stringify(marked), () => {
        const { text } = unmark(marked);
        const { diagnostics } = parse(text, TEST_PIPES);
        expect(diagnostics.map((d) => d.code)).toEqual(codes.split(' ').map((c) => `iql.${c}`));
        if (codes.split(' ').length === 1) expect(mark(text, diagnostics)).toBe(marked);
        if (after === undefined) return;
        expect(fixed(text, diagnostics)).toBe(after);
        // A fix leaves a text that is right.
        expect(parse(after, TEST_PIPES).diagnostics).toEqual([]);
      });
    }
  });
}

test('several mistakes are told at once, in order, and the pipes after them are read', () => {
  const { text, diagnostics } = parse('from a | wehre x && | limit=5 | where (b == | sort c', TEST_PIPES);
  expect(diagnostics.map((d) => d.code)).toEqual([
    'iql.unknown-pipe',
    'iql.foreign-operator',
    'iql.missing-expression',
    'iql.pipe-equals',
    'iql.unclosed',
    'iql.missing-expression',
  ]);
  expect(queryOf(text)?.pipes.map((p) => p.name)).toEqual(['wehre', 'limit', 'where', 'sort']);
});

test('messages speak of the words of the user and stay short', () => {
  const { diagnostics } = parse('from a | wehre x', TEST_PIPES);
  expect(diagnostics[0]?.message).toBe('there is no pipe wehre; did you mean where?');
  expect(parse(`from a | ${'x'.repeat(5000)}`, TEST_PIPES).diagnostics[0]?.message.length).toBeLessThan(200);
});
