// The servers that the settings name in place of what this program keeps itself, with their secrets, which come from files alone. It opens none.
import { readFileSync } from 'node:fs';
import type { HttpTls } from '../engines/columns/clickhouse/http.ts';
import type { PostgresConnection } from '../engines/records/connection.ts';
import type { ElasticsearchOptions } from '../engines/search/elasticsearch/open.ts';
import type { KafkaStreamOptions } from '../engines/stream/kafka/open.ts';
import { ConfigError } from './config/problem.ts';
import type { SettingName, Settings } from './config/settings.ts';

/** What opens the stream in each process. */
export type KafkaServer = Omit<KafkaStreamOptions, 'logger' | 'now'>;

export interface ClickHouseServer {
  readonly urls: readonly string[];
  readonly username: string;
  readonly password: string | undefined;
  readonly database: string;
  readonly tls: HttpTls;
  readonly cluster: string | undefined;
}

/** undefined: kept in the data folder, by this program. */
export interface Servers {
  readonly stream: { readonly kafka: KafkaServer; readonly partitions: number } | undefined;
  readonly columns: ClickHouseServer | undefined;
  /** undefined: log lines rest in the column store. */
  readonly search: ElasticsearchOptions | undefined;
  readonly records: PostgresConnection | undefined;
}

export const NO_SERVERS: Servers = { stream: undefined, columns: undefined, search: undefined, records: undefined };

const MOST_BYTES = 1 << 20;
const POSTGRES_PORT = 5432;

/** Throws `ConfigError`. */
const problem = (name: SettingName, text: string): ConfigError => new ConfigError([{ place: name, problem: text }]);

/** Throws `ConfigError`. undefined: none is named. */
const fileOf = (settings: Settings, name: SettingName): string | undefined => {
  const file = settings[name] as string;
  if (file === '') return undefined;
  try {
    const bytes = readFileSync(file);
    if (bytes.length > MOST_BYTES) throw new Error('it has more than 1 MiB');
    return bytes.toString();
  } catch (error) {
    throw problem(name, `${file} cannot be read: ${(error as Error).message}`);
  }
};

/** Without the line's end that editors put there. Throws `ConfigError`. */
const secretOf = (settings: Settings, name: SettingName): string | undefined => {
  const secret = fileOf(settings, name)?.replace(/\r?\n$/, '');
  if (secret === '') throw problem(name, `${settings[name]} is empty`);
  return secret;
};

const tlsOf = (settings: Settings, of: 'stream.kafka' | 'columns.clickhouse'): HttpTls => {
  const [ca, cert, key] = (['ca_file', 'cert_file', 'key_file'] as const).map((name) => fileOf(settings, `${of}.${name}`));
  return { ...(ca && { ca }), ...(cert && { cert }), ...(key && { key }) };
};

const kafkaOf = (settings: Settings): Servers['stream'] => {
  const brokers = settings['stream.kafka.brokers'];
  if (brokers.length === 0) return undefined;
  const mechanism = settings['stream.kafka.sasl.mechanism'];
  const replicas = settings['stream.kafka.replicas'];
  return {
    partitions: settings['stream.kafka.partitions'],
    kafka: {
      brokers,
      client: settings['stream.kafka.client'],
      maxBytes: settings['limits.stream'],
      sessionMs: settings['stream.kafka.session'],
      ...(replicas === 0 ? {} : { replicas }),
      ...(settings['stream.kafka.tls'] ? { tls: tlsOf(settings, 'stream.kafka') } : {}),
      ...(mechanism === 'none'
        ? {}
        : { sasl: { mechanism, username: settings['stream.kafka.sasl.user'], password: secretOf(settings, 'stream.kafka.sasl.password_file') ?? '' } }),
    },
  };
};

const clickHouseOf = (settings: Settings): ClickHouseServer | undefined => {
  const urls = settings['columns.clickhouse.urls'];
  if (urls.length === 0) return undefined;
  return {
    urls,
    username: settings['columns.clickhouse.user'],
    password: secretOf(settings, 'columns.clickhouse.password_file'),
    database: settings['columns.clickhouse.database'],
    tls: tlsOf(settings, 'columns.clickhouse'),
    cluster: settings['columns.clickhouse.cluster'] || undefined,
  };
};

const elasticsearchOf = (settings: Settings): ElasticsearchOptions | undefined => {
  const nodes = settings['search.elasticsearch.nodes'];
  if (nodes.length === 0) return undefined;
  const [password, apiKey] = [secretOf(settings, 'search.elasticsearch.password_file'), secretOf(settings, 'search.elasticsearch.api_key_file')];
  const ca = fileOf(settings, 'search.elasticsearch.ca_file');
  const shards = settings['search.elasticsearch.shards'];
  return {
    nodes,
    indexPrefix: settings['search.elasticsearch.index_prefix'],
    ...(password === undefined ? {} : { auth: { username: settings['search.elasticsearch.user'], password } }),
    ...(apiKey === undefined ? {} : { auth: { apiKey } }),
    ...(ca === undefined ? {} : { ca }),
    ...(shards === 0 ? {} : { shards }),
  };
};

const partsOf = ({ hostname, port, username, password, pathname, search }: URL) => ({
  hostname,
  port,
  username,
  password,
  database: pathname.slice(1),
  search,
});

/** undefined where a % stands for nothing. */
const decoded = <K extends string>(parts: Readonly<Record<K, string>>): Readonly<Partial<Record<K, string>>> | undefined => {
  try {
    return Object.fromEntries(Object.entries<string>(parts).map(([name, text]) => [name, decodeURIComponent(text)])) as Record<K, string>;
  } catch {
    return undefined;
  }
};

const postgresOf = (settings: Settings): PostgresConnection | undefined => {
  const name = 'records.postgres.url_file';
  const text = secretOf(settings, name)?.trim();
  if (text === undefined) return undefined;
  // Never shown: it holds a password.
  const wrong = problem(name, `${settings[name]} must hold postgres://USER:PASSWORD@HOST:PORT/DATABASE`);
  if (!/^postgres(ql)?:\/\//.test(text) || !URL.canParse(text)) throw wrong;
  const { port, search, ...encoded } = partsOf(new URL(text));
  const { hostname, username, password, database } = decoded(encoded) ?? {};
  if (hostname === undefined || username === undefined || password === undefined || database === undefined)
    throw problem(name, `in ${settings[name]} a % of user, password or database must be written as %25`);
  if (hostname === '' || username === '' || database === '') throw wrong;
  if (search !== '') throw problem(name, `what stands behind the ? in ${settings[name]} is not heeded: TLS and the others have settings of their own`);
  const ca = fileOf(settings, 'records.postgres.ca_file');
  return {
    host: hostname.replace(/^\[|\]$/g, ''),
    port: port === '' ? POSTGRES_PORT : Number(port),
    user: username,
    database,
    ...(password === '' ? {} : { password }),
    ...(settings['records.postgres.tls'] ? { tls: ca === undefined ? {} : { ca } } : {}),
  };
};

/** Throws `ConfigError` where a file is not as it must be. */
export const serversOf = (settings: Settings): Servers => ({
  stream: kafkaOf(settings),
  columns: clickHouseOf(settings),
  search: elasticsearchOf(settings),
  records: postgresOf(settings),
});
