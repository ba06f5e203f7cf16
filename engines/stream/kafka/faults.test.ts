// What may happen to brokers, to the ways to them and to workers, under load, by each client: what was acknowledged stands afterwards, once and
// in order, saved progress never falls, and work goes on by itself.
import { spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { sized } from '../../../test/support/long.ts';
import { freePort } from '../../testing/ports.ts';
import { message, numbers, Recorder, until } from '../conformance-support.ts';
import { Oracle } from '../faults.ts';
import type { Stream } from '../port.ts';
import { type KafkaClientName, openKafkaStream } from './open.ts';
import { BadWay } from './testing/bad-way.ts';
import { type Broker, startBroker } from './testing/broker.ts';
import { judge, sendUntil, work } from './testing/load.ts';

const SESSION_MS = 2000;
const WORKER = fileURLToPath(new URL('./faults-process.ts', import.meta.url));
const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

let dir: string;
let port: number;
let broker: Broker;
let way: BadWay;
const start = (): Promise<Broker> => startBroker({ dir, port: broker.port, advertisedPort: port });
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'kafka-'));
  port = await freePort();
  broker = await startBroker({ dir, advertisedPort: port });
  way = await BadWay.listen(port, broker.port);
});
afterAll(async () => {
  await way.close();
  await broker.stop();
  await rm(dir, { recursive: true });
});

describe.each(['kafkajs', '@platformatic/kafka'] satisfies KafkaClientName[])('Kafka by %s', (client) => {
  const open = () => openKafkaStream({ brokers: [`127.0.0.1:${port}`], client, sessionMs: SESSION_MS, beatMs: 200, requestMs: 1000, patienceMs: 15_000 });
  let made = 0;

  /** Under load: does what is to happen, waits until work goes on behind it, and tells what is wrong then. */
  const under = async (happens: (stream: Stream, topic: string) => Promise<void>, rounds: number): Promise<string[]> => {
    const stream = await open();
    const topic = `faults.${client.length}.${++made}`;
    await stream.ensureTopics([{ name: topic, partitions: 2, retentionBytes: 1 << 30, retentionMs: 86_400_000 }]);
    const oracle = new Oracle();
    let isOver = false;
    const sending = sendUntil(stream, topic, `r${made}`, oracle, () => isOver);
    const worker = await work(stream, topic, oracle);
    for (let round = 0; round < rounds; round++) {
      const [before, acked] = [worker.done(), oracle.acked.size];
      await until('there is work', () => worker.done() > before + 20);
      await happens(stream, topic);
      const [done, since] = [worker.done(), oracle.acked.size];
      await until('sending goes on', () => oracle.acked.size > since + 20);
      await until('reading goes on', () => worker.done() > done + 20);
      expect(since).toBeGreaterThanOrEqual(acked);
    }
    isOver = true;
    await sending;
    await until('the rest is read', async () => {
      const states = await stream.partitions(topic);
      const committed = await stream.committed('worker', topic);
      return states.every(({ partition, next }) => committed.find((at) => at.partition === partition)?.next === next);
    });
    await worker.stop();
    const wrong = await judge(stream, topic, oracle);
    await stream.close();
    return [...wrong, ...worker.errors.map((error) => `the worker ended: ${error.message}`)];
  };

  test('a broker that is killed and comes again', async () => {
    const wrong = await under(
      async () => {
        await broker.kill();
        await pause(Math.random() * 500);
        broker = await start();
      },
      sized(1, 20),
    );
    expect(wrong).toEqual([]);
  });

  test('a way to the broker that is slow', async () => {
    const wrong = await under(async () => {
      way.delayMs = 100;
      await pause(sized(2000, 20_000));
      way.delayMs = 0;
    }, 1);
    expect(wrong).toEqual([]);
  });

  test('connections that are open at one end only', async () => {
    const wrong = await under(async () => way.silence('all'), sized(1, 10));
    expect(wrong).toEqual([]);
  });

  test('a message whose answer is lost is stored once, though it is sent again', async () => {
    const stream = await open();
    const topic = `faults.${client.length}.${++made}`;
    await stream.ensureTopics([{ name: topic, partitions: 1, retentionBytes: 1 << 30, retentionMs: 86_400_000 }]);
    await stream.produce(topic, [message('k', 'first')]);
    way.silence('answers');
    await stream.produce(topic, [message('k', 'second')]);
    const found = await stream.peek({ topic, partition: 0 }, 0n, 1000);
    expect(found.map(({ value }) => Buffer.from(value).toString())).toEqual(['first', 'second']);
    await stream.close();
  });

  test('a group that changes all the time', async () => {
    const wrong = await under(
      async (stream, topic) => {
        const another = await work(stream, topic, new Oracle());
        await pause(sized(1500, 2000));
        await another.stop();
        expect(another.errors).toEqual([]);
      },
      sized(3, 30),
    );
    expect(wrong).toEqual([]);
  });

  test('a worker that is stopped for longer than its session saves nothing when it goes on', async () => {
    const stream = await open();
    const topic = `faults.${client.length}.${++made}`;
    await stream.ensureTopics([{ name: topic, partitions: 1, retentionBytes: 1 << 30, retentionMs: 86_400_000 }]);
    const at = { topic, partition: 0 };
    const events = join(dir, `${topic}.events`);
    const file = openSync(events, 'a');
    const child = spawn(process.execPath, [WORKER, `127.0.0.1:${port}`, client, topic, String(SESSION_MS)], { stdio: ['ignore', file, 'inherit'] });
    closeSync(file);
    const told = (): string[] => readFileSync(events, 'utf8').split('\n').slice(0, -1);
    try {
      let isOver = false;
      let sent = 0;
      const sending = (async () => {
        for (; !isOver; sent++) {
          await stream.produce(topic, [message('k', String(sent))]);
          await pause(5);
        }
      })();
      await until('it works', () => told().length > 50);
      child.kill('SIGSTOP');
      const before = told().length;
      const heir = new Recorder();
      heir.from = (_, progress) => BigInt(Buffer.from(progress ?? []).toString());
      heir.work = async ({ messages }) => {
        const next = (messages.at(-1)?.offset ?? 0n) + 1n;
        await heir.consumer?.saveProgress(at, Buffer.from(String(next)), next);
      };
      await heir.start(stream, { group: 'worker', topics: [topic] });
      await until('another has what it had', () => heir.messages.length > 20);
      const saved = (await stream.committed('worker', topic))[0]?.next ?? 0n;
      child.kill('SIGCONT');
      const since = (): string[] => told().slice(before);
      await until('it is told so', () => since().some((line) => !line.startsWith('saved')));
      isOver = true;
      await sending;
      await until('the rest is read', () => heir.texts().at(-1) === String(sent - 1));
      // At most the one that was answered while it stood still.
      const late = since().slice(
        0,
        since().findIndex((line) => !line.startsWith('saved')),
      );
      expect(late.length).toBeLessThanOrEqual(1);
      for (const line of late) expect(BigInt(line.split(' ')[2] as string)).toBeLessThanOrEqual(saved);
      expect((await stream.committed('worker', topic))[0]?.next).toBe((heir.messages.at(-1)?.offset ?? 0n) + 1n);
      expect(numbers(heir.messages.length, Number(heir.texts()[0]))).toEqual(heir.texts());
      await heir.stop();
    } finally {
      child.kill('SIGKILL');
    }
    await stream.close();
  });
});
