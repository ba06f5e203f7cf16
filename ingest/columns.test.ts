// Columns against their rules: what is written as indices into a dictionary is judged as the same text written out.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { withDictionaries } from '../core/batch/arbitrary.ts';
import { FLOAT, list, map, UTF8 } from '../core/batch/batch.ts';
import { columnFrom } from '../core/batch/build.ts';
import { columnOffence } from './columns.ts';
import type { ColumnRule } from './rules.ts';

const anyText = fc.oneof(fc.constantFrom('', 'a', 'b', '__proto__', 'x\0y', 'long'.repeat(5)), fc.string({ maxLength: 5 }));
const anyRule: fc.Arbitrary<ColumnRule> = fc.record({
  bytes: fc.constantFrom(1, 5, 100),
  empty: fc.boolean(),
  entries: fc.constantFrom(1, 3, 100),
  bytesOf: fc.constantFrom(
    new Map(),
    new Map([['a', 0]]),
    new Map([
      ['a', 3],
      ['b', 1],
    ]),
  ),
});

test('texts, lists and maps are judged alike with and without dictionaries', () => {
  const anyColumn = fc.oneof(
    fc.array(fc.option(anyText)).map((values) => columnFrom(UTF8, values)),
    fc.array(fc.option(fc.array(fc.option(anyText, { freq: 9 }), { maxLength: 4 }))).map((values) => columnFrom(list(UTF8), values)),
    fc
      .array(fc.option(fc.array(fc.tuple(anyText, fc.option(anyText, { freq: 9 })), { maxLength: 4 }).map((e) => new Map(e))))
      .map((values) => columnFrom(map(UTF8), values)),
  );
  fc.assert(
    fc.property(anyColumn, anyRule, fc.boolean(), fc.boolean(), (column, rule, required, zeroBytes) => {
      expect(columnOffence(withDictionaries(column), rule, required, zeroBytes)).toEqual(columnOffence(column, rule, required, zeroBytes));
    }),
    { numRuns: 1000 },
  );
});

test('the first offending row is named, missing rows are passed over unless required', () => {
  const column = columnFrom(UTF8, ['ok', null, 'too long', '']);
  expect(columnOffence(column, { bytes: 5 }, false, true)).toEqual({ row: 2, reason: 'it has 8 bytes, 5 are allowed' });
  expect(columnOffence(column, {}, true, true)).toEqual({ row: 1, reason: 'it is missing' });
  expect(columnOffence(column, { empty: false }, false, true)).toEqual({ row: 3, reason: 'it is empty' });
  expect(columnOffence(column, {}, false, false)).toBeUndefined();
});

test('a word is held to the list, a zero byte to its own text', () => {
  expect(columnOffence(columnFrom(UTF8, ['a', 'c']), { words: ['a', 'b'] }, false, true)).toEqual({ row: 1, reason: 'it is none of a, b' });
  expect(columnOffence(columnFrom(UTF8, ['a', '', 'b\0']), {}, false, false)).toEqual({ row: 2, reason: 'it holds a zero byte' });
});

test('values of a map of numbers are any number within the bound of the rule, but not missing', () => {
  const numbers = (value: number | null) =>
    columnFrom(map(FLOAT), [
      new Map([
        ['a', 1],
        ['n', value],
      ]),
    ]);
  expect(columnOffence(numbers(Number.NaN), {}, false, false)).toBeUndefined();
  expect(columnOffence(numbers(null), {}, false, false)).toEqual({ row: 0, reason: 'the value of "n": an entry of it is missing' });
  expect(columnOffence(numbers(-1e9), { magnitude: 1e9 }, false, false)).toBeUndefined();
  for (const value of [-1.1e9, Number.POSITIVE_INFINITY])
    expect(columnOffence(numbers(value), { magnitude: 1e9 }, false, false)?.reason).toBe(
      `the value of "n": it is ${value}, numbers here lie between ±1000000000`,
    );
});

test('the first number beyond the bound of the rule is named', () => {
  const column = columnFrom(FLOAT, [1, null, 5, Number.NaN]);
  expect(columnOffence(column, {}, false, false)).toBeUndefined();
  expect(columnOffence(column, { magnitude: 4 }, false, false)).toEqual({ row: 2, reason: 'it is 5, numbers here lie between ±4' });
  expect(columnOffence(column, { magnitude: 6 }, false, false)).toEqual({ row: 3, reason: 'it is NaN, numbers here lie between ±6' });
});

/** Counts the bytes that searches look at. */
class CountedBytes extends Uint8Array<ArrayBuffer> {
  static looked = 0;
  override indexOf(value: number, from = 0): number {
    const found = super.indexOf(value, from);
    CountedBytes.looked += (found === -1 ? this.length : found + 1) - from;
    return found;
  }
  override includes(value: number, from = 0): boolean {
    return this.indexOf(value, from) !== -1;
  }
}

test('the work for a column grows as the column does', () => {
  const looked = (rows: number): number => {
    const column = columnFrom(
      UTF8,
      Array.from({ length: rows }, (_, i) => `text ${i}`),
    );
    if (column.layout !== 'text') throw new TypeError('a text column was made');
    CountedBytes.looked = 0;
    const data = CountedBytes.from(column.data) as CountedBytes;
    expect(columnOffence({ ...column, data }, {}, false, false)).toBeUndefined();
    return CountedBytes.looked / rows;
  };
  const few = looked(100);
  expect(few).toBeGreaterThan(0);
  expect(looked(10_000)).toBeLessThan(2 * few);
});
