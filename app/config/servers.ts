// What the settings may say of servers of their own that keep what the data folder keeps else, and what of it does not go together.
// It asks no server and reads no file.
import type { KafkaClientName } from '../../engines/stream/kafka/open.ts';
import type { Problem } from './problem.ts';
import type { SettingName, Settings } from './settings.ts';

export const KAFKA_CLIENTS = ['kafkajs', '@platformatic/kafka'] as const satisfies readonly KafkaClientName[];
export const SASL_MECHANISMS = ['none', 'plain', 'scram-sha-256', 'scram-sha-512'] as const;

export const brokerOffence = (value: string): string | undefined =>
  /^(\[[0-9a-fA-F:.]+\]|[\w.-]+):\d{1,5}$/.test(value) ? undefined : 'it must be HOST:PORT, such as kafka-1.example:9092';

/** Without path, as what is asked is put behind it, and without a password, which belongs in a file. */
export const httpOffence = (value: string): string | undefined => {
  const wrong = 'it must be http://HOST:PORT or https://HOST:PORT, without a path';
  if (!URL.canParse(value)) return wrong;
  const { protocol, pathname, search, hash, username, password } = new URL(value);
  if (username !== '' || password !== '') return 'user and password have settings of their own';
  return (protocol === 'http:' || protocol === 'https:') && pathname === '/' && search === '' && hash === '' ? undefined : wrong;
};

/** Settings that say nothing without another one, and what that is for. */
const NEEDS: Readonly<Partial<Record<SettingName, readonly [needed: SettingName, isSet: (settings: Settings) => boolean]>>> = {
  'stream.kafka.cert_file': ['stream.kafka.key_file', (s) => s['stream.kafka.key_file'] !== ''],
  'stream.kafka.key_file': ['stream.kafka.cert_file', (s) => s['stream.kafka.cert_file'] !== ''],
  'stream.kafka.ca_file': ['stream.kafka.tls', (s) => s['stream.kafka.tls']],
  'stream.kafka.tls': ['stream.kafka.brokers', (s) => s['stream.kafka.brokers'].length > 0],
  'stream.kafka.sasl.user': ['stream.kafka.sasl.mechanism', (s) => s['stream.kafka.sasl.mechanism'] !== 'none'],
  'stream.kafka.sasl.password_file': ['stream.kafka.sasl.mechanism', (s) => s['stream.kafka.sasl.mechanism'] !== 'none'],
  'columns.clickhouse.password_file': ['columns.clickhouse.urls', (s) => s['columns.clickhouse.urls'].length > 0],
  'records.postgres.ca_file': ['records.postgres.url_file', (s) => s['records.postgres.url_file'] !== ''],
};

/** Where one of each must be given: a mechanism of nobody signs nobody in. */
const isGiven = (value: unknown): boolean => value !== '' && value !== false && value !== 'none';

export const serverProblems = (settings: Settings, places: ReadonlyMap<SettingName, string>): readonly Problem[] => {
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
  return [...lonely, ...nobody];
};
