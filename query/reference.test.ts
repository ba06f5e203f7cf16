// The reference for users names everything the language has, as the language itself says it.
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { FUNCTIONS } from './functions/registry.ts';
import { PIPES } from './pipes/index.ts';

const reference = readFileSync(new URL('../docs/iql.md', import.meta.url), 'utf8');
const cell = (text: string): string => text.replaceAll('|', '\\|');

test.each([
  ...PIPES.map((p) => [p.form, p.summary] as const),
  ...[...FUNCTIONS.aggregates.values(), ...FUNCTIONS.scalars.values()].map((s) => [s.form, s.summary] as const),
])('%s', (form, summary) => expect(reference).toContain(`| \`${cell(form)}\` | ${cell(summary)}`));
