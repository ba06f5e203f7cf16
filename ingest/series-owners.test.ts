// Whose series samples are, asked of the store: in turns, never much at once, and never again what it has said.
import { expect, test } from 'vitest';
import type { Authority } from './authority.ts';
import { SeriesOwners } from './series-owners.ts';
import { SeriesTables } from './series-tables.ts';

const of = (account: string): Authority => ({
  who: `the agent of ${account}`,
  account,
  isBound: true,
  isSigned: () => true,
  maySend: () => true,
  maySpeakFor: (host) => host === account,
  generation: 0,
  mustHold: () => undefined,
});
const tables = new SeriesTables({ seriesPerSender: 1e6, series: 1e7 }, Date.now);
const series = (from: number, count: number): Map<bigint, number> => new Map(Array.from({ length: count }, (_, i) => [BigInt(from + i), 1]));

test('questions are small, one at a time, and one of each account after the other', async () => {
  const asked: [first: bigint, size: number][] = [];
  let atOnce = 0;
  const owners = new SeriesOwners({
    isWhole: () => true,
    hostsOf: async (ids) => {
      expect(++atOnce).toBe(1);
      await new Promise((resolve) => setImmediate(resolve));
      atOnce--;
      asked.push([[...ids.keys()][0] as bigint, ids.size]);
      return new Map();
    },
  });
  const ask = (account: string, from: number, count: number) => owners.missing(of(account), tables.of(account), series(from, count));
  const [many, few, last] = await Promise.all(
    [ask('flood', 0, 45_000), ask('flood', 100_000, 5), ask('small', 200_000, 3)].map(async (work) => (await work).size),
  );
  expect([many, few, last]).toEqual([45_000, 5, 3]);
  expect(Math.max(...asked.map(([, size]) => size))).toBe(10_000);
  // Not behind the five of the flood.
  expect(asked.findIndex(([first]) => first === 200_000n)).toBeLessThanOrEqual(2);
});

test('a question that fails is told as busy, and the next one goes on', async () => {
  let fails = true;
  const owners = new SeriesOwners({
    isWhole: () => true,
    hostsOf: async (ids) => {
      if (fails) throw new Error('the store is away');
      return new Map([...ids.keys()].map((id) => [id, 'a']));
    },
  });
  await expect(owners.missing(of('a'), tables.of('a'), series(1, 3))).rejects.toMatchObject({ code: 'intake.busy' });
  fails = false;
  expect((await owners.missing(of('a'), tables.of('a'), series(1, 3))).size).toBe(0);
  await expect(owners.missing(of('b'), tables.of('b'), series(1, 3))).rejects.toMatchObject({ code: 'intake.host' });
});
