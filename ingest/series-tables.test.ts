// The tables of ids against a plain Map, and what bounds them.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { SeriesTables } from './series-tables.ts';

const tables = (seriesPerSender: number, series: number, clock = { ms: 0 }): SeriesTables => new SeriesTables({ seriesPerSender, series }, () => clock.ms);

test('remembers every id with its print, whatever the ids look like', () => {
  // Few low bits differ: they collide in the table.
  const anyId = fc.oneof(
    fc.bigInt(0n, 2n ** 64n - 1n),
    fc.bigInt(0n, 8n).map((n) => n << 60n),
    fc.constantFrom(0n, 64n, 128n, 2n ** 64n - 1n),
  );
  fc.assert(
    fc.property(fc.array(fc.tuple(anyId, fc.bigInt(1n, 3n)), { maxLength: 400 }), (definitions) => {
      const own = tables(1e6, 1e6);
      const truth = new Map<bigint, bigint>();
      for (const [id, print] of definitions) {
        const before = truth.get(id);
        expect(own.define('s', 1n, id, print)).toBe(before === undefined ? 'new' : before === print ? 'known' : 'collision');
        if (before === undefined) truth.set(id, print);
      }
      expect(own.size).toBe(truth.size);
    }),
    { numRuns: 300 },
  );
});

test('the limit of all senders holds too, and what is over it is told by id', () => {
  const own = tables(10, 3);
  for (const id of [1n, 2n]) expect(own.define('a', 1n, id, 1n)).toBe('new');
  expect(own.define('b', 1n, 1n, 1n)).toBe('new');
  expect(own.define('b', 1n, 2n, 1n)).toBe('over-limit');
  expect(own.define('b', 1n, 1n, 1n)).toBe('known');
  expect(own.overLimit('b', 1n)?.(2n)).toBe(true);
  expect(own.overLimit('b', 1n)?.(1n)).toBe(false);
  expect(own.overLimit('a', 1n)).toBeUndefined();
  // Sender a starts again with one series: there is room, and what was over is not any more.
  expect(own.define('a', 2n, 1n, 1n)).toBe('new');
  expect(own.define('b', 1n, 2n, 1n)).toBe('new');
  expect(own.overLimit('b', 1n)?.(2n)).toBe(false);
  expect(own.size).toBe(3);
});

test('a sender that is not heard of for a day is forgotten', () => {
  const clock = { ms: 0 };
  const own = tables(10, 10, clock);
  own.define('a', 1n, 1n, 1n);
  clock.ms = 80_000_000;
  own.define('b', 1n, 1n, 1n);
  expect(own.size).toBe(2);
  clock.ms = 90_000_000;
  own.define('b', 1n, 1n, 1n);
  expect(own.size).toBe(1);
});

test('a million series take tens of megabytes', () => {
  const own = tables(2e6, 2e6);
  const before = process.memoryUsage();
  for (let i = 1n; i <= 1_000_000n; i++) own.define('a', 1n, BigInt.asUintN(64, i * 0x9e3779b97f4a7c15n), i);
  const after = process.memoryUsage();
  expect(own.size).toBe(1_000_000);
  expect(after.arrayBuffers - before.arrayBuffers).toBeLessThan(120 << 20);
}, 30_000);
