// Up to when a topic is complete: held back by what is behind, by lateness, and by our own clock.
import { expect, test } from 'vitest';
import { completeUpTo } from './watermark.ts';

const s = (n: number): bigint => BigInt(n) * 1_000_000_000n;

test.each([
  ['nothing came', [{ lag: 0n, time: 0n }], 0, undefined],
  ['nothing came by this topic, and something by another', [{ lag: 0n, time: 0n }], 90, s(85)],
  [
    'all is written: it is as far as the furthest topic',
    [
      { lag: 0n, time: s(50) },
      { lag: 0n, time: s(90) },
    ],
    95,
    s(90),
  ],
  [
    'what is behind holds it back',
    [
      { lag: 3n, time: s(50) },
      { lag: 0n, time: s(90) },
    ],
    95,
    s(45),
  ],
  [
    'of two that are behind the further back',
    [
      { lag: 3n, time: s(50) },
      { lag: 1n, time: s(40) },
    ],
    95,
    s(35),
  ],
  [
    'what is behind and has told no time yet',
    [
      { lag: 3n, time: 0n },
      { lag: 0n, time: s(90) },
    ],
    95,
    undefined,
  ],
  ['a clock ahead of ours', [{ lag: 0n, time: s(500) }], 500, s(95)],
])('%s', (_, partitions, furthest, expected) => {
  expect(completeUpTo(partitions, s(furthest), 5000, 100_000)).toBe(expected);
});
