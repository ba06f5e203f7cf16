// Alerts of a text: what running one answers, what edits of the explorer make of it, and hostile ones.
import { expect, test } from 'vitest';
import { MAX_TEXT } from './1-syntax/bounds.ts';
import { check, format, lastComparisons, outline, queryText, searched, sourceOf } from './language.ts';
import { specCatalogue } from './testing/spec-run.ts';

const times = (n: number, part: (i: number) => string, separator = ''): string => Array.from({ length: n }, (_, i) => part(i)).join(separator);
const codes = (text: string): readonly string[] => check(text, specCatalogue).diagnostics.map(({ code }) => code);

const ALERT = `let limit = 10
alert errors // who is told
  when (from logs last 5m
        | search timeout
        | count by service
        | where count > 10) // bad
  for 5m
fn half(x) = x / 2`;

test('what the explorer knows of a query it knows of what an alert judges', () => {
  expect(check(ALERT, specCatalogue).query?.relation.columns.map((c) => c.name)).toEqual(['service', 'count']);
  const found = outline(ALERT);
  expect([found?.sourceName, found?.pipes.map((p) => p.name), found?.ranges.length]).toEqual(['logs', ['search', 'count', 'where'], 1]);
  expect(lastComparisons(ALERT).map(({ name, value }) => [name, value])).toEqual([['count', 10]]);
  expect(searched(ALERT).map(({ words }) => words)).toEqual([['timeout']]);
});

test('the query alone keeps the definitions and loses the alert', () => {
  const alone = queryText(ALERT);
  expect(alone).toBe('let limit = 10\nfn half(x) = x / 2\nfrom logs last 5m\n        | search timeout\n        | count by service\n        | where count > 10');
  expect(codes(alone)).toEqual([]);
  expect(queryText(alone)).toBe(alone);
  expect(sourceOf(ALERT)).toBe('let limit = 10\nfn half(x) = x / 2\nfrom logs last 5m');
});

test('an alert beside a query leaves the query what is asked', () => {
  const text = 'alert x when (from hosts | where host == "a")\nfrom logs | count';
  expect(check(text, specCatalogue).query?.relation.columns.map((c) => c.name)).toEqual(['count']);
  expect(queryText(text)).toBe(text);
});

test('prints a clause a line, keeps comments, and reads back', () => {
  const printed = format(ALERT);
  expect(printed).toBe(`let limit = 10
alert errors // who is told
  when (from logs last 5m | search timeout | count by service | where count > 10) // bad
  for 5m
fn half(x) = x / 2`);
  expect(format(printed as string)).toBe(printed);
  expect(format('ALERT a WHEN (from hosts) ON MISSING keep notify `for`, b')).toBe('alert a\n  when (from hosts)\n  on missing keep\n  notify `for`, b');
});

test.each<[what: string, text: string, told: readonly string[]]>([
  ['nothing behind alert', 'alert', ['iql.missing-name']],
  ['no query', 'alert x', ['iql.missing-word']],
  ['no query, and clauses', 'alert x for 5m summary "{host}" recover when y > 5 evidence e = (from hosts | where host == $z)', ['iql.missing-word']],
  ['an alert in an alert', 'alert x when (alert y when (from hosts))', ['iql.unclosed', 'iql.missing-expression', 'iql.not-yet', 'iql.unopened']],
  ['a thousand alerts of one name', times(1000, () => 'alert x when (from hosts)\n'), ['iql.let-repeated', 'iql.more-mistakes']],
  ['thousands of clauses', `alert x when (from hosts | where host == "a") ${times(5000, () => 'for 5m ')}`, ['iql.repeated-clause', 'iql.more-mistakes']],
  ['deep queries in evidence', `alert x when (from hosts | where host == "a") evidence e = ${'(from hosts | where host in '.repeat(200)}`, ['iql.too-deep']],
  [
    'many large evidences',
    `fn f(x) = ${times(90, () => 'x', '+')}\nalert x when (from hosts | where host == "a")${times(200, (i) => ` evidence e${i} = (data [{a: 1}] | set b = f(a))`)}`,
    ['iql.not-yet', 'iql.too-large'],
  ],
  ['a summary of nothing but braces', `alert x when (from hosts | where host == "a") summary "${'{host}'.repeat(9000)}"`, ['iql.not-yet']],
  ['a summary of nothing but opened braces', `alert x when (from hosts | where host == "a") summary "${'{'.repeat(60001)}"`, ['iql.not-yet', 'iql.template']],
])('%s', (_, text, told) => {
  expect(text.length).toBeLessThanOrEqual(MAX_TEXT);
  const found = codes(text);
  expect(found.length).toBeLessThanOrEqual(101);
  expect([...new Set(found)].toSorted()).toEqual(told.toSorted());
});
