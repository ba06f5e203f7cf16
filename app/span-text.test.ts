// How spans of time read, at the edges between units; and how far what is read may be from what was meant.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { spanText } from './span-text.ts';

test.each([
  [0, '0 s'],
  [0.4, '0 s'],
  [59.4, '59 s'],
  [59.7, '1 min'],
  [61, '1 min 1 s'],
  [120, '2 min'],
  [599, '9 min 59 s'],
  [599.9, '10 min'],
  [3599, '1 h'],
  [3661, '1 h 1 min'],
  [86_399, '1 d'],
  [100_000, '1 d 4 h'],
  [864_000, '10 d'],
  [30_000_000, '347 d'],
])('%d seconds are %s', (seconds, text) => {
  expect(spanText(seconds)).toBe(text);
});

test('a span is off by less than a tenth', () => {
  const sizes: Readonly<Record<string, number>> = { d: 86_400, h: 3600, min: 60, s: 1 };
  fc.assert(
    fc.property(fc.double({ min: 5, max: 1e9, noNaN: true }), (seconds) => {
      const read = [...spanText(seconds).matchAll(/(\d+) (\w+)/g)].reduce((sum, [, count, unit]) => sum + Number(count) * (sizes[unit as string] as number), 0);
      expect(Math.abs(read - seconds) / seconds).toBeLessThan(0.1);
    }),
  );
});
