// What is made of the description of a group as Kafka gives it: of settled ones and of those that are just sharing out partitions.
// No broker takes part.
import { expect, test } from 'vitest';
import { encodeSubscription } from './assignment.ts';
import { membersOf } from './groups.ts';

const member = { subscription: encodeSubscription({ topics: ['a'], held: [] }), assignment: Buffer.alloc(0) };
const untold = { subscription: Buffer.alloc(0), assignment: Buffer.alloc(0) };

test('what members read is known where they tell it; while they share out partitions Kafka lists them without, and they are there', () => {
  expect(membersOf({ state: 'Stable', members: [member] })).toEqual({ isThere: true, topics: new Set(['a']), held: [] });
  for (const state of ['PreparingRebalance', 'CompletingRebalance'])
    expect(membersOf({ state, members: [untold] })).toEqual({ isThere: true, topics: undefined, held: [] });
  for (const state of ['Empty', 'Dead']) expect(membersOf({ state, members: [] })).toEqual({ isThere: false, topics: new Set(), held: [] });
});
