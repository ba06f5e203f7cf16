// Senders and a reader that save what they do in the oracle of the fault suite, and go on through whatever comes. No part of the product.
import { Recorder, until } from '../../conformance-support.ts';
import type { Oracle } from '../../faults.ts';
import type { Consumer, Stream } from '../../port.ts';

export const GROUP = 'worker';

/** Each sends its texts one call after the other until it is stopped. */
export const sendUntil = async (stream: Stream, topic: string, run: string, oracle: Oracle, isOver: () => boolean): Promise<void> => {
  const send = async (key: string): Promise<void> => {
    for (let call = 0; !isOver(); call++) {
      const texts = Array.from({ length: 1 + (call % 4) }, (_, i) => `${run}/${key}/${call}.${i}/${'x'.repeat((call * 97) % 3000)}`);
      for (const text of texts) oracle.note({ kind: 'sent', key, text });
      try {
        await stream.produce(
          topic,
          texts.map((text) => ({ key, headers: {}, value: Buffer.from(text) })),
        );
        for (const text of texts) oracle.note({ kind: 'acked', text });
      } catch {
        // Whether they are there is open; the next ones come behind them.
      }
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
  };
  await Promise.all(Array.from({ length: 6 }, (_, i) => send(`k${i}`)));
};

export interface Worker {
  /** How many messages it has read and saved. */
  readonly done: () => number;
  readonly errors: Error[];
  stop(): Promise<void>;
}

/** Reads and saves, from where it was left. */
export const work = async (stream: Stream, topic: string, oracle: Oracle): Promise<Worker> => {
  const errors: Error[] = [];
  let count = 0;
  const consumer: Consumer = await stream.consume(
    { group: GROUP, topics: [topic], maxBytes: 20_000 },
    {
      assigned: (_, saved) => Promise.resolve(saved === undefined ? undefined : BigInt(Buffer.from(saved.progress).toString())),
      deliver: async ({ messages, partition }) => {
        for (const { offset, value } of messages) oracle.note({ kind: 'read', partition, offset: String(offset), text: Buffer.from(value).toString() });
        const next = (messages.at(-1)?.offset ?? 0n) + 1n;
        for (let isSaved = false; !isSaved; )
          try {
            await consumer.saveProgress({ topic, partition }, Buffer.from(String(next)), next);
            isSaved = true;
          } catch (error) {
            const { code } = error as { code?: string };
            // Another has it by now and does it again.
            if (code === 'stream.fenced') return;
            if (code !== 'stream.unavailable') throw error;
          }
        oracle.note({ kind: 'saved', partition, offset: String(next) });
        count += messages.length;
      },
      revoked: () => Promise.resolve(),
      failed: (error) => void errors.push(error),
    },
  );
  return { done: () => count, errors, stop: () => consumer.stop() };
};

/** What is wrong with the log by now. */
export const judge = async (stream: Stream, topic: string, oracle: Oracle): Promise<string[]> => {
  const reader = await new Recorder().start(stream, { group: `judge-${Math.random()}`, topics: [topic] });
  const states = await stream.partitions(topic);
  const ends = (partition: number): bigint => (reader.messages.findLast((m) => m.partition === partition)?.offset ?? -1n) + 1n;
  await until('all is read', () => states.every(({ partition, earliest, next }) => next === earliest || ends(partition) >= next));
  await reader.stop();
  const progress = new Map((await stream.committed(GROUP, topic)).map(({ partition, progress }) => [partition, BigInt(Buffer.from(progress).toString())]));
  return oracle.judge(reader.messages, progress);
};
