// The contract of a stream as to topics and messages: in order, once, whole, with what they share, and after opening again.
import { expect, test } from 'vitest';
import { message, numbers, Recorder, type UnderContract, until } from './conformance-support.ts';
import type { StoredMessage } from './port.ts';

export const messagesContract = (under: UnderContract): void => {
  test('keeps a topic that is there, with its number of partitions', async () => {
    const topic = await under.topicOf(3);
    // Whether another number is refused or left aside is the implementation's: none moves a key.
    const other = await under.stream.ensureTopics([{ name: topic, partitions: 5, retentionBytes: 1 << 30, retentionMs: 86_400_000 }]).then(
      () => 'kept',
      (error: { code?: string }) => error.code,
    );
    expect(['kept', 'stream.other-partitions']).toContain(other);
    expect((await under.stream.partitions(topic)).map(({ partition }) => partition).sort()).toEqual([0, 1, 2]);
  });

  test('delivers every message once, whole, in the order of its key', async () => {
    const topic = await under.topicOf(3);
    const keys = ['a', 'b', 'c', 'd', 'ключ', ''];
    await Promise.all(
      numbers(40).map((n) =>
        under.stream.produce(
          topic,
          keys.map((key) => message(key, `${key}:${n}`, { n, ü: 'ß' })),
        ),
      ),
    );
    await under.stream.produce(topic, [
      { key: 'bytes', headers: {}, value: Uint8Array.from({ length: 256 }, (_, i) => i) },
      { key: 'bytes', headers: {}, value: new Uint8Array(0) },
    ]);
    const reader = await new Recorder().start(under.stream, { group: `${topic}.g`, topics: [topic] });
    await until('all came', () => reader.messages.length >= 40 * keys.length + 2);
    await reader.stop();
    expect(new Set(reader.texts()).size).toBe(40 * keys.length + 2);
    for (const key of keys) {
      const own = reader.messages.filter((m) => m.key === key);
      expect(new Set(own.map((m) => m.partition)).size).toBe(1);
      expect(own.map((m) => Buffer.from(m.value).toString()).sort()).toEqual(
        numbers(40)
          .map((n) => `${key}:${n}`)
          .sort(),
      );
      expect(own.every((m) => m.headers.ü === 'ß' && m.topic === topic)).toBe(true);
    }
    expect(reader.messages.filter((m) => m.key === 'bytes').map((m) => [...m.value])).toEqual([Array.from({ length: 256 }, (_, i) => i), []]);
    for (const partition of [0, 1, 2]) {
      const offsets = reader.messages.filter((m) => m.partition === partition).map((m) => m.offset);
      expect(offsets.every((offset, i) => i === 0 || offset > (offsets[i - 1] as bigint))).toBe(true);
    }
  });

  test('keeps the order of one call and of calls that follow each other', async () => {
    const topic = await under.topicOf(1);
    for (let call = 0; call < 5; call++)
      await under.stream.produce(
        topic,
        numbers(20, call * 20).map((n) => message('k', n)),
      );
    const reader = await new Recorder().start(under.stream, { group: `${topic}.g`, topics: [topic] });
    await until('all came', () => reader.messages.length >= 100);
    await reader.stop();
    expect(reader.texts()).toEqual(numbers(100));
  });

  test('delivers what comes later, and leaves what it gave out untouched', async () => {
    const topic = await under.topicOf(1);
    const reader = await new Recorder().start(under.stream, { group: `${topic}.g`, topics: [topic] });
    for (const n of numbers(30)) {
      await under.stream.produce(topic, [message('k', n.padStart(3000, 'x'))]);
      await until('it came', () => reader.messages.length > Number(n));
    }
    await reader.stop();
    expect(reader.texts()).toEqual(numbers(30).map((n) => n.padStart(3000, 'x')));
  });

  test('takes messages of 1 MiB, such as can be compressed and such as cannot', async () => {
    const topic = await under.topicOf(1);
    const values = [new Uint8Array(1 << 20).fill(7), crypto.getRandomValues(new Uint8Array(1 << 16)), new Uint8Array(1 << 20)];
    for (let at = 0; at < 1 << 20; at += 1 << 16) crypto.getRandomValues((values[2] as Uint8Array<ArrayBuffer>).subarray(at, at + (1 << 16)));
    await under.stream.produce(
      topic,
      values.map((value) => ({ key: 'k', headers: {}, value })),
    );
    const reader = await new Recorder().start(under.stream, { group: `${topic}.g`, topics: [topic] });
    await until('all came', () => reader.messages.length >= 3);
    await reader.stop();
    expect(reader.messages.map(({ value }, i) => Buffer.compare(value, values[i] as Uint8Array))).toEqual([0, 0, 0]);
  });

  test('finds the first message that came at or after a time', async () => {
    const topic = await under.topicOf(1);
    const at = { topic, partition: 0 };
    for (const n of numbers(3)) {
      await under.stream.produce(topic, [message('k', n)]);
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    const between = Date.now();
    await new Promise((resolve) => setTimeout(resolve, 5));
    await under.stream.produce(topic, [message('k', 'late')]);
    const reader = await new Recorder().start(under.stream, { group: `${topic}.g`, topics: [topic] });
    await until('all came', () => reader.messages.length >= 4);
    await reader.stop();
    expect(await under.stream.offsetAt(at, 0)).toBe(reader.messages[0]?.offset);
    expect(await under.stream.offsetAt(at, between)).toBe(reader.messages[3]?.offset);
    expect(await under.stream.offsetAt(at, Date.now() + 60_000)).toBe((await under.stream.partitions(topic))[0]?.next);
  });

  test('tells how full it is for a topic, between 0 and 1', async () => {
    const topic = await under.topicOf(1);
    await under.stream.produce(topic, [message('k', 'x'.repeat(1000))]);
    const pressure = under.stream.pressure(topic);
    expect(pressure >= 0 && pressure <= 1).toBe(true);
    expect((await under.stream.state()).topics.find((state) => state.topic === topic)?.share).toBeGreaterThan(0);
    await expect(under.stream.ensureTopics([{ name: `${topic}.x`, partitions: 1, retentionBytes: 1, retentionMs: 1, share: 1.5 }])).rejects.toThrow('share');
    // Together they are promised no more than there is.
    const half = ['x', 'y'].map((end) => ({ name: `${topic}.${end}`, partitions: 1, retentionBytes: 1, retentionMs: 1, share: 0.6 }));
    await expect(under.stream.ensureTopics(half)).rejects.toThrow('the room together');
    expect((await under.stream.state()).topics.some((state) => state.topic === `${topic}.x`)).toBe(false);
  });

  test('tells where a partition begins and ends', async () => {
    const topic = await under.topicOf(1);
    const [before] = await under.stream.partitions(topic);
    expect(before).toMatchObject({ topic, partition: 0, bytes: 0 });
    expect(before?.earliest).toBe(before?.next);
    await under.stream.produce(topic, [message('k', 'x'.repeat(1000))]);
    const [after] = await under.stream.partitions(topic);
    expect((after?.next ?? 0n) > (before?.next ?? 0n)).toBe(true);
    expect(after?.bytes).toBeGreaterThanOrEqual(1);
  });

  test('keeps what messages share once, under its key and partition, for whoever asks', async () => {
    const topic = await under.topicOf(2);
    const shared = (key: string, value: string) => ({ key, value: new TextEncoder().encode(value) });
    const told = async (partition: number, key: string): Promise<string | undefined> => {
      const found = await under.stream.shared({ topic, partition }, key);
      return found === undefined ? undefined : Buffer.from(found).toString();
    };
    await Promise.all(numbers(20).map((n) => under.stream.produce(topic, [{ ...message('a', n), shared: shared('set', 'one, two') }, message('a', `${n}+`)])));
    const reader = await new Recorder().start(under.stream, { group: `${topic}.g`, topics: [topic] });
    await until('all came', () => reader.messages.length >= 40);
    await reader.stop();
    const { partition } = reader.messages[0] as StoredMessage;
    expect(await told(partition, 'set')).toBe('one, two');
    expect(await told(1 - partition, 'set')).toBe(undefined);
    expect(await told(partition, 'other')).toBe(undefined);
    await under.stream.produce(topic, [{ ...message('a', 'more'), shared: shared('other', 'three') }]);
    await under.reopen();
    expect([await told(partition, 'set'), await told(partition, 'other')]).toEqual(['one, two', 'three']);
    await under.stream.produce(topic, [{ ...message('a', 'more'), shared: shared('set', 'one, two') }]);
    expect(await told(partition, 'set')).toBe('one, two');
    await expect(under.stream.produce(topic, [{ ...message('a', 'none'), shared: shared('empty', '') }])).rejects.toThrow('share');
    await expect(under.stream.shared({ topic, partition: 7 }, 'set')).rejects.toThrow();
  });

  test('shows messages from an offset on without a group, in pieces, and none at the end', async () => {
    const topic = await under.topicOf(1);
    await under.stream.produce(
      topic,
      numbers(10).map((n) => message('k', n.repeat(100))),
    );
    const at = { topic, partition: 0 };
    const seen: string[] = [];
    let from = (await under.stream.partitions(topic))[0]?.earliest ?? 0n;
    for (;;) {
      const some = await under.stream.peek(at, from, 250);
      const last = some.at(-1);
      if (last === undefined) break;
      expect(some.length).toBeLessThanOrEqual(3);
      seen.push(...some.map(({ value }) => Buffer.from(value).toString().slice(0, 1)));
      from = last.offset + 1n;
    }
    expect(seen).toEqual(numbers(10));
    expect(await under.stream.peek(at, from - 1n, 1)).toHaveLength(1);
  });

  test('refuses a topic that is not there', async () => {
    await expect(under.stream.produce(`conformance.${under.run}.none`, [message('k', 'v')])).rejects.toThrow();
  });

  test('has after opening again what it had, and goes on behind it', async () => {
    const topic = await under.topicOf(2);
    const group = `${topic}.g`;
    await under.stream.produce(
      topic,
      numbers(20).map((n) => message(n, n)),
    );
    const first = await new Recorder().start(under.stream, { group, topics: [topic] });
    await until('all came', () => first.messages.length >= 20);
    for (const partition of [0, 1]) await first.consumer?.saveProgress({ topic, partition }, new TextEncoder().encode(`p${partition}`));
    const last = new Map([0, 1].map((partition) => [partition, first.messages.findLast((m) => m.partition === partition)?.offset ?? -1n]));
    await under.reopen();
    await under.stream.produce(
      topic,
      numbers(20, 20).map((n) => message(n, n)),
    );
    const second = await new Recorder().start(under.stream, { group, topics: [topic] });
    await until('all came', () => second.messages.length >= 40);
    await second.stop();
    expect(
      second
        .texts()
        .map(Number)
        .sort((a, b) => a - b)
        .map(String),
    ).toEqual(numbers(40));
    expect([...second.progress].sort().map(([, progress]) => Buffer.from(progress as Uint8Array).toString())).toEqual(['p0', 'p1']);
    for (const m of second.messages) if (Number(Buffer.from(m.value).toString()) >= 20) expect(m.offset > (last.get(m.partition) as bigint)).toBe(true);
  });
};
