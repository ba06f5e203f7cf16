// The insert and progress protocol against a store and a stream that fail at random in every way their contracts allow: inserts that are
// refused, that stand though they failed, that come late; saves that are fenced; owners that vanish at any step. At the end each row stands once.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { StoredMessage } from '../engines/stream/port.ts';
import { DAY_MS } from './stages/days.ts';
import { FATES, type Fate, FaultyStore, POISON } from './testing/faulty-store.ts';
import { AT, BASE, run, type Sent, storedOf, two, withOurTime } from './testing/owners.ts';

withOurTime();

/** A port's offsets rise, and no more is promised of them. */
const withGaps = (log: readonly Sent[], gaps: readonly number[]): readonly StoredMessage[] => {
  let offset = 0n;
  return log.map((message, i) => {
    offset += BigInt(gaps[i % gaps.length] ?? 1);
    return { ...storedOf(message, i), offset };
  });
};

const anyLog = fc.array(fc.array(fc.record({ day: fc.integer({ min: 0, max: 2 }), isPoison: fc.boolean() }), { minLength: 1, maxLength: 5 }), {
  minLength: 1,
  maxLength: 12,
});
const anyGaps = fc.array(fc.oneof(fc.constant(1), fc.integer({ min: 1, max: 1000 })), { minLength: 1, maxLength: 12 });
const fates = fc.array(fc.constantFrom(...FATES), { maxLength: 30 });
const owners = fc.array(
  fc.record({
    deliveries: fc.array(fc.integer({ min: 1, max: 4 }), { maxLength: 6 }),
    saves: fc.integer({ min: 0, max: 5 }),
    patienceMs: fc.constantFrom(0, 1500, 10_000, 60_000),
    aheadMs: fc.constantFrom(0, 0, -3 * DAY_MS, -400 * DAY_MS, 30 * DAY_MS),
  }),
  { maxLength: 5 },
);

test('each row stands once, or is a letter, after any faults', async () => {
  let recalled = 0;
  await fc.assert(
    fc.asyncProperty(anyLog, fates, owners, fc.array(fc.nat(), { maxLength: 4 }), anyGaps, async (shape, given, vanishing, repeats, gaps) => {
      let row = 0;
      const sent: Sent[] = shape.map((rows, i) => ({
        seq: i + 1,
        // Poison is rare: a message in a row's place tells it.
        rows: rows.map(({ day, isPoison }, at) => ({ pid: isPoison && at === 4 ? POISON : 100, time: BASE + day * DAY_MS + row++ })),
      }));
      const log = sent.map((message) => message);
      // A sender repeats what it sent before, somewhere behind it.
      for (const repeat of repeats) {
        const again = sent[repeat % sent.length] as Sent;
        const behind = log.length - log.indexOf(again);
        log.splice(log.length - (repeat % behind), 0, again);
      }
      const store = new FaultyStore(given);
      const { letters, learned } = await run(withGaps(log, gaps), store, vanishing);
      recalled += learned;
      const all = sent.flatMap(({ rows }) => rows);
      const expected = all.filter(({ pid }) => pid !== POISON).map(({ pid, time }) => `${pid}@${time}`);
      expect(store.rows.map(({ key }) => key).toSorted()).toEqual(expected.toSorted());
      // A letter may stand twice, never not at all.
      expect(new Set(letters.map(({ headers }) => headers.origin)).size).toBe(sent.filter(({ rows }) => rows.some(({ pid }) => pid === POISON)).length);
    }),
    { numRuns: 400 },
  );
  // Heirs have read behind a checkpoint what was written before, or its way was never gone.
  expect(recalled).toBeGreaterThan(0);
}, 120_000);

test('control: without reading back, an insert that stood though its owner vanished stands twice', async () => {
  // A checkpoint, and the plan.
  const vanishing = [{ deliveries: [2], saves: 2, patienceMs: 30_000 }];
  const good = new FaultyStore([]);
  await run(two.map(storedOf), good, vanishing);
  expect(good.rows.map(({ key }) => key).toSorted()).toEqual([`1@${BASE}`, `2@${BASE + DAY_MS}`]);
  const bad = new FaultyStore([]);
  await run(two.map(storedOf), bad, vanishing, { readBack: false });
  expect(bad.rows).toHaveLength(4);
});

test('control: without the check of seqs, what is repeated stands twice', async () => {
  const store = new FaultyStore([]);
  const { telemetry } = await run([...two, ...two].map(storedOf), store, []);
  expect(store.rows).toHaveLength(2);
  expect(telemetry.value('inframirror_pipeline_repeated_messages_total', { topic: AT.topic })).toBe(2);
  const bad = new FaultyStore([]);
  await run([...two, ...two].map(storedOf), bad, [], { seqCheck: false });
  expect(bad.rows).toHaveLength(4);
});

test('what is repeated stands once while the clock is days behind, also of a run before, where a round was judged by a right one', async () => {
  const ofRun = (run: number, pid: number): StoredMessage => {
    const stored = storedOf({ seq: 1, rows: [{ pid, time: BASE }] }, 0);
    return { ...stored, headers: { ...stored.headers, boot: String(BASE - 1000 + run) } };
  };
  const log = [ofRun(1, 1), ofRun(2, 2), ofRun(2, 2), ofRun(1, 1), ofRun(2, 2)].map((message, i) => ({ ...message, offset: BigInt(i) }));
  // Its plan is saved, or all of it, and the heir goes through what it has judged.
  for (const saves of [2, 3]) {
    const store = new FaultyStore([]);
    await run(log, store, [
      { deliveries: [5], saves, patienceMs: 30_000 },
      { deliveries: [5], saves: 2, patienceMs: 30_000, aheadMs: -3 * DAY_MS },
    ]);
    expect(store.rows.map(({ key }) => key).toSorted()).toEqual([`1@${BASE}`, `2@${BASE}`]);
  }
});

test.each([0, 1, 2, 3, 4, 5])('other rows under a seq that was taken are put aside, not passed over, also by an heir after %i saves', async (saves) => {
  const other = { seq: 2, rows: [{ pid: 3, time: BASE }] };
  for (const deliveries of [[1, 1, 1, 1], [2, 2], [4]]) {
    const store = new FaultyStore([]);
    const log = [...two, other, ...two].map(storedOf);
    const { letters } = await run(log, store, [{ deliveries, saves, patienceMs: 30_000 }]);
    expect(store.rows.map(({ key }) => key).toSorted()).toEqual([`1@${BASE}`, `2@${BASE + DAY_MS}`]);
    // A letter may stand twice, never not at all.
    expect(new Set(letters.map(({ headers: { origin, reason, seq } }) => `${origin} ${reason} ${seq}`))).toEqual(new Set(['im.processes/0/6 other-rows 2']));
  }
});

test.each([0, 1])(
  'a message that the version before did not know is written by the one that does, though their round was interrupted (%i)',
  async (unknown) => {
    const log = [
      {
        seq: 1,
        rows: [
          { pid: 1, time: BASE },
          { pid: 2, time: BASE },
        ],
      },
      { seq: 2, rows: [{ pid: 3, time: BASE }] },
    ];
    for (const fate of ['good', 'stands but fails', 'lost'] as const) {
      const store = new FaultyStore([fate]);
      await run(log.map(storedOf), store, [{ deliveries: [2], saves: 1, patienceMs: 30_000, unknown }]);
      expect(store.rows.map(({ key }) => key).toSorted()).toEqual([`1@${BASE}`, `2@${BASE}`, `3@${BASE}`]);
    }
  },
);

test.each<Fate>(['arrives after the kill', 'stopped'])('control: without a deadline in the statement, an insert that %s stands twice', async (fate) => {
  // Written once by its owner again, and by its heir.
  for (const vanishing of [[], [{ deliveries: [2], saves: 1, patienceMs: 1500 }]]) {
    const good = new FaultyStore([fate]);
    await run(two.map(storedOf), good, vanishing);
    expect(good.met.get(fate)).toBe(1);
    expect(good.rows.map(({ key }) => key).toSorted()).toEqual([`1@${BASE}`, `2@${BASE + DAY_MS}`]);
    const bad = new FaultyStore([fate]);
    await run(two.map(storedOf), bad, vanishing, { fence: false });
    expect(bad.rows).toHaveLength(3);
  }
});

test('no insert may begin later than the partition is surely its owner’s', async () => {
  const store = new FaultyStore(Array<Fate>(8).fill('lost'));
  const ends = Date.now() + 6000;
  await run(two.map(storedOf), store, [{ deliveries: [2], saves: Number.POSITIVE_INFINITY, patienceMs: 60_000, ownedMs: 6000 }]);
  const own = store.asked.filter(({ at }) => at <= ends);
  expect(own.length).toBeGreaterThan(0);
  for (const { deadline } of own) expect(deadline).toBeLessThanOrEqual(ends);
  // Its heir has all the time that an insert is given.
  for (const { at, deadline } of store.asked.slice(own.length)) expect(deadline).toBeGreaterThan(at + 2000);
  expect(store.rows.map(({ key }) => key).toSorted()).toEqual([`1@${BASE}`, `2@${BASE + DAY_MS}`]);
});
