// Encrypted ways to a Kafka that asks for a name and a password, by each client and each mechanism.
import { writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { CERTIFICATE, KEY } from '../../../test/end-to-end/support/certificate.ts';
import { message, Recorder, until } from '../conformance-support.ts';
import type { KafkaSasl } from './client.ts';
import { type KafkaClientName, type KafkaStreamOptions, openKafkaStream } from './open.ts';
import { type Broker, startBroker } from './testing/broker.ts';

const MODULE = 'org.apache.kafka.common.security';

let dir: string;
let broker: Broker;
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'kafka-'));
  const store = join(dir, 'store.pem');
  const trusted = join(dir, 'trusted.pem');
  writeFileSync(store, `${KEY}${CERTIFICATE}`);
  writeFileSync(trusted, CERTIFICATE);
  broker = await startBroker({
    dir,
    protocol: 'SASL_SSL',
    scram: ['SCRAM-SHA-256=[name=alice,password=secret]', 'SCRAM-SHA-512=[name=alice,password=secret]'],
    settings: {
      'ssl.keystore.type': 'PEM',
      'ssl.keystore.location': store,
      'ssl.truststore.type': 'PEM',
      'ssl.truststore.location': trusted,
      'sasl.enabled.mechanisms': 'PLAIN,SCRAM-SHA-256,SCRAM-SHA-512',
      'sasl.mechanism.inter.broker.protocol': 'PLAIN',
      'listener.name.clients.plain.sasl.jaas.config': `${MODULE}.plain.PlainLoginModule required username="broker" password="b" user_broker="b" user_alice="secret";`,
      'listener.name.clients.scram-sha-256.sasl.jaas.config': `${MODULE}.scram.ScramLoginModule required;`,
      'listener.name.clients.scram-sha-512.sasl.jaas.config': `${MODULE}.scram.ScramLoginModule required;`,
    },
  });
});
afterAll(async () => {
  await broker.stop();
  await rm(dir, { recursive: true });
});

describe.each(['kafkajs', '@platformatic/kafka'] satisfies KafkaClientName[])('Kafka by %s', (client) => {
  const open = (options: Partial<KafkaStreamOptions>) =>
    openKafkaStream({ brokers: [`127.0.0.1:${broker.port}`], client, tls: { ca: CERTIFICATE }, patienceMs: 3000, sessionMs: 10_000, ...options });

  test.each(['plain', 'scram-sha-256', 'scram-sha-512'] satisfies KafkaSasl['mechanism'][])('messages go over TLS with a password by %s', async (mechanism) => {
    const stream = await open({ sasl: { mechanism, username: 'alice', password: 'secret' } });
    const topic = `secret.${client.length}.${mechanism}`;
    await stream.ensureTopics([{ name: topic, partitions: 1, retentionBytes: 1 << 30, retentionMs: 86_400_000 }]);
    await stream.produce(topic, [message('k', 'v')]);
    const reader = await new Recorder().start(stream, { group: `${topic}.g`, topics: [topic] });
    await until('it came', () => reader.texts().length === 1);
    await reader.consumer?.saveProgress({ topic, partition: 0 }, Uint8Array.of(1));
    await stream.close();
  });

  test.each([
    ['a wrong password', { sasl: { mechanism: 'plain', username: 'alice', password: 'guessed' } }, /authenticat|password/i],
    ['a certificate that nobody we trust has signed', { tls: {}, sasl: { mechanism: 'plain', username: 'alice', password: 'secret' } }, /certificate/i],
  ] as const)('%s is refused, and said', async (_, options, reason) => {
    const error = await open(options).then(
      () => undefined,
      (refused: { code?: string; parameters?: { reason?: string } }) => refused,
    );
    expect([error?.code, error?.parameters?.reason]).toEqual(['stream.unavailable', expect.stringMatching(reason)]);
    expect(String(error)).not.toContain('guessed');
  });
});
