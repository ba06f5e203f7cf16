// Every case of every spec file beside this one. `UPDATE=1` writes the goldens (`-- plan`, `-- sql`) anew; rows and diagnostics are never
// written by a program.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { SEED } from '../../test/support/seed.ts';
import { parse } from '../1-syntax/parser.ts';
import { parseSearch, printSearch } from '../1-syntax/search-syntax.ts';
import { AGGREGATES, SCALAR_FUNCTIONS } from '../2-semantic/function-names.ts';
import { PASSES } from '../3-plan/passes.ts';
import { printPlan } from '../3-plan/print-plan.ts';
import { printRequest } from '../4-emit/print-sql.ts';
import { check } from '../compile.ts';
import { format } from '../language.ts';
import { PIPE_SYNTAXES, PIPES } from '../pipes/index.ts';
import { readSpec, type SpecCase, withSections } from '../testing/spec-file.ts';
import { cellsOf, sameRows, writtenRows } from '../testing/spec-rows.ts';
import { asked, diagnosticsOf, fixedText, rowsOf, specCatalogue } from '../testing/spec-run.ts';

const folder = new URL('.', import.meta.url);
const update = process.env.UPDATE === '1';
const files = readdirSync(folder, { recursive: true, encoding: 'utf8' })
  .filter((f) => f.endsWith('.iql'))
  .sort();
const contents = new Map(files.map((f) => [f, readFileSync(new URL(f, folder), 'utf8')]));
const specs = files.map((f) => ({ file: f, cases: readSpec(f, contents.get(f) as string) }));

/** A tree without places; the words of `search`, which it keeps as they were written, in their printed form. */
const bare = (tree: unknown): unknown =>
  JSON.parse(
    JSON.stringify(tree, (key, v: unknown) => {
      if (key === 'span' || key.endsWith('Span')) return undefined;
      if (key === 'raw' && v !== null && typeof v === 'object') return printSearch(parseSearch((v as { text: string }).text, 0).node);
      return typeof v === 'bigint' ? `${v}n` : v;
    }),
  );

const checkRows = async (c: SpecCase, expected: readonly string[]): Promise<void> => {
  const { columns, rows, warnings } = await rowsOf(c);
  const told = c.sections.get('warnings');
  if (told !== undefined) expect(warnings).toEqual(told);
  const [head = '', ...lines] = expected;
  const wanted = cellsOf(head).map((h) => /^(?:"(.*)"|(\S*?))(?: (\w+)(?: in (\S+))?)?$/.exec(h));
  const shown = columns.map(
    (col, i) => `${col.name}${wanted[i]?.[3] === undefined ? '' : ` ${col.type}`}${wanted[i]?.[4] === undefined ? '' : ` in ${col.unit}`}`,
  );
  expect(shown.join(' | ')).toBe(
    cellsOf(head)
      .map((h) => h.replace(/^"(.*)"/, '$1'))
      .join(' | '),
  );
  const values = writtenRows(lines);
  if (!sameRows(rows, values)) expect(rows).toEqual(values);
  for (const seed of [SEED, SEED + 1, SEED + 2]) {
    const pieces = await rowsOf(c, { seed });
    expect(pieces.rows, `cut into batches by ${seed}`).toEqual(rows);
    expect(pieces.warnings, `cut into batches by ${seed}`).toEqual(warnings);
  }
  for (const { name: pass } of PASSES.filter(({ isNeeded }) => isNeeded !== true))
    expect((await rowsOf(c, { without: new Set([pass]) })).rows, `without ${pass}`).toEqual(rows);
};

const checkDiagnostics = (c: SpecCase, expected: readonly string[]): void => {
  const found = diagnosticsOf(c);
  expect(found.map((d) => `${d.severity} ${d.code}: ${d.message}`)).toEqual(expected);
  const inOrder = (a: { start: number; end: number }, b: { start: number; end: number }): number => a.start - b.start || b.end - a.end;
  expect(
    found
      .map((d) => d.span)
      .toSorted(inOrder)
      .map((s) => c.text.slice(s.start, s.end)),
  ).toEqual([...c.marks].sort(inOrder).map((s) => c.text.slice(s.start, s.end)));
  expect(found.map((d) => ({ start: d.span.start, end: d.span.end })).toSorted(inOrder)).toEqual([...c.marks].sort(inOrder));
};

const goldensOf = (c: SpecCase): ReadonlyMap<string, readonly string[]> => {
  const { plan, fragments } = asked(c);
  const sql = fragments.flatMap((f, i) => [...(i === 0 ? [] : ['']), `// ${f.role}`, ...printRequest(f, '//')]);
  return new Map([
    ['plan', printPlan(plan)],
    ['sql', sql],
  ]);
};

describe.each(specs)('$file', ({ file, cases }) => {
  test.each(cases)('$title', async (c) => {
    const problems = diagnosticsOf(c);
    const broken = parse(c.text, PIPE_SYNTAXES).diagnostics.length > 0;
    if (!broken) {
      const printed = format(c.text);
      expect(printed).toBeDefined();
      expect(format(printed as string)).toBe(printed);
      expect(bare(parse(printed as string, PIPE_SYNTAXES).text.statements)).toEqual(bare(parse(c.text, PIPE_SYNTAXES).text.statements));
    }
    const diagnostics = c.sections.get('diagnostics');
    if (diagnostics !== undefined || problems.some((d) => d.severity !== 'info')) checkDiagnostics(c, diagnostics ?? []);
    const fixed = c.sections.get('fixed');
    if (fixed !== undefined) {
      const mended = fixedText(c.text, problems);
      expect(mended.trim()).toBe(fixed.join('\n').trim());
      expect(check(mended, specCatalogue).diagnostics.filter((d) => d.severity === 'error')).toEqual([]);
    }
    const rows = c.sections.get('rows');
    if (rows !== undefined) await checkRows(c, rows);
    const golden = ['plan', 'sql'].filter((s) => c.sections.has(s));
    if (golden.length > 0 && !update) for (const s of golden) expect(goldensOf(c).get(s)).toEqual(c.sections.get(s));
    expect(c.sections.size - (c.sections.has('request') ? 1 : 0), 'a case says what it expects').toBeGreaterThan(0);
  });
  if (update)
    test('goldens are written', () => {
      const changes = new Map(cases.filter((c) => c.sections.has('plan') || c.sections.has('sql')).map((c) => [c, goldensOf(c)] as const));
      if (changes.size > 0) writeFileSync(new URL(file, folder), withSections(contents.get(file) as string, cases, changes));
    });
});

test('every pipe, scalar function and aggregate has its file', () => {
  const missing = [
    ...PIPES.filter((p) => p.syntax.pattern === undefined).map((p) => `pipes/${p.syntax.name}.iql`),
    ...SCALAR_FUNCTIONS.map((f) => `functions/${f}.iql`),
    ...AGGREGATES.map((f) => `aggregates/${f}.iql`),
  ].filter((f) => !files.includes(f));
  expect(missing).toEqual([]);
});
