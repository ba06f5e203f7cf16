// The reference for users names everything the language has, as the language itself says it, and its examples give what it says.
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { UTF8 } from '../core/batch/batch.ts';
import { batchOf, columnFrom } from '../core/batch/build.ts';
import { DATASETS } from '../schemas/catalogue.ts';
import { ALERT_CLAUSES } from './1-syntax/alert-syntax.ts';
import type { Call } from './1-syntax/ast.ts';
import { FUNCTIONS_NOT_YET, PIPES_NOT_YET, SOURCES_NOT_YET } from './1-syntax/not-yet.ts';
import { parse } from './1-syntax/parser.ts';
import { FUNCTIONS } from './functions/registry.ts';
import { check } from './language.ts';
import { PIPE_SYNTAXES, PIPES } from './pipes/index.ts';
import { sameRows, writtenRows } from './testing/spec-rows.ts';
import { rowsOf, specCatalogue } from './testing/spec-run.ts';

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
  for (const name of ['join', 'union', 'parse', 'prev', 'compare', 'patterns', 'facets', 'describe', 'context', 'anomalies', 'run', 'sample', 'alerts'])
    expect([reference.includes(`\`${name}\``), later.includes(name)], name).toEqual([true, true]);
});

const texts = [...reference.matchAll(/^```\n([\s\S]*?)^```$/gm)].map(([, text]) => text as string);
test('the reference has texts', () => expect(texts.length).toBeGreaterThan(1));
test.each(texts)('every text of the reference can be asked: %#', (text) => {
  expect(check(text, specCatalogue).diagnostics.filter(({ severity }) => severity !== 'info')).toEqual([]);
});

const section = (title: string): string => /^[\s\S]*?(?=^## )/m.exec(reference.slice(reference.indexOf(`## ${title}\n`) + 3))?.[0] as string;
const blocks = (title: string): readonly string[] => [...section(title).matchAll(/^```\n([\s\S]*?)^```$/gm)].map(([, text]) => (text as string).trimEnd());

interface Example {
  readonly form: string;
  readonly text: string;
  /** Rows behind each other, by `;`. */
  readonly answer: string | undefined;
}

/** Cells of a table's row: form, meaning, examples. */
const examples = (title: string): readonly Example[] =>
  [...section(title).matchAll(/^\| (`.*) \|$/gm)].flatMap(([, line]) => {
    const [form = '', , cells = ''] = (line as string).split(/(?<!\\) \| /).map((c) => c.replaceAll('\\|', '|'));
    const found = [...cells.matchAll(/`([^`]+)`(?: → `([^`]+)`)?/g)].map(([, text, answer]) => ({ form, text: text as string, answer }));
    return found.length > 0 ? found : [{ form, text: '', answer: undefined }];
  });

/** A list of numbers is one cell. */
const written = (answer: string): readonly (readonly unknown[])[] => writtenRows(answer.split('; ').map((row) => row.replaceAll(/, (?![^[]*\])/g, ' | ')));

const [PIPE_ROWS] = blocks('Pipes') as [string];
const [ROWS, COUNTER, GAUGE] = blocks('Aggregates') as [string, string, string];
const rowsOver = (text: string): string =>
  text.startsWith('rate') || text.startsWith('increase')
    ? `${COUNTER} | every all r = ${text}`
    : text.startsWith('delta')
      ? `${GAUGE} | every all r = ${text}`
      : `${ROWS} | summarize r = ${text}`;

const HOSTS = batchOf([
  ['host', columnFrom(UTF8, ['a'])],
  ['os', columnFrom(UTF8, ['Debian 13'])],
]);

const all = [
  ...examples('Pipes').map((e) => ({ ...e, text: e.text && `${PIPE_ROWS} | ${e.text}` })),
  ...examples('Aggregates').map((e) => ({ ...e, text: e.text && rowsOver(e.text) })),
  ...examples('Functions').map((e) => ({ ...e, text: e.text && `data [{}] | select r = ${e.text}` })),
];

test.each(all)('$form: $text', async ({ text, answer }) => {
  expect(text, 'a row has an example').not.toBe('');
  expect(check(text, specCatalogue).diagnostics.filter(({ severity }) => severity !== 'info')).toEqual([]);
  if (answer === undefined) return;
  const { rows } = await rowsOf({ text, request: new Map() }, { hosts: HOSTS });
  const wanted = written(answer);
  if (!sameRows(rows, wanted)) expect(rows).toEqual(wanted);
});

/** The first call in a tree. */
const callIn = (tree: unknown): Call | undefined => {
  if (typeof tree !== 'object' || tree === null) return undefined;
  if ('node' in tree && tree.node === 'call') return tree as Call;
  return Object.values(tree)
    .map(callIn)
    .find((found) => found !== undefined);
};

test.each(examples('Functions').map(({ form, text }) => [form, text]))('%s of what is missing is missing: %s', async (_, text) => {
  const before = 'data [{}] | select r = ';
  const { arguments: args } = callIn(parse(`${before}${text}`, PIPE_SYNTAXES).text) as Call;
  const { start, end } = (args[0] as Call).span;
  const [from, to] = [start - before.length, end - before.length];
  const asked = `data [{x: ${text.slice(from, to)}}, {}] | select r = ${text.slice(0, from)}x${text.slice(to)}`;
  const { rows } = await rowsOf({ text: asked, request: new Map() });
  expect(rows.at(-1), asked).toEqual([null]);
});
