// The product's topics on the embedded stream, all of it a small part of its size: while everybody reads, it takes many times its room, and
// never refuses for long; what nobody reads takes a small part of it. What happens while somebody does not read, is said in engines/stream/lmdb/lmdb.test.ts.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { MAX_BYTES, openLmdbStream } from '../engines/stream/lmdb/open.ts';
import type { Consumer } from '../engines/stream/port.ts';
import { DEAD_TOPIC } from '../schemas/tables.ts';
import { PARTITIONS, TOPICS, TOPOLOGY } from './topology.ts';

const PART = 1024;
/** The least `limits.stream`. */
const LEAST_BYTES = 2 ** 30;
const CLOSED = 0.8;
const TIMES = 4;
/** Of the least favourable size, and so many at once. */
const VALUE = new Uint8Array(4096).fill(7);
const AT_ONCE = 16;

const groupsOf = (name: string): readonly string[] => TOPOLOGY.filter(({ topic }) => topic === name).map(({ group }) => group);
const topicsOf = (part: number) =>
  TOPICS.map((topic) => ({ ...topic, retentionBytes: Math.ceil(topic.retentionBytes / part), partitions: PARTITIONS, groups: groupsOf(topic.name) }));

test('a stream that is read takes many times its room', { timeout: 240_000 }, async () => {
  const dir = mkdtempSync(join(tmpdir(), 'inframirror-room-'));
  const stream = await openLmdbStream({ dir, maxBytes: MAX_BYTES / PART, retentionEveryMs: 20, minFreeBytes: 0 });
  try {
    await stream.ensureTopics(topicsOf(PART));
    let read = 0;
    for (const { group, topic } of TOPOLOGY) {
      let consumer: Consumer | undefined;
      consumer = await stream.consume(
        { group, topics: [topic] },
        {
          assigned: async () => undefined,
          deliver: async ({ messages, topic: of, partition }) => {
            read += messages.length;
            const last = messages.at(-1)?.offset ?? 0n;
            await consumer?.saveProgress({ topic: of, partition }, new Uint8Array(8), last + 1n);
          },
          revoked: async () => undefined,
          failed: (error) => expect(error).toBeUndefined(),
        },
      );
    }
    const names = [...new Set(TOPOLOGY.map(({ topic }) => topic))];
    let sent = 0;
    for (let bytes = 0, call = 0; bytes < (TIMES * MAX_BYTES) / PART; call++) {
      const topic = names[call % names.length] as string;
      // As the door does, which sends its senders away meanwhile.
      while (stream.pressure(topic) >= CLOSED) await new Promise((resolve) => setTimeout(resolve, 10));
      await stream.produce(
        topic,
        Array.from({ length: AT_ONCE }, (_, i) => ({ key: `agent-${(call * AT_ONCE + i) % 97}`, headers: {}, value: VALUE })),
      );
      sent += AT_ONCE;
      bytes += AT_ONCE * VALUE.length;
    }
    await expect.poll(() => read, { timeout: 60_000 }).toBe(sent);
  } finally {
    await stream.close();
    rmSync(dir, { recursive: true, force: true });
  }
});

test('dead letters alone close no stream, however small it is and they are', { timeout: 120_000 }, async () => {
  const dir = mkdtempSync(join(tmpdir(), 'inframirror-room-'));
  // Of a much smaller one the last mebibyte, which counts as nothing, would be too large a part.
  const stream = await openLmdbStream({ dir, maxBytes: LEAST_BYTES / 32, retentionEveryMs: 20, minFreeBytes: 0 });
  try {
    await stream.ensureTopics(topicsOf(32));
    const letters = Array.from({ length: 256 }, (_, i) => ({ key: `agent-${i % 97}`, headers: {}, value: VALUE.subarray(0, 2000) }));
    for (let times = 0; times < 48; times++) await stream.produce(DEAD_TOPIC, letters);
    await expect.poll(() => stream.pressure(TOPOLOGY[0]?.topic ?? ''), { timeout: 30_000 }).toBeLessThan(0.2);
    // The last of them stay.
    expect((await stream.state()).bytes).toBeGreaterThan((LEAST_BYTES / 32) * 0.08);
  } finally {
    await stream.close();
    rmSync(dir, { recursive: true, force: true });
  }
});
