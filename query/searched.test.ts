// Holds which words of a text are shown as found, and that none of a negated one is.
import { expect, test } from 'vitest';
import { searched } from './language.ts';

test.each([
  ['from logs | search "connection refused" -healthcheck', [['line', 'tokens', 'connection refused']]],
  [
    'from logs | search pre* and (a.b or not c)',
    [
      ['line', 'prefix', 'pre'],
      ['line', 'tokens', 'a b'],
    ],
  ],
  [
    'from logs | search service:orders',
    [
      ['service', 'tokens', 'orders'],
      ['line', 'tokens', 'service orders'],
    ],
  ],
  ['from logs | search * or "--"', []],
  [
    'from logs | where body contains "(x.*" and http.route starts with "/api"',
    [
      ['body', 'part', '(x.*'],
      ['http.route', 'part', '/api'],
    ],
  ],
  ['from logs | where attributes["region"] has "eu-1" or not (body contains "y")', [['region', 'tokens', 'eu 1']]],
  ['from logs | where severity == "error" and not body contains "z"', []],
  ['from logs | where body contains ""', []],
  [
    'from logs last 1h | where (body has "a" // search b\n) | search c | limit 5',
    [
      ['body', 'tokens', 'a'],
      ['line', 'tokens', 'c'],
    ],
  ],
  ['from logs | search (', []],
  ['from', []],
])('%s', (text, words) => {
  expect(searched(text).map((one) => [one.field ?? 'line', one.as, one.words.join(' ')])).toEqual(words);
});
