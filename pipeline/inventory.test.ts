// What inventories change, from frames at the door to hosts, their history, events and the rows of series, on the real stores: labels that
// were assigned, several changes at once, and one that came while nobody worked.
import { expect, test } from 'vitest';
import { partOf, samplesPart, seriesPart } from '../ingest/testing/frames.ts';
import { framesToRows, inventoryPart, minute } from './testing/frames-to-rows.ts';

const own = framesToRows();
const { send, settled, rowsOf, start, stop } = own;

test('labels that were assigned win over what the agent tells, and the difference is an event, once', async () => {
  const host = 'Assigned-1';
  await own.stores.records.query(
    "INSERT INTO agents (id, key, host, labels, machine, joined, token, admitted_by, state) VALUES ('a', '', 'assigned-1', $1, 'm', 0, 't', 'admin', 'active')",
    [{ env: 'prod', region: 'eu', rack: '9' }],
  );
  const facts = () => own.stores.records.query("SELECT env, region, role, labels FROM hosts WHERE host = 'Assigned-1'");
  const told = () => own.stores.records.query("SELECT title, attributes, env FROM events WHERE host = 'Assigned-1' AND kind = 'agent.labels' ORDER BY time");
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
  const events = await own.stores.records.query("SELECT kind, attributes FROM events WHERE host = $1 AND kind LIKE 'inventory.%' ORDER BY time", [host]);
  expect(events.map(({ kind }) => kind)).toEqual(['inventory.new', 'inventory.change']);
  expect(events[1]?.attributes).toEqual({ env: 'test → prod', 'inventory.time': new Date(minute + 1000).toISOString() });
  expect(await own.stores.records.query('SELECT last_seen FROM hosts WHERE host = $1', [host])).toEqual([{ last_seen: BigInt(minute + 2000) * 1_000_000n }]);
  expect(await own.stores.records.query('SELECT env, valid_to IS NULL AS now FROM hosts_history WHERE host = $1 ORDER BY valid_from', [host])).toEqual([
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
  expect(await own.stores.records.query(history)).toEqual(expected);
  expect(await own.stores.records.query("SELECT host, env, memory, addresses, labels, first_seen, last_seen FROM hosts WHERE host = 'together-1'")).toEqual([
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
  expect(await own.stores.records.query(history)).toEqual(expected);
});

test('a change that was missed while no worker ran is made up for at the start', async () => {
  const host = 'missed-1';
  const definition = ['test.missed', [['host', host]]] as const;
  await send(host, [inventoryPart(host, { env: 'test' }, minute)]);
  await settled();
  await send(host, [seriesPart([definition])]);
  await settled();
  await stop();
  await own.stores.records.query("UPDATE hosts SET env = 'moved' WHERE host = $1", [host]);
  await start();
  const newest = `SELECT argMax(enrichment['env'], (since, seen)), argMax(kind, (since, seen)), argMax(tuple(unit), (since, seen)).1 FROM series WHERE labels['host'] = '${host}'`;
  await expect.poll(() => rowsOf(newest), { timeout: 20_000 }).toEqual([['moved', 'gauge', '1']]);
});

test('what the agent tells of a change itself is not told twice', async () => {
  const host = 'told-1';
  const time = BigInt(minute) * 1_000_000n;
  await send(host, [inventoryPart(host, {}, minute), partOf('events', { time: [time], kind: ['inventory.new'], title: ['own words'], host: [host] })]);
  await settled();
  expect(await own.stores.records.query('SELECT title FROM events WHERE host = $1', [host])).toEqual([{ title: 'own words' }]);
});
