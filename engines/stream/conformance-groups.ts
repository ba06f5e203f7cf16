// The contract of a stream as to groups and their consumers: who has which partition, what is handed on, and what is saved.
import { expect, test } from 'vitest';
import { hasCode } from '../../core/errors.ts';
import { message, numbers, Recorder, type UnderContract, until } from './conformance-support.ts';
import type { StoredMessage } from './port.ts';

export const groupsContract = (under: UnderContract): void => {
  test('gives every group everything', async () => {
    const topic = await under.topicOf(2);
    await under.stream.produce(
      topic,
      numbers(50).map((n) => message(n, n)),
    );
    const readers = await Promise.all(['a', 'b'].map((group) => new Recorder().start(under.stream, { group: `${topic}.${group}`, topics: [topic] })));
    for (const reader of readers) {
      await until('all came', () => reader.messages.length >= 50);
      await reader.stop();
      expect(
        reader
          .texts()
          .map(Number)
          .sort((a, b) => a - b)
          .map(String),
      ).toEqual(numbers(50));
    }
  });

  test('hands progress and position on to the next owner', async () => {
    const topic = await under.topicOf(1);
    const group = `${topic}.g`;
    await under.stream.produce(
      topic,
      numbers(10).map((n) => message('k', n)),
    );
    const first = new Recorder();
    await first.start(under.stream, { group, topics: [topic] });
    await until('all came', () => first.messages.length >= 10);
    expect([...first.progress.values()]).toEqual([undefined]);
    const position = (first.messages[5] as StoredMessage).offset;
    await first.consumer?.saveProgress({ topic, partition: 0 }, new TextEncoder().encode('old'));
    await first.consumer?.saveProgress({ topic, partition: 0 }, new TextEncoder().encode(String(position)));
    await first.stop();
    const second = new Recorder();
    second.from = (_, progress) => BigInt(Buffer.from(progress as Uint8Array).toString());
    await second.start(under.stream, { group, topics: [topic] });
    await until('the rest came', () => second.messages.length >= 5);
    await second.stop();
    expect(second.texts()).toEqual(numbers(5, 5));
  });

  test('takes progress of 256 KiB and a checkpoint of 1 MiB, hands both on, and refuses more', async () => {
    const topic = await under.topicOf(1);
    const at = { topic, partition: 0 };
    const group = `${topic}.g`;
    const first = await new Recorder().start(under.stream, { group, topics: [topic] });
    await until('it is assigned', () => first.owned.size === 1);
    expect(first.consumer?.owned(at)).toBeGreaterThan(0);
    expect(first.consumer?.owned({ topic, partition: 7 })).toBe(0);
    const [small, large] = [new Uint8Array(256 << 10).fill(7), new Uint8Array(1 << 20).fill(8)];
    await first.consumer?.saveCheckpoint(at, large, 0n);
    await first.consumer?.saveProgress(at, small);
    await expect(first.consumer?.saveProgress(at, new Uint8Array((256 << 10) + 1))).rejects.toThrow();
    await expect(first.consumer?.saveCheckpoint(at, new Uint8Array((1 << 20) + 1), 0n)).rejects.toThrow();
    await first.stop();
    expect(first.consumer?.owned(at)).toBe(0);
    const second = await new Recorder().start(under.stream, { group, topics: [topic] });
    await until('it is assigned', () => second.owned.size === 1);
    expect(Buffer.compare([...second.progress.values()][0] as Uint8Array, small)).toBe(0);
    const [checkpoint] = [...second.checkpoints.values()];
    expect(checkpoint?.from).toBe(0n);
    expect(Buffer.compare(checkpoint?.value as Uint8Array, large)).toBe(0);
    await second.stop();
  });

  test('tells anyone how far a group is, and puts it elsewhere only while none of it is there', async () => {
    const topic = await under.topicOf(2);
    const group = `${topic}.g`;
    await under.stream.produce(
      topic,
      numbers(40).map((n) => message(n, n)),
    );
    expect(await under.stream.committed(group, topic)).toEqual([]);
    const first = await new Recorder().start(under.stream, { group, topics: [topic] });
    await until('all came', () => first.messages.length >= 40);
    const third = first.messages.filter((m) => m.partition === 0)[2] as StoredMessage;
    await first.consumer?.saveProgress({ topic, partition: 0 }, new TextEncoder().encode('three'), third.offset);
    await first.consumer?.saveCheckpoint({ topic, partition: 0 }, new Uint8Array(3), third.offset);
    const told = async () =>
      (await under.stream.committed(group, topic)).map(({ progress, ...rest }) => ({ ...rest, progress: Buffer.from(progress).toString() }));
    expect(await told()).toEqual([{ topic, partition: 0, next: third.offset, progress: 'three', isOwned: true }]);
    const reset = (): Promise<string> =>
      under.stream.reset(group, { topic, partition: 0 }, new TextEncoder().encode('anew'), third.offset + 1n).then(
        () => 'ok',
        (error: { code?: string }) => error.code ?? String(error),
      );
    expect(await reset()).toBe('stream.group-in-use');
    expect(await told()).toMatchObject([{ progress: 'three' }]);
    await first.stop();
    expect(await reset()).toBe('ok');
    expect(await told()).toEqual([{ topic, partition: 0, next: third.offset + 1n, progress: 'anew', isOwned: false }]);
    const second = new Recorder();
    second.from = (_, progress) => (progress === undefined ? undefined : third.offset + 1n);
    await second.start(under.stream, { group, topics: [topic] });
    await until('both are assigned', () => second.owned.size === 2);
    expect(second.checkpoints.get(`${topic}/0`)).toBe(undefined);
    await second.stop();
  });

  test('forgets a group that is gone, and no other', async () => {
    const topic = await under.topicOf(1);
    const codeOf = (group: string): Promise<string> =>
      under.stream.forget(group).then(
        () => 'ok',
        (error: { code?: string }) => error.code ?? String(error),
      );
    const reader = await new Recorder().start(under.stream, { group: `${topic}.g`, topics: [topic] });
    await until('it is assigned', () => reader.owned.size === 1);
    await reader.consumer?.saveProgress({ topic, partition: 0 }, new Uint8Array(1));
    await reader.consumer?.saveCheckpoint({ topic, partition: 0 }, new Uint8Array(1), 0n);
    expect(await codeOf(`${topic}.g`)).toBe('stream.group-in-use');
    expect(await codeOf(`${topic}.none`)).toBe('stream.no-group');
    await reader.stop();
    const known = async (): Promise<boolean> => (await under.stream.state()).groups.some(({ group }) => group === `${topic}.g`);
    expect(await known()).toBe(true);
    expect(await codeOf(`${topic}.g`)).toBe('ok');
    expect(await known()).toBe(false);
    expect(await under.stream.committed(`${topic}.g`, topic)).toEqual([]);
    const again = await new Recorder().start(under.stream, { group: `${topic}.g`, topics: [topic] });
    await until('it is assigned', () => again.owned.size === 1);
    expect([again.progress.get(`${topic}/0`), again.checkpoints.get(`${topic}/0`)]).toEqual([undefined, undefined]);
    await again.stop();
  });

  test('shares the partitions of a topic among the consumers of a group', async () => {
    const topic = await under.topicOf(4);
    const group = `${topic}.g`;
    const [a, b] = [new Recorder(), new Recorder()];
    const signals: AbortSignal[] = [];
    a.work = async ({ signal }) => {
      signals.push(signal);
    };
    await a.start(under.stream, { group, topics: [topic] });
    await until('the first has all', () => a.owned.size === 4);
    await under.stream.produce(
      topic,
      numbers(40).map((n) => message(n, n)),
    );
    await until('all came', () => a.messages.length >= 40);
    await b.start(under.stream, { group, topics: [topic] });
    await until('both have two', () => a.owned.size === 2 && b.owned.size === 2);
    expect([...a.owned].some((at) => b.owned.has(at))).toBe(false);
    expect(signals.some((signal) => signal.aborted)).toBe(true);

    const lost = Number([...b.owned][0]?.split('/')[1]);
    const refused = await a.consumer?.saveProgress({ topic, partition: lost }, new Uint8Array(1)).then(
      () => undefined,
      (error: unknown) => error,
    );
    expect(hasCode(refused, 'stream.fenced')).toBe(true);
    await b.stop();
    await until('the first has all again', () => a.owned.size === 4);
    await a.stop();
    const late = await a.consumer?.saveProgress({ topic, partition: 0 }, new Uint8Array(1)).then(
      () => undefined,
      (error: unknown) => error,
    );
    expect(hasCode(late, 'stream.fenced')).toBe(true);
  });

  test('hands partitions back and forth while messages come, without losing or repeating one', async () => {
    const topic = await under.topicOf(5);
    const done: string[] = [];
    const join = async (): Promise<Recorder> => {
      const reader = new Recorder();
      reader.from = (_, progress) => (progress === undefined ? undefined : BigInt(Buffer.from(progress).toString()));
      reader.work = async ({ messages, topic: name, partition }) => {
        await new Promise((resolve) => setImmediate(resolve));
        done.push(...messages.map((m) => Buffer.from(m.value).toString()));
        const next = (messages.at(-1)?.offset ?? 0n) + 1n;
        await reader.consumer?.saveProgress({ topic: name, partition }, Buffer.from(String(next)), next);
      };
      return reader.start(under.stream, { group: `${topic}.g`, topics: [topic], maxBytes: 2000 });
    };
    const first = await join();
    let sent = 0;
    const others: Recorder[] = [];
    for (let round = 0; round < 15; round++) {
      const produced = under.stream.produce(
        topic,
        Array.from({ length: 100 }, () => message(String(sent % 17), String(sent++))),
      );
      if (round % 3 !== 2) others.push(await join());
      else await Promise.all(others.splice(0).map((reader) => reader.stop()));
      await produced;
    }
    await until('all came', () => done.length >= sent);
    await Promise.all([first, ...others].map((reader) => reader.stop()));
    expect([first, ...others].flatMap((reader) => reader.errors)).toEqual([]);
    expect(done.map(Number).sort((a, b) => a - b)).toEqual(Array.from({ length: sent }, (_, n) => n));
  });

  test('tells a delivery in hand that its partition is taken away', async () => {
    const topic = await under.topicOf(2);
    const group = `${topic}.g`;
    await under.stream.produce(
      topic,
      numbers(20).map((n) => message(n, n)),
    );
    const a = new Recorder();
    let inHand = 0;
    a.work = ({ signal }) => {
      inHand++;
      return new Promise((resolve) => (signal.aborted ? resolve() : signal.addEventListener('abort', () => resolve())));
    };
    await a.start(under.stream, { group, topics: [topic] });
    await until('it works on both', () => inHand === 2);
    const b = await new Recorder().start(under.stream, { group, topics: [topic] });
    await until('the other delivers', () => b.messages.length > 0);
    await Promise.all([a.stop(), b.stop()]);
  });

  test('pauses and resumes one partition without the others', async () => {
    const topic = await under.topicOf(2);
    const reader = await new Recorder().start(under.stream, { group: `${topic}.g`, topics: [topic] });
    await until('both are assigned', () => reader.owned.size === 2);
    reader.consumer?.pause({ topic, partition: 0 });
    reader.consumer?.pause({ topic, partition: 0 });
    await under.stream.produce(
      topic,
      numbers(40).map((n) => message(n, n)),
    );
    const expected = async (partition: number): Promise<number> => {
      const state = (await under.stream.partitions(topic)).find((at) => at.partition === partition);
      return Number((state?.next ?? 0n) - (state?.earliest ?? 0n));
    };
    await until('the other came', async () => reader.messages.filter((m) => m.partition === 1).length > 0);
    await until('the other came whole', async () => reader.messages.filter((m) => m.partition === 1).length >= Math.min(40, await expected(1)));
    expect(reader.messages.filter((m) => m.partition === 0)).toEqual([]);
    reader.consumer?.resume({ topic, partition: 0 });
    reader.consumer?.resume({ topic, partition: 0 });
    await until('all came', () => reader.messages.length >= 40);
    await reader.stop();
  });

  test('keeps a delivery within maxBytes, a larger message comes alone', async () => {
    const topic = await under.topicOf(1);
    const big = 'x'.repeat(50_000);
    await under.stream.produce(topic, [...numbers(30).map(() => message('k', 'y'.repeat(1000))), message('k', big), message('k', 'z')]);
    const reader = await new Recorder().start(under.stream, { group: `${topic}.g`, topics: [topic], maxBytes: 10_000 });
    await until('all came', () => reader.messages.length >= 32);
    await reader.stop();
    for (const { messages } of reader.deliveries) {
      expect(messages.length).toBeGreaterThan(0);
      const bytes = messages.reduce((sum, m) => sum + m.value.length, 0);
      expect(bytes <= 10_000 || messages.length === 1).toBe(true);
    }
    expect(reader.texts()[30]).toBe(big);
  });

  test('gives a partition one delivery at a time', async () => {
    const topic = await under.topicOf(1);
    await under.stream.produce(
      topic,
      numbers(20).map((n) => message('k', n.padStart(1000))),
    );
    const reader = new Recorder();
    let inHand = 0;
    let most = 0;
    reader.work = async () => {
      most = Math.max(most, ++inHand);
      await new Promise((resolve) => setImmediate(resolve));
      inHand--;
    };
    await reader.start(under.stream, { group: `${topic}.g`, topics: [topic], maxBytes: 3000 });
    await until('all came', () => reader.messages.length >= 20);
    await reader.stop();
    expect(most).toBe(1);
  });

  test('ends a consumer whose handler fails, tells its owner once, and another goes on', async () => {
    const topic = await under.topicOf(1);
    const group = `${topic}.g`;
    await under.stream.produce(
      topic,
      numbers(5).map((n) => message('k', n)),
    );
    const failing = new Recorder();
    failing.work = () => Promise.reject(new Error('no'));
    await failing.start(under.stream, { group, topics: [topic] });
    await until('it failed', () => failing.errors.length > 0);
    const next = await new Recorder().start(under.stream, { group, topics: [topic] });
    await until('another goes on', () => next.messages.length >= 5);
    await next.stop();
    expect(failing.errors.map((error) => error.message)).toEqual(['no']);
    expect(next.texts()).toEqual(numbers(5));
    await failing.stop();
  });

  test('waits for the delivery in hand when stopped, which may still save', async () => {
    const topic = await under.topicOf(1);
    const group = `${topic}.g`;
    await under.stream.produce(topic, [message('k', '0')]);
    const reader = new Recorder();
    let begun = false;
    let ended = false;
    reader.work = async ({ signal }) => {
      begun = true;
      await new Promise<void>((resolve) => (signal.aborted ? resolve() : signal.addEventListener('abort', () => resolve())));
      await reader.consumer?.saveProgress({ topic, partition: 0 }, new TextEncoder().encode('saved'));
      ended = true;
    };
    await reader.start(under.stream, { group, topics: [topic] });
    await until('it works', () => begun);
    await Promise.all([reader.stop(), reader.stop()]);
    expect(ended).toBe(true);
    const next = await new Recorder().start(under.stream, { group, topics: [topic] });
    await until('it is assigned', () => next.owned.size === 1);
    expect(Buffer.from([...next.progress.values()][0] as Uint8Array).toString()).toBe('saved');
    await next.stop();
  });
};
