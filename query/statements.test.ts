// A text with every kind of statement, cut and torn: nothing that reads texts throws, and what still reads well prints to what reads the same.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { check, complete, format, highlight, lastComparisons, outline, queryText, searched, sourceOf, valueQuestion, viewsOf, withViews } from './language.ts';
import { specCatalogue } from './testing/spec-run.ts';

const TEXT = `let limit = 10 // how many
fn ratio(s, t) = count(where s >= 500) / sum(t)
fn half(x) = x / 2
alert errors // who is told
  severity if(count > 5, "high", "info")
  summary "{service} has {half(count)} errors"
  when (from logs last 5m | search timeout | count by service | where count > limit)
  for 5m keep 10m recover when count < 5 on missing resolve missing ends 24h
  labels {team: "db", x: service}
  evidence lines = (from logs last 5m | where service == $service | limit 5)
  depends on down on service
  notify a, b
  then run script.run(name: "x", arguments: [$service]) in batches of 10% stop after 2 failures
from views.doubled | where half(a) > 1 | summarize r = ratio(a, a)`;

const catalogue = withViews(
  specCatalogue,
  viewsOf(
    new Map([
      ['doubled', 'fn double(x) = x * 2\ndata [{a: 1}] | set b = double(a)'],
      ['itself', 'from views.itself'],
    ]),
  ),
);

const mustHold = (text: string, at: number): void => {
  for (const strict of [false, true]) check(text, catalogue, { strict });
  const printed = format(text);
  if (printed !== undefined) expect(format(printed)).toBe(printed);
  for (const read of [highlight, outline, queryText, sourceOf, lastComparisons, searched]) read(text);
  complete(text, at, catalogue);
  valueQuestion(text, at);
};

test('the text itself is right', () => {
  expect(check(TEXT, catalogue).diagnostics.map(({ code }) => code)).toEqual(['iql.not-yet']);
});

test('every prefix of it is read, as it is while someone types', () => {
  for (let end = 0; end <= TEXT.length; end++) mustHold(TEXT.slice(0, end), end);
}, 60_000);

const PIECES = [
  '',
  '(',
  ')',
  '|',
  '=',
  '"',
  '{',
  '}',
  ',',
  '$',
  '@',
  '\n',
  ' alert ',
  ' fn ',
  ' let ',
  ' from ',
  ' when ',
  ' on ',
  ' views.itself ',
  'half',
  'ratio(a)',
];
test('so is whatever is made of it', () => {
  const words = TEXT.match(/\w+|\s+|[^\w\s]/g) as readonly string[];
  const edit = fc.tuple(fc.nat(words.length), fc.nat(3), fc.constantFrom(...PIECES));
  fc.assert(
    fc.property(fc.array(edit, { minLength: 1, maxLength: 6 }), fc.nat(), (edits, at) => {
      const torn = [...words];
      for (const [place, length, put] of edits) torn.splice(place, length, put);
      const text = torn.join('');
      mustHold(text, at % (text.length + 1));
    }),
    { numRuns: 500 },
  );
}, 120_000);
