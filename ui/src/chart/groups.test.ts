// Holds which rows are drawn as bars, and that the largest comes first whatever the order of the rows.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Column, Value } from '../data/types.ts';
import { possibleViews } from '../result/choose.ts';
import { barsOf } from './groups.ts';

const column = (name: string, type: string, values: readonly Value[], unit: string | null = null): Column => ({ name, type, unit, values });

describe('barsOf', () => {
  it('puts the largest first and what is not known last', () => {
    const found = barsOf([column('service', 'string', ['a', 'b', null]), column('count', 'int', [1, 9, null], '{}')], 'from logs | count by service');
    expect(found?.bars.map(({ label, value }) => [label, value])).toEqual([
      ['b', 9],
      ['a', 1],
      ['no service', null],
    ]);
    expect([found?.low, found?.high]).toEqual([0, 9]);
  });

  it('draws the value that is asked for, at most 200 bars of any rows', () => {
    fc.assert(
      fc.property(fc.array(fc.double({ noNaN: true, noDefaultInfinity: true }), { minLength: 1, maxLength: 300 }), (numbers) => {
        const rows = [
          column(
            'k',
            'string',
            numbers.map((_, i) => `${i}`),
          ),
          column(
            'a',
            'float',
            numbers.map(() => 1),
          ),
          column('b', 'float', numbers),
        ];
        const found = barsOf(rows, '', 'b');
        const values = found?.bars.map(({ value }) => value) ?? [];
        expect(values).toEqual([...numbers].sort((x, y) => y - x).slice(0, 200));
        expect(found?.total).toBe(numbers.length);
        expect(found?.high).toBeGreaterThanOrEqual(Math.max(...numbers));
      }),
    );
  });
});

describe('the view of bars', () => {
  it('asks for keys and values and no time', () => {
    const hasBars = (columns: Column[]) => possibleViews(columns).includes('bars');
    const key = column('k', 'string', ['a', 'b']);
    const value = column('v', 'float', [1, 2]);
    expect(hasBars([key, value])).toBe(true);
    expect(hasBars([value])).toBe(false);
    expect(hasBars([key])).toBe(false);
    expect(hasBars([column('time', 'time', ['', '']), key, value])).toBe(false);
    expect(hasBars([column('k', 'string', ['a']), column('v', 'float', [1])])).toBe(false);
  });
});
