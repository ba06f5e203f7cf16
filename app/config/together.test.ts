// What is said of settings of servers and roles that do not go together, and what comes of those that do. No server is asked;
// the secrets are files of this test.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { serversOf } from '../servers.ts';
import { Configuration } from './configuration.ts';

const folder = mkdtempSync(join(tmpdir(), 'servers-'));
afterAll(() => rmSync(folder, { recursive: true }));

const configured = (yaml: string): Configuration => {
  const file = join(folder, 'inframirror.yaml');
  writeFileSync(file, yaml);
  return new Configuration({ options: new Map(), environment: {}, file });
};
const KAFKA = 'stream: {kafka: {brokers: ["k1:9092"]}}\n';

test('what does not go together is told with its line and what is missing', () => {
  const cases: readonly (readonly [yaml: string, said: string])[] = [
    ['stream:\n  kafka:\n    brokers: [k1]\n', ':3: stream.kafka.brokers: "k1": it must be HOST:PORT'],
    ['stream:\n  kafka:\n    brokers: ["k1:9092"]\n    cert_file: a\n', ':4: stream.kafka.cert_file says nothing without stream.kafka.key_file'],
    ['stream:\n  kafka:\n    brokers: ["k1:9092"]\n    ca_file: a\n', ':4: stream.kafka.ca_file says nothing without stream.kafka.tls'],
    [`stream:\n  kafka:\n    brokers: ["k1:9092"]\n    sasl: {mechanism: plain}\n`, 'stream.kafka.sasl.mechanism needs stream.kafka.sasl.user'],
    [`columns:\n  clickhouse:\n    urls: ["https://u:p@ch:8443"]\n`, 'user and password have settings of their own'],
    [`columns:\n  clickhouse:\n    urls: ["https://ch:8443/path"]\n`, 'without a path'],
    ['roles: [ingest, worker]\n', ':1: roles leaves api, keeper to other processes, which share all stores: name servers for stream, columns, records too'],
    [`${KAFKA}roles: [api, worker, keeper]\n`, 'roles leaves ingest to other processes, which share all stores: name servers for columns, records too'],
    ['roles: [ingest, oracle]\n', '"oracle": it must be one of ingest, worker'],
    ['roles: []\n', 'roles names none'],
  ];
  for (const [yaml, said] of cases) expect(() => configured(yaml), yaml).toThrow(said);
  expect(() => configured('roles: [ingest, worker, api, keeper]\n')).not.toThrow();
});

test('servers are as the settings say, with their secrets out of files', () => {
  const file = (name: string, text: string): string => {
    writeFileSync(join(folder, name), text);
    return join(folder, name);
  };
  const { settings } = configured(`stream:
  kafka:
    brokers: ["k1:9092", "[::1]:9093"]
    client: "@platformatic/kafka"
    tls: true
    ca_file: ${file('ca', 'CA')}
    sasl: {mechanism: scram-sha-512, user: im, password_file: ${file('kafka', 'k p\n')}}
columns: {clickhouse: {urls: ["http://ch:8123"], user: im, password_file: ${file('ch', 'c\n\n')}, database: infra}}
records: {postgres: {url_file: ${file('pg', 'postgresql://im:a%40b@[fd00::1]:6432/infra%20mirror\n')}}}
`);
  expect(serversOf(settings)).toMatchObject({
    stream: {
      partitions: 12,
      kafka: {
        brokers: ['k1:9092', '[::1]:9093'],
        client: '@platformatic/kafka',
        tls: { ca: 'CA' },
        sasl: { mechanism: 'scram-sha-512', username: 'im', password: 'k p' },
      },
    },
    columns: { urls: ['http://ch:8123'], username: 'im', password: 'c\n', database: 'infra' },
    records: { host: 'fd00::1', port: 6432, user: 'im', password: 'a@b', database: 'infra mirror', tls: {} },
  });
});

test('a secret that is not there, empty, or no address is told by its setting, and never shown', () => {
  const pg = join(folder, 'pg');
  const of = (text: string): (() => unknown) => {
    writeFileSync(pg, text);
    return () => serversOf(configured(`records: {postgres: {url_file: ${pg}}}`).settings);
  };
  expect(of('')).toThrow('is empty');
  for (const wrong of ['mysql://u:s3cret@h/d', 'postgres://h:1/d', 'postgres://u:s3cret@h', 'u:s3cret@h/d', 'postgres://u:s3cret@:5432/d']) {
    expect(of(wrong), wrong).toThrow('must hold postgres://USER:PASSWORD@HOST:PORT/DATABASE');
    expect(of(wrong)).not.toThrow('s3cret');
  }
  expect(of('postgres://u:50%s3cret@h/d')).toThrow('%25');
  expect(of('postgres://u:s3cret@h/d?sslmode=disable')).toThrow('not heeded');
  expect(() => serversOf(configured(`records: {postgres: {url_file: ${folder}/none}}`).settings)).toThrow('records.postgres.url_file: ');
});
