// A process for the fault suite to kill: produces, reads and saves progress under load, and writes to stdout, which must be
// a file, what happened: a line an event, there before anything else goes on. Arguments: folder, name of the run, `honest` or `early`.
// `early` is the negative control: it calls a message acknowledged before its commit has answered.
import { writeSync } from 'node:fs';
import type { Event } from '../faults.ts';
import type { Consumer } from '../port.ts';
import { openLmdbStream } from './open.ts';

const [dir = '', run = '', mode = ''] = process.argv.slice(2);
const TOPIC = 'faults';
const say = (events: readonly Event[]): void => {
  writeSync(1, events.map((event) => `${JSON.stringify(event)}\n`).join(''));
};

const stream = await openLmdbStream({ dir });
await stream.ensureTopics([{ name: TOPIC, partitions: 2, retentionBytes: 1 << 30, retentionMs: 86_400_000 }]);

let consumer: Consumer | undefined;
consumer = await stream.consume(
  { group: 'killed', topics: [TOPIC] },
  {
    assigned: (_, saved) => Promise.resolve(saved === undefined ? undefined : BigInt(Buffer.from(saved.progress).toString())),
    deliver: async ({ messages, partition, topic }) => {
      say(messages.map((message) => ({ kind: 'read', partition, offset: String(message.offset), text: Buffer.from(message.value).toString() })));
      const next = String((messages.at(-1)?.offset ?? 0n) + 1n);
      if (consumer === undefined) return;
      await consumer.saveProgress({ topic, partition }, Buffer.from(next));
      say([{ kind: 'saved', partition, offset: next }]);
    },
    revoked: () => Promise.resolve(),
    failed: (error) => {
      throw error;
    },
  },
);

/** One sender: its messages in order, several calls on their way. */
const send = async (key: string): Promise<void> => {
  for (let call = 0; ; call++) {
    const texts = Array.from({ length: 1 + (call % 4) }, (_, i) => `${run}/${key}/${call}.${i}/${'x'.repeat((call * 97) % 3000)}`);
    say(texts.map((text) => ({ kind: 'sent', key, text })));
    const produced = stream.produce(
      TOPIC,
      texts.map((text) => {
        const shared = `${run}/${key}/${call >> 3}`;
        return { key, headers: { shared }, value: Buffer.from(text), shared: { key: shared, value: Buffer.from(`of ${shared}`) } };
      }),
    );
    if (mode === 'early') say(texts.map((text) => ({ kind: 'acked', text })));
    await produced;
    if (mode !== 'early') say(texts.map((text) => ({ kind: 'acked', text })));
  }
};
await Promise.all(Array.from({ length: 12 }, (_, i) => send(`k${i % 6}-${i}`)));
