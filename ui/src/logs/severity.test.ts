// Holds that a state has its one colour by its name and value, and that nothing else takes one.
import { readFileSync } from 'node:fs';
import { expect, it, test } from 'vitest';
import { SEVERITIES } from '../../../schemas/catalogue.ts';
import { severityRank, severityToken, stateToken } from './severity.ts';

test.each([
  ['severity', 'error', '--severity-error'],
  ['severity', null, '--severity-none'],
  ['severity', 'WARN', '--severity-warn'],
  ['log.level', 'warning', '--severity-warn'],
  ['level', 'crit', '--severity-fatal'],
  ['level', '__proto__', undefined],
  ['level', 'constructor', undefined],
  ['level', '3', undefined],
  ['service', 'error', undefined],
  ['http.status_code', 503, '--status-5xx'],
  ['status', '404', '--status-4xx'],
  ['status', 'running', undefined],
  ['status', 600, undefined],
  ['pid', 503, undefined],
  ['class', '5xx', '--status-5xx'],
  ['x', '2xx', '--status-2xx'],
  ['x', null, undefined],
])('%s = %s is %s', (column, value, token) => expect(stateToken(column, value)).toBe(token));

it('every token stands in both themes', () => {
  const css = readFileSync(new URL('../style/tokens.css', import.meta.url), 'utf8');
  const tokens = [...SEVERITIES.map(severityToken), severityToken(null), ...[1, 2, 3, 4, 5].map((c) => stateToken('', `${c}xx`) as string)];
  for (const token of tokens) expect(css.split(`${token}:`)).toHaveLength(3);
});

it('words are in the order of the language', () => {
  expect(SEVERITIES.map(severityRank)).toEqual([0, 1, 2, 3, 4, 5]);
  expect(severityRank('other')).toBe(-1);
});
