// All settings of `inframirror start` (read first): name, kind, default, bounds and what each is for, one line each in the order of
// `config example`. A dot parts the levels of the file. A new setting is a line here and its use; the file, the environment, the
// checks and the printed pages follow.
import { ownRuleOffence } from '../../agent/mask/own-rule.ts';
import { LOG_LEVELS } from '../../core/logger.ts';
import { INTAKE_LIMITS } from '../../ingest/limits.ts';
import { DEFAULT_LIMITS } from '../../query/run/budget.ts';
import { FOREVER_MS, RETENTION } from '../../schemas/retention.ts';
import { readListen } from './listen.ts';
import { ROLES, roleOffence } from './roles.ts';
import { brokerOffence, httpOffence, KAFKA_CLIENTS, SASL_MECHANISMS } from './servers.ts';
import { choice, count, duration, flag, optionalText, pairs, type Setting, share, size, text, texts, textsThat, textThat } from './setting.ts';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const MIB = 2 ** 20;
const GIB = 2 ** 30;

const kept = (fallback: number, summary: string): Setting<number> => duration(fallback, DAY, FOREVER_MS, { summary, live: true });

export const SETTINGS = {
  data: text('data', { summary: 'Folder in which everything is kept; from this file’s own folder where it does not begin with /.' }),
  listen: textThat('127.0.0.1:8080', (value) => readListen(value) !== undefined, 'it must be HOST:PORT, such as 127.0.0.1:8080', {
    summary: 'Address to answer on, HOST:PORT; port 0 takes a free one.',
  }),
  roles: textsThat(ROLES, roleOffence, {
    summary: `What this process does: ${ROLES.join(', ')}. Less than all needs stream, column store and record store as servers, which several processes share.`,
  }),
  identity: optionalText({
    summary:
      'Folder of the name, tokens and keys that all processes of an installation share, as `inframirror identity DIR` makes it; left out, they are made in the data folder.',
  }),
  'log.level': choice('info', LOG_LEVELS, {
    summary: `How much the server’s own log says: ${LOG_LEVELS.join(', ')}.`,
    live: true,
    variable: 'INFRAMIRROR_LOG',
  }),

  'agent.enabled': flag(true, { summary: 'Whether this host’s own agent runs with the server.' }),
  'agent.labels': pairs({}, { summary: 'Labels of this host: region, datacenter, env, role, owner and others.' }),
  'agent.logs': texts([], { summary: 'Log files that it follows; of an empty list those of /var/log, of its folders and of containers.' }),
  'agent.mask_secrets': flag(true, { summary: 'Whether passwords, tokens and keys in lines and command lines are masked before they leave the host.' }),
  'agent.masks': textsThat([], ownRuleOffence, { summary: 'What is masked beside those: texts with a * for it, as [ticket=*].' }),

  'stream.kafka.brokers': textsThat([], brokerOffence, {
    summary: 'Kafka as the stream: HOST:PORT of some of its brokers. Of an empty list the stream is kept in the data folder.',
  }),
  'stream.kafka.client': choice('kafkajs', KAFKA_CLIENTS, { summary: 'By which library it is spoken to.' }),
  'stream.kafka.partitions': count(12, 1, 1000, {
    summary:
      'Partitions of each topic that is made: so many workers can share it. Those of a topic that is there stay as they are, and this must say the same.',
  }),
  'stream.kafka.replicas': count(0, 0, 100, { summary: 'Copies of each topic that is made; 0: as the brokers have it.' }),
  'stream.kafka.session': duration(15_000, 10_000, 5 * 60_000, {
    summary: 'A worker that the brokers do not hear of for so long loses its partitions: so long they wait after a crash.',
  }),
  'stream.kafka.tls': flag(false, { summary: 'Whether the brokers are spoken to by TLS.' }),
  'stream.kafka.ca_file': optionalText({ summary: 'Certificates (PEM) that theirs is checked by; left out, those that Node trusts.' }),
  'stream.kafka.cert_file': optionalText({ summary: 'Our certificate (PEM), where they ask for one.' }),
  'stream.kafka.key_file': optionalText({ summary: 'Its key (PEM).' }),
  'stream.kafka.sasl.mechanism': choice('none', SASL_MECHANISMS, { summary: `How a user is shown to them: ${SASL_MECHANISMS.join(', ')}.` }),
  'stream.kafka.sasl.user': optionalText({ summary: 'The user.' }),
  'stream.kafka.sasl.password_file': optionalText({ summary: 'File that holds the password.' }),

  'columns.clickhouse.urls': textsThat([], httpOffence, {
    summary: 'ClickHouse as the column store: http:// or https:// addresses of its HTTP interface. Of an empty list it is kept in the data folder.',
  }),
  'columns.clickhouse.user': text('default', { summary: 'Its user.' }),
  'columns.clickhouse.password_file': optionalText({ summary: 'File that holds the password.' }),
  'columns.clickhouse.database': textThat('default', (value) => /^[A-Za-z_]\w{0,63}$/.test(value), 'it must be a name of letters, digits and underscores', {
    summary: 'Database of its tables.',
  }),
  'columns.clickhouse.ca_file': optionalText({ summary: 'Certificates (PEM) that theirs is checked by; left out, those that Node trusts.' }),

  'columns.clickhouse.cert_file': optionalText({ summary: 'Our certificate (PEM), where they ask for one.' }),
  'columns.clickhouse.key_file': optionalText({ summary: 'Its key (PEM).' }),

  'columns.clickhouse.cluster': textThat('', (value) => /^\w{0,64}$/.test(value), 'it must be a name of letters, digits and underscores', {
    summary: 'Name of the cluster, as they know it, of which the addresses are; left out, each is a replica that needs none.',
  }),

  'search.elasticsearch.nodes': textsThat([], httpOffence, {
    summary: 'Elasticsearch for log lines: http:// or https:// addresses of some of its nodes. Of an empty list they rest in the column store.',
  }),
  'search.elasticsearch.user': optionalText({ summary: 'Its user, by a password; or else by a key.' }),
  'search.elasticsearch.password_file': optionalText({ summary: 'File that holds the password.' }),
  'search.elasticsearch.api_key_file': optionalText({ summary: 'File that holds an API key, in the form `encoded` in which it was given.' }),
  'search.elasticsearch.ca_file': optionalText({ summary: 'Certificates (PEM) that theirs is checked by; left out, those that Node trusts.' }),
  'search.elasticsearch.index_prefix': textThat(
    'inframirror',
    (value) => /^[a-z][a-z0-9_-]{0,63}$/.test(value),
    'it must be a name of small letters, digits, _ and -',
    {
      summary: 'What the names of its indices begin with.',
    },
  ),
  'search.elasticsearch.shards': count(0, 0, 1000, { summary: 'Shards of the index of a day; 0: as the cluster has it.' }),

  'records.postgres.url_file': optionalText({
    summary:
      'PostgreSQL as the record store: file that holds its address, postgres://USER:PASSWORD@HOST:PORT/DATABASE. Left out, it is kept in the data folder.',
  }),
  'records.postgres.tls': flag(true, { summary: 'Whether it is spoken to by TLS, its certificate checked.' }),
  'records.postgres.ca_file': optionalText({ summary: 'Certificates (PEM) that it is checked by; left out, those that Node trusts.' }),
  'records.postgres.connections': count(8, 2, 1000, { summary: 'Connections of each process at once.' }),

  'retention.samples': kept(
    RETENTION.samples,
    'Samples, histograms and summaries as they came. A day goes when all of it is older; what is older when it arrives is refused. `forever` keeps all.',
  ),
  'retention.rollups_5m': kept(
    RETENTION.rollups_5m,
    'Samples put together by five minutes, of metrics that are read every 30 seconds or so at least. A month goes when all of it is older.',
  ),
  'retention.rollups_1h': kept(RETENTION.rollups_1h, 'Samples put together by the hour, of all metrics; and the definitions of their series.'),
  'retention.processes': kept(RETENTION.processes, 'Processes.'),
  'retention.jvm': kept(RETENTION.jvm, 'Java virtual machines.'),
  'retention.logs': kept(RETENTION.logs, 'Log lines.'),
  'retention.events': kept(RETENTION.events, 'Events.'),
  'retention.audit': kept(RETENTION.audit, 'Who did what.'),

  'disk.min_free': share('auto', {
    summary:
      'With less of the disk free, the oldest day of the largest table goes until there is room. auto: 2GiB or 5%, whichever is less, but 512MiB at least. Never more than half of the disk.',
    live: true,
  }),
  'disk.drop_oldest': flag(true, { summary: 'Whether it does; else nothing is removed, and below 256MiB nothing is taken in.', live: true }),

  'limits.intake.request': size(INTAKE_LIMITS.requestBytes, MIB, 256 * MIB, { summary: 'One request of an agent, as it comes.', live: true }),
  'limits.intake.frame': size(INTAKE_LIMITS.frame.bytes, MIB, GIB, { summary: 'The same, decompressed.', live: true }),
  'limits.intake.rows': count(INTAKE_LIMITS.frame.rows, 1000, 100_000_000, { summary: 'Rows of one request.', live: true }),
  'limits.intake.in_hand': size(INTAKE_LIMITS.bytesInHand, 32 * MIB, 64 * GIB, {
    summary: 'All requests that are received at once; who comes then is asked to wait.',
    live: true,
  }),
  'limits.intake.at_work': count(INTAKE_LIMITS.requestsAtWork, 1, 64, { summary: 'Requests worked on at once.', live: true }),
  'limits.intake.waiting': count(INTAKE_LIMITS.requestsWaiting, 1, 100_000, { summary: 'Requests that may wait for that.', live: true }),
  'limits.intake.future': duration(INTAKE_LIMITS.futureMs, 0, DAY, { summary: 'How far ahead of the server’s clock a row may be.', live: true }),
  'limits.intake.series': count(INTAKE_LIMITS.series, 1000, 100_000_000, { summary: 'Series of all senders.', live: true }),
  'limits.intake.series_per_sender': count(INTAKE_LIMITS.seriesPerSender, 100, 100_000_000, { summary: 'Series of one sender in a day.', live: true }),
  'limits.intake.hosts': count(INTAKE_LIMITS.hosts, 1000, 10_000_000, { summary: 'Hosts that all senders name in a day.', live: true }),
  'limits.intake.hosts_per_sender': count(INTAKE_LIMITS.hostsPerSender, 1, 10_000_000, {
    summary: 'Hosts that one sender, as a relay, names in a day.',
    live: true,
  }),
  'limits.intake.metrics': count(INTAKE_LIMITS.metrics, 1000, 10_000_000, { summary: 'Names of metrics that all senders bring in a month.', live: true }),
  'limits.intake.metrics_per_sender': count(INTAKE_LIMITS.metricsPerSender, 1, 10_000_000, {
    summary: 'Names of metrics that one sender brings in a month; those that another brought before it do not count.',
    live: true,
  }),
  'limits.intake.label_names': count(INTAKE_LIMITS.labelNames, 1, 10_000, {
    summary: 'Names of labels of one metric that all senders bring in a month.',
    live: true,
  }),
  'limits.intake.label_names_per_sender': count(INTAKE_LIMITS.labelNamesPerSender, 1, 10_000, {
    summary: 'The same of one sender; those that another brought before it do not count.',
    live: true,
  }),
  'limits.intake.bytes_per_sender': size(INTAKE_LIMITS.bytesPerSender, 16 * MIB, 1024 * 1024 * GIB, {
    summary: 'What one sender may send in a day, decompressed; who sends more is refused until older hours count no more, and keeps its data.',
    live: true,
  }),
  'limits.intake.bytes_shared': size(INTAKE_LIMITS.bytesShared, 16 * MIB, 1024 * 1024 * GIB, {
    summary: 'The same of all together who send with the shared token, under whatever names.',
    live: true,
  }),

  'limits.connections': count(4096, 16, 1_000_000, {
    summary: 'Connections at once, agents and people together. Beyond it agents are asked to come again; some more are let in for people.',
    live: true,
  }),

  'limits.query.time': duration(30_000, 1000, HOUR, { summary: 'How long a question may take.', live: true }),
  'limits.query.memory': size(DEFAULT_LIMITS.bytes, 64 * MIB, 1024 * GIB, { summary: 'What all questions hold at once in the server’s own process.' }),

  'limits.stream': size(10 * GIB, GIB, 1024 * GIB, { summary: 'What was accepted and no store has taken yet; full, agents are asked to wait.' }),
} as const;

export type SettingName = keyof typeof SETTINGS;
type Value<S> = S extends Setting<infer T> ? T : never;
export type Settings = { readonly [N in SettingName]: Value<(typeof SETTINGS)[N]> };

export const SETTING_NAMES = Object.keys(SETTINGS) as readonly SettingName[];

/** `INFRAMIRROR_RETENTION_LOGS` for `retention.logs`. */
export const variableOf = (name: SettingName): string =>
  (SETTINGS[name] as Setting<unknown>).variable ?? `INFRAMIRROR_${name.replaceAll('.', '_').toUpperCase()}`;
