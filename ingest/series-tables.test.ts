// The tables of ids against a plain Map, and what bounds them.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { metricHash } from '../schemas/series-id.ts';
import type { SenderRun } from './sender-run.ts';
import { SeriesTables } from './series-tables.ts';

const tables = (seriesPerSender: number, series: number, clock = { ms: 0 }): SeriesTables =>
  new SeriesTables({ seriesPerSender, series, overflowPerSender: 2, overflow: 3 }, () => clock.ms);
const given = { kind: 'gauge', temporality: null, unit: null, description: null, interval: 0 };
const fold = (run: SenderRun | undefined, id: bigint, name: string, host = 'h') => run?.fold(id, name, host, () => given);

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
        expect(own.run('s', 1n)?.define(id, print)).toBe(before === undefined ? 'new' : before === print ? 'known' : 'collision');
        if (before === undefined) truth.set(id, print);
      }
      expect(own.size).toBe(truth.size);
    }),
    { numRuns: 300 },
  );
});

test('the limit of all senders holds too, and what is over it is told by id', () => {
  const own = tables(10, 3);
  const [a, b] = [own.run('a', 1n), own.run('b', 1n)];
  for (const id of [1n, 2n]) expect(a?.define(id, 1n)).toBe('new');
  expect(b?.define(1n, 1n)).toBe('new');
  expect(b?.overLimit()).toBeUndefined();
  expect(b?.define(2n, 1n)).toBe('over-limit');
  const series = fold(b, 2n, 'm');
  expect(series?.labels).toEqual(
    new Map([
      ['host', 'h'],
      ['otel.metric.overflow', 'true'],
    ]),
  );
  expect(b?.define(1n, 1n)).toBe('known');
  expect(b?.overLimit()?.(2n, 0)).toBe(series);
  expect(b?.overLimit()?.(1n, 0)).toBeUndefined();
  expect(a?.overLimit()).toBeUndefined();
  // Sender a starts again with one series: there is room, and what was over is not any more.
  expect(own.run('a', 2n)?.define(1n, 1n)).toBe('new');
  expect(own.run('a', 1n)).toBeUndefined();
  expect(b?.define(2n, 1n)).toBe('new');
  expect(b?.overLimit()?.(2n, 0)).toBeUndefined();
  expect([own.size, own.overflow]).toEqual([3, 1]);
  own.run('b', 2n);
  expect([own.size, own.overflow]).toEqual([1, 0]);
});

test('overflow series are bounded in number, of one sender and of all; what finds no room is dropped', () => {
  const own = tables(2, 5);
  const [a, b] = [own.run('a', 1n), own.run('b', 1n)];
  expect([fold(a, 3n, 'one')?.name, fold(a, 4n, 'two')?.name, fold(a, 5n, 'three')]).toEqual(['one', 'two', undefined]);
  expect([fold(b, 3n, 'one')?.name, fold(b, 4n, 'two')]).toEqual(['one', undefined]);
  expect(own.overflow).toBe(3);
  expect(b?.overLimit()?.(4n, 0)).toBe('dropped');
  expect(b?.overLimit()?.(3n, 0)).toMatchObject({ name: 'one' });
  expect(b?.overLimit()?.(5n, metricHash('one'))).toBeUndefined();
  // More ids than are remembered: the metric tells where they go.
  expect(fold(b, 5n, 'one')?.name).toBe('one');
  expect(b?.overLimit()?.(5n, metricHash('one'))).toMatchObject({ name: 'one' });
  expect(b?.overLimit()?.(6n, metricHash('three'))).toBe('dropped');
  expect(a?.overLimit()?.(6n, metricHash('one'))).toBeUndefined();
  // A new run gives all its places back.
  const again = own.run('a', 2n);
  expect([fold(again, 3n, 'three')?.name, again?.overLimit()?.(6n, metricHash('three')), own.overflow]).toEqual(['three', undefined, 2]);
});

test('the overflow series is the host’s until hosts differ, then the sender’s, whose sums begin anew', () => {
  const own = tables(0, 0);
  const run = own.run('relay', 1n);
  const series = fold(run, 1n, 'm', 'web-1');
  const first = series?.id;
  series?.add(new Map([[1, 5]]));
  fold(run, 2n, 'm', 'web-1');
  expect([series?.labels.get('host'), series?.sumAt(1), series?.id]).toEqual(['web-1', 5, first]);
  fold(run, 3n, 'm', 'web-2');
  expect([series?.labels.get('host'), series?.sumAt(1)]).toEqual(['relay', undefined]);
  expect(series?.id).not.toBe(first);
  expect(series?.id).toBe(own.identify('m', series?.labels ?? new Map()).id);
  series?.add(new Map([[1, 7]]));
  fold(run, 4n, 'm', 'web-1');
  expect([series?.labels.get('host'), series?.sumAt(1)]).toEqual(['relay', 7]);
  expect(fold(run, 5n, 'n', '')?.labels.get('host')).toBe('relay');
});

test('a sender that is not heard of for a day is forgotten', () => {
  const clock = { ms: 0 };
  const own = tables(10, 10, clock);
  own.run('a', 1n)?.define(1n, 1n);
  clock.ms = 80_000_000;
  own.run('b', 1n)?.define(1n, 1n);
  expect(own.size).toBe(2);
  clock.ms = 90_000_000;
  own.run('b', 1n)?.define(1n, 1n);
  expect(own.size).toBe(1);
});

test('a million series take tens of megabytes', () => {
  const own = tables(2e6, 2e6);
  const run = own.run('a', 1n);
  const before = process.memoryUsage();
  for (let i = 1n; i <= 1_000_000n; i++) run?.define(BigInt.asUintN(64, i * 0x9e3779b97f4a7c15n), i);
  const after = process.memoryUsage();
  expect(own.size).toBe(1_000_000);
  expect(after.arrayBuffers - before.arrayBuffers).toBeLessThan(120 << 20);
}, 30_000);
