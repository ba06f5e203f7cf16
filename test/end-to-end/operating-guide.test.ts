// What docs/guide/operating.md tells an operator, held against the running product: each command of it is run as it stands, each line of Status and
// each measure of its alarms is there, and so is each place that it points to.
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { MEASURES } from '../../app/metrics/measures.ts';
import { command, eventually, type Outcome, type Product, ROOT, startProduct } from './support/product.ts';

const GUIDE = join(ROOT, 'docs/guide/operating.md');
const guide = readFileSync(GUIDE, 'utf8');
/** Blocks of commands, without those of another language. */
const fenced = Array.from(guide.matchAll(/^```\n([^`]*)^```$/gm), ([, text = '']) => text.trim().split('\n')).flat();

let product: Product;
beforeAll(async () => {
  product = await startProduct();
}, 180_000);
const backups = mkdtempSync(join(tmpdir(), 'inframirror-guide-'));
afterAll(async () => {
  await product?.stop();
  rmSync(backups, { recursive: true, force: true });
});

/** Words of a command line as a shell parts them; it knows single quotes alone. */
const wordsOf = (line: string): readonly string[] => Array.from(line.matchAll(/'([^']*)'|(\S+)/g), ([, quoted, bare]) => quoted ?? bare ?? '');
const run = (line: string): Promise<Outcome> => {
  const words = wordsOf(line.replace('$(date +%F)', '2026-11-29').replace('/backup/', `${backups}/`)).slice(1);
  const own = words.includes('--data') ? words.map((word) => (word === '/var/lib/inframirror' ? product.folder : word)) : [...words, '--data', product.folder];
  return command(own);
};

/** What a command answers where there is nothing of what its example names, or where it is for a server that is stopped. */
const NOTHING_THERE = /\[(dead\.none|dead\.missing|agent\.none|stream\.no-group|store\.not-accepted)\]/;

test('each command is one, with options that it knows', async () => {
  const inText = Array.from(guide.matchAll(/`(inframirror (?:backup|stream|dead|replay)[^`]* [^`]*)`/g), ([, text = '']) => text);
  const lines = [...fenced.filter((line) => line.startsWith('inframirror ')), ...inText];
  expect(lines.length).toBeGreaterThan(12);
  await eventually('every part is well', async () => (await product.parts()).every(({ state }) => state === 'ok'), 90_000);
  for (const line of lines) {
    const { code, stdout, stderr } = await run(line);
    expect(code === 0 || (code === 1 && NOTHING_THERE.test(stderr)), `${line}\n${stdout}${stderr}`).toBe(true);
  }
}, 180_000);

test('programs of the project that it names are there', () => {
  const names = Array.from(guide.matchAll(/npm run bench -- (\w+)/g), ([, name = '']) => name);
  expect(names).not.toEqual([]);
  const benches = readdirSync(join(ROOT, 'bench')).map((name) => name.replace('.ts', ''));
  expect(names.filter((name) => !benches.includes(name))).toEqual([]);
});

test('every line of Status stands in its table, under the name that it has', async () => {
  const table = guide.slice(guide.indexOf('| line | says | so |'), guide.indexOf('## A store is down'));
  const told = Array.from(table.matchAll(/^\| ([^|`]+?) \|/gm), ([, names = '']) => names.split(', ')).flat();
  const named = (name: string): boolean => told.includes(name) || (name.startsWith('pipeline ') && told.includes('pipeline samples'));
  expect((await product.parts()).map(({ name }) => name).filter((name) => !named(name))).toEqual([]);
});

test('the measures of its alarms are told by the product, or would be', () => {
  const names = new Set(Array.from(guide.matchAll(/\binframirror_[a-z0-9_]+/g), ([name]) => name.replace(/_bucket$/, '')));
  expect(names.size).toBeGreaterThan(10);
  expect([...names].filter((name) => MEASURES[name] === undefined)).toEqual([]);
});

test('the places that it points to are there', () => {
  const anchors = (file: string): readonly string[] =>
    Array.from(readFileSync(file, 'utf8').matchAll(/^#+ (.*)$/gm), ([, head = '']) =>
      head
        .toLowerCase()
        .replaceAll(/[^\p{L}\p{N} -]/gu, '')
        .replaceAll(' ', '-'),
    );
  for (const [, path = '', anchor] of guide.matchAll(/\]\(([\w./-]*)(?:#([\w-]+))?\)/g)) {
    const file = path === '' ? GUIDE : join(dirname(GUIDE), path);
    expect([path, existsSync(file)]).toEqual([path, true]);
    if (anchor !== undefined) expect([path, anchors(file).includes(anchor), anchor]).toEqual([path, true, anchor]);
  }
});
