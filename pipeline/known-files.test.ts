// What is remembered of files: a sender that names others all the time pushes out its own only, and all of them together have a bound.
import { expect, test } from 'vitest';
import { KnownFiles } from './known-files.ts';

test('of two senders, the one that names many files forgets its own, those met longest ago first', () => {
  const known = new KnownFiles();
  known.set('modest', 'log', 7);
  for (let file = 0; file < 200_000; file++) known.set('greedy', `${file}`, file);
  expect([known.placeOf('modest', 'log'), known.placeOf('greedy', '0'), known.placeOf('greedy', '199999')]).toEqual([7, undefined, 199_999]);
});

test('of many senders those met longest ago are forgotten, and one that is met again is not', () => {
  const known = new KnownFiles();
  for (let sender = 0; sender < 150_000; sender++) {
    known.set(`${sender}`, 'log', sender);
    if (sender % 1000 === 0) known.set('0', 'log', 0);
  }
  expect(['0', '1', '49999', '60000', '149999'].map((sender) => known.placeOf(sender, 'log'))).toEqual([0, undefined, undefined, 60_000, 149_999]);
});
