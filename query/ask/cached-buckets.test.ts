// The rows of cached buckets: those of the buckets that are asked for, whichever were added side by side and removed since.
import { expect, test } from 'vitest';
import { rowsOf } from '../../core/batch/arbitrary.ts';
import { type Batch, INT64, TIME_NS } from '../../core/batch/batch.ts';
import { batchOf, columnFrom } from '../../core/batch/build.ts';
import { SEED } from '../../test/support/seed.ts';
import { seeded } from '../testing/random.ts';
import type { Range } from './bucket-wise.ts';
import { CachedBuckets } from './cached-buckets.ts';

const BUCKETS = 60;
const random = seeded(SEED);
const below = (n: number): number => Math.floor(random() * n);

/** Buckets of one nanosecond. */
const rangeOf = (from: number, to: number): Range => ({ from: BigInt(from), to: BigInt(to) });
const someRange = (): Range => {
  const from = below(BUCKETS);
  return rangeOf(from, from + 1 + below(BUCKETS - from));
};
const batch = (rows: readonly (readonly [time: number, value: number])[]): Batch =>
  batchOf([
    [
      'time',
      columnFrom(
        TIME_NS,
        rows.map(([time]) => BigInt(time)),
      ),
    ],
    [
      'value',
      columnFrom(
        INT64,
        rows.map(([, value]) => BigInt(value)),
      ),
    ],
  ]);

test('neighbours are one, a bucket that was removed lies between two', () => {
  const kept = new CachedBuckets('time');
  for (const [from, to] of [
    [20, 30],
    [0, 10],
    [10, 20],
    [40, 50],
  ] as const)
    kept.add(rangeOf(from, to), [batch([[from, from]])]);
  expect(kept.within(rangeOf(5, 45))).toEqual([rangeOf(5, 30), rangeOf(40, 45)]);
  kept.remove(rangeOf(12, 13));
  expect(kept.within(rangeOf(0, 60))).toEqual([rangeOf(0, 12), rangeOf(13, 30), rangeOf(40, 50)]);
  expect([kept.within(rangeOf(30, 40)), kept.to]).toEqual([[], 50n]);
});

test('whatever was added and removed, the rows of a range are those of its buckets', () => {
  const kept = new CachedBuckets('time');
  /** By bucket. */
  const held = new Map<number, number>();
  const heldIn = ({ from, to }: Range): readonly number[] => [...held.keys()].filter((at) => at >= from && at < to).sort((a, b) => a - b);
  kept.add(rangeOf(0, 1), [batch([[0, 0]])]);
  held.set(0, 0);
  for (let round = 1; round < 2000; round++) {
    const range = someRange();
    const why = `seed ${SEED}, round ${round}`;
    const what = random();
    if (what < 0.2) {
      kept.remove(range);
      for (const at of heldIn(range)) held.delete(at);
    } else if (what < 0.6 && heldIn(range).length === 0) {
      // Of an answer over more than is added.
      const all = Array.from({ length: BUCKETS }, (_, time) => [time, round] as const);
      kept.add(range, [batch(all.slice(0, 20)), batch(all.slice(20))]);
      for (let at = Number(range.from); at < range.to; at++) held.set(at, round);
    }
    const found = kept.within(range);
    expect(
      found.flatMap(({ from, to }) => Array.from({ length: Number(to - from) }, (_, i) => Number(from) + i)),
      why,
    ).toEqual(heldIn(range));
    for (const part of found) expect(rowsOf(kept.rows(part)), why).toEqual(heldIn(part).map((at) => [BigInt(at), BigInt(held.get(at) as number)]));
    expect(kept.bytes > 0, why).toBe(held.size > 0);
  }
});
