// A Kafka, a ClickHouse, a PostgreSQL and, where it is asked for, an Elasticsearch that a test starts as servers, and the settings that name them. What of ClickHouse is real in it is the
// engine: see `engines/columns/testing/server.ts`. InfraMirror starts none of them.
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { silentLogger } from '../../../core/logger.ts';
import { startTestServer, type TestServer } from '../../../engines/columns/testing/server.ts';
import { type EmbeddedPostgres, startEmbeddedPostgres } from '../../../engines/records/embedded/embedded.ts';
import { type Server as Elasticsearch, jdkFor, noJdk, startElasticsearch } from '../../../engines/search/elasticsearch/testing/server.ts';
import { type Broker, startBroker } from '../../../engines/stream/kafka/testing/broker.ts';
import { newFolder } from './product.ts';
import type { ServerAddresses } from './server-stores.ts';

const MAJOR = 8;
const [USER, PASSWORD] = ['infra', 'p4ss of ClickHouse'];

const startElastic = (dir: string): Promise<Elasticsearch> => {
  const jdk = jdkFor(MAJOR);
  if (jdk === undefined) throw new Error(`an Elasticsearch needs ${noJdk(MAJOR)}`);
  return startElasticsearch({ major: MAJOR, jdk, dir });
};

export interface Servers {
  readonly folder: string;
  readonly clickhouse: TestServer;
  readonly postgres: EmbeddedPostgres;
  readonly elasticsearch: Elasticsearch | undefined;
  /** The one that runs. */
  broker: Broker;
  /** A file of settings that names them. `more`: lines at its end. */
  settings(more?: string): string;
  /** For a process that opens them itself. */
  addresses(kafka?: Omit<ServerAddresses['kafka'], 'brokers'>): ServerAddresses;
  /** Kills the broker and starts it again where it was. */
  killBroker(): Promise<void>;
  stop(): Promise<void>;
}

const secret = (file: string, text: string): string => {
  writeFileSync(file, `${text}\n`, { mode: 0o600 });
  return file;
};

/** `search`: with an Elasticsearch. */
export const startServers = async ({ search = false } = {}): Promise<Servers> => {
  const folder = await newFolder();
  // Elasticsearch runs as nobody.
  chmodSync(folder, 0o755);
  const kafka = join(folder, 'kafka');
  mkdirSync(kafka);
  const [broker, clickhouse, postgres, elasticsearch] = await Promise.all([
    startBroker({ dir: kafka }),
    startTestServer({ users: { [USER]: { password: PASSWORD } } }),
    startEmbeddedPostgres({ dataDir: join(folder, 'postgres'), log: silentLogger }),
    search ? startElastic(join(folder, 'elasticsearch')) : undefined,
  ]);
  const settings: Servers['settings'] = (more = '') => {
    const { host, port, user, database, password = '' } = postgres.connection;
    const url = secret(join(folder, 'postgres-url'), `postgres://${user}:${encodeURIComponent(password)}@${encodeURIComponent(host)}:${port}/${database}`);
    return secret(
      join(folder, 'inframirror.yaml'),
      `stream:
  kafka:
    brokers: [127.0.0.1:${servers.broker.port}]
    partitions: 3
    session: 10s
columns:
  clickhouse:
    urls: [${clickhouse.url}]
    user: ${USER}
    password_file: ${secret(join(folder, 'clickhouse-password'), PASSWORD)}
    database: infra
${elasticsearch === undefined ? '' : `search:\n  elasticsearch:\n    nodes: [${elasticsearch.url}]\n`}records:
  postgres:
    url_file: ${url}
    tls: false
${more}`,
    );
  };
  const servers: Servers = {
    folder,
    clickhouse,
    postgres,
    elasticsearch,
    broker,
    settings,
    addresses: (kafka = {}) => ({
      kafka: { brokers: [`127.0.0.1:${servers.broker.port}`], ...kafka },
      clickhouse: { url: clickhouse.url, username: USER, password: PASSWORD },
      postgres: postgres.connection,
    }),
    killBroker: async () => {
      await servers.broker.kill();
      servers.broker = await startBroker({ dir: kafka, port: servers.broker.port });
    },
    stop: async () => {
      await servers.broker.stop();
      await elasticsearch?.stop();
      await clickhouse.stop();
      await postgres.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
  return servers;
};
