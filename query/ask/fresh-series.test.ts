// Series that come while questions are asked, over a real store: a question finds what was told a second before it, and before all series were
// read those of its own metric.
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { ColumnStore } from '../../engines/columns/port.ts';
import { openTemporaryStore, type TemporaryStore } from '../../engines/columns/testing/temporary-store.ts';
import { openColumnSearch } from '../../engines/search/embedded/open.ts';
import { DATASETS } from '../../schemas/catalogue.ts';
import { metricHash } from '../../schemas/series-id.ts';
import { unlimited } from '../caller.ts';
import { SeriesIndex } from '../series/series-index.ts';
import { type CallerQueries, QueryService } from '../service.ts';
import { LearnedCatalogue } from './learned-catalogue.ts';
import { seriesRows } from './series-feed.ts';
import type { TellRows } from './told-rows.ts';

let store: TemporaryStore;
beforeAll(async () => {
  store = await openTemporaryStore();
});
afterAll(() => store?.close());

const tell = async (metric: string, hosts: readonly string[]): Promise<void> => {
  const params = { hash: metricHash(metric), metric, hosts, now: Date.now() };
  const at = "fromUnixTimestamp64Milli({now:Int64}, 'UTC')";
  const ids = 'cityHash64({metric:String}, arrayJoin({hosts:Array(String)}) AS host)';
  await store.columns.command(
    `INSERT INTO series SELECT {hash:UInt32}, {metric:String}, ${ids}, ${at}, ${at}, 'gauge', 'cumulative', '1', NULL, 10000, map('host', host), map()`,
    { params },
  );
  await store.columns.command(`INSERT INTO samples (metric, id, time, mantissa, exponent) SELECT {hash:UInt32}, ${ids}, ${at} - INTERVAL 1 SECOND, 1, 0`, {
    params,
  });
};

test('where all is told, series are looked for only for so long as whoever told may have died over them', async () => {
  await tell('fresh.doubted', ['a']);
  const { catalogue, service } = serviceOn(store.columns, () => undefined);
  await catalogue.refresh();
  await tell('fresh.doubted', ['b']);
  await delay(1100);
  const text = 'from metrics.fresh.doubted | every all count | sum by host';
  expect(await hostsOf(service, text)).toEqual(['a']);
  catalogue.doubt(60_000);
  expect(await hostsOf(service, text)).toEqual(['a', 'b']);
});

/** A store whose reading of all series waits. */
const held = (columns: ColumnStore): { readonly columns: ColumnStore; readonly release: () => void } => {
  let release = (): void => undefined;
  const until = new Promise<void>((resolve) => {
    release = resolve;
  });
  const query = async (...[sql, options]: Parameters<ColumnStore['query']>) => {
    if (sql.includes('FROM series AS s') && options?.params?.metric === 0) await until;
    return columns.query(sql, options);
  };
  return { columns: Object.assign(Object.create(columns) as ColumnStore, { query }), release };
};

const serviceOn = (columns: ColumnStore, tell?: TellRows) => {
  const search = openColumnSearch(columns);
  const catalogue = new LearnedCatalogue(DATASETS, columns, search, undefined, tell);
  const records = undefined as never;
  return { catalogue, service: new QueryService({ ports: { columns, search, records }, catalogue, completeUpTo: () => undefined }).for(unlimited('test')) };
};

const hostsOf = async (service: CallerQueries, text: string): Promise<readonly unknown[]> => {
  const { columns, diagnostics } = await service.query(text);
  expect(diagnostics.filter((d) => d.severity === 'error')).toEqual([]);
  return columns.find((c) => c.name === 'host')?.values.toSorted() ?? [];
};

test('a host that is told of is there a second later, by its name too', async () => {
  await tell('fresh.one', ['a']);
  const { catalogue, service } = serviceOn(store.columns);
  await catalogue.refresh();
  const text = 'from metrics.fresh.one | every all count | sum by host';
  expect(await hostsOf(service, text)).toEqual(['a']);
  await tell('fresh.one', ['b', 'c']);
  await delay(1100);
  expect(await hostsOf(service, text)).toEqual(['a', 'b', 'c']);
  await tell('fresh.one', ['d']);
  await delay(1100);
  expect(await hostsOf(service, 'from metrics.fresh.one | where host == "d" | every all count | sum by host')).toEqual(['d']);
});

test('before all series were read a text has those of its metric, and all metrics together wait', { timeout: 60_000 }, async () => {
  await tell('early.one', ['x', 'y']);
  const { columns, release } = held(store.columns);
  const { catalogue, service } = serviceOn(columns);
  const whole = catalogue.refresh();
  expect(catalogue.isReady).toBe(false);
  expect(await hostsOf(service, 'from metrics.early.one | every all count | sum by host')).toEqual(['x', 'y']);
  const all = service.query('from metrics | where name == "early.one" | every all count | sum by name');
  expect(await Promise.race([all, delay(300, 'waits')])).toBe('waits');
  release();
  await whole;
  expect((await all).rowCount).toBe(1);
  expect(catalogue.isReady).toBe(true);
});

test('what passes through this process is known at once, and the store is not asked for it', async () => {
  await tell('told.one', ['a']);
  let hear: Parameters<TellRows>[0] = () => undefined;
  let looked = 0;
  const query = (...[sql, options]: Parameters<ColumnStore['query']>) => {
    if (sql.includes('FROM series AS s')) looked++;
    return store.columns.query(sql, options);
  };
  const columns = Object.assign(Object.create(store.columns) as ColumnStore, { query });
  const { catalogue, service } = serviceOn(columns, (heard) => {
    hear = heard;
  });
  await catalogue.refresh();
  looked = 0;
  await tell('told.one', ['b']);
  const { batches } = await store.columns.query("SELECT * FROM series WHERE name = 'told.one'");
  for (const batch of batches) hear(batch);
  expect(await hostsOf(service, 'from metrics.told.one | where host == "b" | every all count | sum by host')).toEqual(['b']);
  await tell('told.other', ['c']);
  for (const batch of (await store.columns.query("SELECT * FROM series WHERE name = 'told.other'")).batches) hear(batch);
  expect(await hostsOf(service, 'from metrics.told.other | every all count | sum by host')).toEqual(['c']);
  expect(looked).toBe(0);
});

test('samples of a series that nobody defined are in no answer about labels, and take no place in a limit', async () => {
  await tell('stray.one', ['a']);
  const stray = `INSERT INTO samples (metric, id, time, mantissa, exponent) SELECT {hash:UInt32}, 77 + number % 2, fromUnixTimestamp64Milli({now:Int64}, 'UTC') - toIntervalMillisecond(number), 5, 0 FROM numbers(40)`;
  await store.columns.command(stray, { params: { hash: metricHash('stray.one'), now: Date.now() } });
  const { catalogue, service } = serviceOn(store.columns);
  await catalogue.refresh();
  const numbers = async (text: string): Promise<readonly unknown[]> => (await service.query(text)).columns.find((c) => c.name === 'value')?.values ?? [];
  expect(await numbers('from metrics.stray.one | where host == "a" | every all sum | sum')).toEqual([1]);
  expect(await numbers('from metrics.stray.one | every all sum | sum by host')).toEqual([1]);
  expect(await hostsOf(service, 'from metrics.stray.one | sort value desc | limit 3')).toEqual(['a']);
});

test('rows that cannot be taken in are found by looking', async () => {
  let hear: Parameters<TellRows>[0] = () => undefined;
  const { catalogue, service } = serviceOn(store.columns, (heard) => {
    hear = heard;
  });
  await catalogue.refresh();
  hear({ length: 1, fields: [], columns: [] });
  await tell('odd.one', ['z']);
  await delay(1100);
  expect(await hostsOf(service, 'from metrics.odd.one | every all count | sum by host')).toEqual(['z']);
});

test('an answer that may lack series for which there was no room says so', async () => {
  const feed = async (index: SeriesIndex, metric: string): Promise<SeriesIndex> => {
    const hash = metricHash(metric);
    for await (const rows of seriesRows(store.columns, { told: 0, first: hash, last: hash })) index.feed(rows);
    return index;
  };
  for (const metric of ['small', 'full', 'other']) await tell(`fresh.${metric}`, ['a']);
  // With room for one feed more.
  const index = new SeriesIndex((await feed(new SeriesIndex(), 'fresh.small')).bytes + 1);
  await feed(index, 'fresh.small');
  await feed(index, 'fresh.full');
  await tell('fresh.full', ['b']);
  await feed(index, 'fresh.full');
  const { catalogue, service } = serviceOn(store.columns);
  await catalogue.refresh();
  const told = async (text: string) => (await service.query(text)).diagnostics.map(({ severity, code, message }) => `${severity} ${code} ${message}`);
  const text = 'from metrics.fresh.full | every all count | sum by host';
  expect([await hostsOf(service, text), await told(text)]).toEqual([['a', 'b'], []]);
  Object.defineProperty(catalogue, 'series', { get: () => index });
  const unknown = (of: string): unknown => expect.stringContaining(`warning iql.series-unknown the server knows only some of the series of ${of}:`);
  expect([await hostsOf(service, text), await told(text)]).toEqual([['a'], [unknown('metrics.fresh.full')]]);
  expect(await told('from metrics.fresh.full | where host == "b" | every all count')).toEqual([unknown('metrics.fresh.full')]);
  expect(await told('from metrics.fresh.other | every all count')).toEqual([unknown('metrics.fresh.other')]);
  expect(await told('from metrics.fresh.small | every all count')).toEqual([]);
  expect(await told('from metrics | every all count | sum')).toEqual([unknown('metrics')]);
});
