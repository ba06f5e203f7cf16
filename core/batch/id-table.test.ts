// The dense numbers of ids against a Map, whatever the ids look like.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { IdTable } from './id-table.ts';
import { highOf, joined, lowOf, putSafeInteger, safeIntegerAt, split, wordsOf } from './words.ts';

const anyId = fc.oneof(
  fc.bigInt(0n, 2n ** 64n - 1n),
  // Few low bits differ: they meet in the same slots.
  fc.nat(40).map((n) => BigInt(n) << 32n),
  fc.bigInt(0n, 8n).map((n) => n << 60n),
  fc.constantFrom(0n, 64n, 128n, 2n ** 64n - 1n),
);

test('an id keeps its number, and what was never added is not found', () => {
  fc.assert(
    fc.property(fc.array(anyId, { maxLength: 3000 }), fc.array(anyId, { maxLength: 20 }), (ids, others) => {
      const table = new IdTable(4);
      const model = new Map<bigint, number>();
      for (const id of ids) {
        expect(table.find(lowOf(id), highOf(id))).toBe(model.get(id) ?? -1);
        if (!model.has(id)) model.set(id, model.size);
        expect(table.add(lowOf(id), highOf(id))).toBe(model.get(id));
      }
      expect(table.size).toBe(model.size);
      for (const [id, index] of model) expect(table.idOf(index)).toBe(id);
      for (const id of others) expect(table.find(lowOf(id), highOf(id))).toBe(model.get(id) ?? -1);
    }),
    { numRuns: 60 },
  );
});

test('ids that somebody chose so that they fall together are found as fast as others', () => {
  const count = 60_000;
  const cost = (idAt: (i: number) => readonly [low: number, high: number]): number => {
    const took = [0, 1, 2].map(() => {
      const table = new IdTable(16);
      const began = performance.now();
      for (let i = 0; i < count; i++) table.add(...idAt(i));
      return performance.now() - began;
    });
    return Math.min(...took);
  };
  const any = cost((i) => [Math.imul(i, 0x9e3779b1) >>> 0, Math.imul(i, 0x85ebca6b) >>> 0]);
  // Of equal low bits, of equal high bits, of words whose bits differ in the same places.
  for (const idAt of [
    (i: number) => [0, i << 14] as const,
    (i: number) => [i, 0] as const,
    (i: number) => [i, i] as const,
    (i: number) => [i << 16, i << 16] as const,
  ])
    expect(cost(idAt)).toBeLessThan(any * 50);
});

test('words are those of the 64-bit number, signed and unsigned', () => {
  fc.assert(
    fc.property(fc.bigInt(-(2n ** 63n), 2n ** 63n - 1n), fc.maxSafeInteger(), (value, safe) => {
      const words = wordsOf(BigInt64Array.of(value));
      expect([words[0], words[1]]).toEqual([lowOf(value), highOf(value)]);
      expect(split(value)).toEqual({ low: words[0], high: (words[1] as number) | 0 });
      expect(joined(lowOf(value), highOf(value))).toBe(BigInt.asUintN(64, value));
      const written = new BigInt64Array(2);
      putSafeInteger(wordsOf(written), 1, safe);
      expect([written[1], safeIntegerAt(wordsOf(written), 1)]).toEqual([BigInt(safe), safe]);
    }),
  );
});
