// What of the settings does not go together, though each is right by itself: told with the place of the one that is to be changed.
// It asks no server and reads no file.
import type { Problem } from './problem.ts';
import { NEEDED_ROLES } from './roles.ts';
import type { SettingName, Settings } from './settings.ts';

/** Settings that say nothing without another one, and what that is for. */
const NEEDS: Readonly<Partial<Record<SettingName, readonly [needed: string, isSet: (settings: Settings) => boolean]>>> = {
  'stream.kafka.cert_file': ['stream.kafka.key_file', (s) => s['stream.kafka.key_file'] !== ''],
  'stream.kafka.key_file': ['stream.kafka.cert_file', (s) => s['stream.kafka.cert_file'] !== ''],
  'stream.kafka.ca_file': ['stream.kafka.tls', (s) => s['stream.kafka.tls']],
  'stream.kafka.tls': ['stream.kafka.brokers', (s) => s['stream.kafka.brokers'].length > 0],
  'stream.kafka.sasl.user': ['stream.kafka.sasl.mechanism', (s) => s['stream.kafka.sasl.mechanism'] !== 'none'],
  'stream.kafka.sasl.password_file': ['stream.kafka.sasl.mechanism', (s) => s['stream.kafka.sasl.mechanism'] !== 'none'],
  'columns.clickhouse.cert_file': ['columns.clickhouse.key_file', (s) => s['columns.clickhouse.key_file'] !== ''],
  'columns.clickhouse.key_file': ['columns.clickhouse.cert_file', (s) => s['columns.clickhouse.cert_file'] !== ''],
  'columns.clickhouse.password_file': ['columns.clickhouse.urls', (s) => s['columns.clickhouse.urls'].length > 0],
  'columns.clickhouse.cluster': ['columns.clickhouse.urls', (s) => s['columns.clickhouse.urls'].length > 0],
  'search.elasticsearch.ca_file': ['search.elasticsearch.nodes', (s) => s['search.elasticsearch.nodes'].length > 0],
  'search.elasticsearch.user': ['search.elasticsearch.password_file', (s) => s['search.elasticsearch.password_file'] !== ''],
  'search.elasticsearch.password_file': [
    'search.elasticsearch.user and .nodes',
    (s) => s['search.elasticsearch.user'] !== '' && s['search.elasticsearch.nodes'].length > 0,
  ],
  'search.elasticsearch.api_key_file': ['search.elasticsearch.nodes', (s) => s['search.elasticsearch.nodes'].length > 0],
  'records.postgres.ca_file': ['records.postgres.url_file', (s) => s['records.postgres.url_file'] !== ''],
};

/** Where one of each must be given: a mechanism of nobody signs nobody in. */
const isGiven = (value: unknown): boolean => value !== '' && value !== false && value !== 'none';

/** What is kept in a data folder has one process. */
const sharedProblems = (settings: Settings, place: string): readonly Problem[] => {
  const { roles } = settings;
  const isServer = {
    stream: settings['stream.kafka.brokers'].length > 0,
    columns: settings['columns.clickhouse.urls'].length > 0,
    records: settings['records.postgres.url_file'] !== '',
  };
  const kept = Object.entries(isServer).flatMap(([store, is]) => (is ? [] : [store]));
  const missing = NEEDED_ROLES.filter((role) => !roles.includes(role));
  if (roles.length === 0) return [{ place, problem: 'roles names none: then it does nothing' }];
  if (missing.length > 0 && kept.length > 0) {
    const problem = `roles leaves ${missing.join(', ')} to other processes, which share all stores: name servers for ${kept.join(', ')} too`;
    return [{ place, problem }];
  }
  return roles.includes('agent') && settings['agent.enabled'] && !roles.includes('ingest')
    ? [{ place, problem: 'roles has agent without ingest, so that it has nowhere to send to: run `inframirror agent --server URL` beside it instead' }]
    : [];
};

export const problemsTogether = (settings: Settings, places: ReadonlyMap<SettingName, string>): readonly Problem[] => {
  const placeOf = (name: SettingName): string => places.get(name) ?? 'default';
  const lonely = Object.entries(NEEDS).flatMap(([name, [needed, isSet]]): readonly Problem[] =>
    !isGiven(settings[name as SettingName]) || isSet(settings)
      ? []
      : [{ place: placeOf(name as SettingName), problem: `${name} says nothing without ${needed}: set that too` }],
  );
  const nobody = (['stream.kafka.sasl.user', 'stream.kafka.sasl.password_file'] as const).flatMap((name): readonly Problem[] =>
    settings['stream.kafka.sasl.mechanism'] === 'none' || settings[name] !== ''
      ? []
      : [{ place: placeOf('stream.kafka.sasl.mechanism'), problem: `stream.kafka.sasl.mechanism needs ${name}` }],
  );
  const twice =
    settings['search.elasticsearch.user'] !== '' && settings['search.elasticsearch.api_key_file'] !== ''
      ? [{ place: placeOf('search.elasticsearch.api_key_file'), problem: 'search.elasticsearch has a user and a key: leave one out' }]
      : [];
  return [...lonely, ...nobody, ...twice, ...sharedProblems(settings, placeOf('roles'))];
};
