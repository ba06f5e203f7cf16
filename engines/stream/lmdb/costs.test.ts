// The cost of what is not read, against a sum over every message.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Costs } from './costs.ts';

test('tells the cost of what follows an offset to within a step', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: 1 << 20 }), { minLength: 1, maxLength: 200 }), fc.nat(), fc.nat(), (sizes, trim, ask) => {
      const costs = new Costs(0n, 0n, 0);
      for (const [i, size] of sizes.entries()) costs.add(BigInt(i + 1), size);
      const earliest = trim % (sizes.length + 1);
      costs.drop(BigInt(earliest));
      const from = earliest + (ask % (sizes.length + 1 - earliest));
      const sum = sizes.slice(from).reduce((a, b) => a + b, 0);
      // A message is larger than a step, or lies in one.
      expect(Math.abs(costs.from(BigInt(from)) - sum)).toBeLessThanOrEqual(512 << 10);
      expect(costs.from(BigInt(sizes.length))).toBe(0);
    }),
  );
});

test('takes what was there at the start as equally large', () => {
  const costs = new Costs(10n, 20n, 1000);
  costs.add(21n, 500_000);
  expect(costs.from(10n)).toBe(501_000);
  expect(costs.from(15n)).toBe(500_500);
  expect(costs.from(20n)).toBe(500_000);
  expect(costs.from(3n)).toBe(501_000);
});
