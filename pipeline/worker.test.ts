// The insert and progress protocol against a store and a stream that fail at random in every way their contracts allow: inserts that are
// refused, that stand though they failed, that come late; saves that are fenced; owners that vanish at any step. At the end each row stands once.
import { crc32 } from 'node:zlib';
import fc from 'fast-check';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { CodedError } from '../core/errors.ts';
import { silentLogger } from '../core/logger.ts';
import { TelemetryRegistry } from '../core/telemetry.ts';
import type { ColumnStore } from '../engines/columns/port.ts';
import type { Message, SavedProgress, StoredMessage } from '../engines/stream/port.ts';
import { ipcOf } from '../ingest/testing/frames.ts';
import { Inventory } from './inventory.ts';
import { decodeProgress, encodeProgress, NO_PROGRESS } from './progress.ts';
import { RoundGate } from './round-gate.ts';
import type { ColumnSinkOptions } from './sinks/samples.ts';
import { tableSink } from './sinks/table.ts';
import { DAY_MS } from './stages/days.ts';
import { processRows } from './stages/process-rows.ts';
import { StoreClock } from './standing.ts';
import { FATES, type Fate, FaultyStore, POISON } from './testing/faulty-store.ts';
import { type Route, TOPOLOGY } from './topology.ts';
import { PartitionWorker } from './worker.ts';

const BASE = 1_795_000_000_000;
const AT = { topic: 'im.processes', partition: 0 };

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'Date', 'performance'] });
});
afterEach(() => {
  vi.useRealTimers();
});

interface Sent {
  /** Default: the only one. */
  readonly sender?: string;
  readonly seq: number;
  readonly rows: readonly { readonly pid: number; readonly time: number }[];
}

const storedOf = ({ sender = 'agent', seq, rows }: Sent, place: number): StoredMessage => ({
  ...AT,
  offset: BigInt(place) * 3n,
  key: sender,
  headers: {
    schema: 'processes',
    version: '1',
    sender,
    boot: String(BASE),
    seq: String(seq),
    rows: String(rows.length),
    received: '1',
    print: String(crc32(JSON.stringify(rows))),
  },
  value: ipcOf('processes', {
    time: rows.map(({ time }) => BigInt(time)),
    host: rows.map(() => 'h'),
    pid: rows.map(({ pid }) => pid),
    start: rows.map(() => 0n),
  }),
});

/** A port's offsets rise, and no more is promised of them. */
const withGaps = (log: readonly Sent[], gaps: readonly number[]): readonly StoredMessage[] => {
  let offset = 0n;
  return log.map((message, i) => {
    offset += BigInt(gaps[i % gaps.length] ?? 1);
    return { ...storedOf(message, i), offset };
  });
};

interface Owner {
  /** Messages in each delivery, then the owner vanishes after so many saves. */
  readonly deliveries: readonly number[];
  readonly saves: number;
  /** From one delivery to the next, and to its end. */
  readonly patienceMs: number;
  /** From its beginning on; default: as long as it likes. */
  readonly ownedMs?: number;
  /** By how much its clock is ahead; default: not at all. */
  readonly aheadMs?: number;
  /** Is of a version that does not know this message. */
  readonly unknown?: number;
}

/** The clock goes on until the work is done. */
const inTime = async <T>(work: Promise<T>): Promise<T> => {
  let over = false;
  const done = work.finally(() => {
    over = true;
  });
  done.catch(() => undefined);
  while (!over) await vi.advanceTimersByTimeAsync(1000);
  return done;
};

const route: Route = { ...(TOPOLOGY.find(({ topic }) => topic === AT.topic) as Route), roundRows: 6 };

/** Delivers the log to one owner after another, each beginning where the saved progress says; returns the letters. */
const run = async (
  log: readonly StoredMessage[],
  store: FaultyStore,
  owners: readonly Owner[],
  switches: {
    readonly readBack?: boolean;
    readonly fence?: boolean;
    readonly seqCheck?: boolean;
    readonly roundRows?: number;
    readonly watch?: (worker: PartitionWorker) => void;
  } = {},
) => {
  const { readBack = true, fence = true, seqCheck = true } = switches;
  const letters: Message[] = [];
  let saved: SavedProgress = { progress: encodeProgress(NO_PROGRESS), checkpoint: undefined };
  let learned = 0;
  const telemetry = new TelemetryRegistry();
  const inventory = new Inventory({ query: () => Promise.resolve([]) }, silentLogger);
  const columns = store as unknown as ColumnStore;
  const clock = new StoreClock(columns);
  const options: ColumnSinkOptions = { columns, clock, inventory, telemetry, log: silentLogger, maxExecutionMs: 1000, readBack, fence, now: () => BASE };
  const end = (log.at(-1)?.offset ?? -1n) + 1n;
  const last: Owner = { deliveries: Array.from({ length: log.length }, () => 2), saves: Number.POSITIVE_INFINITY, patienceMs: 30_000 };
  for (const owner of [...owners, last]) {
    let saves = owner.saves;
    const ends = Date.now() + (owner.ownedMs ?? Number.POSITIVE_INFINITY);
    const abort = new AbortController();
    const failures: Error[] = [];
    const worker = new PartitionWorker({
      gate: new RoundGate(),
      route: { ...route, roundRows: switches.roundRows ?? route.roundRows },
      at: AT,
      sink: tableSink('processes', processRows, options),
      stream: {
        produce: (_, messages) => {
          letters.push(...messages);
          return Promise.resolve();
        },
        shared: () => Promise.resolve(undefined),
        partitions: () => Promise.resolve([{ ...AT, earliest: 0n, next: end, bytes: 0 }]),
      },
      telemetry,
      log: silentLogger,
      save: (progress) => {
        // The contract of the port.
        if (progress.length > 256 << 10) return Promise.reject(new RangeError(`progress of ${progress.length} bytes`));
        if (saves-- <= 0) {
          abort.abort();
          return Promise.reject(new CodedError('stream.fenced', { partition: 'im.processes/0' }));
        }
        saved = { ...saved, progress: progress.slice() };
        return Promise.resolve();
      },
      saveCheckpoint: (value, from) => {
        if (saves-- <= 0) {
          abort.abort();
          return Promise.reject(new CodedError('stream.fenced', { partition: 'im.processes/0' }));
        }
        saved = { ...saved, checkpoint: { value: value.slice(), from } };
        return Promise.resolve();
      },
      owned: () => (abort.signal.aborted ? 0 : Math.max(0, ends - Date.now())),
      checkpointRounds: 3,
      pause: () => undefined,
      resume: () => undefined,
      failed: (error) => failures.push(error),
      now: () => BASE + (owner.aheadMs ?? 0),
      readBack,
      seqCheck,
    });
    const assigned = await inTime(worker.assigned(saved)).catch((error: unknown) => {
      // It vanished before it had begun.
      if (!abort.signal.aborted) throw error;
      return undefined;
    });
    if (assigned === undefined) {
      await worker.end();
      continue;
    }
    const from = assigned;
    const { progress } = decodeProgress(saved.progress);
    learned += log.filter(({ offset }) => offset >= from && offset < (progress.pending?.from ?? progress.next)).length;
    const rest = log
      .map((message, i) => (i === owner.unknown ? { ...message, headers: { ...message.headers, version: '99' } } : message))
      .filter(({ offset }) => offset >= from);
    for (const count of owner.deliveries) {
      const messages = rest.splice(0, count);
      if (messages.length === 0 || abort.signal.aborted) break;
      await inTime(worker.deliver({ ...AT, messages, signal: abort.signal }));
      await vi.advanceTimersByTimeAsync(owner.patienceMs);
      switches.watch?.(worker);
    }
    while (owner === last && worker.next < end && failures.length === 0) await vi.advanceTimersByTimeAsync(1000);
    await worker.end();
    expect(failures).toEqual([]);
  }
  store.settle();
  return { letters, telemetry, learned };
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

const two = [
  { seq: 1, rows: [{ pid: 1, time: BASE }] },
  { seq: 2, rows: [{ pid: 2, time: BASE + DAY_MS }] },
];

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
