// A worker for the fault suite to stop and to let go on: it reads and saves, and writes to stdout, a line each, what it saved and what was
// refused. Arguments: brokers, client, topic, session in ms.
import { writeSync } from 'node:fs';
import type { Consumer } from '../port.ts';
import { type KafkaClientName, openKafkaStream } from './open.ts';

const [brokers = '', client = '', topic = '', session = ''] = process.argv.slice(2);
const say = (...words: readonly (string | number | bigint)[]): void => void writeSync(1, `${words.join(' ')}\n`);

const stream = await openKafkaStream({ brokers: [brokers], client: client as KafkaClientName, sessionMs: Number(session), beatMs: 200, requestMs: 2000 });
const consumer: Consumer = await stream.consume(
  { group: 'worker', topics: [topic], maxBytes: 20_000 },
  {
    assigned: (_, saved) => Promise.resolve(saved === undefined ? undefined : BigInt(Buffer.from(saved.progress).toString())),
    deliver: async ({ messages, partition }) => {
      const next = (messages.at(-1)?.offset ?? 0n) + 1n;
      // A save is nearly always on its way when the process is stopped.
      for (let i = 0; i < 5; i++)
        try {
          await consumer.saveProgress({ topic, partition }, Buffer.from(String(next)), next);
          say('saved', partition, next);
        } catch (error) {
          say('refused', (error as { code?: string }).code ?? String(error));
          return;
        }
    },
    revoked: async ({ partition }) => say('revoked', partition),
    failed: (error) => say('failed', error.message),
  },
);
