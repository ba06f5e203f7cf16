// The insert and progress protocol against a store and a stream that fail at random in every way their contracts allow: inserts that are
// refused, that stand though they failed, that come late; saves that are fenced; owners that vanish at any step. At the end each row stands once.
import fc from 'fast-check';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { type Batch, columnOf, valueAt } from '../core/batch/batch.ts';
import { CodedError } from '../core/errors.ts';
import { silentLogger } from '../core/logger.ts';
import { TelemetryRegistry } from '../core/telemetry.ts';
import type { Columns } from '../engines/columns/port.ts';
import type { Message, StoredMessage } from '../engines/stream/port.ts';
import { ipcOf } from '../ingest/testing/frames.ts';
import { Inventory } from './inventory.ts';
import { processesSink } from './sinks/processes.ts';
import type { ColumnSinkOptions } from './sinks/samples.ts';
import { type Route, TOPOLOGY } from './topology.ts';
import { PartitionWorker } from './worker.ts';

const DAY = 86_400_000;
const BASE = 1_795_000_000_000;
const AT = { topic: 'im.processes', partition: 0 };
/** Rows of this pid are refused by the store, whatever they come with. */
const POISON = 13;

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
});
afterEach(() => {
  vi.useRealTimers();
});

/** What becomes of an insert. `late`: it fails for the caller and stands only afterwards, unless it is killed before. */
type Fate = 'good' | 'lost' | 'stands but fails' | 'late' | 'slow';

class FaultyStore implements Pick<Columns, 'insert' | 'kill' | 'query'> {
  readonly rows: { readonly key: string; readonly day: number; readonly insert: bigint }[] = [];
  readonly #fates: Fate[];
  #late: { readonly queryId: string; readonly apply: () => void }[] = [];

  constructor(fates: readonly Fate[]) {
    this.#fates = [...fates];
  }

  /** What is on its way arrives. */
  settle(): void {
    for (const { apply } of this.#late.splice(0)) apply();
  }

  insert(table: string, batch: Batch, { queryId }: { readonly queryId: string }): Promise<void> {
    expect(table).toBe('processes');
    const value = (name: string, row: number) => valueAt(columnOf(batch, name), row);
    const rows = Array.from({ length: batch.length }, (_, row) => ({
      key: `${value('pid', row)}@${value('time', row)}`,
      day: Math.floor(Number(value('time', row)) / DAY),
      insert: value('insert', row) as bigint,
    }));
    // One partition and one number, or the port's contract is broken.
    expect(new Set(rows.map(({ day, insert }) => `${day}/${insert}`)).size).toBe(1);
    const fate = this.#fates.shift() ?? 'good';
    if (fate === 'slow') return Promise.reject(new CodedError('columns.limit', { limit: 'max_execution_time', reason: 'test' }));
    if (rows.some(({ key }) => key.startsWith(`${POISON}@`))) return Promise.reject(new CodedError('columns.rejected', { code: 321, reason: 'poison' }));
    const apply = (): void => {
      this.rows.push(...rows);
    };
    if (fate === 'good' || fate === 'stands but fails') apply();
    if (fate === 'late') this.#late.push({ queryId, apply });
    return fate === 'good' ? Promise.resolve() : Promise.reject(new CodedError('columns.unavailable', { reason: 'test' }));
  }

  kill(queryIds: readonly string[]): Promise<void> {
    // An insert that runs may still end well before the kill reaches it.
    for (const [i, { queryId, apply }] of this.#late.entries()) if (queryIds.includes(queryId) && i % 2 === 0) apply();
    this.#late = this.#late.filter(({ queryId }) => !queryIds.includes(queryId));
    return Promise.resolve();
  }

  query(_: string, options: Parameters<Columns['query']>[1] = {}): ReturnType<Columns['query']> {
    const { from, to, numbers } = options.params as { from: number; to: number; numbers: readonly bigint[] };
    const found = this.rows.filter(({ day, insert }) => day * DAY >= from && day * DAY < to && numbers.includes(insert)).map(({ insert }) => insert);
    const values = BigUint64Array.from(new Set(found));
    const type = { kind: 'int', bits: 64, signed: false } as const;
    const batch: Batch = {
      length: values.length,
      fields: [{ name: 'insert', type }],
      columns: [{ layout: 'fixed', type, length: values.length, validity: undefined, values }],
    };
    return Promise.resolve({ batches: [batch], stats: { rowsRead: 0, bytesRead: 0, elapsedMs: 0 } });
  }
}

interface Sent {
  readonly seq: number;
  readonly rows: readonly { readonly pid: number; readonly time: number }[];
}

const storedOf = ({ seq, rows }: Sent, offset: number): StoredMessage => ({
  ...AT,
  offset: BigInt(offset) * 3n,
  key: 'agent',
  headers: { schema: 'processes', version: '1', sender: 'agent', boot: '1', seq: String(seq), rows: String(rows.length), received: '1' },
  value: ipcOf('processes', {
    time: rows.map(({ time }) => BigInt(time)),
    host: rows.map(() => 'h'),
    pid: rows.map(({ pid }) => pid),
    start: rows.map(() => 0n),
  }),
});

interface Owner {
  /** Messages in each delivery, then the owner vanishes after so many saves. */
  readonly deliveries: readonly number[];
  readonly saves: number;
}

const route: Route = { ...(TOPOLOGY.find(({ topic }) => topic === AT.topic) as Route), roundRows: 6 };

/** Delivers the log to one owner after another, each beginning where the saved progress says; returns the letters. */
const run = async (
  log: readonly StoredMessage[],
  store: FaultyStore,
  owners: readonly Owner[],
  switches: { readonly readBack: boolean; readonly seqCheck: boolean },
) => {
  const letters: Message[] = [];
  let saved: Uint8Array | undefined;
  const telemetry = new TelemetryRegistry();
  const inventory = new Inventory({ query: () => Promise.resolve([]) }, silentLogger);
  const columns = store as unknown as Columns;
  const options: ColumnSinkOptions = { columns, inventory, telemetry, log: silentLogger, maxExecutionMs: 1000, readBack: switches.readBack, now: () => BASE };
  const last: Owner = { deliveries: Array.from({ length: log.length }, () => 2), saves: Number.POSITIVE_INFINITY };
  for (const owner of [...owners, last]) {
    let saves = owner.saves;
    const abort = new AbortController();
    const failures: Error[] = [];
    const worker = new PartitionWorker({
      route,
      at: AT,
      sink: processesSink(options),
      stream: {
        produce: (_, messages) => {
          letters.push(...messages);
          return Promise.resolve();
        },
        partitions: () => Promise.resolve([{ ...AT, earliest: 0n, next: BigInt(log.length) * 3n, bytes: 0 }]),
      },
      telemetry,
      log: silentLogger,
      save: (progress) => {
        if (saves-- <= 0) {
          abort.abort();
          return Promise.reject(new CodedError('stream.fenced', { partition: 'im.processes/0' }));
        }
        saved = progress.slice();
        return Promise.resolve();
      },
      pause: () => undefined,
      resume: () => undefined,
      failed: (error) => failures.push(error),
      now: () => BASE,
      ...switches,
    });
    const from = (await worker.assigned(saved)) ?? 0n;
    const rest = log.filter(({ offset }) => offset >= from);
    for (const count of owner.deliveries) {
      const messages = rest.splice(0, count);
      if (messages.length === 0 || abort.signal.aborted) break;
      const delivered = worker.deliver({ ...AT, messages, signal: abort.signal });
      await vi.advanceTimersByTimeAsync(30_000);
      await delivered;
    }
    await vi.advanceTimersByTimeAsync(60_000);
    if (owner === last) await worker.flush();
    await worker.end();
    expect(failures).toEqual([]);
  }
  store.settle();
  return { letters, telemetry };
};

const anyLog = fc.array(fc.array(fc.record({ day: fc.integer({ min: 0, max: 2 }), isPoison: fc.boolean() }), { minLength: 1, maxLength: 5 }), {
  minLength: 1,
  maxLength: 12,
});
const fates = fc.array(fc.constantFrom<Fate>('good', 'good', 'lost', 'stands but fails', 'late', 'slow'), { maxLength: 30 });
const owners = fc.array(fc.record({ deliveries: fc.array(fc.integer({ min: 1, max: 4 }), { maxLength: 6 }), saves: fc.integer({ min: 0, max: 5 }) }), {
  maxLength: 5,
});

test('each row stands once, or is a letter, after any faults', async () => {
  await fc.assert(
    fc.asyncProperty(anyLog, fates, owners, fc.array(fc.nat(), { maxLength: 4 }), async (shape, given, vanishing, repeats) => {
      let row = 0;
      const sent: Sent[] = shape.map((rows, i) => ({
        seq: i + 1,
        // Poison is rare: a message in a row's place tells it.
        rows: rows.map(({ day, isPoison }, at) => ({ pid: isPoison && at === 4 ? POISON : 100, time: BASE + day * DAY + row++ })),
      }));
      const log = sent.map((message) => message);
      // A sender repeats what it sent before, somewhere behind it.
      for (const repeat of repeats) {
        const again = sent[repeat % sent.length] as Sent;
        const behind = log.length - log.indexOf(again);
        log.splice(log.length - (repeat % behind), 0, again);
      }
      const store = new FaultyStore(given);
      const { letters } = await run(log.map(storedOf), store, vanishing, { readBack: true, seqCheck: true });
      const all = sent.flatMap(({ rows }) => rows);
      const expected = all.filter(({ pid }) => pid !== POISON).map(({ pid, time }) => `${pid}@${time}`);
      expect(store.rows.map(({ key }) => key).toSorted()).toEqual(expected.toSorted());
      // A letter may stand twice, never not at all.
      expect(new Set(letters.map(({ headers }) => headers.origin)).size).toBe(sent.filter(({ rows }) => rows.some(({ pid }) => pid === POISON)).length);
    }),
    { numRuns: 400 },
  );
}, 120_000);

const two = [
  { seq: 1, rows: [{ pid: 1, time: BASE }] },
  { seq: 2, rows: [{ pid: 2, time: BASE + DAY }] },
];

test('control: without reading back, an insert that stood though its owner vanished stands twice', async () => {
  const vanishing = [{ deliveries: [2], saves: 1 }];
  const good = new FaultyStore([]);
  await run(two.map(storedOf), good, vanishing, { readBack: true, seqCheck: true });
  expect(good.rows.map(({ key }) => key).toSorted()).toEqual([`1@${BASE}`, `2@${BASE + DAY}`]);
  const bad = new FaultyStore([]);
  await run(two.map(storedOf), bad, vanishing, { readBack: false, seqCheck: true });
  expect(bad.rows).toHaveLength(4);
});

test('control: without the check of seqs, what is repeated stands twice', async () => {
  const store = new FaultyStore([]);
  const { telemetry } = await run([...two, ...two].map(storedOf), store, [], { readBack: true, seqCheck: true });
  expect(store.rows).toHaveLength(2);
  expect(telemetry.value('inframirror_pipeline_repeated_messages_total', { topic: AT.topic })).toBe(2);
  const bad = new FaultyStore([]);
  await run([...two, ...two].map(storedOf), bad, [], { readBack: true, seqCheck: false });
  expect(bad.rows).toHaveLength(4);
});

test('a block that takes the store too long is written in halves', async () => {
  const rows = Array.from({ length: 3000 }, (_, i) => ({ pid: 100 + i, time: BASE + i }));
  const store = new FaultyStore(['slow']);
  await run([storedOf({ seq: 1, rows }, 0)], store, [], { readBack: true, seqCheck: true });
  expect(store.rows).toHaveLength(3000);
  expect(new Set(store.rows.map(({ insert }) => insert)).size).toBe(2);
});
