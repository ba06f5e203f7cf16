// Saved texts read by others: what they give, and where a mistake in one is told.
import { expect, test } from 'vitest';
import { check, complete, viewsOf, withViews } from './language.ts';
import { specCatalogue } from './testing/spec-run.ts';

const catalogueWith = (texts: Readonly<Record<string, string>>) => withViews(specCatalogue, viewsOf(new Map(Object.entries(texts))));
const told = (text: string, texts: Readonly<Record<string, string>>) =>
  check(text, catalogueWith(texts)).diagnostics.map(({ code, span, fix, related }) => {
    const cut = (s: typeof span): string => (s.view?.text ?? text).slice(s.start, s.end);
    return [code, span.view?.name, cut(span), fix?.label, related?.map((r) => [r.span.view?.name, cut(r.span), r.message])];
  });

const LINUX = 'let wanted = "linux"\nfn is(x) = os == x\nfrom hosts | where is(wanted)';

test('a view is its query, with definitions of its own', () => {
  const { diagnostics, query } = check('let wanted = 5\nfrom views.linux | count by region | where count > wanted', catalogueWith({ linux: LINUX }));
  expect(diagnostics).toEqual([]);
  expect(query?.relation.columns.map((c) => c.name)).toEqual(['region', 'count']);
});

test('a range goes behind it as behind a let, its parameters are the request’s', () => {
  const views = { slow: 'from logs | where severity >= "warn" and host == $host', 'teams.slow': 'from views.slow | where service == "a"' };
  const checked = check('from views.teams.slow last 1h', catalogueWith(views));
  expect(checked.diagnostics).toEqual([]);
  expect([...checked.parameters.keys()]).toEqual(['host']);
  expect(told('from views.slow at now', views)).toEqual([['iql.no-moment', undefined, 'now', undefined, undefined]]);
});

test('an alert that was saved gives what it judges', () => {
  expect(told('from views.full | count', { full: 'alert full when (from hosts | where host == "a") for 5m' })).toEqual([]);
});

test('a mistake in a view is told there, without a fix, with the place that reads it', () => {
  expect(told('from hosts\n| where host in (from views.linux | select host)', { linux: 'from hosts | where oz == "linux"' })).toEqual([
    ['iql.unknown-field', 'views.linux', 'oz', undefined, [[undefined, 'views.linux', 'views.linux is used here']]],
  ]);
});

test('one deeper is told with both places, the nearest first', () => {
  const views = { a: 'from views.b | count', b: 'from hosts | wehre x' };
  expect(told('from views.a', views)).toEqual([
    [
      'iql.unknown-pipe',
      'views.b',
      'wehre',
      undefined,
      [
        ['views.a', 'views.b', 'views.b is used here'],
        [undefined, 'views.a', 'views.a is used here'],
      ],
    ],
  ]);
});

test('a mistake of two operands, of a search and of a regular expression lies in the view too', () => {
  const views = {
    v: 'from processes | where memory + cpu > 5 | where least(memory, cpu) > 1 | where command matches r"(" | where user contains "x" and sum(memory) > 1',
  };
  for (const { span, code } of check('from views.v', catalogueWith(views)).diagnostics) expect([code, span.view?.name]).toEqual([code, 'views.v']);
  const lines = { v: 'from logs | search nope:x and (a or -b)' };
  for (const { span, code } of check('from views.v', catalogueWith(lines)).diagnostics) expect([code, span.view?.name]).toEqual([code, 'views.v']);
});

test('used twice it is told once', () => {
  expect(told('from views.v | where host in (from views.v | select host)', { v: 'from hosts | where oz == 1' })).toHaveLength(1);
});

test('a view that leads back to itself is refused where it does', () => {
  const views = { a: 'from views.b', b: 'from hosts | where host in (from views.a | select host)' };
  expect(told('from views.a', views)).toEqual([
    [
      'iql.view-recursive',
      'views.b',
      'views.a',
      undefined,
      [
        ['views.a', 'views.b', 'views.b is used here'],
        [undefined, 'views.a', 'views.a is used here'],
      ],
    ],
  ]);
});

test('one that is not there is told in the text, with the nearest', () => {
  expect(told('from views.linus', { linux: LINUX })).toEqual([['iql.unknown-source', undefined, 'views.linus', 'Write views.linux', undefined]]);
  expect(told('from views.linus', {}).map(([code]) => code)).toEqual(['iql.unknown-source']);
});

test('a thousand views in each other, and one that many read, keep to the bounds', () => {
  const chain = Object.fromEntries(Array.from({ length: 1000 }, (_, i) => [`v${i}`, i === 0 ? 'from hosts' : `from views.v${i - 1}`]));
  expect([...new Set(told('from views.v999', chain).map(([code]) => code))]).toEqual(['iql.too-deep']);
  const doubled = Object.fromEntries(
    Array.from({ length: 40 }, (_, i) => [`v${i}`, i === 0 ? 'from hosts' : `from views.v${i - 1} | where host in (from views.v${i - 1} | select host)`]),
  );
  expect([...new Set(told('from views.v39', doubled).map(([code]) => code))]).toEqual(['iql.too-large']);
});

test('completion offers them, and the fields that they give', () => {
  const at = (marked: string): readonly string[] =>
    complete(marked.replace('‸', ''), marked.indexOf('‸'), catalogueWith({ linux: LINUX })).map(({ insert }) => insert);
  expect(at('from views.‸')).toEqual(['views.linux']);
  expect(at('from views.linux | where agent_s‸')[0]).toBe('agent_state');
});
