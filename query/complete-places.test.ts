// What is offered at each place: first what is most likely meant, nothing that is a mistake there, and what a right text has there.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { EXAMPLES } from './1-syntax/test-support/texts.ts';
import { check, complete, highlight } from './language.ts';
import { randomText } from './testing/random-text.ts';
import { specCatalogue } from './testing/spec-run.ts';
import { learnedCatalogue } from './testing/store-metrics.ts';

const at = (marked: string) => {
  const offset = marked.indexOf('‸');
  return complete(marked.replace('‸', ''), offset, specCatalogue);
};

/** The first ones, in order. */
test.each([
  ['from logs ‸', ['|', 'last', 'between', 'offset']],
  ['from logs last ‸', ['15m', '1h', '6h']],
  ['from hosts ‸', ['|', 'at']],
  ['from hosts at ‸', ['now']],
  ['from logs last 5‸', ['5m', '5s', '5h', '5d', '5w', '5ms']],
  ['from logs last 1h ‸', ['|', 'offset']],
  ['from logs between now - 2h ‸', ['and']],
  ['from logs | where severity ‸', ['>=', '==', '!=']],
  ['from logs | where severity >= ‸', ['fatal', 'error', 'warn']],
  ['from logs | where severity >= "warn" ‸', ['and', 'or', '|']],
  ['from hosts | where host in (from logs | where severity >= "warn" ‸', ['and', 'or', '|', ')']],
  ['from logs | where host ‸', ['==', '!=', 'in']],
  ['from logs | where (host == "a" ‸', ['and', 'or', ')']],
  ['from logs | where host in ‸', ['(']],
  ['from logs | where host in (‸', ['from']],
  ['from processes | where memory > 100‸', ['100MiB', '100GiB', '100KiB']],
  ['from processes | where cpu > 9‸', ['9%']],
  ['from metrics.system.cpu.utilization | every 1m avg | where value > 9‸', ['9%']],
  ['from logs | every ‸', ['1m', '5m', '15m']],
  ['from logs | every 5‸', ['5m', '5s']],
  ['from logs | every 1m ‸', ['count']],
  ['from metrics.http.requests | every 1m ‸', ['rate', 'increase']],
  ['from metrics.system.cpu.utilization | every 1m ‸', ['avg', 'max']],
  ['from metrics.system.cpu.utilization | every 1m avg ‸', ['|', ',', 'over']],
  ['from logs | count by service ‸', ['|', ',']],
  ['from logs | every 1m count by service ‸', ['|', ',']],
  ['from processes | latest | lookup ‸', ['hosts']],
  ['from processes | latest | lookup hosts ‸', ['on']],
  ['from processes | latest | lookup hosts on ‸', ['host']],
  ['from processes | latest | lookup hosts on host ‸', ['|']],
  ['from processes | sort cpu ‸', ['desc', 'asc', ',', '|']],
  ['from processes | top ‸', ['5', '10']],
  ['from processes | top 5 ‸', ['by']],
  ['from processes | limit ‸', ['100']],
  ['from logs | limit 5 ‸', ['|']],
  ['data ‸', ['[', 'gauge', 'counter']],
  ['let x = ‸', ['(from']],
  ['let x ‸', ['=']],
  ['let web = (from hosts)\nfrom ‸', ['web']],
  ['from logs | set x ‸', ['=']],
  ['from logs | where ‸', ['severity']],
  ['from logs | sum(bytes ‸', [')', 'where']],
  ['from logs | count(‸', [')', 'where']],
  ['from logs | summarize n = count(where ‸', ['severity']],
  ['from logs | where severity in (‸', ['fatal', 'error', 'warn']],
  ['from logs | where severity in ("error", ‸', ['fatal', 'error', 'warn']],
  ['from logs | where severity in ("error" ‸', [')', ',']],
  ['from logs | where not ‸', ['severity']],
  ['from logs | where host in ("a") ‸', ['and', 'or', '|']],
  ['from processes | where cpu between 10% ‸', ['and']],
  ['from processes | where cpu > ‸', ['90%', '50%', '10%']],
  ['from processes | where start > ‸', ['now', 'now - 1h']],
  ['from processes | set x = round(‸', ['cpu']],
  ['from processes | set x = round(cpu ‸', [')', ',']],
  ['from logs | set x = lower(‸', ['severity']],
  ['from logs | set x = case ‸', ['when']],
  ['from logs | set x = case when severity == "error" ‸', ['and', 'or', 'then']],
  ['from logs | set x = case when severity == "error" then 1 ‸', ['when', 'else', 'end']],
  ['from logs | set x = if(‸', ['severity']],
  ['from logs | select host ‸', [',', '|']],
  ['from logs | drop host ‸', [',', '|']],
  ['from logs | drop ‸', ['severity']],
  ['from logs | rename host ‸', ['as']],
  ['from logs | distinct ‸', ['severity']],
  ['from processes | top 5 by cpu ‸', ['|', 'per']],
  ['from processes | top 5 by cpu per ‸', ['host']],
  ['from logs | every 1m count | fill ‸', ['0', 'missing']],
  ['from processes | latest ‸', ['|', 'by']],
  ['from logs | summarize ‸', ['count', 'avg']],
  ['from logs between ‸', ['now']],
  ['from logs offset ‸', ['15m']],
  ['from combine(a ‸', ['=']],
  ['from combine(a = ‸', ['(from']],
  ['from hosts ‸', ['|']],
  ['‸', ['from', 'let']],
  ['let busy = 85‸', ['85m', '85h', '85s', '85%']],
  ['let busy = 85%\n‸', ['from', 'let']],
])('%s', (text, wanted) => {
  const found = at(text).map(({ label }) => label);
  expect(found.slice(0, wanted.length)).toEqual(wanted);
});

test.each([
  'from logs | where ‸',
  'from processes | where ‸',
  'from logs | count by ‸',
  'from processes | sort ‸',
  'from logs | select ‸',
  'from processes | top 5 by ‸',
])('time is not the first of %s', (text) => {
  expect(at(text)[0]?.label).not.toBe('time');
});

/** With one of these behind it, what may stand is part of a right text. */
const GO_ON = [
  '',
  ' 1',
  ' > 1',
  ' == "a"',
  ' "a"',
  ' and true',
  ' 1m',
  ' host',
  ' by host',
  ' avg',
  ' on host',
  ' exists host',
  ' = 1',
  ' now',
  ' (from hosts)',
  '1) > 1',
  ' x = 1',
  '{a: 1}]',
];
const ENDS = ['', ')', ' end', '))', ' by host', ' avg', ' | count', ' from logs', '\nfrom logs'];

interface Error {
  readonly code: string;
  readonly start: number;
  readonly end: number;
}
const errorsOf = (text: string): readonly Error[] =>
  check(text, learnedCatalogue).diagnostics.flatMap(({ code, severity, span }) => (severity === 'error' ? [{ code, start: span.start, end: span.end }] : []));

/** Whether the word at `from` is wrong whatever follows. */
const mistaken = (head: string, word: string): readonly Error[] => {
  const from = head.length;
  const before = errorsOf(head);
  let least: readonly Error[] | undefined;
  for (const on of GO_ON)
    for (const end of ENDS) {
      const wrong = errorsOf(`${head}${word}${on}${end}`).filter(
        (e) => e.start < from + word.length && e.end > from && !before.some((b) => b.code === e.code && b.start === e.start),
      );
      if (wrong.length === 0) return [];
      if (least === undefined || wrong.length < least.length) least = wrong;
    }
  return least ?? [];
};

const choices = fc.noBias(
  fc.record({
    head: fc.array(fc.nat(1 << 20), { minLength: 2, maxLength: 2 }),
    pipes: fc.array(fc.array(fc.nat(1 << 20), { minLength: 24, maxLength: 24 }), { maxLength: 5, size: 'max' }),
  }),
);
const texts = fc.oneof(
  fc.constantFrom(...EXAMPLES.filter((text) => errorsOf(text).length === 0)),
  choices.map(({ head, pipes }) => randomText(head, pipes, learnedCatalogue)),
);

test.each(['from logs | search conn‸', 'from logs // by ‸', 'from logs | where body == "by ‸', 'from data [{a: ‸'])('nothing at %s', (text) => {
  expect(at(text)).toEqual([]);
});

test('what may stand again is offered again', () => {
  expect(at('from logs | where not ‸').map(({ insert }) => insert)).toContain('not');
});

describe('at the places of right texts', () => {
  test('nothing that is offered is a mistake there', () => {
    fc.assert(
      fc.property(texts, fc.nat(), fc.nat(), (text, where, which) => {
        const starts = highlight(text).map(({ span }) => span.start);
        const offset = starts[where % Math.max(starts.length, 1)] ?? 0;
        const head = text.slice(0, offset);
        const found = complete(head, offset, learnedCatalogue).filter(({ kind }) => kind !== 'function');
        const item = found[which % Math.max(found.length, 1)];
        if (item === undefined) return;
        expect({ head, insert: item.insert, wrong: mistaken(text.slice(0, item.from), item.insert) }).toEqual({ head, insert: item.insert, wrong: [] });
      }),
      { numRuns: 400 },
    );
  }, 120_000);

  test('the word that stands there is offered', () => {
    fc.assert(
      fc.property(texts, fc.nat(), (text, where) => {
        const spans = highlight(text).filter(({ kind }) => ['keyword', 'pipe', 'clause', 'operator'].includes(kind));
        const span = spans[where % Math.max(spans.length, 1)]?.span;
        // A sign before a number is nothing to look up.
        if (span === undefined || text.slice(span.start, span.end) === '-') return;
        const head = text.slice(0, span.start);
        const word = text.slice(span.start, span.end);
        const found = complete(head, head.length, learnedCatalogue).map(({ insert }) => insert);
        expect({ head, word, found: found.some((insert) => insert === word || insert.startsWith(`${word} `)) ? word : found }).toEqual({
          head,
          word,
          found: word,
        });
      }),
      { numRuns: 400 },
    );
  }, 120_000);

  test('within an open text nothing but texts is offered', () => {
    fc.assert(
      fc.property(texts, fc.nat(), fc.nat(), fc.constantFrom('', 'pa', 'id', 's', 'e'), (text, where, into, begun) => {
        const spans = highlight(text).filter(({ kind, span }) => kind === 'text' && text[span.start] === '"');
        const span = spans[where % Math.max(spans.length, 1)]?.span;
        if (span === undefined) return;
        const cut = span.start + 1 + (into % Math.max(span.end - span.start - 1, 1));
        const head = begun === '' ? text.slice(0, cut) : `${text.slice(0, span.start + 1)}${begun}`;
        const wrong = complete(head, head.length, learnedCatalogue).filter(({ insert, from }) => !insert.startsWith('"') || from !== span.start);
        expect({ head, wrong }).toEqual({ head, wrong: [] });
      }),
      { numRuns: 400 },
    );
  }, 120_000);
});

describe('in an alert', () => {
  const offered = (marked: string): readonly string[] => at(marked).map(({ insert }) => insert);
  test.each([
    ['alert x ‸', ['when', 'for', 'severity']],
    ['alert x when ‸', ['(from']],
    ['alert x when (from ‸', ['metrics']],
    ['alert x when (from hosts | where agent_s‸', ['agent_state']],
    ['alert x when (from hosts | where host == "a") ‸', ['for', 'severity', 'summary']],
    ['alert x when (from hosts) severity ‸', ['critical', 'high', 'warning', 'info']],
    ['alert x on missing ‸', ['keep', 'resolve', 'ok', 'fire']],
    ['alert x for ‸', ['15m', '1h']],
    ['alert x for 5‸', ['5m', '5s']],
    ['alert x when (from hosts | where host == "a") recover when agent_s‸', ['agent_state']],
    ['alert x evidence e ‸', ['=']],
    ['alert x evidence e = ‸', ['(from']],
    ['alert x notify a‸', []],
  ])('%s', (marked, first) => expect(offered(marked).slice(0, first.length)).toEqual(first));
  test('what stands is not offered again, evidence is, and `on` only behind `depends on`', () => {
    const found = offered('alert x for 5m depends on y ‸');
    expect(found).toEqual(expect.arrayContaining(['evidence', 'on', 'keep', 'when']));
    expect(found).not.toContain('for');
    expect(offered('alert x evidence e = (from logs) ‸')).toContain('evidence');
    expect(offered('alert x for 5m ‸')).not.toContain('on');
    expect(offered('alert x for 5m\n‸')).toContain('alert');
    for (const marked of ['‸', 'let x = 1\n‸']) expect(offered(marked)).toContain('alert');
  });
});
