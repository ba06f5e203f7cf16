// A month with series that come and go, through the sink and the real store: what is written of each, when, and that one that failed is told again.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { batchOf, columnFrom } from '../core/batch/build.ts';
import { silentLogger } from '../core/logger.ts';
import { TelemetryRegistry } from '../core/telemetry.ts';
import { rowsOf } from '../engines/columns/conformance-support.ts';
import type { ColumnStore } from '../engines/columns/port.ts';
import { openTemporaryStore, type TemporaryStore } from '../engines/columns/testing/temporary-store.ts';
import { metricHash } from '../schemas/series-id.ts';
import { SIGNAL_FIELDS } from '../schemas/tables.ts';
import { sized } from '../test/support/long.ts';
import { InsertNumbers } from './insert-number.ts';
import { Inventory } from './inventory.ts';
import type { Decoded } from './message.ts';
import { SeriesDays } from './series-days.ts';
import { SeriesIndex } from './series-index.ts';
import { SeriesTable } from './series-table.ts';
import type { RoundContext } from './sink.ts';
import { samplesSink } from './sinks/samples.ts';
import { StoreClock } from './standing.ts';

const DAY = 86_400_000;
const HOUR = DAY / 24;
/** Of the same length, each over the turn of a month. */
const DAYS = 40;
const ALIVE = sized(150, 500);
/** A day. */
const CHURN = sized(8, 25);

let store: TemporaryStore;
let columns: ColumnStore;
beforeAll(async () => {
  store = await openTemporaryStore();
  columns = store.columns;
}, 60_000);
afterAll(() => store?.close());

const idOf = (series: number): bigint => BigInt.asUintN(64, BigInt(series + 1) * 0x9e37_79b9_7f4a_7c15n);
const nameOf = (series: number): string => `churn.${series % 10}`;

let offset = 0n;
const message = (schema: 'series' | 'metrics', values: readonly (readonly unknown[])[], now: number): Decoded => {
  const batch = batchOf(SIGNAL_FIELDS[schema].slice(0, values.length).map(({ name, type }, i) => [name, columnFrom(type, values[i] as never)] as const));
  const stored = { topic: 'im.metrics', partition: 0, offset: offset++, key: 'a', headers: {}, value: new Uint8Array(0) };
  return { stored, schema, sender: 'a', boot: 1n, seq: offset, received: BigInt(now) * 1_000_000n, latest: undefined, batch };
};
const definitions = (series: readonly number[], now: number): Decoded => {
  const all = <T>(value: T): readonly T[] => series.map(() => value);
  const labels = series.map(
    (s) =>
      new Map([
        ['host', 'h'],
        ['pod', String(s)],
      ]),
  );
  return message('series', [series.map(idOf), series.map(nameOf), all('gauge'), all('cumulative'), all('1'), all(null), all(10_000), labels], now);
};
const samples = (series: readonly number[], times: readonly number[], now: number): Decoded => {
  const rows = times.flatMap((time) => series.map((s) => ({ s, time })));
  const values = [
    rows.map(({ s }) => metricHash(nameOf(s))),
    rows.map(({ s }) => idOf(s)),
    rows.map(({ time }) => BigInt(time)),
    rows.map(({ s }) => s),
    rows.map(() => 0n),
  ];
  return message('metrics', values, now);
};

const never = (error: Error): void => expect(error).toBeUndefined();
const context: RoundContext = {
  signal: new AbortController().signal,
  health: { failed: never, parked: never, recovered: () => undefined },
  numbers: new InsertNumbers(0, 0n),
  interrupted: undefined,
  until: () => 0n,
  owned: () => Number.POSITIVE_INFINITY,
  plan: () => Promise.resolve(),
};

test('a month is a row a series and its days, and the first samples of a day rewrite nothing', { timeout: 240_000 }, async () => {
  let now = Math.floor(Date.now() / DAY) * DAY - DAYS * DAY;
  const begun = now;
  const written = new Map<string, number>();
  const statements: string[] = [];
  const watched = Object.assign(Object.create(columns) as ColumnStore, {
    insert: (table: string, batch: Parameters<ColumnStore['insert']>[1], options: Parameters<ColumnStore['insert']>[2]) => {
      written.set(table, (written.get(table) ?? 0) + batch.length);
      return columns.insert(table, batch, options);
    },
    command: (sql: string, options?: Parameters<ColumnStore['command']>[1]) => {
      statements.push(sql);
      return columns.command(sql, options);
    },
    query: (...args: Parameters<ColumnStore['query']>) => columns.query(...args),
    now: () => columns.now(),
  });
  const inventory = new Inventory({ query: () => Promise.resolve([]) }, silentLogger);
  const common = { columns: watched, clock: new StoreClock(columns), inventory, telemetry: new TelemetryRegistry(), log: silentLogger };
  const open = () =>
    samplesSink({ ...common, maxExecutionMs: 60_000, readBack: false, fence: false, now: () => now }, new SeriesTable(watched)).open({
      topic: 'im.metrics',
      partition: 0,
    });
  let part = open();
  let alive = Array.from({ length: ALIVE }, (_, i) => i);
  await part.write([definitions(alive, now)], context);
  let born = ALIVE;
  let restarts = 0;
  for (let day = 0; day < DAYS; day++, now += DAY) {
    if (day > 0) {
      const fresh = Array.from({ length: CHURN }, (_, i) => born + i);
      born += CHURN;
      alive = [...alive.slice(CHURN), ...fresh];
      await part.write([definitions(fresh, now)], context);
    }
    // A restart now and then, after which all is told again.
    if (day % 13 === 12) {
      part = open();
      restarts++;
      await part.write([definitions(alive, now)], context);
    }
    const before = new Map(written);
    const commands = statements.length;
    await part.write([samples(alive, [now, now + HOUR], now)], context);
    await part.write([samples(alive, [now + 2 * HOUR], now)], context);
    expect((written.get('series_days') ?? 0) - (before.get('series_days') ?? 0)).toBe(ALIVE);
    expect([written.get('series'), statements.length]).toEqual([before.get('series'), commands]);
  }
  expect(restarts).toBe(3);
  // Those that a restart finds told more than a day ago are told again, as the same row.
  for (const table of ['series', 'series_days']) await columns.command(`OPTIMIZE TABLE ${table} FINAL`);
  const months = new Map<number, Set<number>>();
  for (let day = 0; day < DAYS; day++) {
    const date = new Date(begun + day * DAY);
    const found = months.get(date.getUTCFullYear() * 100 + date.getUTCMonth()) ?? new Set();
    for (let s = 0; s < ALIVE; s++) found.add(day * CHURN + s);
    months.set(date.getUTCFullYear() * 100 + date.getUTCMonth(), found);
  }
  const rows = [...months.values()].reduce((sum, of) => sum + of.size, 0);
  expect(rowsOf(await columns.query('SELECT toInt64(count()), toInt64(uniqExact(id)) FROM series'))).toEqual([[BigInt(born), BigInt(born)]]);
  expect(rowsOf(await columns.query('SELECT toInt64(count()), toInt64(sum(bitCount(days))) FROM series_days'))).toEqual([[BigInt(rows), BigInt(DAYS * ALIVE)]]);
});

test('what the store did not take is told again, days used longest ago are forgotten first, and none of it is ever missing', async () => {
  const index = new SeriesIndex();
  let fails = true;
  const told: [month: number, days: number, ids: number][] = [];
  const store: Pick<ColumnStore, 'insert'> = {
    insert: (_, batch) => {
      if (fails) return Promise.reject(new Error('away'));
      const [, , month, days] = batch.columns.map((column) => (column.layout === 'fixed' ? Number(column.values[0]) : 0)) as [number, number, number, number];
      told.push([month, days, batch.length]);
      return Promise.resolve();
    },
  };
  const seriesDays = new SeriesDays(store, index);
  const { signal } = new AbortController();
  const block = (day: number, count: number) => ({ day, seriesIndex: Int32Array.from({ length: count }, (_, i) => index.atId(idOf(i), 1)) });
  await expect(seriesDays.tell([block(20_000, 3)], signal)).rejects.toThrow('away');
  fails = false;
  await seriesDays.tell([block(20_000, 3)], signal);
  await seriesDays.tell([block(20_000, 3)], signal);
  // More series than there were.
  await seriesDays.tell([block(20_000, 5000)], signal);
  expect(told.map(([, , ids]) => ids)).toEqual([3, 4997]);
  for (let day = 20_001; day < 20_050; day++) await seriesDays.tell([block(day, 1)], signal);
  const count = told.length;
  await seriesDays.tell([block(20_049, 1), block(20_040, 1)], signal);
  expect(told.length).toBe(count);
  await seriesDays.tell([block(20_000, 1)], signal);
  expect(told.at(-1)).toEqual([...(told[0]?.slice(0, 2) ?? []), 1]);
});
