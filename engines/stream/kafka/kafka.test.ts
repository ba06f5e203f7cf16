// The stream on a real Kafka against the contract of the port, by each of the two clients, and what only a Kafka brings: topics that others
// delete, groups of other processes, and traps of the clients. Faults: `faults.test.ts`.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Kafka, logLevel } from 'kafkajs';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { streamConformance } from '../conformance.ts';
import { message, numbers, Recorder, until } from '../conformance-support.ts';
import { codeOf } from '../testing/logs.ts';
import { type KafkaClientName, type KafkaStreamOptions, openKafkaStream, type ServedStream } from './open.ts';
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

describe.each(['kafkajs', '@platformatic/kafka'] satisfies KafkaClientName[])('Kafka by %s', (client) => {
  const ends: (() => Promise<unknown>)[] = [];
  afterEach(async () => {
    for (const end of ends.splice(0).reverse()) await end();
  });
  const open = async (options: Partial<KafkaStreamOptions> = {}): Promise<ServedStream> => {
    const stream = await openKafkaStream({ brokers: [`127.0.0.1:${broker.port}`], client, sessionMs: 10_000, beatMs: 200, ...options });
    ends.push(() => stream.close());
    return stream;
  };
  let made = 0;
  const nameOne = (): string => `kafka.${client.length}.${++made}`;
  const topicOf = (name: string, more: { readonly groups?: readonly string[]; readonly partitions?: number } = {}) => ({
    name,
    partitions: 1,
    retentionBytes: 0,
    retentionMs: 86_400_000,
    ...more,
  });

  test('refuses a topic with another number of partitions, and says both', async () => {
    const stream = await open();
    const name = nameOne();
    await stream.ensureTopics([topicOf(name, { partitions: 2 })]);
    await expect(stream.ensureTopics([topicOf(name, { partitions: 3 })])).rejects.toMatchObject({
      code: 'stream.other-partitions',
      parameters: { topic: name, there: 2, wanted: 3 },
    });
  });

  test('sets no timer for a time that has passed, which would run again and again', async () => {
    const timers = vi.spyOn(globalThis, 'setTimeout');
    ends.push(async () => timers.mockRestore());
    const stream = await open();
    const name = nameOne();
    await stream.ensureTopics([topicOf(name)]);
    await stream.produce(name, [message('k', 'v')]);
    const delays = timers.mock.calls.map(([, delay]) => delay ?? 0);
    expect(delays.length).toBeGreaterThan(0);
    expect(delays.filter((delay) => delay < 0)).toEqual([]);
  });

  test('a topic that is deleted ends its consumer, and made anew it is read from its beginning', async () => {
    const stream = await open();
    const name = nameOne();
    const admin = new Kafka({ brokers: [`127.0.0.1:${broker.port}`], logLevel: logLevel.NOTHING }).admin();
    await admin.connect();
    ends.push(() => admin.disconnect());
    await stream.ensureTopics([topicOf(name)]);
    await stream.produce(
      name,
      numbers(5).map((n) => message('k', n)),
    );
    const first = await new Recorder().start(stream, { group: `${name}.g`, topics: [name] });
    await until('all came', () => first.messages.length === 5);
    await first.consumer?.saveProgress({ topic: name, partition: 0 }, Uint8Array.of(1), 5n);
    await admin.deleteTopics({ topics: [name] });
    await until('it is told', () => first.errors.length === 1);
    expect(first.errors[0]?.message).toContain(`no topic "${name}"`);
    await expect(stream.produce(name, [message('k', 'v')])).rejects.toThrow(`no topic "${name}"`);
    await stream.ensureTopics([topicOf(name)]);
    await stream.produce(name, [message('k', 'new')]);
    const second = await new Recorder().start(stream, { group: `${name}.g`, topics: [name] });
    await until('the new one came', () => second.messages.length === 1);
    expect([second.texts(), second.progress.get(`${name}/0`)]).toEqual([['new'], undefined]);
  });

  test('what nobody reads is taken when all else is full', async () => {
    const stream = await open({ maxBytes: 10_000, keepEveryMs: 100 });
    const [read, dead] = [nameOne(), nameOne()];
    await stream.ensureTopics([topicOf(read, { groups: [`${read}.g`] }), topicOf(dead, { groups: [] })]);
    await stream.produce(read, [{ ...message('k', 'v'), value: new Uint8Array(20_000) }]);
    expect(await codeOf(stream.produce(read, [message('k', 'v')]))).toBe('stream.full');
    await stream.produce(dead, [message('k', 'v')]);
  });

  test('says whose it is, as it was told last, to whoever opens it', async () => {
    const [one, other] = [await open(), await open()];
    for (const name of ['first', 'second']) {
      await one.belongTo(name);
      expect([await one.owner(), await other.owner()]).toEqual([name, name]);
    }
  });

  test('deletes what all groups are done with, and nothing of what a named group that never came needs', async () => {
    const stream = await open({ keepEveryMs: 100 });
    const name = nameOne();
    const at = { topic: name, partition: 0 };
    await stream.ensureTopics([topicOf(name, { groups: [`${name}.a`, `${name}.b`] })]);
    const earliest = async (): Promise<bigint | undefined> => (await stream.partitions(name))[0]?.earliest;
    const shared = { key: 'set', value: Buffer.from('one') };
    await stream.produce(
      name,
      numbers(10).map((n) => ({ ...message('k', n), shared })),
    );
    const a = await new Recorder().start(stream, { group: `${name}.a`, topics: [name] });
    await until('all came', () => a.messages.length === 10);
    await a.consumer?.saveProgress(at, Uint8Array.of(1), 8n);
    expect((await stream.state()).groups).toMatchObject([
      { group: `${name}.a`, waiting: 2n, isJoined: true },
      { group: `${name}.b`, waiting: 10n, isJoined: false },
    ]);
    await new Promise((resolve) => setTimeout(resolve, 500));
    expect(await earliest()).toBe(0n);
    await stream.reset(`${name}.b`, at, Uint8Array.of(1), 9n);
    await until('it is gone', async () => (await earliest()) === 8n);
    await a.consumer?.saveCheckpoint(at, Uint8Array.of(2), 8n);
    await a.consumer?.saveProgress(at, Uint8Array.of(1), 10n);
    await new Promise((resolve) => setTimeout(resolve, 500));
    // The checkpoint says that what follows it is there.
    expect(await earliest()).toBe(8n);
    expect(Buffer.from((await stream.shared(at, 'set')) ?? []).toString()).toBe('one');
  });

  test('is full when more than its room waits for readers, and takes more once they have read it', async () => {
    const stream = await open({ maxBytes: 1 << 20, keepEveryMs: 100 });
    const name = nameOne();
    const at = { topic: name, partition: 0 };
    await stream.ensureTopics([topicOf(name, { groups: [`${name}.g`] })]);
    const send = (): Promise<string> => codeOf(stream.produce(name, [message('k', 'x'.repeat(300_000))]));
    let last = 'ok';
    while (last === 'ok') last = await send();
    expect([last, stream.pressure(name)]).toEqual(['stream.full', 1]);
    const reader = await new Recorder().start(stream, { group: `${name}.g`, topics: [name] });
    await until('all came', async () => reader.messages.at(-1)?.offset === ((await stream.partitions(name))[0]?.next ?? 0n) - 1n);
    await reader.consumer?.saveProgress(at, Uint8Array.of(1));
    await until('there is room', async () => (await send()) === 'ok');
  });

  test('a large value that messages share comes whole', async () => {
    const stream = await open();
    const name = nameOne();
    await stream.ensureTopics([topicOf(name)]);
    const value = new Uint8Array(3_000_000).map((_, i) => i * 7);
    await stream.produce(name, [{ ...message('k', 'v'), shared: { key: 'large', value } }]);
    const found = await (await open()).shared({ topic: name, partition: 0 }, 'large');
    expect(Buffer.compare(found ?? new Uint8Array(), value)).toBe(0);
  });

  test('groups of two processes share partitions, and what one holds is told to the other', async () => {
    const [one, two] = [await open(), await open()];
    const name = nameOne();
    await one.ensureTopics([topicOf(name, { partitions: 4 })]);
    const a = await new Recorder().start(one, { group: `${name}.g`, topics: [name] });
    await until('it has all', () => a.owned.size === 4);
    const b = await new Recorder().start(two, { group: `${name}.g`, topics: [name] });
    await until('each has half', () => a.owned.size === 2 && b.owned.size === 2);
    for (const at of b.owned) await b.consumer?.saveProgress({ topic: name, partition: Number(at.split('/')[1]) }, Uint8Array.of(1));
    expect((await one.committed(`${name}.g`, name)).map(({ isOwned }) => isOwned)).toEqual([true, true]);
    expect(await codeOf(one.forget(`${name}.g`))).toBe('stream.group-in-use');
    await b.stop();
    await until('the first has all again', () => a.owned.size === 4);
  });
});
