// What one round of a worker holds and one block of it: bounded in bytes, messages and the length of its record; and what becomes of a block
// that the store takes slowly, or not at all.
import { expect, test } from 'vitest';
import { CodedError } from '../core/errors.ts';
import type { StoredMessage } from '../engines/stream/port.ts';
import { DAY_MS } from './stages/days.ts';
import { type Fate, FaultyStore } from './testing/faulty-store.ts';
import { BASE, route, run, storedOf, two, withOurTime } from './testing/owners.ts';

withOurTime();

test.each([
  [1, 2],
  [60, 4],
])('a round holds what unpacks to a bounded size: of four messages of %i MiB, two at a time, it takes %i', async (mebibytes, rounds) => {
  const log = [1, 2, 3, 4].map((seq, i) => {
    const stored = storedOf({ seq, rows: [{ pid: 100, time: BASE + seq }] }, i);
    return { ...stored, headers: { ...stored.headers, size: String(mebibytes << 20) } };
  });
  const store = new FaultyStore([]);
  await run(log, store, []);
  expect(store.rows).toHaveLength(4);
  expect(new Set(store.rows.map(({ insert }) => insert)).size).toBe(rounds);
});

test('a round has so few messages that its record fits, on whatever days their rows are and however far apart their offsets', async () => {
  // Each message and day is a range of its own, of nine bytes.
  const days = Array.from({ length: 32 }, (_, day) => day);
  const value = [0, 1].map((odd) =>
    storedOf({ seq: 1, rows: days.filter((day) => day % 2 === odd).map((day) => ({ pid: 100, time: BASE + day * DAY_MS })) }, 0),
  );
  const log = Array.from({ length: 2000 }, (_, i): StoredMessage => {
    const { headers, ...rest } = value[i % 2] as StoredMessage;
    return { ...rest, headers: { ...headers, seq: String(i + 1) }, offset: BigInt(i + 1) << 50n };
  });
  const store = new FaultyStore([]);
  await run(log, store, [{ deliveries: [2000], saves: Number.POSITIVE_INFINITY, patienceMs: 30_000 }], { roundRows: 250_000 });
  expect(store.rows).toHaveLength(2000 * 16);
  const inserts = new Map<bigint, number>();
  for (const { insert } of store.rows) inserts.set(insert, (inserts.get(insert) ?? 0) + 1);
  // One row a message and day: as few rounds as that takes.
  expect(Math.max(...inserts.values())).toBeGreaterThan(500);
}, 120_000);

test('a round ends after so many messages, however few rows they have', async () => {
  const log = Array.from({ length: 9000 }, (_, i) => storedOf({ seq: i + 1, rows: [{ pid: 100, time: BASE + i }] }, i));
  const store = new FaultyStore([]);
  await run(log, store, [{ deliveries: [9000], saves: Number.POSITIVE_INFINITY, patienceMs: 30_000 }], { roundRows: 250_000 });
  expect(store.rows).toHaveLength(9000);
  expect(new Set(store.rows.map(({ insert }) => insert)).size).toBe(3);
}, 120_000);

test('a block that takes the store too long, or too much memory, is tried whole for a while, then written in halves', async () => {
  for (const [count, slow, inserts] of [
    [3000, 11, 1],
    [3000, 12, 2],
    // A large one sooner: what it needs a store may not have at all, while its halves are waited for like others.
    [200_001, 1, 1],
    [200_001, 2 + 11, 2],
    [200_001, 2 + 12, 3],
  ] as const) {
    const rows = Array.from({ length: count }, (_, i) => ({ pid: 100 + i, time: BASE + i }));
    const store = new FaultyStore(Array<Fate>(slow).fill('slow'));
    await run([storedOf({ seq: 1, rows }, 0)], store, []);
    expect(new Set(store.rows.map(({ key }) => key)).size).toBe(count);
    expect(store.rows).toHaveLength(count);
    expect(new Set(store.rows.map(({ insert }) => insert)).size).toBe(inserts);
  }
});

test('what the store refuses for good is parked and told, and stands once somebody has mended it', async () => {
  const store = new FaultyStore([]);
  store.refusal = new CodedError('columns.rejected', { code: 497, reason: 'Not enough privileges' });
  const told: string[] = [];
  setTimeout(() => {
    store.refusal = undefined;
  }, 150_000);
  const { telemetry } = await run(two.map(storedOf), store, [], { watch: (worker) => told.push(worker.trouble?.message ?? '') });
  expect(told.some((text) => /^parked.*Not enough privileges/.test(text))).toBe(true);
  expect(telemetry.value('inframirror_pipeline_parked_total', { group: route.group })).toBeGreaterThan(0);
  expect(store.rows.map(({ key }) => key).toSorted()).toEqual([`1@${BASE}`, `2@${BASE + DAY_MS}`]);
});
