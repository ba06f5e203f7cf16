// Holds that stacks add up to what they are made of, whatever is missing, negative or sampled at other times.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Point } from '../result/series.ts';
import { heldPoints, stack, totalAt } from './stack.ts';

const point: fc.Arbitrary<Point> = fc.oneof(fc.integer({ min: -1000, max: 1000 }), fc.constant(null), fc.constant(undefined));
const lines = fc
  .integer({ min: 0, max: 12 })
  .chain((size) => fc.array(fc.array(point, { minLength: size, maxLength: size }), { maxLength: 6 }).map((all) => ({ size, all })));

describe('stack', () => {
  it('grows up with what is positive and down with what is negative', () => {
    expect(
      stack(
        [
          [1, -2],
          [3, -1],
          [-1, 5],
        ],
        2,
        false,
      ),
    ).toEqual([
      { base: [0, 0], top: [1, -2] },
      { base: [1, -2], top: [4, -3] },
      { base: [0, 0], top: [-1, 5] },
    ]);
  });

  it('gives what is missing no room and invents nothing between', () => {
    expect(
      stack(
        [
          [1, null, 3],
          [2, 2, undefined],
        ],
        3,
        false,
      ),
    ).toEqual([
      { base: [0, 0, 0], top: [1, null, 3] },
      { base: [1, 0, 0], top: [3, 2, null] },
    ]);
  });

  it('lets what comes less often stand for its own step, up to a gap and not behind its end', () => {
    expect(heldPoints([undefined, 4, undefined, null, undefined, 6, undefined])).toEqual([null, 4, 4, null, null, 6, null]);
    expect(
      stack(
        [
          [1, 1, 1],
          [4, undefined, 2],
        ],
        3,
        true,
      )[1],
    ).toEqual({ base: [1, 1, 1], top: [5, 5, 3] });
  });

  it('adds up, for any lines', () => {
    fc.assert(
      fc.property(lines, fc.boolean(), ({ size, all }, hold) => {
        const layers = stack(all, size, hold);
        const values = hold ? all.map(heldPoints) : all;
        for (let i = 0; i < size; i++) {
          let sum = 0;
          for (const [n, { base, top }] of layers.entries()) {
            const value = values[n]?.[i];
            if (value === null || value === undefined) expect(top[i]).toBe(null);
            else {
              expect((top[i] as number) - (base[i] as number)).toBe(value);
              sum += value;
            }
          }
          const tops = layers.flatMap(({ top }) => (top[i] === null ? [] : [top[i] as number]));
          if (tops.length > 0) {
            expect(Math.max(0, ...tops) + Math.min(0, ...tops)).toBe(sum);
            expect(totalAt(values, i)).toBe(sum);
          } else expect(totalAt(values, i)).toBe(null);
        }
      }),
    );
  });
});
