// One meaning of regular expressions and time zones everywhere: what the checker takes the column store takes, with the runner's answer.

import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { valueAt } from '../core/batch/batch.ts';
import { zoneNamed, zoneOffset } from '../core/zone.ts';
import type { ColumnStore } from '../engines/columns/port.ts';
import { openTemporaryStore, type TemporaryStore } from '../engines/columns/testing/temporary-store.ts';
import { sized } from '../test/support/long.ts';
import { SEED } from '../test/support/seed.ts';
import { regexMistake } from './1-syntax/regex.ts';
import { arbitraryRegex, arbitrarySubject } from './1-syntax/test-support/arbitrary-regex.ts';
import { UNICODE_CLASSES } from './1-syntax/unicode-classes.ts';
import { CLICKHOUSE_FUNCTIONS } from './4-emit/clickhouse/functions.ts';
import { storePattern } from './4-emit/clickhouse/store-pattern.ts';
import { regexTest } from './functions/run/pattern.ts';
import { rowsOf } from './testing/spec-run.ts';

let store: TemporaryStore;
let columns: ColumnStore;
beforeAll(async () => {
  store = await openTemporaryStore({ migrated: false });
  columns = store.columns;
}, 120_000);
afterAll(() => store?.close());

const found = async (pattern: string, texts: readonly string[]): Promise<readonly boolean[]> => {
  const { batches } = await columns.query('SELECT arrayJoin(arrayMap(t -> match(t, {pattern:String}), {texts:Array(String)})) AS found', {
    params: { pattern: storePattern(pattern), texts },
  });
  return batches.flatMap((b) => Array.from({ length: b.length }, (_, i) => Boolean(valueAt(b.columns[0] as never, i))));
};

test('random expressions', async () => {
  let taken = 0;
  await fc.assert(
    fc.asyncProperty(arbitraryRegex, fc.array(arbitrarySubject, { minLength: 4, maxLength: 4 }), async (pattern, texts) => {
      if (regexMistake(pattern) !== undefined) return;
      taken += 1;
      expect(await found(pattern, texts), JSON.stringify(pattern)).toEqual(texts.map(regexTest(pattern)));
    }),
    { numRuns: 1500, seed: SEED },
  );
  expect(taken).toBeGreaterThan(300);
}, 300_000);

test('where random expressions are found: the store’s RE2 puts the same in brackets', async () => {
  let taken = 0;
  await fc.assert(
    fc.asyncProperty(arbitraryRegex, arbitrarySubject, async (pattern, text) => {
      // What is replaced where a match is empty is our own: none of these is.
      if (regexMistake(pattern) !== undefined || text === '' || regexTest(pattern)('')) return;
      taken += 1;
      const { batches } = await columns.query("SELECT replaceRegexpAll({text:String}, {pattern:String}, '<\\\\0>') AS replaced", {
        params: { pattern: storePattern(pattern), text },
      });
      const request = new Map([
        ['$text', JSON.stringify(text)],
        ['$pattern', JSON.stringify(pattern)],
      ]);
      const { rows } = await rowsOf({ text: 'data [{s: text($text)}] | select r = replace_regex(s, $pattern, r"<\\0>")', request });
      expect(rows[0]?.[0], JSON.stringify(pattern)).toBe(valueAt(batches[0]?.columns[0] as never, 0));
    }),
    { numRuns: sized(800, 12_000), seed: SEED },
  );
  expect(taken).toBeGreaterThan(100);
}, 300_000);

test('a repeated character of several bytes, alone and behind others', async () => {
  for (const pattern of ['😀*\\s', '😀?\\s', '😀{0,2}\\s', 'é*\\s', 'xé*\\s', '(é|😀*)\\s', '[😀]*\\s', '[]é]*😀?\\s', '\\Q😀*\\E|\\s'])
    expect(await found(pattern, [' ', 'x ', '😀 ', 'é', '😀*']), pattern).toEqual([' ', 'x ', '😀 ', 'é', '😀*'].map(regexTest(pattern)));
}, 120_000);

test('every class of characters', async () => {
  for (const name of UNICODE_CLASSES) {
    const pattern = `\\p{${name}}`;
    expect(await found(pattern, ['aα字\u{10ffff}']), pattern).toEqual([regexTest(pattern)('aα字\u{10ffff}')]);
  }
}, 120_000);

test('the largest that are taken', async () => {
  for (const pattern of ['\\p{L}{39}', '(?i)[a-zé]{900}', '(?:\\x{1F600}|a.b){500}', '(?:[^x]{10}){99}', '\\W{900}', '[wx]{500}[^x]|x$', '[α-ω]{999}']) {
    expect(regexMistake(pattern), pattern).toBeUndefined();
    await expect(found(pattern, ['a'])).resolves.toEqual([false]);
  }
}, 120_000);

test('time zones', async () => {
  const moments = [0n, 1_700_000_000_000_000_000n, 1_719_999_999_000_000_000n];
  const zones = [
    ...fc.sample(fc.constantFrom(...Intl.supportedValuesOf('timeZone')), { numRuns: 40, seed: SEED }),
    ...['utc', 'Z', '+02:00', '-09:30', '+1400', 'europe/berlin', 'US/Eastern', 'EST5EDT', 'Etc/GMT+3', 'Asia/Calcutta'],
  ];
  for (const written of zones) {
    const zone = zoneNamed(written) as string;
    const sql = CLICKHOUSE_FUNCTIONS.hour(
      [
        { sql: 't', type: 'int', constant: false, value: undefined },
        { sql: `'${zone}'`, type: 'string', constant: true, value: zone },
      ] as never,
      { type: 'int', bind: () => '' } as never,
    );
    const { batches } = await columns.query(`SELECT ${sql} AS h FROM (SELECT arrayJoin({moments:Array(Int64)}) AS t)`, { params: { moments } });
    const hours = batches.flatMap((b) => Array.from({ length: b.length }, (_, i) => Number(valueAt(b.columns[0] as never, i))));
    const expected = moments.map((ns) => new Date(Number(ns / 1_000_000n) + zoneOffset(zone, Number(ns / 1_000_000n))).getUTCHours());
    expect(hours, written).toEqual(expected);
  }
}, 300_000);
