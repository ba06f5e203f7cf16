// Regular expressions and time zones: wrong ones are told where they stand, or by the request that brings them, and never reach a store.
import { expect, test } from 'vitest';
import { valueAt } from '../core/batch/batch.ts';
import { DATASETS } from '../schemas/catalogue.ts';
import { staticCatalogue } from './2-semantic/catalogue.ts';
import type { PlanRequest } from './3-plan/request.ts';
import { ALL_ROWS } from './3-plan/rights.ts';
import { check, plan } from './compile.ts';
import { runPlan } from './run/run.ts';
import { testEnvironment } from './run/testing/environment.ts';

const CATALOGUE = staticCatalogue(DATASETS);
const REQUEST: PlanRequest = {
  at: 1_000_000_000_000_000_000n,
  from: 0n,
  to: 1_000_000_000_000_000_000n,
  zone: 'UTC',
  parameters: new Map(),
  rights: ALL_ROWS,
  completeTo: 1_000_000_000_000_000_000n,
  notice: () => {},
};

const answer = async (text: string, request: Partial<PlanRequest> = {}): Promise<unknown> => {
  const checked = check(text, CATALOGUE);
  expect(checked.diagnostics).toEqual([]);
  const batches = await runPlan(plan(checked, { ...REQUEST, ...request }).plan, testEnvironment());
  return valueAt(batches[0]?.columns[0] as never, 0);
};

test.each([
  ['data [{a: "x"}] | where a matches r"("', '('],
  ['from logs | where body matches r"(?=a)" | count', '(?='],
  ['from logs | where not body matches "a\\\\8"', '\\\\8'],
  ['from logs | where body matches "(["', '['],
  ['from hosts | where host matches r"x**"', '**'],
  ['data [{a: "x"}] | set b = replace_regex(a, r"[z-a]", "y")', 'z-a'],
  ['let r = "(" data [{a: "x"}] | where a matches r', 'r'],
  ['from logs | summarize n = count(body where body matches r"a{1001}")', '{1001}'],
  ['data [{a: "é\\u0041("}] | where a matches "\\u0041("', '"\\u0041("'],
])('%s', (text, place) => {
  const { diagnostics, query } = check(text, CATALOGUE);
  expect(query).toBeUndefined();
  expect(diagnostics.map((d) => d.code)).toEqual(['iql.bad-regex']);
  const { span } = diagnostics[0] as (typeof diagnostics)[0];
  expect(text.slice(span.start, span.end)).toBe(place);
});

test('a parameter with a bad expression is an error of the request', () => {
  const regex = check('data [{a: "x"}] | where a matches $r', CATALOGUE);
  expect(() => plan(regex, { ...REQUEST, parameters: new Map([['r', '(']]) })).toThrow('`(` is not closed');
  const replaced = check('data [{a: "x"}] | set b = replace_regex(a, $r, "y")', CATALOGUE);
  expect(() => plan(replaced, { ...REQUEST, parameters: new Map([['r', 'a**']]) })).toThrow('`**` repeats a repetition');
  expect(() => plan(regex, { ...REQUEST, parameters: new Map([['r', 'x+']]) })).not.toThrow();
});

test.each([
  ['utc', 1],
  ['Z', 1],
  ['z', 1],
  ['+02:00', 3],
  ['-05:30', 19],
  ['+0200', 3],
  ['europe/berlin', 2],
  ['EUROPE/BERLIN', 2],
  ['Europe/Berlin', 2],
])('hour in the zone %s', async (zone, hour) => {
  expect(await answer(`data [{t: @2026-01-10T01:00Z}] | select h = hour(t, "${zone}")`)).toBe(BigInt(hour));
  expect(await answer('data [{t: @2026-01-10T01:00Z}] | select h = hour(t, $z)', { parameters: new Map([['z', zone]]) })).toBe(BigInt(hour));
});

test('a zone that does not exist is told with the nearest', () => {
  for (const [zone, near] of [
    ['Europe/Berln', 'Europe/Berlin'],
    ['Berlin', 'Europe/Berlin'],
    ['new york', 'America/New_York'],
  ] as const) {
    const text = `data [{t: @2026-01-10}] | set h = hour(t, "${zone}")`;
    const [told] = check(text, CATALOGUE).diagnostics;
    expect(told?.code).toBe('iql.unknown-zone');
    expect(told?.fix?.edits[0]?.text).toBe(JSON.stringify(near));
  }
  const byParameter = check('data [{t: @2026-01-10}] | set h = hour(t, $z)', CATALOGUE);
  expect(() => plan(byParameter, { ...REQUEST, parameters: new Map([['z', 'Mars']]) })).toThrow('there is no time zone "Mars"');
});

const GROWN = [16, 16, 16, 16, 4].map((n) => `a = replace(a, "x", "${'x'.repeat(n)}")`).join(', ');

test('long texts: what a function makes and what an expression may cost have limits that are named', async () => {
  const data = 'data [{a: "xxxxxxxxxxxxxxxx"}] | set';
  await expect(answer(`${data} ${GROWN}, a = concat(a, a) | select n = length(a)`)).rejects.toThrow(
    'concat makes a text of 8388608 characters or more, the limit is 4194304',
  );
  await expect(answer(`${data} ${GROWN}, a = replace(a, "x", "yyyyyyyyyyyyyyyyyyyyyyyyy") | select n = length(a)`)).rejects.toThrow(
    'replace makes a text of 104857600',
  );
  await expect(answer(`${data} ${GROWN}, a = replace_regex(a, "x", "yy") | select n = length(a)`)).rejects.toThrow(
    'replace_regex would look at a text of 4194304',
  );
  await expect(answer(`${data} ${GROWN} | where a matches r"[wx]{500}[^x]|x$" | select n = length(a)`)).rejects.toThrow(
    'matches would look at a text of 4194304',
  );
  expect(await answer(`${data} ${GROWN} | select n = length(a)`)).toBe(4_194_304n);
});
