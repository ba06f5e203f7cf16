// Numbers of inserts rise whatever the clock does, are never the same in two partitions, and tell the time of receipt.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { InsertNumbers, MOST_PARTITIONS } from './insert-number.ts';

test('they rise through clocks that stand still or go back, and through restarts', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.integer({ min: 0, max: 5000 }), fc.boolean()), { maxLength: 60 }), (steps) => {
      let clock = 0;
      let numbers = new InsertNumbers(3, 0n, () => clock);
      let last = 0n;
      for (const [time, restarts] of steps) {
        clock = 1_790_000_000_000 + time;
        if (restarts) numbers = new InsertNumbers(3, last, () => clock);
        const number = numbers.next();
        expect(number).toBeGreaterThan(last);
        expect(numbers.last).toBe(number);
        last = number;
      }
    }),
  );
});

test('two partitions never give the same, at the same moment either', () => {
  const all = Array.from({ length: 8 }, (_, partition) => new InsertNumbers(partition, 0n, () => 1_790_000_000_000));
  const given = all.flatMap((numbers) => Array.from({ length: 5000 }, () => numbers.next()));
  expect(new Set(given).size).toBe(given.length);
  expect(given.every((number) => number < 1n << 64n)).toBe(true);
  expect(() => new InsertNumbers(MOST_PARTITIONS, 0n)).toThrow(RangeError);
});
