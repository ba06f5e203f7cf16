// Holds that cells show values harmlessly and shortly, tell what they cut, never touch more of a value than they show, and line up.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Value } from '../data/types.ts';
import { cellsOf, MOST_SHOWN } from './cells.ts';

const column = (type: string, unit: string | null, values: readonly Value[], name = 'x') => ({ name, type, unit, values });
const texts = (type: string, unit: string | null, values: readonly Value[], name?: string): string[] => {
  const cells = cellsOf(column(type, unit, values, name));
  return values.map((_, row) => cells.text(row));
};

describe('cellsOf', () => {
  it('puts points under points', () => {
    expect(texts('float', '1', [0.5, 0.01234, null, 0])).toEqual(['50.00%', '1.23%', '–', '0%']);
    const memory = texts('int', 'By', [485_490_688, 3_080_192, 51_200, 32_212_254_720, 0]);
    expect(memory).toEqual(['463.0 MiB', '2.9 MiB', '50.0 KiB', '30.0 GiB', '0 KiB']);
    fc.assert(
      fc.property(fc.array(fc.double({ min: 1, max: 1e14, noNaN: true }), { minLength: 1, maxLength: 50 }), (sizes) => {
        for (const [unit, kind] of [
          ['By', 'int'],
          ['1', 'float'],
          [null, 'float'],
        ] as const) {
          const decimals = texts(kind, unit, sizes.map(Math.round)).map((text) => /\.(\d+)/.exec(text)?.[1]?.length ?? 0);
          expect(new Set(decimals).size).toBe(1);
        }
      }),
    );
  });

  it('writes whole numbers whole, and those that name a thing without grouping', () => {
    expect(texts('int', null, [1_234_567, 21])).toEqual(['1,234,567', '21']);
    expect(texts('int', null, [12_345], 'pid')).toEqual(['12345']);
    expect(texts('int', null, ['9007199254740993'])).toEqual(['9007199254740993']);
  });

  it('shows nothing that acts, and of long values a beginning with how much there is', () => {
    const long = 'x'.repeat(1 << 20);
    const map = Object.fromEntries(Array.from({ length: 10_000 }, (_, i) => [`key ${i}`, i]));
    const values: Value[] = [
      'a\u202eb\u001b[31m\n',
      long,
      map,
      Array.from({ length: 5000 }, (_, i) => `v${i}`),
      { a: long },
      ['10.0.0.1', 'fe80::1'],
      { a: 1 },
    ];
    const cells = cellsOf(column('string', null, values));
    expect(cells.text(0)).toBe('a\\u202eb⏎');
    expect(values.map((_, row) => cells.more(row))).toEqual([
      undefined,
      '1,048,576 characters',
      '10,000 fields',
      '5,000 items',
      '1 field',
      undefined,
      undefined,
    ]);
    expect(cells.text(5)).toBe('10.0.0.1, fe80::1');
    expect(cells.text(6)).toBe('{"a":1}');
    for (const row of values.keys()) expect(cells.text(row).length).toBeLessThanOrEqual(MOST_SHOWN + 1);
  });

  it('takes any value', () => {
    fc.assert(
      fc.property(fc.array(fc.jsonValue(), { minLength: 1, maxLength: 5 }), fc.constantFrom('string', 'map', 'list', 'float', 'time'), (values, type) => {
        const cells = cellsOf(column(type, null, values as Value[]));
        for (const row of values.keys()) {
          expect(cells.text(row)).not.toMatch(/[\p{Cc}\u202a-\u202e]/u);
          expect(cells.text(row)).toBe(cells.text(row));
        }
      }),
    );
  });
});
