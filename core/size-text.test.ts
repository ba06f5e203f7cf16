// Sizes as they are told: by hand, and for any size that what is told is near it.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { sizeText } from './size-text.ts';

test('sizes by hand', () => {
  expect([0, 1, 1023, 1024, 1536, 32 << 20, 3.2 * 2 ** 30, 2 ** 20 - 1, 5 * 2 ** 50].map(sizeText)).toEqual([
    '0 bytes',
    '1 byte',
    '1023 bytes',
    '1 KiB',
    '1.5 KiB',
    '32 MiB',
    '3.2 GiB',
    '1 MiB',
    '5120 TiB',
  ]);
});

test('what is something is never told as nothing, and is near what it is', () => {
  const factors = { bytes: 1, byte: 1, KiB: 2 ** 10, MiB: 2 ** 20, GiB: 2 ** 30, TiB: 2 ** 40 };
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 2 ** 50 }), (bytes) => {
      const [, number, unit] = /^([\d.]+) (\w+)$/.exec(sizeText(bytes)) ?? [];
      const told = Number(number) * factors[unit as keyof typeof factors];
      expect(Math.abs(told - bytes) / bytes).toBeLessThan(0.051);
    }),
  );
});
