// Holds that a sparkline keeps its gaps, stays in its box, and stands on 0.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { sparkPath } from './spark.ts';

describe('sparkPath', () => {
  it('draws from 0 to the largest value, or to the top that is given', () => {
    expect(sparkPath([0, 5, 10], 20, 12)).toBe('M0.0 11.0L10.0 6.0L20.0 1.0');
    expect(sparkPath([0.5, 0.5], 10, 12, 1)).toBe('M0.0 6.0L10.0 6.0');
  });

  it('keeps gaps, and shows what stands alone', () => {
    expect(sparkPath([1, null, 1, 1], 30, 12)).toBe('M0.0 1.0h1.5M20.0 1.0L30.0 1.0');
    expect(sparkPath([null, undefined, Number.NaN], 30, 12)).toBe('');
    expect(sparkPath([], 30, 12)).toBe('');
  });

  it('stays within its box for any values', () => {
    fc.assert(
      fc.property(fc.array(fc.option(fc.double({ noNaN: true, min: -1e12, max: 1e12 }))), (values) => {
        for (const [, x, y] of sparkPath(values, 80, 20).matchAll(/[ML](\S+?) ([\d.-]+)/g)) {
          expect(Number(x)).toBeGreaterThanOrEqual(0);
          expect(Number(x)).toBeLessThanOrEqual(80);
          expect(Number(y)).toBeGreaterThanOrEqual(1);
          expect(Number(y)).toBeLessThanOrEqual(19);
        }
      }),
    );
  });
});
