// Who gets which partition: even shares, nothing taken from anybody before he has let go, and the same whoever works it out.
import { expect, test } from 'vitest';
import type { TopicPartition } from '../port.ts';
import { assign, decodeAssignment, decodeSubscription, encodeAssignment, encodeSubscription } from './assignment.ts';

const held = (topic: string, ...partitions: readonly number[]): TopicPartition[] => partitions.map((partition) => ({ topic, partition }));
const member = (id: string, topics: readonly string[], own: readonly TopicPartition[] = []) => ({ id, topics, held: own });
const counts = (lists: ReadonlyMap<string, readonly TopicPartition[]>): Record<string, number> =>
  Object.fromEntries([...lists].map(([id, list]) => [id, list.length]));

test('members share a topic evenly, and who does not read it gets none of it', () => {
  const lists = assign([member('a', ['t']), member('b', ['t']), member('c', ['u'])], (topic) => (topic === 't' ? 5 : 1));
  expect(counts(lists)).toEqual({ a: 3, b: 2, c: 1 });
  expect(new Set([...lists.values()].flat().map(({ topic, partition }) => `${topic}/${partition}`)).size).toBe(6);
});

test('what somebody has too much is given to nobody until he has let go of it', () => {
  const before = [member('a', ['t'], held('t', 0, 1, 2, 3)), member('b', ['t'])];
  const first = assign(before, () => 4);
  expect(counts(first)).toEqual({ a: 2, b: 0 });
  const second = assign([member('a', ['t'], first.get('a')), member('b', ['t'])], () => 4);
  expect(counts(second)).toEqual({ a: 2, b: 2 });
  expect(second.get('a')).toEqual(first.get('a'));
});

test('nobody moves where nothing has changed, and what one left goes to the others', () => {
  const own = [held('t', 0, 2, 4), held('t', 1, 3)];
  const lists = assign([member('a', ['t'], own[0]), member('b', ['t'], own[1])], () => 5);
  expect([lists.get('a'), lists.get('b')]).toEqual(own);
  expect(counts(assign([member('b', ['t'], own[1])], () => 5))).toEqual({ b: 5 });
});

test('what has gone from a topic, and what two say to have, is in one list at most', () => {
  const lists = assign([member('a', ['t'], held('t', 0, 7)), member('b', ['t'], held('t', 0, 1))], () => 2);
  const all = [...lists.values()].flat();
  expect(new Set(all.map(({ partition }) => partition)).size).toBe(all.length);
  expect(all.every(({ partition }) => partition < 2)).toBe(true);
});

test('what members tell each other is read as it was written', () => {
  const subscription = { topics: ['im.metrics', 'im.логи'], held: held('im.metrics', 0, 3) };
  expect(decodeSubscription(encodeSubscription(subscription))).toEqual(subscription);
  const list = [...held('im.metrics', 1, 2), ...held('im.логи', 0)];
  expect(decodeAssignment(encodeAssignment(list))).toEqual(list);
  expect([decodeAssignment(Buffer.alloc(0)), decodeSubscription(Buffer.alloc(0))]).toEqual([[], { topics: [], held: [] }]);
});
