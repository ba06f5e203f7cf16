// The cache of buckets, over a store in memory whose writes, marks and series change at any moment of an answer: after each the answer is what
// asking for all anew gives, row by row.
import { expect, test } from 'vitest';
import { rowsOf } from '../../core/batch/arbitrary.ts';
import { type Batch, BOOL, FLOAT, INT64, TIME_MS, TIME_NS, UINT32, UTF8 } from '../../core/batch/batch.ts';
import { batchOf, columnFrom } from '../../core/batch/build.ts';
import type { CodedError } from '../../core/errors.ts';
import { metricHash } from '../../schemas/series-id.ts';
import type { Stretch } from '../../schemas/stretch.ts';
import { sized } from '../../test/support/long.ts';
import { SEED } from '../../test/support/seed.ts';
import { inputsOf, type PlanNode } from '../3-plan/nodes.ts';
import { ALL_ROWS } from '../3-plan/rights.ts';
import { type Emitter, LOSSLESS } from '../4-emit/emitter.ts';
import { check, plan, split } from '../compile.ts';
import { FAILING } from '../functions/failing.ts';
import { RUN_FUNCTIONS } from '../functions/run/functions.ts';
import { Budget, Pool } from '../run/budget.ts';
import { runPlan } from '../run/run.ts';
import { memorySource } from '../testing/memory-source.ts';
import { seeded } from '../testing/random.ts';
import { learnedCatalogue } from '../testing/store-metrics.ts';
import { type AskOptions, ask, type PlanAnswer } from './ask.ts';
import type { Asker } from './asker.ts';
import { BucketCache } from './bucket-cache.ts';
import type { TellRows, TellWrites } from './told-rows.ts';

const random = seeded(SEED);
const below = (n: number): number => Math.floor(random() * n);
const oneOf = <T>(list: readonly T[]): T => list[below(list.length)] as T;
/** Others have their turn, or not. */
const turns = async (): Promise<void> => {
  for (let i = below(4); i > 0; i--) await new Promise((resolve) => setImmediate(resolve));
};

interface Row {
  readonly table: 'samples' | 'logs';
  /** ms */
  readonly time: number;
  readonly series: number;
  readonly value: number;
}

/** Both have the same samples. */
const [COUNTER, GAUGE] = ['system.network.io', 'http.latency'];
const HASHES = [COUNTER, GAUGE].map(metricHash);
const MINUTE = 60_000;
const NOW = Date.UTC(2026, 10, 20, 12);
const hourOf = (time: number): number => Math.floor(time / 3_600_000);

/** Tells of writes by a queue that is heard when somebody looks, as a file is. */
class World {
  rows: Row[] = [];
  /** How often an hour was marked: its values are read as so many times more. */
  readonly marked = new Map<number, number>();
  marks = 0;
  hosts = ['a', 'b', 'c', 'd'];
  state = 0;
  reads = 0;
  #told: (() => void)[] = [];
  #listener: Parameters<TellWrites['listen']>[0] | undefined;
  #hearMarks: Parameters<TellRows>[0] | undefined;
  #writes = 0;

  readonly tell: TellWrites = {
    listen: (listener) => {
      this.#listener = listener;
    },
    hear: () => {
      for (const told of this.#told.splice(0)) told();
    },
  };
  readonly tellMarks: TellRows = (hear) => {
    this.#hearMarks = hear;
  };

  async write(rows: readonly Row[], atOnce = false): Promise<void> {
    const write = String(++this.#writes);
    const stretches = rows.flatMap(({ table, time }): Stretch[] => {
      const from = BigInt(time - (time % MINUTE)) * 1_000_000n;
      const metrics = table === 'logs' ? [undefined] : oneOf([[undefined], HASHES]);
      return metrics.map((metric) => ({ table, metric, from, to: from + BigInt(MINUTE) * 1_000_000n }));
    });
    this.#told.push(() => this.#listener?.begun(write, stretches));
    if (!atOnce) await turns();
    this.rows = [...this.rows, ...rows];
    await turns();
    this.#told.push(() => this.#listener?.over(write));
  }

  mark(time: number): void {
    const hour = hourOf(time);
    this.#told.push(() => {
      this.marked.set(hour, (this.marked.get(hour) ?? 0) + 1);
      this.marks++;
      this.#hearMarks?.(
        batchOf([
          ['metric', columnFrom(UINT32, HASHES)],
          [
            'hour',
            columnFrom(
              TIME_MS,
              HASHES.map(() => BigInt(hour * 3_600_000)),
            ),
          ],
        ]),
      );
    });
  }

  move(): void {
    this.hosts = this.hosts.with(below(4), oneOf(['a', 'b', 'c', 'd', 'e']));
    this.state++;
  }

  batch(table: Row['table'], rows: readonly Row[], marks: ReadonlyMap<number, number>, hosts: readonly string[]): Batch {
    const own = rows.filter((row) => row.table === table).sort((a, b) => a.time - b.time);
    const text = (of: (row: Row) => string) => columnFrom(UTF8, own.map(of));
    const int = (of: (row: Row) => number) =>
      columnFrom(
        INT64,
        own.map((row) => BigInt(of(row))),
      );
    if (table === 'logs')
      return batchOf([
        [
          'time',
          columnFrom(
            TIME_NS,
            own.map(({ time }) => BigInt(time) * 1_000_000n),
          ),
        ],
        ['service', text(({ series }) => `service-${series}`)],
        ...['#insert', '#message', '#row'].map((name) => [name, int(({ value }) => value)] as const),
      ]);
    return batchOf([
      [
        'time',
        columnFrom(
          TIME_NS,
          own.map(({ time }) => BigInt(time) * 1_000_000n),
        ),
      ],
      [
        'value',
        columnFrom(
          FLOAT,
          own.map(({ time, value }) => value * (1 + (marks.get(hourOf(time)) ?? 0))),
        ),
      ],
      ['host', text(({ series }) => hosts[series] as string)],
      ['#series', int(({ series }) => series)],
      ['#insert', int(({ value }) => value)],
      [
        '#stale',
        columnFrom(
          BOOL,
          own.map(() => false),
        ),
      ],
      [
        '#start',
        columnFrom(
          TIME_NS,
          own.map(() => null),
        ),
      ],
    ]);
  }
}

const has = (node: PlanNode, kind: PlanNode['node'] | undefined): boolean => node.node === kind || inputsOf(node).some((input) => has(input, kind));
/** What a store does not do is done here. */
let refused: PlanNode['node'] | undefined;
/** Rows of an answer. */
let limit = 10_000;
const emitter: Emitter = {
  answers: () => 'exact',
  emit: (node) => (has(node, refused) || has(node, 'fill') ? undefined : { request: node, losses: LOSSLESS }),
  explain: () => ({ text: '', parameters: new Map() }),
};
const emitters = { columns: emitter, search: emitter, records: emitter };

const answerOf = async (...asked: Parameters<typeof askedOf>): Promise<readonly unknown[]> => rowsOf((await askedOf(...asked)).batches);

const askedOf = async (world: World, cache: BucketCache | undefined, text: string, at: number, options: AskOptions = {}): Promise<PlanAnswer> => {
  const to = BigInt(at) * 1_000_000n;
  const checked = check(text, learnedCatalogue);
  expect(checked.diagnostics.filter(({ severity }) => severity === 'error')).toEqual([]);
  const request = { at: to, from: to, to, zone: 'UTC', parameters: new Map(), completeTo: to, notice: () => {}, rights: ALL_ROWS };
  const parts = split(plan(checked, request, { limit }).plan, { emitters, failing: FAILING });
  const once = async (begin?: () => ReturnType<Parameters<Parameters<BucketCache['answering']>[0]>[0]>): Promise<PlanAnswer> => {
    for (let tries = 0; ; tries++) {
      const [buckets, marks, known, state, hosts] = [begin?.(), new Map(world.marked), world.marks, world.state, world.hosts];
      const asker: Asker = {
        open: async function* (node) {
          await turns();
          const { rows } = world;
          const source = memorySource(async ({ table }) => world.batch(table as Row['table'], rows, marks, hosts), {
            functions: RUN_FUNCTIONS,
            warn: () => {},
          });
          const env = { functions: RUN_FUNCTIONS, budget: new Budget(), warn: () => {}, scan: source };
          const batches = await runPlan(node as PlanNode, env);
          world.reads++;
          await turns();
          world.tell.hear();
          yield* batches;
        },
      };
      const states = { stateThen: () => String(state), state: () => String(world.state), prepare: turns };
      const asked = await ask(parts, { columns: asker, search: asker, records: asker }, RUN_FUNCTIONS, {
        ...options,
        ...(buckets && { cache: { buckets, ...states } }),
      });
      // As the ledger has it, and who looks for new series, who does so once.
      if ((world.state === state || tries > 0) && world.marks === known) return asked;
    }
  };
  return cache?.answering((begin) => once(begin)) ?? once();
};

const TEXTS = [
  `from metrics.${COUNTER} last 20m | every 1m rate`,
  `from metrics.${COUNTER} last 20m | every 1m increase over 4m | sum by host`,
  `from metrics.${GAUGE} last 3h | every 10m max | max by host`,
  `from metrics.${GAUGE} last 20m | every 30s last | sort value desc, time, host `,
  `from metrics.${GAUGE} last 20m | every 1m count`,
  'from logs last 20m | every 1m count by service',
  'from logs last 20m | every 30s count | where count > 1',
];

const someRows = (now: number): readonly Row[] =>
  Array.from({ length: 1 + below(6) }, () => ({
    table: oneOf(['samples', 'logs'] as const),
    time: now - oneOf([0, below(MINUTE), below(20 * MINUTE), below(20 * MINUTE), below(180 * MINUTE), -below(3 * MINUTE)]),
    series: below(4),
    value: below(1000),
  }));

test('whatever changes while it is asked, the next answer is what asking anew gives', { timeout: 300_000, retry: 0 }, async () => {
  const world = new World();
  const cache = new BucketCache(world.tell, world.tellMarks);
  for (let i = 0; i < 400; i++) await world.write(someRows(NOW - below(20 * MINUTE)));
  let held = 0;
  for (let round = 0, now = NOW; round < sized(150, 20_000); round++, now += oneOf([0, 1000, 5000, 5000, 70_000])) {
    const writes: Promise<void>[] = [];
    const asked = oneOf(TEXTS);
    limit = oneOf([10_000, 10_000, 40]);
    refused = oneOf([undefined, undefined, 'order', 'aggregate', 'every']);
    for (let i = below(6); i > 0; i--) {
      if (random() < 0.6) writes.push(world.write(someRows(now)));
      if (random() < 0.04) world.mark(now - below(60 * MINUTE));
      if (random() < 0.04) world.move();
      if (random() < 0.6) writes.push(answerOf(world, cache, oneOf([asked, asked, oneOf(TEXTS)]), now).then(() => undefined));
      await turns();
    }
    await Promise.all(writes);
    world.tell.hear();
    const anew = await answerOf(world, undefined, asked, now);
    const reads = world.reads;
    expect(await answerOf(world, cache, asked, now), `seed ${SEED}, round ${round}: ${asked}`).toEqual(anew);
    if (world.reads - reads > 1) held++;
  }
  expect(held).toBeGreaterThan(sized(8, 1000));
});

test('an answer has all of a write or nothing of it, though it is part from memory and part from the store', async () => {
  const world = new World();
  const cache = new BucketCache(world.tell, world.tellMarks);
  [refused, limit] = [undefined, 10_000];
  const line = (before: number): Row => ({ table: 'logs', time: NOW - before, series: 0, value: 1 });
  await world.write([line(5 * MINUTE), line(90_000)]);
  const text = 'from logs last 20m | every 1m count';
  const countOf = async (): Promise<number> =>
    (await answerOf(world, cache, text, NOW + 10_000)).reduce<number>((sum, row) => sum + Number((row as readonly unknown[]).at(-1)), 0);
  expect(await countOf()).toBe(2);
  const reads = world.reads;
  const asked = countOf();
  // Before the store is asked, and after it was looked up what is held.
  const write = world.write([line(5 * MINUTE), line(0)], true);
  expect([0 + 2, 2 + 2]).toContain(await asked);
  await write;
  expect(await countOf()).toBe(4);
  expect(world.reads).toBeGreaterThan(reads);
});

test('of an answer that was cut nothing is cached', async () => {
  const world = new World();
  const cache = new BucketCache(world.tell, world.tellMarks);
  [refused, limit] = [undefined, 3];
  await world.write(Array.from({ length: 20 }, (_, i): Row => ({ table: 'samples', time: NOW - i * MINUTE, series: 0, value: i })));
  const text = `from metrics.${GAUGE} last 20m | every 1m last`;
  for (const at of [NOW, NOW + 2 * MINUTE]) expect(await answerOf(world, cache, text, at)).toEqual(await answerOf(world, undefined, text, at));
});

test('values that could not be represented are told once, though what was cached was written into and all is asked again', async () => {
  const world = new World();
  const cache = new BucketCache(world.tell, world.tellMarks);
  [refused, limit] = ['every', 10_000];
  const sample = (before: number, value = 1): Row => ({ table: 'samples', time: NOW - before, series: 0, value });
  const text = `from metrics.${GAUGE} last 20m | every 1m last | set none = value / (value - 7ms)`;
  for (let minute = 1; minute < 20; minute++) await world.write([sample(minute * MINUTE)]);
  await askedOf(world, cache, text, NOW);
  await world.write([sample(-1000, 7)]);
  const reads = world.reads;
  const asked = askedOf(world, cache, text, NOW + MINUTE);
  // After it was looked up what is held.
  const write = world.write([sample(5 * MINUTE)], true);
  expect((await asked).notRepresentable).toBe(1);
  expect(world.reads - reads).toBeGreaterThan(2);
  await write;
});

test('what has room when all is asked anew has room with what is cached, and is the same', async () => {
  const world = new World();
  const pool = new Pool(200_000);
  const cache = new BucketCache(world.tell, world.tellMarks, { pool });
  [refused, limit] = [undefined, 10_000];
  for (let i = 0; i < 400; i++) await world.write(someRows(NOW - below(20 * MINUTE)));
  let held = 0;
  const outcome = async (of: BucketCache | undefined, text: string, at: number, bytes: number): Promise<unknown> => {
    const options = { limits: { rows: 1e9, bytes }, pool: of === undefined ? new Pool() : pool };
    const answer = await askedOf(world, of, text, at, options).catch((error: CodedError) => error.code);
    if (typeof answer !== 'string' && answer.cached.length > 0) held++;
    return typeof answer === 'string' ? answer : rowsOf(answer.batches);
  };
  for (let round = 0; round < sized(100, 5000); round++) {
    const [text, at, bytes] = [oneOf(TEXTS), NOW + below(4) * MINUTE, below(60_000)];
    refused = oneOf([undefined, 'order', 'aggregate', 'every']);
    const [own, anew] = [await outcome(cache, text, at, bytes), await outcome(undefined, text, at, bytes)];
    // It may need less.
    if (typeof own !== 'string' || typeof anew !== 'string')
      expect(own, `seed ${SEED}, round ${round}: ${text} in ${bytes} bytes`).toEqual(await outcome(undefined, text, at, 1e9));
    expect(pool.bytes).toBeLessThanOrEqual(pool.limit);
  }
  expect(held).toBeGreaterThan(sized(10, 500));
});

test('an answer by series that have changed since is not cached, and what is cached by those of now stays', async () => {
  const world = new World();
  const cache = new BucketCache(world.tell, world.tellMarks);
  [refused, limit] = [undefined, 10_000];
  await world.write(Array.from({ length: 20 }, (_, i): Row => ({ table: 'samples', time: NOW - i * MINUTE, series: 0, value: i })));
  const text = `from metrics.${GAUGE} last 20m | every 1m last`;
  const cachedAfter = async (): Promise<number> => (await askedOf(world, cache, text, NOW)).cached.reduce((sum, { buckets }) => sum + buckets, 0);
  await cache.answering(async (begin) => {
    await askedOf(world, { answering: (work: (own: typeof begin) => unknown) => work(begin) } as BucketCache, text, NOW);
    world.move();
    expect(await cachedAfter()).toBe(0);
  });
  expect(await cachedAfter()).toBeGreaterThan(15);
});
