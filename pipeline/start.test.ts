// The pipeline on the real embedded stores, from frames at the door to rows in tables.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { type Value, valueAt } from '../core/batch/batch.ts';
import { silentLogger } from '../core/logger.ts';
import { TelemetryRegistry } from '../core/telemetry.ts';
import type { Message } from '../engines/stream/port.ts';
import { openDoor } from '../ingest/door.ts';
import { frameOf, ipcOf, logsPart, partOf, samplesPart, seriesPart } from '../ingest/testing/frames.ts';
import type { OwnFramePart } from '../schemas/frame.ts';
import { metricHash } from '../schemas/series-id.ts';
import type { Keeper } from './keeper.ts';
import { type Pipeline, startPipeline } from './start.ts';
import { startKeeper } from './start-keeper.ts';
import { openStores, type Stores } from './testing/stores.ts';

const dir = mkdtempSync(join(tmpdir(), 'pipeline-'));
const telemetry = new TelemetryRegistry();
let stores: Stores;
let pipeline: Pipeline;
let keeper: Keeper;
/** One seq after the other, over all senders. */
let seq = 1;

const start = async (): Promise<void> => {
  pipeline = await startPipeline({ ...stores, telemetry, logger: silentLogger });
  keeper = startKeeper({ ...stores, telemetry, logger: silentLogger, shared: pipeline.shared });
};
const stop = async (): Promise<void> => {
  await keeper?.stop();
  await pipeline?.stop();
};

beforeAll(async () => {
  stores = await openStores(dir, silentLogger);
  await start();
});
afterAll(async () => {
  await stop();
  await stores?.close();
  rmSync(dir, { recursive: true, force: true });
});

const send = async (sender: string, parts: readonly OwnFramePart[], at = seq): Promise<Uint8Array> => {
  const door = openDoor({ stream: stores.stream, telemetry, log: silentLogger });
  seq = Math.max(seq, at + parts.length);
  const body = frameOf(parts, { agent: sender, host: sender, seq: at });
  const answer = await door.receiveFrames({ headers: {}, body, rights: { post: true } });
  expect([answer.status, answer.body]).toEqual([200, expect.anything()]);
  return body;
};

/** Until everything that came is in its store. */
const settled = async (): Promise<void> => {
  for (;;) {
    const { partitions } = await pipeline.status();
    if (partitions.every(({ lag }) => lag === 0n)) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
};

const rowsOf = async (sql: string): Promise<readonly (readonly Value[])[]> =>
  (await stores.columns.query(sql)).batches.flatMap((batch) =>
    Array.from({ length: batch.length }, (_, row) => batch.columns.map((column) => valueAt(column, row))),
  );

const minute = Math.floor(Date.now() / 60_000) * 60_000;
const VALUE = 'if(exponent <= 6, mantissa / exp10(exponent), float)';

const inventoryPart = (host: string, labels: Readonly<Record<string, string>>, ms: number): OwnFramePart =>
  partOf('inventory', {
    time: [BigInt(ms) * 1_000_000n],
    host: [host],
    os: ['Linux'],
    cores: [4],
    memory: [8n << 30n],
    addresses: [['10.0.0.1', '::1']],
    labels: [new Map(Object.entries(labels))],
  });

test('every signal comes into its table, enriched from the inventory that came before', async () => {
  const host = 'every-1';
  await send(host, [inventoryPart(host, { region: 'eu', role: 'db', rack: '7' }, minute)]);
  await settled();
  const definition = ['test.cpu', [['host', host]]] as const;
  await send(host, [
    seriesPart([definition]),
    samplesPart(definition, [
      [minute, 1.5],
      [minute + 10_000, -0],
      [minute + 20_000, Number.NaN],
    ]),
    logsPart(['hello', 'world'], [BigInt(minute) * 1_000_000n, BigInt(minute) * 1_000_000n + 1n]),
    partOf('processes', { time: [BigInt(minute)], host: [host], pid: [42], start: [BigInt(minute - 5000)], name: ['init'], cpu: [0.25] }),
    partOf('events', { time: [BigInt(minute) * 1_000_000n], kind: ['deploy'], title: ['v2'], host: [host], attributes: [new Map([['by', 'me']])] }),
  ]);
  await settled();
  expect(
    await rowsOf(
      `SELECT toUnixTimestamp64Milli(time) - ${minute}, ${VALUE} FROM samples WHERE metric IN (SELECT metric FROM series WHERE name = 'test.cpu') ORDER BY time`,
    ),
  ).toEqual([
    [0n, 1.5],
    [10_000n, -0],
    [20_000n, Number.NaN],
  ]);
  expect(
    await rowsOf(`SELECT name, kind, unit, interval, labels['host'], enrichment['region'], enrichment['role'] FROM series WHERE labels['host'] = '${host}'`),
  ).toEqual([['test.cpu', 'gauge', '1', 10_000, host, 'eu', 'db']]);
  expect(await rowsOf(`SELECT host, pid, name, command, cpu, region, env FROM processes WHERE host = '${host}'`)).toEqual([
    [host, 42, 'init', null, 0.25, 'eu', null],
  ]);
  // These lines are of another host, which the inventory does not know.
  expect(await rowsOf(`SELECT body, severity, host, region, position FROM logs WHERE sender = '${host}' ORDER BY position`)).toEqual([
    ['hello', 'info', 'web-1', null, 0n],
    ['world', 'info', 'web-1', null, 1n],
  ]);
  const [known] = await stores.records.query('SELECT region, role, labels, addresses, cores, memory, first_seen FROM hosts WHERE host = $1', [host]);
  expect(known).toEqual({
    region: 'eu',
    role: 'db',
    labels: { rack: '7' },
    addresses: ['10.0.0.1', '::1'],
    cores: 4n,
    memory: 8n << 30n,
    first_seen: BigInt(minute) * 1_000_000n,
  });
  const events = await stores.records.query('SELECT kind, title, region, attributes FROM events WHERE host = $1 ORDER BY kind', [host]);
  expect(events.map(({ kind }) => kind)).toEqual(['deploy', 'inventory.new']);
  expect(events[0]).toMatchObject({ title: 'v2', region: 'eu', attributes: { by: 'me' } });
});

test('a frame that is sent again, at once or after a restart, changes nothing', async () => {
  const sender = 'again-1';
  const definition = ['test.again', [['host', sender]]] as const;
  const at = seq;
  const parts = [
    seriesPart([definition]),
    samplesPart(definition, [[minute, 1]]),
    logsPart(['once'], [BigInt(minute) * 1_000_000n]),
    partOf('processes', { time: [BigInt(minute)], host: [sender], pid: [1], start: [0n] }),
    partOf('events', { time: [BigInt(minute) * 1_000_000n], kind: ['deploy'], title: ['v1'], host: [sender] }),
  ];
  await send(sender, parts, at);
  await send(sender, parts, at);
  await settled();
  await stop();
  await start();
  await send(sender, parts, at);
  await settled();
  const count = (table: string, where: string): Promise<unknown> => rowsOf(`SELECT count() FROM ${table} WHERE ${where}`);
  expect(await count('samples', `id IN (SELECT id FROM series WHERE name = 'test.again')`)).toEqual([[1n]]);
  expect(await count('processes', `host = '${sender}'`)).toEqual([[1n]]);
  expect(await count('logs', `sender = '${sender}'`)).toEqual([[1n]]);
  expect(await stores.records.query('SELECT count(*)::int AS n FROM events WHERE host = $1', [sender])).toEqual([{ n: 1 }]);
});

test('labels that were assigned win over what the agent tells, and the difference is an event, once', async () => {
  const host = 'Assigned-1';
  await stores.records.query(
    "INSERT INTO agents (id, key, host, labels, machine, joined, token, admitted_by, state) VALUES ('a', '', 'assigned-1', $1, 'm', 0, 't', 'admin', 'active')",
    [{ env: 'prod', region: 'eu', rack: '9' }],
  );
  const facts = () => stores.records.query("SELECT env, region, role, labels FROM hosts WHERE host = 'Assigned-1'");
  const told = () => stores.records.query("SELECT title, attributes, env FROM events WHERE host = 'Assigned-1' AND kind = 'agent.labels' ORDER BY time");
  await send(host, [inventoryPart(host, { env: 'prod', role: 'db' }, minute)]);
  await settled();
  const standing = { env: 'prod', region: 'eu', role: 'db', labels: { rack: '9' } };
  expect(await facts()).toEqual([standing]);
  expect(await told()).toEqual([]);
  await send(host, [inventoryPart(host, { env: 'dev', role: 'db', rack: '7' }, minute + 1000)]);
  await settled();
  await send(host, [inventoryPart(host, { env: 'dev', role: 'db', rack: '7' }, minute + 2000)]);
  await settled();
  expect(await facts()).toEqual([standing]);
  expect(await told()).toEqual([
    {
      title: 'The agent of Assigned-1 tells env dev → prod, rack 7 → 9, which is assigned',
      attributes: { env: 'dev → prod', rack: '7 → 9' },
      env: 'prod',
    },
  ]);
  // What was told late says nothing of now.
  await send(host, [inventoryPart(host, { env: 'late' }, minute + 500)]);
  // Told rightly in between, it is said again when it differs again.
  await send(host, [inventoryPart(host, { env: 'prod' }, minute + 3000)]);
  await settled();
  await send(host, [inventoryPart(host, { env: 'test' }, minute + 4000)]);
  await settled();
  expect((await told()).map(({ attributes }) => attributes)).toEqual([{ env: 'dev → prod', rack: '7 → 9' }, { env: 'test → prod' }]);
  // Lines carry what is assigned.
  await send(host, [partOf('logs', { time: [BigInt(minute) * 1_000_000n], body: ['assigned'], host: [host] })]);
  await settled();
  expect(await rowsOf("SELECT env, region FROM logs WHERE body = 'assigned'")).toEqual([['prod', 'eu']]);
});

test('a changed inventory makes one event that names the change, history, and new rows of its series', async () => {
  const host = 'change-1';
  const definition = ['test.change', [['host', host]]] as const;
  await send(host, [inventoryPart(host, { env: 'test' }, minute)]);
  await send(host, [seriesPart([definition]), samplesPart(definition, [[minute, 1]])]);
  await settled();
  await send(host, [inventoryPart(host, { env: 'prod' }, minute + 1000)]);
  await settled();
  await send(host, [inventoryPart(host, { env: 'prod' }, minute + 2000)]);
  await settled();
  // Late: it says nothing of now.
  await send(host, [inventoryPart(host, { env: 'late' }, minute + 500)]);
  await settled();
  const events = await stores.records.query("SELECT kind, attributes FROM events WHERE host = $1 AND kind LIKE 'inventory.%' ORDER BY time", [host]);
  expect(events.map(({ kind }) => kind)).toEqual(['inventory.new', 'inventory.change']);
  expect(events[1]?.attributes).toEqual({ env: 'test → prod', 'inventory.time': new Date(minute + 1000).toISOString() });
  expect(await stores.records.query('SELECT last_seen FROM hosts WHERE host = $1', [host])).toEqual([{ last_seen: BigInt(minute + 2000) * 1_000_000n }]);
  expect(await stores.records.query('SELECT env, valid_to IS NULL AS now FROM hosts_history WHERE host = $1 ORDER BY valid_from', [host])).toEqual([
    { env: 'test', now: false },
    { env: 'prod', now: true },
  ]);
  await expect
    .poll(() => rowsOf(`SELECT argMax(enrichment['env'], (since, seen)) FROM series WHERE labels['host'] = '${host}'`), { timeout: 20_000 })
    .toEqual([['prod']]);
});

test('several hosts, each changed several times within one frame: each state stands with its time, and a row that comes again changes nothing', async () => {
  const at = (ms: number): bigint => BigInt(minute + ms) * 1_000_000n;
  const told: readonly (readonly [host: string, env: string, ms: number])[] = [
    ['together-1', 'test', 0],
    ['together-2', 'prod', 100],
    ['together-1', 'prod', 1000],
    ['together-1', 'never', 1000],
    ['together-2', 'prod', 1100],
    ['together-1', 'stage', 2000],
  ];
  const part = partOf('inventory', {
    time: told.map(([, , ms]) => at(ms)),
    host: told.map(([host]) => host),
    memory: told.map(() => 2n ** 60n),
    addresses: told.map(() => ['10.0.0.1', '"\\,{}']),
    labels: told.map(([, env]) => new Map(Object.entries({ env, 'a"b': "'; DROP TABLE hosts; --" }))),
  });
  await send('relay-1', [part]);
  await settled();
  const history = "SELECT host, env, valid_from, valid_to FROM hosts_history WHERE host LIKE 'together-%' ORDER BY host, valid_from";
  const expected = [
    { host: 'together-1', env: 'test', valid_from: at(0), valid_to: at(1000) },
    { host: 'together-1', env: 'prod', valid_from: at(1000), valid_to: at(2000) },
    { host: 'together-1', env: 'stage', valid_from: at(2000), valid_to: null },
    { host: 'together-2', env: 'prod', valid_from: at(100), valid_to: null },
  ];
  expect(await stores.records.query(history)).toEqual(expected);
  expect(await stores.records.query("SELECT host, env, memory, addresses, labels, first_seen, last_seen FROM hosts WHERE host = 'together-1'")).toEqual([
    {
      host: 'together-1',
      env: 'stage',
      memory: 2n ** 60n,
      addresses: ['10.0.0.1', '"\\,{}'],
      labels: { 'a"b': "'; DROP TABLE hosts; --" },
      first_seen: at(0),
      last_seen: at(2000),
    },
  ]);
  await send('relay-1', [part]);
  await settled();
  expect(await stores.records.query(history)).toEqual(expected);
});

test('a change that was missed while no worker ran is made up for at the start', async () => {
  const host = 'missed-1';
  const definition = ['test.missed', [['host', host]]] as const;
  await send(host, [inventoryPart(host, { env: 'test' }, minute)]);
  await settled();
  await send(host, [seriesPart([definition])]);
  await settled();
  await stop();
  await stores.records.query("UPDATE hosts SET env = 'moved' WHERE host = $1", [host]);
  await start();
  const newest = `SELECT argMax(enrichment['env'], (since, seen)), argMax(kind, (since, seen)), argMax(tuple(unit), (since, seen)).1 FROM series WHERE labels['host'] = '${host}'`;
  await expect.poll(() => rowsOf(newest), { timeout: 20_000 }).toEqual([['moved', 'gauge', '1']]);
});

test('a series that goes on has one row of its definition and its days, through restarts, and another row when it changes', async () => {
  const host = 'goes-on-1';
  const definition = ['test.goes_on', [['host', host]]] as const;
  const day = 86_400_000;
  const tomorrow = Math.floor(Date.now() / day) * day + day;
  const startAt = async (now: number): Promise<void> => {
    await stop();
    pipeline = await startPipeline({ ...stores, telemetry, logger: silentLogger, now: () => now });
  };
  const produce = async (schema: 'series' | 'metrics', { ipc, rows }: OwnFramePart): Promise<void> => {
    const headers = { schema, version: '1', sender: host, boot: '7', seq: String(seq++), rows: String(rows) };
    await stores.stream.produce('im.metrics', [{ key: host, headers, value: ipc }]);
    await settled();
  };
  const rows = async (table: string) =>
    Number((await rowsOf(`SELECT count() FROM ${table} WHERE id IN (SELECT id FROM series WHERE name = 'test.goes_on')`))[0]?.[0]);
  const days = `SELECT toInt64(month), groupBitOr(days) FROM series_days WHERE id IN (SELECT id FROM series WHERE name = 'test.goes_on') GROUP BY month ORDER BY month`;
  await send(host, [seriesPart([definition]), samplesPart(definition, [[minute, 1]])]);
  await settled();
  await send(host, [samplesPart(definition, [[minute + 1000, 2]])]);
  await settled();
  expect([await rows('series'), await rows('series_days')]).toEqual([1, 1]);

  // As after an upgrade: nobody remembers what was told, and all is told again.
  await startAt(Date.now());
  await produce('series', seriesPart([definition]));
  await produce('metrics', samplesPart(definition, [[minute + 2000, 3]]));
  expect(await rows('series')).toBe(1);

  // Told again on another day, it is the same row.
  await startAt(tomorrow + 60_000);
  await produce('series', seriesPart([definition]));
  await produce('metrics', samplesPart(definition, [[tomorrow + 1000, 4]]));
  await produce('metrics', samplesPart(definition, [[tomorrow + 2000, 5]]));
  const told = "SELECT DISTINCT toUnixTimestamp64Milli(since) AS since FROM series WHERE name = 'test.goes_on' ORDER BY since";
  expect(await rowsOf(told)).toHaveLength(1);
  const bits = new Map<bigint, number>();
  for (const at of [minute, tomorrow]) {
    const date = new Date(at);
    const month = BigInt(date.getUTCFullYear() * 100 + date.getUTCMonth() + 1);
    bits.set(month, (bits.get(month) ?? 0) + 2 ** (date.getUTCDate() - 1));
  }
  expect(await rowsOf(days)).toEqual([...bits]);

  await produce('series', seriesPart([definition], undefined, 'By'));
  expect(await rowsOf("SELECT argMax(tuple(unit), (since, seen)).1 FROM series WHERE name = 'test.goes_on'")).toEqual([['By']]);
  expect(await rowsOf(told)).toHaveLength(2);
  await stop();
  await start();
});

test('what the agent tells of a change itself is not told twice', async () => {
  const host = 'told-1';
  const time = BigInt(minute) * 1_000_000n;
  await send(host, [inventoryPart(host, {}, minute), partOf('events', { time: [time], kind: ['inventory.new'], title: ['own words'], host: [host] })]);
  await settled();
  expect(await stores.records.query('SELECT title FROM events WHERE host = $1', [host])).toEqual([{ title: 'own words' }]);
});

test('of late samples the hour is marked, for their metric alone; of two values for one time the later stands', async () => {
  const sender = 'late-1';
  const definition = ['test.late', [['host', sender]]] as const;
  const early = minute - 5 * 3_600_000;
  const marks = (kind: string) =>
    rowsOf(`SELECT DISTINCT toUnixTimestamp64Milli(hour) AS at FROM marks WHERE kind = '${kind}' AND metric = ${metricHash('test.late')} ORDER BY at`);
  await send(sender, [seriesPart([definition]), samplesPart(definition, [[minute, 1]])]);
  await settled();
  const hour = (ms: number): bigint => BigInt(ms - (ms % 3_600_000));
  expect(await marks('double')).toEqual([]);
  await send(sender, [samplesPart(definition, [[minute + 1000, 2]])]);
  await send(sender, [samplesPart(definition, [[early, 3]]), samplesPart(definition, [[minute, 9]])]);
  await settled();
  expect(await marks('double')).toEqual([[hour(early)], [hour(minute)]]);
  expect(await marks('late')).toContainEqual([hour(early)]);
  expect(await rowsOf(`SELECT ${VALUE} FROM samples FINAL WHERE id IN (SELECT id FROM series WHERE name = 'test.late') ORDER BY time`)).toEqual([
    [3],
    [9],
    [2],
  ]);
});

test('after a restart only what may have been sent before is marked', async () => {
  const sender = 'restarted-1';
  const definition = ['test.restarted', [['host', sender]]] as const;
  const marks = () => rowsOf(`SELECT count() FROM marks WHERE kind = 'double' AND metric = ${metricHash('test.restarted')}`);
  await send(sender, [seriesPart([definition]), samplesPart(definition, [[minute, 1]])]);
  await settled();
  await stop();
  await start();
  await send(sender, [samplesPart(definition, [[minute + 1000, 2]])]);
  await settled();
  expect(await marks()).toEqual([[0n]]);
  await stop();
  await start();
  await send(sender, [samplesPart(definition, [[minute + 1000, 3]])]);
  await settled();
  expect(await marks()).toEqual([[1n]]);
});

test('hours with values that are no numbers are marked by metric before they stand, once', async () => {
  const sender = 'odd-1';
  const definition = ['test.odd', [['host', sender]]] as const;
  const hour = BigInt(minute - (minute % 3_600_000));
  const metric = metricHash('test.odd');
  const marks = `SELECT toString(kind), toUnixTimestamp64Milli(hour) FROM marks WHERE metric = ${metric} AND kind NOT IN ('double', 'late') ORDER BY kind`;
  await send(sender, [seriesPart([definition]), samplesPart(definition, [[minute, 1]])]);
  await settled();
  expect(await rowsOf(marks)).toEqual([]);
  await send(sender, [samplesPart(definition, [[minute + 1000, Number.NaN]]), samplesPart(definition, [[minute + 2000, 1e200]])]);
  await settled();
  await send(sender, [samplesPart(definition, [[minute + 3000, Number.NEGATIVE_INFINITY]])]);
  await settled();
  expect(await rowsOf(marks)).toEqual([
    ['extreme', hour],
    ['not-finite', hour],
  ]);
});

test('samples of several days, and of series nobody defined, are all written, and the unknown counted', async () => {
  const sender = 'days-1';
  const definition = ['test.unknown', [['host', sender]]] as const;
  const day = 86_400_000;
  await send(sender, [
    samplesPart(
      definition,
      [0, 1, 2, 3].map((n) => [minute - n * day, n] as const),
    ),
  ]);
  await settled();
  const found = await rowsOf(
    `SELECT toUnixTimestamp64Milli(time), ${VALUE}, count() OVER () FROM samples WHERE id NOT IN (SELECT id FROM series) ORDER BY time DESC`,
  );
  expect(found.map(([time, value]) => [Number(time), value])).toEqual([0, 1, 2, 3].map((n) => [minute - n * day, n]));
  expect(telemetry.value('inframirror_pipeline_unknown_series_samples_total')).toBe(4);
});

test('what no retry can save is a dead letter with origin, stage and error; the rest goes on', async () => {
  const sender = 'dead-1';
  const headers = (schema: string, n: number, version = '1'): Record<string, string> => ({ schema, version, sender, boot: '1', seq: String(n), rows: '1' });
  const line = (body: string): Uint8Array => ipcOf('logs', { time: [BigInt(minute) * 1_000_000n], body: [body] });
  const message = (head: Record<string, string>, value: Uint8Array): Message => ({ key: sender, headers: head, value });
  await stores.stream.produce('im.logs', [
    message(headers('logs', 1), line('good 1')),
    message(headers('logs', 2, '9'), line('another version')),
    message(headers('logs', 3), Uint8Array.of(1, 2, 3)),
    message(headers('metrics', 4), line('another schema')),
    message(headers('logs', 5), ipcOf('logs', { time: [-(2n ** 62n)], body: ['too early'] })),
    message({ what: 'no identity' }, line('x')),
    message(headers('logs', 6), line('good 2')),
  ]);
  await settled();
  expect(await rowsOf(`SELECT body FROM logs WHERE sender = '${sender}' ORDER BY body`)).toEqual([['good 1'], ['good 2']]);
  const letters: Record<string, string>[] = [];
  const consumer = await stores.stream.consume(
    { group: 'dead-test', topics: ['im.dead'] },
    {
      assigned: () => Promise.resolve(undefined),
      deliver: ({ messages }) => {
        letters.push(...messages.map((m) => ({ ...m.headers })));
        return Promise.resolve();
      },
      revoked: () => Promise.resolve(),
      failed: () => undefined,
    },
  );
  await expect.poll(() => letters.length, { timeout: 20_000 }).toBe(5);
  await consumer.stop();
  const told = letters.map(({ seq: n, stage, origin }) => [n, stage, origin?.startsWith('im.logs/')]);
  expect(told.toSorted()).toEqual(
    [
      ['2', 'pipeline decode', true],
      ['3', 'pipeline decode', true],
      ['4', 'pipeline decode', true],
      ['5', 'pipeline decode', true],
      [undefined, 'pipeline decode', true],
    ].toSorted(),
  );
  expect(letters.every(({ error }) => error !== undefined && error.length > 5)).toBe(true);
  expect(telemetry.value('inframirror_dead_rows_total', { stage: 'pipeline-decode', reason: 'unknown-version' })).toBe(1);
});

test('an event the record store cannot keep is a dead letter, those beside it stand', async () => {
  const sender = 'zero-1';
  const event = (n: number, title: string): Message => ({
    key: sender,
    headers: { schema: 'events', version: '1', sender, boot: '1', seq: String(n), rows: '1' },
    value: ipcOf('events', { time: [BigInt(minute) * 1_000_000n], kind: ['deploy'], title: [title], host: [sender] }),
  });
  await stores.stream.produce('im.events', [event(1, 'one'), event(2, 't\0wo'), event(3, 'three'), event(4, 'four')]);
  await settled();
  const events = await stores.records.query('SELECT title FROM events WHERE host = $1 ORDER BY seq', [sender]);
  expect(events.map(({ title }) => title)).toEqual(['one', 'three', 'four']);
  expect(telemetry.value('inframirror_dead_rows_total', { stage: 'pipeline-records', reason: 'refused-message' })).toBe(1);
});

test('missing columns are filled, unknown ones ignored and counted', async () => {
  const sender = 'columns-1';
  await stores.stream.produce('im.logs', [
    {
      key: sender,
      headers: { schema: 'logs', version: '1', sender, boot: '1', seq: '1', rows: '1' },
      value: ipcOf('logs', { time: [BigInt(minute) * 1_000_000n], body: ['x'], newer: ['?'] }, [
        { name: 'time', type: { kind: 'timestamp', unit: 'ns' } },
        { name: 'body', type: { kind: 'utf8' } },
        { name: 'newer', type: { kind: 'utf8' } },
      ]),
    },
  ]);
  await settled();
  expect(await rowsOf(`SELECT body, severity, mapKeys(attributes) FROM logs WHERE sender = '${sender}'`)).toEqual([['x', null, []]]);
  expect(telemetry.value('inframirror_pipeline_unknown_columns_total', { schema: 'logs' })).toBe(1);
});

test('a store that dies is waited for: lag grows, then falls, and nothing is lost', async () => {
  const sender = 'dies-1';
  const definition = ['test.dies', [['host', sender]]] as const;
  await send(sender, [seriesPart([definition])]);
  for (let i = 0; i < 20; i++) {
    await send(sender, [samplesPart(definition, [[minute + i, i]])]);
    if (i === 5 && stores.columnsPid !== undefined) process.kill(stores.columnsPid, 'SIGKILL');
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  await settled();
  expect(await rowsOf(`SELECT count(), sum(${VALUE}) FROM samples WHERE id IN (SELECT id FROM series WHERE name = 'test.dies')`)).toEqual([[20n, 190]]);
});

test('the watermark is known at once after a start, and not ahead of the clock', async () => {
  await stop();
  // What is looked at from time to time is not looked at now.
  vi.useFakeTimers({ toFake: ['setInterval'] });
  try {
    await start();
    for (const table of ['samples', 'logs', 'processes', 'events']) {
      await expect.poll(() => pipeline.completeUpTo(table)).toBeDefined();
      expect(pipeline.completeUpTo(table)).toBeLessThanOrEqual(BigInt(Date.now()) * 1_000_000n);
    }
  } finally {
    vi.useRealTimers();
  }
});

test('a topic without progress is not begun: nothing is lost, the status says so, and replay says from where', async () => {
  const sender = 'replayed-1';
  const line = (text: string) => send(sender, [partOf('logs', { time: [BigInt(minute) * 1_000_000n], body: [text], host: [sender] })]);
  const bodies = () => rowsOf(`SELECT body FROM logs WHERE sender = '${sender}' ORDER BY insert`);
  await line('before');
  await settled();
  await pipeline.stop();
  await stores.stream.forget('pipeline-logs');
  await new Promise((resolve) => setTimeout(resolve, 5));
  const from = Date.now();
  await start();
  await line('while it was not known');
  const troubles = async () => (await pipeline.status()).partitions.filter(({ trouble }) => trouble !== undefined);
  expect((await troubles()).map(({ group }) => group)).toEqual(['pipeline-logs', 'pipeline-logs']);
  expect((await troubles())[0]?.trouble).toContain('does not begin');
  expect(await bodies()).toEqual([['before']]);
  await expect(pipeline.replay('im.nothing', 'earliest')).rejects.toThrow('im.logs');
  expect((await pipeline.replay('im.logs', { time: from })).reduce((sum, { messages }) => sum + messages, 0n)).toBe(1n);
  await settled();
  expect(await troubles()).toEqual([]);
  expect(await bodies()).toEqual([['before'], ['while it was not known']]);
  await line('after');
  await settled();
  expect(await bodies()).toHaveLength(3);
});
