// What the settings may say of servers of their own, which keep what the data folder keeps else. What of it does not go together is in
// `together.ts`.
import type { KafkaClientName } from '../../engines/stream/kafka/open.ts';

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
