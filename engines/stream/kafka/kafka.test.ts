// The stream on a real Kafka against the contract of the port, by each of the two clients.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll } from 'vitest';
import { streamConformance } from '../conformance.ts';
import { type KafkaClientName, openKafkaStream } from './open.ts';
import { type Broker, startBroker } from './testing/broker.ts';

let dir: string;
let broker: Broker;
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'kafka-'));
  broker = await startBroker({ dir });
});
afterAll(async () => {
  await broker.stop();
  await rm(dir, { recursive: true });
});

for (const client of ['kafkajs', '@platformatic/kafka'] satisfies KafkaClientName[])
  streamConformance(`Kafka by ${client}`, async () => {
    const open = () => openKafkaStream({ brokers: [`127.0.0.1:${broker.port}`], client, sessionMs: 10_000, beatMs: 200 });
    let stream = await open();
    return {
      stream,
      reopen: async () => {
        await stream.close();
        stream = await open();
        return stream;
      },
      end: () => stream.close(),
    };
  });
