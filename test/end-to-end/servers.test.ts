// A server whose stream is a Kafka and whose record store is a PostgreSQL of their own, as the settings name them: started by this test, not by InfraMirror.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { silentLogger } from '../../core/logger.ts';
import { type EmbeddedPostgres, startEmbeddedPostgres } from '../../engines/records/embedded/embedded.ts';
import { type Broker, startBroker } from '../../engines/stream/kafka/testing/broker.ts';
import { begin, command, newFolder, startProduct } from './support/product.ts';

let [folder, broker, postgres] = ['', undefined as unknown as Broker, undefined as unknown as EmbeddedPostgres];

beforeAll(async () => {
  folder = await newFolder();
  mkdirSync(join(folder, 'kafka'));
  [broker, postgres] = await Promise.all([
    startBroker({ dir: join(folder, 'kafka') }),
    startEmbeddedPostgres({ dataDir: join(folder, 'postgres'), log: silentLogger }),
  ]);
}, 300_000);
afterAll(async () => {
  await broker?.stop();
  await postgres?.stop();
  await rm(folder, { recursive: true, force: true });
});

/** The file of settings. */
const configured = (more = ''): string => {
  const { host, port, user, database, password = '' } = postgres.connection;
  const url = join(folder, 'postgres-url');
  writeFileSync(url, `postgres://${user}:${encodeURIComponent(password)}@${encodeURIComponent(host)}:${port}/${database}\n`, { mode: 0o600 });
  const file = join(folder, 'inframirror.yaml');
  writeFileSync(
    file,
    `stream:
  kafka:
    brokers: [127.0.0.1:${broker.port}]
    partitions: 3
    session: 10s
records:
  postgres:
    url_file: ${url}
    tls: false
${more}`,
  );
  return file;
};

test('a host is seen through them, also after a kill of the server and of the broker', async () => {
  const args = ['--config', configured()];
  const data = join(folder, 'data');
  let product = await startProduct({ folder: data, args });
  try {
    const parts = await product.parts();
    const about = (name: string): string => parts.find((part) => part.name === name)?.detail ?? '';
    expect(about('record store')).toContain(`PostgreSQL at ${postgres.connection.host}`);
    expect(about('stream')).toMatch(/^0 % of 10 GiB/);
    expect(parts.filter(({ state }) => state !== 'ok')).toEqual([]);
    const backup = await product.graphql(`mutation { startBackup(dir: ${JSON.stringify(join(folder, 'backup'))}) { state } }`);
    expect(backup.errors?.[0]?.message).toContain(`Kafka at 127.0.0.1:${broker.port}`);
    await product.kill();
    await broker.kill();
    broker = await startBroker({ dir: join(folder, 'kafka'), port: broker.port });
    product = await startProduct({ folder: data, args });
    expect(Number((await product.values('from metrics.system.cpu.utilization last 1h | count'))[0])).toBeGreaterThan(1);
  } finally {
    await product.stop();
  }
}, 240_000);

test('another data folder is refused, with the names of both installations', async () => {
  const { heard, ended } = begin(join(folder, 'other'), { args: ['--config', configured(), '--no-agent'] });
  expect((await ended).code).not.toBe(0);
  expect(heard.stderr).toContain(`the stream in Kafka at 127.0.0.1:${broker.port} belongs to the installation`);
}, 60_000);

test('doctor asks each of them, and says of one that is away why, and what to do', async () => {
  const file = configured();
  const data = ['--data', join(folder, 'none')];
  const well = await command(['doctor', '--config', file, ...data]);
  expect(well.stdout).toMatch(new RegExp(`ok +stream +Kafka at 127\\.0\\.0\\.1:${broker.port}: answers; used by the installation`));
  expect(well.stdout).toMatch(/ok +record store +PostgreSQL at .*: answers; used by the installation/);
  writeFileSync(file, readFileSync(file, 'utf8').replace(String(broker.port), '1'));
  const away = await command(['doctor', '--config', file, ...data]);
  expect(away.code).toBe(1);
  expect(away.stdout).toMatch(/FAIL +stream +Kafka at 127\.0\.0\.1:1: .*ECONNREFUSED/);
}, 60_000);
