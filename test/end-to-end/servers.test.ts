// InfraMirror over a Kafka, a ClickHouse, an Elasticsearch and a PostgreSQL of their own, as the settings name them: whole in one process, and in several that share
// them. None of the servers is started by InfraMirror.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { frameOf, logsPart } from '../../ingest/testing/frames.ts';
import { begin, command, eventually, type Product, startProduct } from './support/product.ts';
import { type Servers, startServers } from './support/servers.ts';

let servers: Servers;
let identity = '';
beforeAll(async () => {
  servers = await startServers({ search: true });
  identity = join(servers.folder, 'identity');
  expect((await command(['identity', identity])).code).toBe(0);
}, 300_000);
afterAll(() => servers?.stop());

const start = (name: string, ...args: readonly string[]): Promise<Product> =>
  startProduct({ folder: join(servers.folder, name), args: ['--config', servers.settings(`identity: ${identity}\n`), ...args] });

test('a host is seen through them, also after a kill of the server and of the broker', async () => {
  let product = await start('whole');
  try {
    const parts = await product.parts();
    const about = (name: string): string => parts.find((part) => part.name === name)?.detail ?? '';
    expect(about('column store')).toContain(`ClickHouse at ${servers.clickhouse.url}, database infra`);
    expect(about('search store')).toContain(`Elasticsearch at ${servers.elasticsearch?.url}`);
    expect(about('record store')).toContain(`PostgreSQL at ${servers.postgres.connection.host}`);
    expect(about('stream')).toMatch(/^0 % of 10 GiB/);
    expect(parts.filter(({ state }) => state !== 'ok')).toEqual([]);
    const backup = await product.graphql(`mutation { startBackup(dir: ${JSON.stringify(join(servers.folder, 'backup'))}) { state } }`);
    expect(backup.errors?.[0]?.message).toContain('ClickHouse at');
    await product.kill();
    await servers.killBroker();
    product = await start('whole');
    expect(Number((await product.values('from metrics.system.cpu.utilization last 1h | count'))[0])).toBeGreaterThan(1);
    expect(await product.values('from hosts | count')).toEqual([1]);
  } finally {
    await product.stop();
  }
}, 240_000);

test('of several processes each does its part, and a worker that is killed is followed by another one', async () => {
  const running: Product[] = [];
  const boot = BigInt(Date.now());
  let seq = 0;
  const send = async (to: Product, lines: number): Promise<void> => {
    for (let i = 0; i < lines; i++) {
      const body = frameOf([logsPart([`line ${seq} of ${boot}`], [BigInt(Date.now()) * 1_000_000n])], { boot, seq: seq + 1, agent: `roles-${seq % 7}` });
      seq++;
      expect((await to.frames(body)).status).toBe(200);
    }
  };
  const run = async (...names: Parameters<typeof start>): Promise<Product> => {
    const product = await start(...names);
    running.push(product);
    return product;
  };
  try {
    // What it takes in waits for workers that were never there before.
    const ingest = await run('ingest', '--no-agent', '--roles', 'ingest');
    await send(ingest, 10);
    const [first, api] = await Promise.all([run('worker', '--no-agent', '--roles', 'worker,keeper'), run('api', '--no-agent', '--roles', 'api')]);
    expect((await api.frames(new Uint8Array(1))).status).toBe(404);
    expect((await ingest.post('/graphql')).status).toBe(404);
    for (const product of running) expect((await product.get('/-/ready', {})).status).toBe(200);
    const stored = async (): Promise<unknown> => (await api.values(`from logs last 1h | where body contains "of ${boot}" | count`))[0];
    await send(ingest, 10);
    await eventually('the lines are there', async () => (await stored()) === 20);
    const second = run('second', '--no-agent', '--roles', 'worker');
    await first.kill();
    await send(ingest, 20);
    await second;
    await eventually('what the killed one had is there, once', async () => (await stored()) === 40, 60_000);
    // Who answers knows how far those are that work.
    await eventually('nothing is behind', async () => (await api.parts()).find(({ name }) => name === 'pipeline logs')?.detail === '0 messages behind');
  } finally {
    await Promise.all(running.map((product) => product.stop()));
  }
}, 240_000);

test('a data folder of another installation is refused, with the names of both', async () => {
  const { heard, ended } = begin(join(servers.folder, 'other'), { args: ['--config', servers.settings(), '--no-agent'] });
  expect((await ended).code).not.toBe(0);
  expect(heard.stderr).toContain(`the stream in Kafka at 127.0.0.1:${servers.broker.port} belongs to the installation`);
}, 60_000);

test('doctor asks each of them, and says of one that is away why, and what to do', async () => {
  const file = servers.settings();
  const data = ['--data', join(servers.folder, 'none')];
  const well = await command(['doctor', '--config', file, ...data]);
  const name = readFileSync(join(identity, 'instance'), 'utf8').trim();
  for (const [part, at] of [
    ['stream', `Kafka at 127.0.0.1:${servers.broker.port}`],
    ['column store', `ClickHouse at ${servers.clickhouse.url}, database infra`],
    ['record store', 'PostgreSQL at'],
  ])
    expect(well.stdout).toMatch(new RegExp(`ok +${part} +${at?.replaceAll(/[.?]/g, '\\$&')}.*: answers; used by the installation ${name}`));
  const text = readFileSync(file, 'utf8');
  writeFileSync(file, text.replace(String(servers.broker.port), '1').replace(/(password_file: ).*/, `$1${file}`));
  const away = await command(['doctor', '--config', file, ...data]);
  expect(away.code).toBe(1);
  expect(away.stdout).toMatch(/FAIL +stream +Kafka at 127\.0\.0\.1:1: .*ECONNREFUSED/);
  expect(away.stdout).toMatch(/FAIL +column store +ClickHouse at .*infra/);
}, 60_000);
