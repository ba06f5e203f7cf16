// A mistake in a saved query is marked where the text reads it; one in a function's body where it stands, with its calls.
import { expect, test } from 'vitest';
import { check, staticCatalogue, viewsOf, withViews } from '../../../query/language.ts';
import { DATASETS } from '../../../schemas/catalogue.ts';
import { toDiagnostic } from './local-language.ts';
import { shownPlace } from './shown-place.ts';

const catalogue = withViews(staticCatalogue(DATASETS), viewsOf(new Map([['linux', 'from hosts\n| where os > 5']])));
const shown = (text: string) => check(text, catalogue).diagnostics.map((d) => shownPlace(toDiagnostic(text, d)));

test('in a saved query', () => {
  expect(shown('from hosts\n| where host in (from views.linux | select host)')).toEqual([
    {
      span: { start: { line: 2, column: 23 }, end: { line: 2, column: 34 } },
      message: 'in views.linux, line 2: > cannot take text and a number',
      ways: ['views.linux is used here, line 2'],
    },
  ]);
});

test('in the body of a function', () => {
  expect(shown('fn slow(x) = x > 5\nfrom hosts | where slow(os)')).toEqual([
    {
      span: { start: { line: 1, column: 14 }, end: { line: 1, column: 19 } },
      message: '> cannot take text and a number',
      ways: ['slow is called here, line 2'],
    },
  ]);
});
