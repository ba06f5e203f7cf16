// The reference for users names everything the language has, as the language itself says it.
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { DATASETS } from '../schemas/catalogue.ts';
import { ALERT_CLAUSES } from './1-syntax/alert-syntax.ts';
import { FUNCTIONS_NOT_YET, PIPES_NOT_YET, SOURCES_NOT_YET } from './1-syntax/not-yet.ts';
import { FUNCTIONS } from './functions/registry.ts';
import { check } from './language.ts';
import { PIPES } from './pipes/index.ts';
import { specCatalogue } from './testing/spec-run.ts';

const reference = readFileSync(new URL('../docs/iql.md', import.meta.url), 'utf8');
const cell = (text: string): string => text.replaceAll('|', '\\|');

test.each([
  ...PIPES.map((p) => [p.form, p.summary] as const),
  ...[...FUNCTIONS.aggregates.values(), ...FUNCTIONS.scalars.values()].map((s) => [s.form, s.summary] as const),
  ...Object.values(ALERT_CLAUSES).map((c) => [c.form, c.summary] as const),
])('%s', (form, summary) => expect(reference).toContain(`| \`${cell(form)}\` | ${cell(summary)}`));

test('what is not there yet is in no registry, and its first words are in the reference', () => {
  const there = [...PIPES.map((p) => p.syntax.name), ...DATASETS.map((d) => d.name), ...FUNCTIONS.aggregates.keys(), ...FUNCTIONS.scalars.keys()];
  const later = [...PIPES_NOT_YET.keys(), ...SOURCES_NOT_YET.keys(), ...FUNCTIONS_NOT_YET.keys()];
  expect(later.filter((name) => there.includes(name))).toEqual([]);
  for (const name of ['join', 'union', 'parse', 'prev', 'compare', 'patterns', 'facets', 'describe', 'context', 'anomalies', 'run', 'sample', 'jvm', 'alerts'])
    expect([reference.includes(`\`${name}\``), later.includes(name)], name).toEqual([true, true]);
});

const texts = [...reference.matchAll(/^```\n([\s\S]*?)^```$/gm)].map(([, text]) => text as string);
test('the reference has texts', () => expect(texts.length).toBeGreaterThan(1));
test.each(texts)('every text of the reference can be asked: %#', (text) => {
  expect(check(text, specCatalogue).diagnostics.filter(({ severity }) => severity !== 'info')).toEqual([]);
});
