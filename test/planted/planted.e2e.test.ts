// Ten causes are planted among the noise of several hosts; the texts of `docs/guide/find-the-cause.md` lead to each of them.
import { rm } from 'node:fs/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { eventually, newFolder, type Product, type Result, startProduct } from '../end-to-end/support/product.ts';
import { CAUSES, type Row } from './causes.ts';
import { plant, plantedGlobs } from './plant.ts';

/** Samplings are 15 s apart, and a loop or growth needs several of them. */
const PATIENCE_MS = 240_000;

let folder: string;
let product: Product;
let unplant: (() => Promise<void>) | undefined;
beforeAll(async () => {
  folder = await newFolder();
  product = await startProduct({ folder: `${folder}/data`, logs: plantedGlobs(folder), args: ['--label', 'role=app', '--label', 'owner=shop'] });
  unplant = await plant(folder, product);
}, 300_000);
afterAll(async () => {
  await unplant?.();
  await product?.stop();
  await rm(folder, { recursive: true, force: true });
}, 60_000);

const rowsOf = ({ columns, rowCount }: Result): readonly Row[] =>
  Array.from({ length: rowCount }, (_, row) => Object.fromEntries(columns.map(({ name, values }) => [name, values[row] ?? null])));

/** Of a text that is told no mistake and no warning. */
const rowsTo = async (text: string): Promise<readonly Row[]> => {
  const result = await product.ask(text);
  expect(result.diagnostics.filter(({ severity }) => severity !== 'info')).toEqual([]);
  return rowsOf(result);
};

/** Words that everybody knows from the lessons; whatever else a text names must have been seen before. */
const KNOWN = new Set(['error', 'rw', 'reporting']);
const namedIn = (text: string): readonly string[] =>
  [...text.matchAll(/"\**([^"*]+)\**"/g)].map(([, name]) => name as string).filter((name) => !KNOWN.has(name));

test.each(CAUSES)('$symptom', async ({ questions, isFound }) => {
  expect(questions.length).toBeLessThanOrEqual(3);
  let seen = '';
  for (const [i, { text }] of questions.entries()) {
    for (const name of namedIn(text)) expect(seen).toContain(name);
    const next = namedIn(questions[i + 1]?.text ?? '').filter((name) => !seen.includes(name));
    await eventually(
      `${text} shows ${i === questions.length - 1 ? 'the cause' : next.join(', ')}`,
      async () => {
        const rows = await rowsTo(text);
        const shown = JSON.stringify(rows);
        seen += shown;
        return i === questions.length - 1 ? isFound(rows) : rows.length > 0 && next.every((name) => shown.includes(name));
      },
      PATIENCE_MS,
    );
  }
});

test('the names of the causes stand in no symptom', () => {
  for (const { symptom, secret } of CAUSES) expect(symptom.toLowerCase()).not.toContain(secret.toLowerCase());
});
