// Attributes whatever their name: asked as `attributes["k"]` and `numbers["k"]`, by the store and by this process, they are what was written,
// also where a column or something hidden has the name.
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Value } from '../core/batch/batch.ts';
import { batchOf, columnFrom } from '../core/batch/build.ts';
import { DATASETS } from '../schemas/catalogue.ts';
import { TABLE_FIELDS } from '../schemas/tables.ts';
import { sized } from '../test/support/long.ts';
import { SEED } from '../test/support/seed.ts';
import type { Catalogue } from './2-semantic/catalogue.ts';
import type { PlanRequest } from './3-plan/request.ts';
import { ALL_ROWS } from './3-plan/rights.ts';
import { check } from './compile.ts';
import { bothWays, difference } from './testing/both-ways.ts';
import { type LoadedStores, loadStores } from './testing/stores.ts';

const AT = 1_795_172_400_000_000_000n;
const REQUEST: PlanRequest = {
  at: AT,
  from: AT - 3_600_000_000_000n,
  to: AT,
  zone: 'UTC',
  parameters: new Map(),
  rights: ALL_ROWS,
  completeTo: AT,
  notice: () => {},
};
const COLUMNS = DATASETS.find(({ name }) => name === 'logs')?.columns.map(({ name }) => name) ?? [];
const CHOSEN = [
  'region',
  '__proto__',
  'constructor',
  'a b',
  "it's",
  'say "x"',
  '`',
  '\\',
  '\n',
  'a.b',
  '[0]',
  '["k"]',
  '{p0:String}',
  '#insert',
  '#',
  'é',
  '😀',
  '\u{FEFF}',
  'x'.repeat(128),
  '%',
  '--',
  '$1',
  'insert',
  'sender',
  'raw',
  'head',
  'words',
  ...COLUMNS,
];
const ROWS = 60;

/** Values by name and row, as written: the oracle. */
const texts = new Map<string, readonly (string | undefined)[]>();
const numbers = new Map<string, readonly (number | undefined)[]>();
let loaded: LoadedStores;
let names: readonly string[];

beforeAll(async () => {
  const odd = fc.sample(
    fc.string({ unit: 'grapheme', minLength: 1, maxLength: 12 }).filter((n) => n.isWellFormed() && !n.includes('\0')),
    { numRuns: sized(12, 60), seed: SEED },
  );
  names = [...new Set([...CHOSEN, ...odd])];
  for (const [k, name] of names.entries()) {
    texts.set(
      name,
      Array.from({ length: ROWS }, (_, row) => ((row + k) % 3 === 0 ? undefined : (row + k) % 7 === 0 ? '' : `v${(row * k) % 4}`)),
    );
    numbers.set(
      name,
      Array.from({ length: ROWS }, (_, row) => ((row + k) % 4 === 0 ? undefined : ((row * k) % 5) / 2)),
    );
  }
  const held = <T>(of: ReadonlyMap<string, readonly (T | undefined)[]>, row: number): Map<string, T> =>
    new Map([...of].flatMap(([name, values]) => (values[row] === undefined ? [] : [[name, values[row] as T] as const])));
  const value = (name: string, row: number): Value => {
    switch (name) {
      case 'time':
        return AT - 1_000_000_000n - BigInt(row);
      case 'attributes':
        return held(texts, row);
      case 'numbers':
        return held(numbers, row);
      case 'position':
        return BigInt(row);
      case 'file':
      case 'insert':
        return 1n;
      case 'trace_id':
      case 'span_id':
        return null;
      default:
        return ['head', 'tail'].includes(name) ? '' : `column ${name}`;
    }
  };
  const fields = TABLE_FIELDS.logs.map(
    ({ name, type }) =>
      [
        name,
        columnFrom(
          type,
          Array.from({ length: ROWS }, (_, row) => value(name, row)),
        ),
      ] as const,
  );
  loaded = await loadStores({ inserts: [{ table: 'logs', batch: batchOf(fields) }], marks: () => [], hosts: [], history: [], events: [] });
}, 120_000);
afterAll(() => loaded?.stop());

const catalogue: Catalogue = {
  datasets: DATASETS,
  metric: () => undefined,
  metricNames: () => [],
  attribute: (_, name) => (texts.has(name) ? 'both' : undefined),
  attributeNames: () => names,
};
const ask = async (text: string): Promise<readonly (readonly Value[])[]> => {
  expect(check(text, catalogue).diagnostics, text).toEqual([]);
  const both = await bothWays(text, catalogue, REQUEST, loaded);
  expect(difference(both), text).toBeUndefined();
  if ('failed' in both.pushed) throw new Error(`${text}: ${both.pushed.failed}`);
  expect(both.share, text).toBe('whole');
  return both.pushed.rows;
};
const countsOf = <T>(values: readonly (T | undefined)[]): ReadonlyMap<T | null, bigint> => {
  const out = new Map<T | null, bigint>();
  for (const v of values) out.set(v ?? null, (out.get(v ?? null) ?? 0n) + 1n);
  return out;
};
const asMap = (rows: readonly (readonly Value[])[]): ReadonlyMap<Value, Value> => new Map(rows.map(([a, b]) => [a ?? null, b ?? null]));

test('by its map every name is what was written, in where, set, by and aggregates', { timeout: 300_000 }, async () => {
  for (const name of names) {
    const [text, number] = [texts.get(name) ?? [], numbers.get(name) ?? []];
    const [a, n] = [`attributes[${JSON.stringify(name)}]`, `numbers[${JSON.stringify(name)}]`];
    expect(asMap(await ask(`from logs | count by k = ${a}`))).toEqual(countsOf(text));
    expect(asMap(await ask(`from logs | count by k = ${n}`))).toEqual(countsOf(number));
    const [row] = await ask(
      `from logs | set a = ${a}, n = ${n} | summarize x = count(where a == "v1"), y = count(where not exists a), z = count(n), s = sum(n), d = count(where ${a} != "v1" and ${n} >= 1)`,
    );
    const rows = text.map((v, i) => [v, number[i]] as const);
    expect(row).toEqual([
      BigInt(text.filter((v) => v === 'v1').length),
      BigInt(text.filter((v) => v === undefined).length),
      BigInt(number.filter((v) => v !== undefined).length),
      number.reduce<number>((sum, v) => sum + (v ?? 0), 0),
      BigInt(rows.filter(([v, x]) => v !== 'v1' && x !== undefined && x >= 1).length),
    ]);
    expect(await ask(`from logs | where ${a} == "v1" | count`)).toEqual([[BigInt(text.filter((v) => v === 'v1').length)]]);
  }
});

test('a name alone is the column where there is one, else the attribute', { timeout: 300_000 }, async () => {
  for (const name of names) {
    const column = COLUMNS.includes(name);
    // Between backticks stands no new line, and what begins with # is hidden.
    if (name.startsWith('#') || /[\n\r]/.test(name) || (column && !['region', 'raw', 'body', 'service'].includes(name))) continue;
    const written = `\`${name.replaceAll('`', '``')}\``;
    const wanted = column
      ? new Map([[`column ${name}`, BigInt(ROWS)]])
      : countsOf((texts.get(name) ?? []).map((v, i) => v ?? numbers.get(name)?.[i]?.toString()));
    expect(asMap(await ask(`from logs | count by k = ${written}`)), name).toEqual(wanted);
  }
});

test('unnamed it is called as its key', { timeout: 60_000 }, async () => {
  expect((await bothWays('from logs | count by attributes["region"]', catalogue, REQUEST, loaded)).names).toEqual(['region', 'count']);
  expect((await bothWays('from logs | summarize avg(numbers["pid"]), max(numbers["pid"])', catalogue, REQUEST, loaded)).names).toEqual(['pid.avg', 'pid.max']);
});
