// deploy/compose.yaml, as far as it can be judged without a container runtime: what it names is there, its commands and settings are right,
// and nothing can be reached that should not be.
import { execFileSync, spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { NEEDED_ROLES } from '../app/config/roles.ts';
import { serversOf } from '../app/servers.ts';
import { ROOT } from '../test/end-to-end/support/product.ts';
import { expectCommand, optionIn, settingsOf, textOf } from './testing/read.ts';

interface Service {
  readonly command?: readonly string[];
  readonly entrypoint?: readonly string[];
  readonly build?: { readonly context: string; readonly dockerfile: string };
  readonly depends_on?: Readonly<Record<string, { readonly condition: string }>>;
  readonly environment?: Readonly<Record<string, string>>;
  readonly healthcheck?: { readonly test: readonly string[] };
  readonly networks?: readonly string[];
  readonly ports?: readonly string[];
  readonly secrets?: readonly string[];
  readonly volumes?: readonly string[];
}

interface Compose {
  readonly services: Readonly<Record<string, Service>>;
  readonly networks: Readonly<Record<string, object>>;
  readonly volumes: Readonly<Record<string, object>>;
  readonly secrets: Readonly<Record<string, { readonly file: string }>>;
}

const compose = parse(textOf('deploy/compose.yaml'), { merge: true }) as Compose;
const services = Object.entries(compose.services);
const ours = services.filter(([, { command = [] }]) => command[0] === 'start');
const stores = services.filter(([name]) => ['kafka', 'clickhouse', 'elasticsearch', 'postgres'].includes(name));
/** Of the short form, SOURCE:TARGET[:ro]. */
const sourcesOf = ({ volumes = [] }: Service): readonly string[] => volumes.flatMap((one) => (one.includes(':') ? [one.split(':')[0] as string] : []));

const folder = mkdtempSync(join(tmpdir(), 'inframirror-compose-'));
const secrets = join(folder, 'secrets');
beforeAll(() => {
  copyFileSync(join(ROOT, 'deploy/secrets.sh'), join(folder, 'secrets.sh'));
  execFileSync(join(folder, 'secrets.sh'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test('all needed roles run', () => {
  expect(stores).toHaveLength(4);
  const roles = ours.flatMap(([, { command = [] }]) => optionIn(command, '--roles').split(','));
  expect(roles.sort()).toEqual([...NEEDED_ROLES].sort());
});

describe.each(ours)('%s', (_, service) => {
  const args = service.command ?? [];
  const config = optionIn(args, '--config');

  test('its command is one, and its settings are right', async () => {
    await expectCommand(args);
    const mounted = sourcesOf(service).find((source) => source.endsWith('.yaml')) as string;
    expect(service.volumes).toContain(`${mounted}:${config}:ro`);
    const settings = settingsOf(join(ROOT, 'deploy', mounted), optionIn(args, '--roles'));
    expect(service.volumes).toContain(settings.data);
    expect(service.volumes).toContain(`identity:${settings.identity}:ro`);
    expect(service.healthcheck?.test.join(' ')).toContain(`http://127.0.0.1:${settings.listen.split(':')[1]}/-/ready`);
  });

  test('it waits for all that it speaks to, and is bound to its folder', () => {
    expect(Object.keys(service.depends_on ?? {}).sort()).toEqual(['identity', ...stores.map(([name]) => name)].sort());
    for (const [name, { condition }] of Object.entries(service.depends_on ?? {}))
      expect(condition).toBe(name === 'identity' ? 'service_completed_successfully' : 'service_healthy');
    expect(service).toMatchObject({ read_only: true, cap_drop: ['ALL'], security_opt: ['no-new-privileges:true'] });
  });
});

test('settings and servers name each other, with the secrets that are made', () => {
  expect(readdirSync(secrets).sort()).toEqual(Object.keys(compose.secrets).sort());
  for (const [name, { file }] of Object.entries(compose.secrets)) expect(file).toBe(`./secrets/${name}`);
  expect(statSync(secrets).mode & 0o777).toBe(0o700);
  const copy = join(folder, 'inframirror.yaml');
  writeFileSync(copy, textOf('deploy/inframirror.yaml').replaceAll('/run/secrets/', `${secrets}/`));
  const { stream, columns, search, records } = serversOf(settingsOf(copy, 'api'));
  const passwordOf = (store: string): string => readFileSync(join(secrets, `${store}-password`), 'utf8');
  const environmentOf = (name: string): Readonly<Record<string, string>> => compose.services[name]?.environment ?? {};
  const broker = environmentOf('kafka').KAFKA_ADVERTISED_LISTENERS?.replace('PLAINTEXT://', '');
  expect(stream?.kafka).toMatchObject({ brokers: [broker] });
  const { CLICKHOUSE_USER: username, CLICKHOUSE_DB: database } = environmentOf('clickhouse');
  expect(columns).toMatchObject({ urls: ['http://clickhouse:8123'], username, database, password: passwordOf('clickhouse') });
  expect(search).toMatchObject({ nodes: ['http://elasticsearch:9200'] });
  expect(JSON.stringify(search)).toContain(passwordOf('elasticsearch'));
  const { POSTGRES_USER, POSTGRES_DB } = environmentOf('postgres');
  expect(records).toMatchObject({ host: 'postgres', user: POSTGRES_USER, database: POSTGRES_DB, password: passwordOf('postgres') });
  for (const [name, service] of [...ours, ...stores]) {
    const text = JSON.stringify(service) + (service.command?.[0] === 'start' ? textOf('deploy/inframirror.yaml') : '');
    for (const [, secret] of text.matchAll(/\/run\/secrets\/([\w-]+)/g)) expect(service.secrets, name).toContain(secret);
  }
});

test('secrets are never made anew', () => {
  const before = readFileSync(join(secrets, 'postgres-password'), 'utf8');
  expect(before).toMatch(/^[0-9a-f]{48}$/);
  expect(spawnSync(join(folder, 'secrets.sh'), { encoding: 'utf8' })).toMatchObject({ status: 1, stderr: expect.stringContaining('never replaced') });
  expect(readFileSync(join(secrets, 'postgres-password'), 'utf8')).toBe(before);
});

test('stores are reached from inside only, the rest from this machine only', () => {
  expect(compose.networks.stores).toEqual({ internal: true });
  for (const [name, store] of stores) expect([name, store.networks, store.ports]).toEqual([name, ['stores'], undefined]);
  for (const [, { ports = [] }] of services) for (const port of ports) expect(port).toMatch(/^127\.0\.0\.1:\d+:8080$/);
  expect(services.flatMap(([, { ports = [] }]) => ports)).toHaveLength(2);
});

test('every file, volume and network that it names is there', () => {
  for (const [name, service] of services) {
    for (const source of sourcesOf(service))
      expect(source.startsWith('.') ? existsSync(join(ROOT, 'deploy', source)) : Object.hasOwn(compose.volumes, source), `${name}: ${source}`).toBe(true);
    for (const network of service.networks ?? []) expect(compose.networks).toHaveProperty(network);
    if (service.build !== undefined) expect(existsSync(join(ROOT, 'deploy', service.build.context, service.build.dockerfile))).toBe(true);
  }
});

test('the identity is made once, where all look for it', () => {
  const { entrypoint = [], volumes = [] } = compose.services.identity ?? {};
  const data = mkdtempSync(join(folder, 'identity-'));
  const [shell = '', ...args] = entrypoint;
  const made = volumes[0]?.split(':')[1] as string;
  const run = () =>
    spawnSync(
      shell,
      args.map((arg) => arg.replaceAll(made, data).replace('exec inframirror', `exec ${process.execPath} ${join(ROOT, 'app/main.ts')}`)),
      { encoding: 'utf8' },
    );
  expect(run()).toMatchObject({ status: 0, stdout: expect.stringContaining('they are secret') });
  const token = readFileSync(join(data, 'token'), 'utf8');
  expect(run()).toMatchObject({ status: 0, stdout: '' });
  expect(readFileSync(join(data, 'token'), 'utf8')).toBe(token);
});
