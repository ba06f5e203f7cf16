// Questions whose hours were put together, over real stores: whatever the samples are (resets, starts, stale markers, no numbers, values that
// came late), parts and samples together say what the samples alone do, wherever windows begin and end.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { TIME_MS, UINT32, UTF8 } from '../core/batch/batch.ts';
import { batchOf, columnFrom } from '../core/batch/build.ts';
import { silentLogger } from '../core/logger.ts';
import { TelemetryRegistry } from '../core/telemetry.ts';
import { Rollups } from '../pipeline/rollups/rollups.ts';
import { DATASETS } from '../schemas/catalogue.ts';
import { metricHash } from '../schemas/series-id.ts';
import { sized } from '../test/support/long.ts';
import { SEED } from '../test/support/seed.ts';
import type { PlanRequest } from './3-plan/request.ts';
import { ALL_ROWS } from './3-plan/rights.ts';
import { LearnedCatalogue } from './ask/learned-catalogue.ts';
import { RolledLedger } from './ask/rolled-hours.ts';
import type { TellRows } from './ask/told-rows.ts';
import { unlimited } from './caller.ts';
import { check, plan } from './compile.ts';
import { QueryService } from './service.ts';
import { bothWays, difference } from './testing/both-ways.ts';
import { seeded } from './testing/random.ts';
import { BEGIN, END, makeData } from './testing/store-data.ts';
import { learnedCatalogue } from './testing/store-metrics.ts';
import { type LoadedStores, loadStores } from './testing/stores.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const random = seeded(SEED);
const oneOf = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)] as T;

const requestOf = (from: number, to: number): PlanRequest => {
  const [begin, end] = [BigInt(from) * 1_000_000n, BigInt(to) * 1_000_000n];
  return { at: end, from: begin, to: end, zone: 'UTC', parameters: new Map(), rights: ALL_ROWS, completeTo: end, notice: () => {} };
};

let stores: LoadedStores;

const rollUp = async (): Promise<void> => {
  const rollups = new Rollups({ ...stores.ports, telemetry: new TelemetryRegistry(), log: silentLogger, delayMs: 0, settleMs: 0, pauseMs: 0 });
  // Where one time has two values and no mark says so, that is found by one run and heeded by the next.
  for (let i = 0; i < 3; i++) await rollups.run();
};

/** The stores with what is known now of their hours. */
const withHours = async (text: string, request: PlanRequest): Promise<LoadedStores> => {
  const checked = check(text, learnedCatalogue);
  expect(
    checked.diagnostics.filter((d) => d.severity === 'error').map((d) => d.message),
    text,
  ).toEqual([]);
  const asked = plan(checked, request).plan;
  const ledger = new RolledLedger(stores.ports.columns, () => undefined);
  const rolled = await ledger.hoursOf(asked, AbortSignal.timeout(60_000));
  return { ...stores, known: { ...stores.known, rolled } };
};

beforeAll(async () => {
  stores = await loadStores(makeData(SEED));
  await rollUp();
  // Marks of what was late only because it was found twice have settled.
  await stores.ports.columns.command("ALTER TABLE marks DELETE WHERE kind = 'late'", { settings: { mutations_sync: 2 } });
}, 300_000);
afterAll(() => stores?.stop());

const METRICS = {
  counter: ['system.network.io', 'http.requests'],
  gauge: ['system.cpu.utilization', 'system.memory.usage', 'http.latency', 'odd.values'],
} as const;
const AGGREGATES = {
  counter: ['rate', 'increase', 'count', 'increase, rate'],
  gauge: ['avg', 'min, max', 'sum', 'first, last', 'count', 'delta', 'avg, count'],
} as const;

test('parts say what samples do', { timeout: 600_000 }, async () => {
  let fromParts = 0;
  for (let i = 0; i < sized(60, 2000); i++) {
    const kind = oneOf(['counter', 'gauge'] as const);
    const width = oneOf(['5m', '10m', '30m', '1h', '2h', '7m', '1d', 'all']);
    const over = random() < 0.2 ? ` over ${oneOf(['1h', '3h', '20m'])}` : '';
    const metric = oneOf<string>(METRICS[kind]);
    // Sums of numbers that cancel each other depend on their order.
    const aggregates = oneOf<string>(AGGREGATES[kind].filter((names) => metric !== 'odd.values' || !/sum|avg/.test(names)));
    const above = aggregates.includes(',') || aggregates === 'count' ? '' : oneOf(['', '', ' | where value > 0', ' | count', ' | sort value | limit 7']);
    const text = `from metrics.${metric} | every ${width} ${aggregates}${over}${above}`;
    const edge = (): number => oneOf([0, 0, 5 * MINUTE, 17 * MINUTE + 1, 30 * MINUTE]);
    const request = requestOf(BEGIN - oneOf([0, 1, 30]) * HOUR + edge(), END + oneOf([0, 1]) * HOUR - edge());
    const answer = await bothWays(text, learnedCatalogue, request, await withHours(text, request));
    expect(difference(answer), `seed ${SEED}: ${text} from ${request.from} to ${request.to}\n${answer.sql.join('\n')}`).toBeUndefined();
    if (answer.sql.some((sql) => sql.includes('rollups_'))) fromParts++;
  }
  expect(fromParts).toBeGreaterThan(sized(60, 2000) / 5);
});

test('an hour for which samples came late is read from them until it is put together again', async () => {
  const text = 'from metrics.system.cpu.utilization | every 1h avg | sort time';
  const request = requestOf(BEGIN, END);
  const metric = metricHash('system.cpu.utilization');
  const hours = async (): Promise<number> => ((await withHours(text, request)).known.rolled?.(metric) ?? new Map()).size;
  const before = await hours();
  expect(before).toBeGreaterThanOrEqual(6);
  await stores.ports.columns.command(
    `INSERT INTO marks (kind, metric, hour, marked) SELECT 'late', ${metric}, fromUnixTimestamp64Milli(${BEGIN + HOUR}), now64(3) + INTERVAL 1 MINUTE`,
  );
  expect(await hours()).toBe(before - 1);
  const answer = await bothWays(text, learnedCatalogue, request, await withHours(text, request));
  expect(difference(answer)).toBeUndefined();
});

test('where marks are told what was read is good for a while, but for the hours that they name', async () => {
  const text = 'from metrics.system.memory.usage | every 1h avg';
  const metric = metricHash('system.memory.usage');
  const asked = plan(check(text, learnedCatalogue), requestOf(BEGIN, END)).plan;
  let hear: Parameters<TellRows>[0] = () => {};
  let reads = 0;
  const columns = {
    query: (...args: Parameters<typeof stores.ports.columns.query>) => {
      reads++;
      return stores.ports.columns.query(...args);
    },
  };
  const ledger = new RolledLedger(
    columns,
    () => undefined,
    (own) => {
      hear = own;
    },
  );
  const hours = async () => (await ledger.hoursOf(asked, AbortSignal.timeout(60_000)))(metric);
  const before = await hours();
  expect(before.size).toBeGreaterThanOrEqual(6);
  expect(await hours()).toEqual(before);
  const marks = (kind: string, of: number) =>
    batchOf([
      ['kind', columnFrom(UTF8, [kind])],
      ['metric', columnFrom(UINT32, [of])],
      ['hour', columnFrom(TIME_MS, [BigInt(BEGIN + HOUR)])],
    ]);
  // A later question of later hours too: those of a question that ended before were not all that were read.
  const early = new RolledLedger(
    columns,
    () => undefined,
    () => {},
  );
  const first = plan(check(text, learnedCatalogue), requestOf(BEGIN, BEGIN + 3 * HOUR)).plan;
  await early.hoursOf(first, AbortSignal.timeout(60_000));
  expect((await early.hoursOf(asked, AbortSignal.timeout(60_000)))(metric)).toEqual(before);
  reads = 1;
  hear(marks('double', metric));
  hear(marks('late', metric + 1));
  expect(await hours()).toEqual(before);
  hear(marks('late', metric));
  const late = await hours();
  expect([...before.keys()].filter((hour) => !late.has(hour))).toEqual([(BEGIN + HOUR) / HOUR]);
  expect(reads).toBe(1);
});

test('of samples that retention has removed what was put together answers, and only a question that needs them is told', async () => {
  const catalogue = new LearnedCatalogue(DATASETS, stores.ports.columns, stores.ports.search);
  await catalogue.refresh(END);
  let gone: bigint | undefined;
  const service = new QueryService({
    ports: stores.ports,
    catalogue,
    completeUpTo: () => undefined,
    removedBefore: (table) => (table === 'samples' ? gone : undefined),
    now: () => END,
  }).for(unlimited('test'));
  const request = { from: BigInt(BEGIN) * 1_000_000n, to: BigInt(END) * 1_000_000n };
  const ask = async (text: string) => {
    const { columns, rowCount, diagnostics } = await service.query(text, request);
    return { values: columns.map((c) => c.values), rowCount, told: diagnostics.map((d) => d.code) };
  };
  const text = 'from metrics.system.cpu.utilization | every 1h max, avg, count';
  const before = await ask(text);
  expect(before.told).toEqual([]);
  gone = BigInt(BEGIN + 3 * HOUR) * 1_000_000n;
  await stores.ports.columns.command(`ALTER TABLE samples DELETE WHERE time < fromUnixTimestamp64Milli(${BEGIN + 3 * HOUR})`, {
    settings: { mutations_sync: 2 },
  });
  expect(await ask(text)).toEqual(before);
  const explained = await ask(`${text} | explain`);
  expect(JSON.stringify(explained.values)).toContain('rollups_1h');
  const p95 = await ask('from metrics.system.cpu.utilization | every 1h p95');
  expect(p95.told).toEqual(['iql.removed']);
  expect(p95.rowCount).toBeLessThan(before.rowCount);
});
