// The dense numbers of series against a Map, and what growth must not lose.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { DEFINED, SeriesIndex } from './series-index.ts';

test('an id keeps its number, whatever comes between, and its columns grow with it', () => {
  // Ids that differ in few bits meet in the same slots.
  const id = fc.oneof(
    fc.bigInt({ min: 0n, max: 0xffff_ffff_ffff_ffffn }),
    fc.integer({ min: 0, max: 40 }).map((n) => BigInt(n) << 32n),
    fc.constant(0n),
  );
  fc.assert(
    fc.property(fc.array(id, { maxLength: 4000 }), (ids) => {
      const index = new SeriesIndex();
      const model = new Map<bigint, number>();
      for (const one of ids) {
        const at = index.atId(one, 7);
        if (!model.has(one)) {
          expect(at).toBe(model.size);
          model.set(one, at);
          expect([index.last[at], index.sticky[at], index.state[at], index.day[at]]).toEqual([Number.NEGATIVE_INFINITY, 0, 0, -1]);
          index.last[at] = at;
          index.state[at] = DEFINED;
        }
        expect(at).toBe(model.get(one));
        expect(index.last[at]).toBe(at);
        expect(index.idOf(at)).toBe(one);
      }
      expect(index.size).toBe(model.size);
    }),
    { numRuns: 30 },
  );
});

test('it says when it is full', () => {
  const index = new SeriesIndex(2);
  index.atId(1n, 7);
  expect(index.full).toBe(false);
  index.atId(2n, 7);
  expect(index.full).toBe(true);
});
