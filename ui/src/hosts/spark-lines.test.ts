// The small lines of hosts: equal steps over the range, gaps as gaps, only buckets that are whole.
import { expect, test } from 'vitest';
import type { Column, Value } from '../data/types.ts';
import { sparksOf } from './spark-lines.ts';

const column = (name: string, values: readonly Value[]): Column => ({ name, type: 'string', unit: null, values });
const FROM = Date.UTC(2026, 10, 20, 10);
const at = (step: number): string => new Date(FROM + step * 10_000).toISOString();
const answer = (completeUpTo: string | null) => ({
  completeUpTo,
  columns: [column('time', [at(0), at(2), at(3), at(1)]), column('host', ['a', 'a', 'a', 'b']), column('value', [1, 3, 4, null])],
});

test('values stand at their step, missing ones are gaps', () => {
  const sparks = sparksOf(answer(null), FROM, FROM + 40_000, 10_000);
  expect(sparks.get('a')).toEqual({ values: [1, null, 3, 4], last: 4 });
  expect(sparks.has('b')).toBe(false);
});

test('a bucket that is still filling is left out', () => {
  expect(sparksOf(answer(at(3.5)), FROM, FROM + 40_000, 10_000).get('a')).toEqual({ values: [1, null, 3], last: 3 });
});

test('a range that does not begin with a bucket', () => {
  expect(sparksOf(answer(null), FROM + 3000, FROM + 43_000, 10_000).get('a')?.values).toEqual([1, null, 3, 4]);
});
