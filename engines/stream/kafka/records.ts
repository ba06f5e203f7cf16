// A message of the port as a record of Kafka, and back.
import type { Message, StoredMessage, TopicPartition } from '../port.ts';
import type { FetchedRecord, KafkaRecord } from './client.ts';

export const recordOf = ({ key, value, headers }: Omit<Message, 'shared'>): KafkaRecord => ({ key: Buffer.from(key), value, headers });

const EMPTY = new Uint8Array(0);

export const messageOf = ({ topic, partition }: TopicPartition, { key, value, headers, offset }: FetchedRecord): StoredMessage => ({
  topic,
  partition,
  offset,
  key: String(key),
  headers,
  value: value ?? EMPTY,
});

export const bytesOf = (messages: readonly StoredMessage[]): number => messages.reduce((sum, { value }) => sum + value.length, 0);

/** The first ones, at least one. */
export const upTo = (messages: readonly StoredMessage[], maxBytes: number): StoredMessage[] => {
  let bytes = 0;
  const end = messages.findIndex(({ value }, i) => {
    bytes += value.length;
    return i > 0 && bytes > maxBytes;
  });
  return messages.slice(0, end < 0 ? messages.length : end);
};
