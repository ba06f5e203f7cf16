// The insert protocol on a column store of two shards, each a real engine that is reached by address: which shard takes an insert, and what
// is found out of those whose end is not known.
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openClickHouse } from '../engines/columns/clickhouse/open.ts';
import { openClickHouseShards, ShardedColumns } from '../engines/columns/clickhouse/sharded.ts';
import { codeOf, DAY, ENDLESS, rowsOf, samples, UNBOUNDED, until } from '../engines/columns/conformance-support.ts';
import type { ColumnStore, QueryOptions } from '../engines/columns/port.ts';
import { startTestServer, type TestServer } from '../engines/columns/testing/server.ts';
import type { PendingInsert } from './progress.ts';
import { DAY_MS } from './stages/days.ts';
import { findStandingInserts, queryIdOf, StoreClock } from './standing.ts';

const NEVER = new AbortController().signal;
let servers: readonly TestServer[];
let shards: readonly ColumnStore[];
let columns: ColumnStore;
beforeAll(async () => {
  servers = await Promise.all([startTestServer(), startTestServer()]);
  shards = servers.map(({ url }) => openClickHouse({ url }));
  columns = new ShardedColumns(shards, undefined);
  await columns.migrate();
}, 120_000);
afterAll(async () => {
  await columns?.close();
  await Promise.all((servers ?? []).map((server) => server.stop()));
});

const countsOf = (number: bigint): Promise<readonly unknown[]> =>
  Promise.all(
    shards.map(async (shard) => rowsOf(await shard.query('SELECT count() FROM samples WHERE insert = {n:UInt64}', { params: { n: number } }))[0]?.[0]),
  );

const pending = (number: bigint, deadline: number): PendingInsert => ({
  number,
  table: 'samples',
  day: Number(DAY) / DAY_MS,
  deadline,
  messages: [{ from: 0n, to: 1n }],
  rows: undefined,
});

test('an insert is whole on the shard of its route, without one on the first', async () => {
  for (const [number, route] of [
    [101n, 0],
    [102n, 1],
    [103n, 7],
    [104n, undefined],
  ] as const)
    await columns.insert('samples', samples(500, number), { queryId: randomUUID(), ...(route === undefined ? {} : { route }) });
  expect(await Promise.all([101n, 102n, 103n, 104n].map(countsOf))).toEqual([
    [500n, 0n],
    [0n, 500n],
    [0n, 500n],
    [500n, 0n],
  ]);
});

test('what stands is found on whichever shard took it, what was late there is not', async () => {
  const now = Math.floor(await new StoreClock(columns).now(1));
  // Clocks that are asked for are ahead by the way there.
  const passed = now - 60_000;
  expect(await codeOf(columns.insert('samples', samples(10, 203n), { queryId: randomUUID(), route: 1, deadline: passed }))).toBe('columns.late');
  const later = now + 60_000;
  for (const route of [0, 1]) await columns.insert('samples', samples(10, 201n + BigInt(route)), { queryId: randomUUID(), route, deadline: later });
  const found = await findStandingInserts([pending(201n, later), pending(202n, later), pending(203n, passed)], columns, NEVER);
  expect([...found].sort()).toEqual([201n, 202n]);
});

test('a shard that is away leaves it unknown', async () => {
  servers[1]?.cut();
  expect(await codeOf(findStandingInserts([pending(201n, 0)], columns, NEVER))).toBe('columns.unavailable');
  expect(await codeOf(columns.insert('samples', samples(10, 301n), { queryId: randomUUID(), route: 0 }))).toBe('resolved');
  expect(await codeOf(columns.insert('samples', samples(10, 302n), { queryId: randomUUID(), route: 1 }))).toBe('columns.unavailable');
  await servers[1]?.back();
  expect(await findStandingInserts([pending(301n, 0), pending(302n, 0)], columns, NEVER)).toEqual(new Set([301n]));
});

test('what runs on any shard is ended', async () => {
  const insert = pending(401n, 0);
  const running = codeOf((shards[1] as ColumnStore).query(ENDLESS, { queryId: queryIdOf(insert), settings: UNBOUNDED }));
  await until(async () => {
    const { batches } = await columns.query("SELECT query_id FROM system.processes WHERE Settings['log_comment'] = {id:String}", {
      params: { id: queryIdOf(insert) },
    });
    return rowsOf({ batches, stats: { rowsRead: 0, bytesRead: 0, elapsedMs: 0 } }).length > 0;
  });
  expect(await findStandingInserts([insert], columns, NEVER)).toEqual(new Set());
  expect(await running).toBe('columns.cancelled');
});

test('servers by address, as a cluster is told: the engine takes inserts with a name, and knows no such cluster', async () => {
  const whole = openClickHouseShards({ shards: servers.map(({ url }) => [url]), cluster: 'nowhere' });
  await whole.ping();
  const deadline = (await whole.now(1)) + 60_000;
  await whole.insert('samples', samples(20, 501n), { queryId: randomUUID(), route: 1, deadline });
  await whole.insert('samples', samples(20, 502n), { queryId: randomUUID(), route: 0 });
  expect(await Promise.all([501n, 502n].map(countsOf))).toEqual([
    [0n, 20n],
    [20n, 0n],
  ]);
  expect(await whole.command('CREATE TABLE x (a UInt8) ENGINE = MergeTree ORDER BY a').catch((error: unknown) => error)).toMatchObject({
    code: 'columns.rejected',
    message: expect.stringContaining('nowhere'),
  });
  await whole.close();
  expect(() => openClickHouseShards({ shards: [], cluster: 'x' })).toThrow(RangeError);
});

test('the clock is that of the route, else of the one furthest behind', async () => {
  const clocks = [5000, 3000].map((now) => ({ now: () => Promise.resolve(now) }) as unknown as ColumnStore);
  const store = new ShardedColumns(clocks, undefined);
  expect([await store.now(0), await store.now(1), await store.now(2), await store.now()]).toEqual([5000, 3000, 5000, 3000]);
});

test('statements go to each, rows that they make rest on the first; servers are asked each, and of all rows what reads all shards', async () => {
  await columns.command('CREATE TABLE IF NOT EXISTS own (n UInt32) ENGINE = MergeTree ORDER BY n');
  await columns.command('INSERT INTO own SELECT 1 WHERE 1 NOT IN (SELECT n FROM own)');
  expect(await Promise.all(shards.map(async (shard) => rowsOf(await shard.query('SELECT n FROM own'))))).toEqual([[[1]], []]);
  expect(rowsOf(await columns.query("SELECT name FROM system.tables WHERE name = 'own'"))).toEqual([['own'], ['own']]);
  await expect(columns.query('SELECT count() FROM samples')).rejects.toThrow(TypeError);

  const said: string[] = [];
  const asked: QueryOptions[] = [];
  const told = (name: string) =>
    ({
      migrate: async () => void said.push(`${name} migrate`),
      command: async (sql: string) => void said.push(`${name} ${sql}`),
      query: async (sql: string, options: QueryOptions) => {
        asked.push(options);
        said.push(`${name} ${sql.slice(0, 14)}`);
        return { batches: [], stats: { rowsRead: 0, bytesRead: 0, elapsedMs: 0 } };
      },
    }) as unknown as ColumnStore;
  const whole = new ShardedColumns([told('a'), told('b')], { cluster: 'all', database: 'mirror', reader: told('reader') });
  await whole.migrate();
  await whole.command("ALTER TABLE samples DROP PARTITION ID '20261120'");
  await whole.query('SELECT count() FROM samples', { settings: { max_threads: 1 } });
  expect(said).toEqual([
    'a migrate',
    'b migrate',
    'a SELECT toStrin',
    'a CREATE DATABASE IF NOT EXISTS `mirror_all`',
    "a ALTER TABLE samples DROP PARTITION ID '20261120'",
    'reader SELECT count()',
  ]);
  expect(asked.at(-1)?.settings).toMatchObject({ distributed_product_mode: 'global', max_threads: 1 });
});
