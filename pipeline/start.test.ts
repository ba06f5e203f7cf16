// The pipeline on the real embedded stores, from frames at the door to rows in tables: each signal in its place, repeats, restarts, a store
// that dies. What an inventory changes, how samples are marked and dead letters have files of their own.
import { expect, test, vi } from 'vitest';
import { logsPart, partOf, samplesPart, seriesPart } from '../ingest/testing/frames.ts';
import { framesToRows, inventoryPart, minute, VALUE } from './testing/frames-to-rows.ts';

const own = framesToRows();
const { send, settled, rowsOf, start, stop } = own;

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
    partOf('jvm', {
      ...{ time: [BigInt(minute), BigInt(minute)], host: [host, host], pid: [42, 43], start: [BigInt(minute - 5000), 0n], version: ['25.0.3', null] },
      ...{ 'heap.used': [5n, null], pools: [new Map([['old', 4]]), null], 'gc.last': [BigInt(minute - 1000), null], perf_data: ['read', 'none'] },
    }),
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
  expect(
    await rowsOf(`SELECT pid, version, \`heap.used\`, pools['old'], length(pools), \`gc.last\` = time - 1, deadlocks, region FROM jvm WHERE host = '${host}'`),
  ).toEqual([
    [42, '25.0.3', 5n, 4, 1n, 1, null, 'eu'],
    [43, null, null, 0, 0n, null, null, 'eu'],
  ]);
  // These lines are of another host, which the inventory does not know.
  expect(await rowsOf(`SELECT body, severity, host, region, position FROM logs WHERE sender = '${host}' ORDER BY position`)).toEqual([
    ['hello', 'info', 'web-1', null, 0n],
    ['world', 'info', 'web-1', null, 1n],
  ]);
  const [known] = await own.stores.records.query('SELECT region, role, labels, addresses, cores, memory, first_seen FROM hosts WHERE host = $1', [host]);
  expect(known).toEqual({
    region: 'eu',
    role: 'db',
    labels: { rack: '7' },
    addresses: ['10.0.0.1', '::1'],
    cores: 4n,
    memory: 8n << 30n,
    first_seen: BigInt(minute) * 1_000_000n,
  });
  const events = await own.stores.records.query('SELECT kind, title, region, attributes FROM events WHERE host = $1 ORDER BY kind', [host]);
  expect(events.map(({ kind }) => kind)).toEqual(['deploy', 'inventory.new']);
  expect(events[0]).toMatchObject({ title: 'v2', region: 'eu', attributes: { by: 'me' } });
});

test('a frame that is sent again, at once or after a restart, changes nothing', async () => {
  const sender = 'again-1';
  const definition = ['test.again', [['host', sender]]] as const;
  const at = own.nextSeq;
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
  expect(await own.stores.records.query('SELECT count(*)::int AS n FROM events WHERE host = $1', [sender])).toEqual([{ n: 1 }]);
});

test('a store that dies is waited for: lag grows, then falls, and nothing is lost', async () => {
  const sender = 'dies-1';
  const definition = ['test.dies', [['host', sender]]] as const;
  await send(sender, [seriesPart([definition])]);
  for (let i = 0; i < 20; i++) {
    await send(sender, [samplesPart(definition, [[minute + i, i]])]);
    if (i === 5 && own.stores.columnsPid !== undefined) process.kill(own.stores.columnsPid, 'SIGKILL');
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
    for (const table of ['samples', 'logs', 'processes', 'jvm', 'events']) {
      await expect.poll(() => own.pipeline.completeUpTo(table)).toBeDefined();
      expect(own.pipeline.completeUpTo(table)).toBeLessThanOrEqual(BigInt(Date.now()) * 1_000_000n);
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
  await own.pipeline.stop();
  await own.stores.stream.forget('pipeline-logs');
  await new Promise((resolve) => setTimeout(resolve, 5));
  const from = Date.now();
  await start();
  await line('while it was not known');
  const troubles = async () => (await own.pipeline.status()).partitions.filter(({ trouble }) => trouble !== undefined);
  expect((await troubles()).map(({ group }) => group)).toEqual(['pipeline-logs', 'pipeline-logs']);
  expect((await troubles())[0]?.trouble).toContain('does not begin');
  expect(await bodies()).toEqual([['before']]);
  // What waits here leaves nothing open of the other topics.
  await expect.poll(() => ['im.metrics', 'im.processes', 'im.events'].every((topic) => own.pipeline.isCaughtUp(topic))).toBe(true);
  expect([own.pipeline.isCaughtUp('im.logs'), own.pipeline.isCaughtUp()]).toEqual([false, false]);
  await expect(own.pipeline.planReplay('im.nothing', 'earliest')).rejects.toThrow('im.logs');
  const { run: replay } = await own.pipeline.planReplay('im.logs', { time: from });
  expect((await replay()).reduce((sum, { messages }) => sum + messages, 0n)).toBe(1n);
  await settled();
  expect(await troubles()).toEqual([]);
  await expect.poll(() => own.pipeline.isCaughtUp()).toBe(true);
  expect(await bodies()).toEqual([['before'], ['while it was not known']]);
  await line('after');
  await settled();
  expect(await bodies()).toHaveLength(3);
});
