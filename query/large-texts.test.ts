// Short texts that stand for long ones, and texts as long as may be: each is answered or told its bound, and nothing overflows. What is
// counted are outcomes, never time: without the bounds most of these would not end.
import { expect, test } from 'vitest';
import { columnOf, valueAt } from '../core/batch/batch.ts';
import { MAX_TEXT } from './1-syntax/bounds.ts';
import { MOST_PARTS, MOST_STEPS } from './2-semantic/size.ts';
import { inputsOf, type PlanNode } from './3-plan/nodes.ts';
import type { PlanRequest } from './3-plan/request.ts';
import { ALL_ROWS } from './3-plan/rights.ts';
import { explained } from './4-emit/fragment.ts';
import { check, plan, split } from './compile.ts';
import { format } from './language.ts';
import { runPlan } from './run/run.ts';
import { testEnvironment } from './run/testing/environment.ts';
import { specCatalogue, specStores } from './testing/spec-run.ts';

const at = 1_795_172_400_000_000_000n;
const request: PlanRequest = {
  at,
  from: at - 3_600_000_000_000n,
  to: at,
  zone: 'UTC',
  parameters: new Map(),
  rights: ALL_ROWS,
  completeTo: at,
  notice: () => {},
};

const times = (n: number, part: (i: number) => string, separator = ''): string => Array.from({ length: n }, (_, i) => part(i)).join(separator);
const longest = (make: (n: number) => string): string => {
  let [fits, over] = [1, MAX_TEXT];
  while (over - fits > 1) {
    const n = (fits + over) >> 1;
    if (make(n).length <= MAX_TEXT) fits = n;
    else over = n;
  }
  return make(fits);
};

const errorsOf = (text: string): readonly string[] =>
  check(text, specCatalogue).diagnostics.flatMap((d) => (d.severity === 'error' ? [`${d.code} at ${text.slice(d.span.start, d.span.end)}`] : []));
const messagesOf = (text: string): readonly string[] => check(text, specCatalogue).diagnostics.map((d) => d.message);

/** Rows of the answer where stores are empty; and the longest question that a store is asked. */
const answered = async (text: string): Promise<{ readonly rows: number; readonly asked: number }> => {
  const checked = check(text, specCatalogue);
  expect(checked.diagnostics.filter((d) => d.severity === 'error')).toEqual([]);
  const planned = plan(checked, request, { limit: 100 });
  const parts = split(planned.plan, specStores);
  const batches = await runPlan(parts.plan, testEnvironment({ scan: async function* () {} }));
  return { rows: batches.reduce((n, b) => n + b.length, 0), asked: Math.max(0, ...[...parts.fragments.values()].map((f) => explained(f).text.length)) };
};
const nodesOf = (node: PlanNode): number => inputsOf(node).reduce((n, i) => n + nodesOf(i), 1);

const DATA = 'data [{time: @2026-11-20T10:30Z, x: 1, host: "a"}]';
/** Each `let` uses the one before it twice. */
const doubling = (n: number, first: string, query: (last: string) => string): string =>
  `let a0 = ${first}\n${times(n, (i) => `let a${i + 1} = a${i} + a${i}\n`)}${query(`a${n}`)}`;

test('values that use each other are worked out as they are written', async () => {
  const text = doubling(10, 'x', (last) => `${DATA} | set y = ${last}`);
  const [batch] = await runPlan(plan(check(text, specCatalogue), request).plan, testEnvironment());
  expect(batch && valueAt(columnOf(batch, 'y'), 0)).toBe(1024n);
});

test.each([
  ['a number', '1', (v: string) => `${DATA} | set y = ${v}`],
  ['a column', 'x', (v: string) => `${DATA} | where ${v} > 1`],
  ['an attribute', 'status', (v: string) => `from logs | set y = ${v}`],
  ['an aggregate', 'max(x)', (v: string) => `${DATA} | summarize y = ${v}`],
  ['a range', '1m', (v: string) => `from logs last ${v}`],
  ['rows in the text', '1', (v: string) => `data [{x: ${v}}]`],
])('values that use each other twice, from %s', (_, first, query) => {
  const [message, ...more] = messagesOf(doubling(60, first, query));
  expect(message).toMatch(new RegExp(`written out this has [2-6]\\d{4} parts, the limit is ${MOST_PARTS}`));
  expect(more).toEqual([]);
});

test('a value with a mistake that others use twice is told once', () => {
  expect(errorsOf(doubling(60, 'lower(1)', (v) => `${DATA} | set y = ${v}`))).toEqual(['iql.argument-type at 1']);
  expect(errorsOf(doubling(60, 'max(lower(1))', (v) => `${DATA} | summarize y = ${v}`))[0]).toBe('iql.argument-type at 1');
});

test('a value means its column where the rows have one, each time it is used on other rows', async () => {
  const text = 'let twice = x + x\ndata [{x: 1}] | set y = twice | set x = "a" | where y == twice';
  expect(errorsOf(text)).toEqual(['iql.type-mismatch at x + x']);
  expect(errorsOf('let twice = x + x\ndata [{x: 1}] | set y = twice | set x = 2.5 | where y <= twice')).toEqual([]);
});

test('values in a circle end, and so do long chains of them', () => {
  const circle = `${times(30, (i) => `let a${i} = a${(i + 1) % 30} + a${(i + 1) % 30}\n`)}${DATA} | set y = a0`;
  expect(errorsOf(circle).length).toBeGreaterThan(0);
  const chain = (n: number): string => `let a0 = 1\n${times(n, (i) => `let a${i + 1} = a${i}\n`)}${DATA} | set y = a${n}`;
  expect(errorsOf(chain(90))).toEqual([]);
  expect(messagesOf(longest(chain))).toEqual([expect.stringContaining('more than 100 levels deep')]);
  const deep = (n: number): string => `let a0 = 1\n${times(n, (i) => `let a${i + 1} = a${i}${' + 1'.repeat(900)}\n`)}${DATA} | set y = a${n}`;
  expect(messagesOf(deep(15))).toEqual([expect.stringContaining('levels deep')]);
});

test('queries that use each other twice', () => {
  const text = (n: number): string => `let q0 = (${DATA})\n${times(n, (i) => `let q${i + 1} = (from q${i} | where x in (from q${i} | select x))\n`)}from q${n}`;
  const small = check(text(4), specCatalogue).query as NonNullable<ReturnType<typeof check>['query']>;
  expect(nodesOf(small.plan({ ...request, workOut: () => undefined }))).toBeGreaterThan(2 ** 5);
  const [message, ...more] = messagesOf(text(60));
  expect(message).toMatch(new RegExp(`\\d+ steps, the limit is ${MOST_STEPS}`));
  expect(more).toEqual([]);
  expect(messagesOf(longest((n) => `let q0 = (from logs)\n${times(n, (i) => `let q${i + 1} = (from q${i})\n`)}from q${n}`))).toEqual([
    expect.stringContaining('levels deep'),
  ]);
});

test.each([
  ['top n k by agg', ' | top 1 host by max(x)'],
  ['every with two windows', ' | every 1m x = max(x), y = max(x) over 5m | drop y'],
])('a pipe that plans its rows twice, again and again: %s', (_, pipe) => {
  expect(messagesOf(`${DATA}${pipe.repeat(3)}`)).toEqual([]);
  const [message] = messagesOf(`${DATA}${pipe.repeat(60)}`);
  expect(message).toMatch(new RegExp(`\\d+ steps, the limit is ${MOST_STEPS}`));
});

const LIMIT = /written out this has \d+ (steps|parts), the limit is \d+|more than 100 levels deep/;

test.each([
  ['a column set anew from itself twice', (n: number) => `from processes${times(n, () => ' | set cpu = cpu + cpu')}`],
  ['columns of the ones before', (n: number) => `from processes${times(n, (i) => ` | set a${i} = ${i === 0 ? 'cpu' : `a${i - 1}`} * 2`)}`],
  [
    'columns of the ones before twice',
    (n: number) => `from processes | set ${times(n, (i) => (i === 0 ? 'a0 = cpu' : `a${i} = a${i - 1} + a${i - 1}`), ', ')}`,
  ],
  ['conditions on columns of the ones before', (n: number) => `from processes${times(n, () => ' | set cpu = cpu + cpu | where cpu > 1%')}`],
])('what a column was made of counts where it is used: %s', async (_, make) => {
  const { asked } = await answered(make(10));
  expect(asked).toBeGreaterThan(100);
  for (const text of [make(120), longest(make)]) expect(messagesOf(text)).toEqual([expect.stringMatching(LIMIT)]);
});

test.each([
  ['counts of counts', (n: number) => `from logs${times(n, () => ' | count by host')}`],
  ['sorts', (n: number) => `from logs${times(n, () => ' | sort host')}`],
  ['limits', (n: number) => `from logs${times(n, () => ' | limit 9')}`],
  ['conditions', (n: number) => `from logs${times(n, () => ' | where severity > "info"')}`],
  ['sub-queries', (n: number) => `from hosts${times(n, () => ' | where host in (from hosts | select host)')}`],
  ['lookups', (n: number) => `from processes${times(n, () => ' | lookup hosts on host')}`],
  ['one `let` query many times', (n: number) => `let h = (from hosts | select host)\nfrom processes${times(n, () => ' | where host in (from h)')}`],
])('hundreds of pipes: %s', async (_, make) => {
  const { asked } = await answered(make(120));
  // Some conditions stand twice: for the time of the last row that is wanted, and for its rows.
  expect(asked).toBeLessThan(40_000);
  // A bound is told once.
  const told = messagesOf(longest(make));
  expect(told).toEqual([expect.stringMatching(LIMIT)]);
});

test.each([
  ['clamp', (e: string) => `clamp(${e}, 0, 1)`],
  ['least', (e: string) => `least(${e}, 1)`],
  ['bucket', (e: string) => `float(bucket(time(${e}), 1m))`],
  ['case', (e: string) => `case when ${e} > 50% then ${e.length > 3000 ? '1%' : e} else 2% end`],
])('calls in each other as deep as may be: %s', async (_, wrap) => {
  let e = 'cpu';
  for (let i = 0; i < 30; i++) e = wrap(e);
  const { asked } = await answered(`from processes | set y = ${e}`);
  expect(asked).toBeLessThan(200_000);
});

test('`between` writes its operand twice', () => {
  const [message] = messagesOf(`${DATA} | where ${'('.repeat(60)}true${' between false and true)'.repeat(60)}`);
  expect(message).toMatch(/\d+ parts, the limit is/);
});

test.each([
  ['columns of one `set`', (n: number) => `${DATA} | set ${times(n, (i) => `a${i}=${i}`, ',')}`],
  ['columns of `select`', (n: number) => `from processes | select ${times(n, (i) => `a${i}=pid`, ',')}`],
  ['keys of `by`', (n: number) => `from processes | count by ${times(n, (i) => `k${i}=pid+${i}`, ',')}`],
  ['aggregates', (n: number) => `from processes | summarize ${times(n, (i) => `a${i}=max(cpu)`, ',')}`],
  ['items of `in`', (n: number) => `from processes | where pid in (${times(n, String, ',')})`],
  ['columns in the text', (n: number) => `data [{${times(n, (i) => `a${i}:1`, ',')}}]`],
  ['rows in the text', (n: number) => `data [${times(n, (i) => `{a:${i}}`, ',')}]`],
  ['`let`s that nobody uses', (n: number) => `${times(n, (i) => `let q${i}=(from logs)\n`)}from logs`],
])('thousands of %s are answered', async (_, make) => {
  const text = longest(make);
  expect(text.length).toBeGreaterThan(MAX_TEXT - 30);
  await answered(text);
});

test.each([
  ['columns of one `set`, each of the one before', (n: number) => `${DATA} | set ${times(n, (i) => (i === 0 ? 'a0=x' : `a${i}=a${i - 1}`), ',')}`],
  ['pipes that add a column', (n: number) => `${DATA}${times(n, (i) => `|set a${i}=1`)}`],
  ['rows that share no column', (n: number) => `data [${times(n, (i) => `{a${i}:1}`, ',')}]`],
  ['keys of `sort`', (n: number) => `from processes | sort ${times(n, (i) => `pid+${i}`, ',')}`],
  ['aggregates over time', (n: number) => `from metrics.system.cpu.utilization | every 1m ${times(n, (i) => `a${i}=max`, ',')}`],
  ['words of a search', (n: number) => `from logs | search ${times(n, (i) => `w${i}`, ' ')}`],
  ['alternatives of a search', (n: number) => `from logs | search ${times(n, (i) => `w${i}`, ' or ')}`],
  ['windows', (n: number) => `from metrics.http.requests | every 1m ${times(n, (i) => `a${i}=rate over ${i + 1}m`, ',')}`],
])('thousands of %s are told the limit', (_, make) => {
  expect(messagesOf(longest(make))).toEqual([expect.stringMatching(LIMIT)]);
});

test.each([
  ['or', ' or '],
  ['and', ' and '],
])('hundreds of conditions joined by %s go to the store', async (_, word) => {
  const { asked } = await answered(`from processes | where ${times(450, (i) => `pid != ${i}`, word)}`);
  expect(asked).toBeGreaterThan(10_000);
});

test('as deep as may be, a store is asked it', async () => {
  const deep = (n: number): string => `from processes | where ${times(n, () => 'pid', ' + ')} > 5 and pid == 1`;
  const { asked } = await answered(deep(98));
  expect(asked).toBeGreaterThan(2000);
  expect(messagesOf(deep(900))).toEqual([expect.stringMatching(LIMIT)]);
});

test('hundreds of words of a search go to the store', async () => {
  const { asked } = await answered(`from logs | search ${times(1_500, (i) => `w${i}`, ' or ')}`);
  expect(asked).toBeGreaterThan(10_000);
});

test('long texts print as themselves', () => {
  const text = `${DATA}${' | where x > 0'.repeat(4000)}`;
  const printed = format(text) ?? '';
  expect(printed.length).toBeGreaterThan(text.length - 100);
  expect(format(printed)).toBe(printed);
});
