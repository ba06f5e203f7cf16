// The contract of `port.ts` as tests that every stream runs. They expect only what Kafka gives too: offsets may have
// gaps, partitions are assigned some time after joining, a topic is there for good.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { hasCode } from '../../core/errors.ts';
import type { Consumer, ConsumerHandlers, ConsumerOptions, Delivery, Message, SavedProgress, StoredMessage, Stream, TopicPartition } from './port.ts';

export interface StreamUnderTest {
  readonly stream: Stream;
  /** Closes `stream` and opens the same log again. */
  reopen(): Promise<Stream>;
  /** Closes and removes everything. */
  end(): Promise<void>;
}

const PATIENCE_MS = 60_000;

/** Waits for a condition, never for a time. */
export const until = async (what: string, condition: () => boolean | Promise<boolean>): Promise<void> => {
  const deadline = Date.now() + PATIENCE_MS;
  while (!(await condition())) {
    if (Date.now() > deadline) throw new Error(`gave up waiting until ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
};

const nameOf = ({ topic, partition }: TopicPartition): string => `${topic}/${partition}`;

/** A consumer that keeps what it is told. */
export class Recorder implements ConsumerHandlers {
  readonly messages: StoredMessage[] = [];
  readonly deliveries: Delivery[] = [];
  readonly owned = new Set<string>();
  readonly progress = new Map<string, Uint8Array | undefined>();
  readonly checkpoints = new Map<string, SavedProgress['checkpoint']>();
  readonly errors: Error[] = [];
  consumer: Consumer | undefined;
  from: (at: TopicPartition, progress: Uint8Array | undefined) => bigint | undefined = () => undefined;
  work: (delivery: Delivery) => Promise<void> = () => Promise.resolve();

  async start(stream: Stream, options: ConsumerOptions): Promise<this> {
    this.consumer = await stream.consume(options, this);
    return this;
  }
  assigned(at: TopicPartition, saved: SavedProgress | undefined): Promise<bigint | undefined> {
    this.owned.add(nameOf(at));
    this.progress.set(nameOf(at), saved?.progress);
    this.checkpoints.set(nameOf(at), saved?.checkpoint);
    return Promise.resolve(this.from(at, saved?.progress));
  }
  async deliver(delivery: Delivery): Promise<void> {
    this.deliveries.push(delivery);
    await this.work(delivery);
    this.messages.push(...delivery.messages);
  }
  revoked(at: TopicPartition): Promise<void> {
    this.owned.delete(nameOf(at));
    return Promise.resolve();
  }
  failed(error: Error): void {
    this.errors.push(error);
  }
  stop(): Promise<void> {
    return this.consumer?.stop() ?? Promise.resolve();
  }
  texts(): string[] {
    return this.messages.map(({ value }) => Buffer.from(value).toString());
  }
}

export const message = (key: string, text: string, headers: Readonly<Record<string, string>> = {}): Message => ({
  key,
  headers,
  value: new TextEncoder().encode(text),
});
const numbers = (count: number, from = 0): string[] => Array.from({ length: count }, (_, i) => String(from + i));

export const streamConformance = (name: string, make: () => Promise<StreamUnderTest>): void => {
  describe(`the stream on ${name}`, () => {
    let under: StreamUnderTest;
    let stream: Stream;
    let made = 0;
    const run = Math.random().toString(36).slice(2, 8);

    const topicOf = async (partitions: number): Promise<string> => {
      const topic = `conformance.${run}.${++made}`;
      await stream.ensureTopics([{ name: topic, partitions, retentionBytes: 1 << 30, retentionMs: 86_400_000 }]);
      return topic;
    };

    beforeAll(async () => {
      under = await make();
      stream = under.stream;
    });
    afterAll(() => under.end());

    test('keeps a topic that is there, with its number of partitions', async () => {
      const topic = await topicOf(3);
      await stream.ensureTopics([{ name: topic, partitions: 5, retentionBytes: 1 << 30, retentionMs: 86_400_000 }]);
      expect((await stream.partitions(topic)).map(({ partition }) => partition).sort()).toEqual([0, 1, 2]);
    });

    test('delivers every message once, whole, in the order of its key', async () => {
      const topic = await topicOf(3);
      const keys = ['a', 'b', 'c', 'd', 'ключ', ''];
      await Promise.all(
        numbers(40).map((n) =>
          stream.produce(
            topic,
            keys.map((key) => message(key, `${key}:${n}`, { n, ü: 'ß' })),
          ),
        ),
      );
      await stream.produce(topic, [
        { key: 'bytes', headers: {}, value: Uint8Array.from({ length: 256 }, (_, i) => i) },
        { key: 'bytes', headers: {}, value: new Uint8Array(0) },
      ]);
      const reader = await new Recorder().start(stream, { group: `${topic}.g`, topics: [topic] });
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
      const topic = await topicOf(1);
      for (let call = 0; call < 5; call++)
        await stream.produce(
          topic,
          numbers(20, call * 20).map((n) => message('k', n)),
        );
      const reader = await new Recorder().start(stream, { group: `${topic}.g`, topics: [topic] });
      await until('all came', () => reader.messages.length >= 100);
      await reader.stop();
      expect(reader.texts()).toEqual(numbers(100));
    });

    test('delivers what comes later, and leaves what it gave out untouched', async () => {
      const topic = await topicOf(1);
      const reader = await new Recorder().start(stream, { group: `${topic}.g`, topics: [topic] });
      for (const n of numbers(30)) {
        await stream.produce(topic, [message('k', n.padStart(3000, 'x'))]);
        await until('it came', () => reader.messages.length > Number(n));
      }
      await reader.stop();
      expect(reader.texts()).toEqual(numbers(30).map((n) => n.padStart(3000, 'x')));
    });

    test('gives every group everything', async () => {
      const topic = await topicOf(2);
      await stream.produce(
        topic,
        numbers(50).map((n) => message(n, n)),
      );
      const readers = await Promise.all(['a', 'b'].map((group) => new Recorder().start(stream, { group: `${topic}.${group}`, topics: [topic] })));
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
      const topic = await topicOf(1);
      const group = `${topic}.g`;
      await stream.produce(
        topic,
        numbers(10).map((n) => message('k', n)),
      );
      const first = new Recorder();
      await first.start(stream, { group, topics: [topic] });
      await until('all came', () => first.messages.length >= 10);
      expect([...first.progress.values()]).toEqual([undefined]);
      const position = (first.messages[5] as StoredMessage).offset;
      await first.consumer?.saveProgress({ topic, partition: 0 }, new TextEncoder().encode('old'));
      await first.consumer?.saveProgress({ topic, partition: 0 }, new TextEncoder().encode(String(position)));
      await first.stop();
      const second = new Recorder();
      second.from = (_, progress) => BigInt(Buffer.from(progress as Uint8Array).toString());
      await second.start(stream, { group, topics: [topic] });
      await until('the rest came', () => second.messages.length >= 5);
      await second.stop();
      expect(second.texts()).toEqual(numbers(5, 5));
    });

    test('takes progress of 256 KiB and a checkpoint of 1 MiB, hands both on, and refuses more', async () => {
      const topic = await topicOf(1);
      const at = { topic, partition: 0 };
      const group = `${topic}.g`;
      const first = await new Recorder().start(stream, { group, topics: [topic] });
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
      const second = await new Recorder().start(stream, { group, topics: [topic] });
      await until('it is assigned', () => second.owned.size === 1);
      expect(Buffer.compare([...second.progress.values()][0] as Uint8Array, small)).toBe(0);
      const [checkpoint] = [...second.checkpoints.values()];
      expect(checkpoint?.from).toBe(0n);
      expect(Buffer.compare(checkpoint?.value as Uint8Array, large)).toBe(0);
      await second.stop();
    });

    test('tells anyone how far a group is, and puts it elsewhere only while none of it is there', async () => {
      const topic = await topicOf(2);
      const group = `${topic}.g`;
      await stream.produce(
        topic,
        numbers(40).map((n) => message(n, n)),
      );
      expect(await stream.committed(group, topic)).toEqual([]);
      const first = await new Recorder().start(stream, { group, topics: [topic] });
      await until('all came', () => first.messages.length >= 40);
      const third = first.messages.filter((m) => m.partition === 0)[2] as StoredMessage;
      await first.consumer?.saveProgress({ topic, partition: 0 }, new TextEncoder().encode('three'), third.offset);
      await first.consumer?.saveCheckpoint({ topic, partition: 0 }, new Uint8Array(3), third.offset);
      const told = async () => (await stream.committed(group, topic)).map(({ progress, ...rest }) => ({ ...rest, progress: Buffer.from(progress).toString() }));
      expect(await told()).toEqual([{ topic, partition: 0, next: third.offset, progress: 'three', isOwned: true }]);
      const reset = (): Promise<string> =>
        stream.reset(group, { topic, partition: 0 }, new TextEncoder().encode('anew'), third.offset + 1n).then(
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
      await second.start(stream, { group, topics: [topic] });
      await until('both are assigned', () => second.owned.size === 2);
      expect(second.checkpoints.get(`${topic}/0`)).toBe(undefined);
      await second.stop();
    });

    test('forgets a group that is gone, and no other', async () => {
      const topic = await topicOf(1);
      const codeOf = (group: string): Promise<string> =>
        stream.forget(group).then(
          () => 'ok',
          (error: { code?: string }) => error.code ?? String(error),
        );
      const reader = await new Recorder().start(stream, { group: `${topic}.g`, topics: [topic] });
      await until('it is assigned', () => reader.owned.size === 1);
      await reader.consumer?.saveProgress({ topic, partition: 0 }, new Uint8Array(1));
      await reader.consumer?.saveCheckpoint({ topic, partition: 0 }, new Uint8Array(1), 0n);
      expect(await codeOf(`${topic}.g`)).toBe('stream.group-in-use');
      expect(await codeOf(`${topic}.none`)).toBe('stream.no-group');
      await reader.stop();
      const known = async (): Promise<boolean> => (await stream.state()).groups.some(({ group }) => group === `${topic}.g`);
      expect(await known()).toBe(true);
      expect(await codeOf(`${topic}.g`)).toBe('ok');
      expect(await known()).toBe(false);
      expect(await stream.committed(`${topic}.g`, topic)).toEqual([]);
      const again = await new Recorder().start(stream, { group: `${topic}.g`, topics: [topic] });
      await until('it is assigned', () => again.owned.size === 1);
      expect([again.progress.get(`${topic}/0`), again.checkpoints.get(`${topic}/0`)]).toEqual([undefined, undefined]);
      await again.stop();
    });

    test('finds the first message that came at or after a time', async () => {
      const topic = await topicOf(1);
      const at = { topic, partition: 0 };
      for (const n of numbers(3)) {
        await stream.produce(topic, [message('k', n)]);
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
      const between = Date.now();
      await new Promise((resolve) => setTimeout(resolve, 5));
      await stream.produce(topic, [message('k', 'late')]);
      const reader = await new Recorder().start(stream, { group: `${topic}.g`, topics: [topic] });
      await until('all came', () => reader.messages.length >= 4);
      await reader.stop();
      expect(await stream.offsetAt(at, 0)).toBe(reader.messages[0]?.offset);
      expect(await stream.offsetAt(at, between)).toBe(reader.messages[3]?.offset);
      expect(await stream.offsetAt(at, Date.now() + 60_000)).toBe((await stream.partitions(topic))[0]?.next);
    });

    test('tells how full it is for a topic, between 0 and 1', async () => {
      const topic = await topicOf(1);
      await stream.produce(topic, [message('k', 'x'.repeat(1000))]);
      const pressure = stream.pressure(topic);
      expect(pressure >= 0 && pressure <= 1).toBe(true);
      expect((await stream.state()).topics.find((state) => state.topic === topic)?.share).toBeGreaterThan(0);
      await expect(stream.ensureTopics([{ name: `${topic}.x`, partitions: 1, retentionBytes: 1, retentionMs: 1, share: 1.5 }])).rejects.toThrow('share');
      // Together they are promised no more than there is.
      const half = ['x', 'y'].map((end) => ({ name: `${topic}.${end}`, partitions: 1, retentionBytes: 1, retentionMs: 1, share: 0.6 }));
      await expect(stream.ensureTopics(half)).rejects.toThrow('the room together');
      expect((await stream.state()).topics.some((state) => state.topic === `${topic}.x`)).toBe(false);
    });

    test('shares the partitions of a topic among the consumers of a group', async () => {
      const topic = await topicOf(4);
      const group = `${topic}.g`;
      const [a, b] = [new Recorder(), new Recorder()];
      const signals: AbortSignal[] = [];
      a.work = async ({ signal }) => {
        signals.push(signal);
      };
      await a.start(stream, { group, topics: [topic] });
      await until('the first has all', () => a.owned.size === 4);
      await stream.produce(
        topic,
        numbers(40).map((n) => message(n, n)),
      );
      await until('all came', () => a.messages.length >= 40);
      await b.start(stream, { group, topics: [topic] });
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

    test('tells a delivery in hand that its partition is taken away', async () => {
      const topic = await topicOf(2);
      const group = `${topic}.g`;
      await stream.produce(
        topic,
        numbers(20).map((n) => message(n, n)),
      );
      const a = new Recorder();
      let inHand = 0;
      a.work = ({ signal }) => {
        inHand++;
        return new Promise((resolve) => (signal.aborted ? resolve() : signal.addEventListener('abort', () => resolve())));
      };
      await a.start(stream, { group, topics: [topic] });
      await until('it works on both', () => inHand === 2);
      const b = await new Recorder().start(stream, { group, topics: [topic] });
      await until('the other delivers', () => b.messages.length > 0);
      await Promise.all([a.stop(), b.stop()]);
    });

    test('pauses and resumes one partition without the others', async () => {
      const topic = await topicOf(2);
      const reader = await new Recorder().start(stream, { group: `${topic}.g`, topics: [topic] });
      await until('both are assigned', () => reader.owned.size === 2);
      reader.consumer?.pause({ topic, partition: 0 });
      reader.consumer?.pause({ topic, partition: 0 });
      await stream.produce(
        topic,
        numbers(40).map((n) => message(n, n)),
      );
      const expected = async (partition: number): Promise<number> => {
        const state = (await stream.partitions(topic)).find((at) => at.partition === partition);
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
      const topic = await topicOf(1);
      const big = 'x'.repeat(50_000);
      await stream.produce(topic, [...numbers(30).map(() => message('k', 'y'.repeat(1000))), message('k', big), message('k', 'z')]);
      const reader = await new Recorder().start(stream, { group: `${topic}.g`, topics: [topic], maxBytes: 10_000 });
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
      const topic = await topicOf(1);
      await stream.produce(
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
      await reader.start(stream, { group: `${topic}.g`, topics: [topic], maxBytes: 3000 });
      await until('all came', () => reader.messages.length >= 20);
      await reader.stop();
      expect(most).toBe(1);
    });

    test('ends a consumer whose handler fails, tells its owner once, and another goes on', async () => {
      const topic = await topicOf(1);
      const group = `${topic}.g`;
      await stream.produce(
        topic,
        numbers(5).map((n) => message('k', n)),
      );
      const failing = new Recorder();
      failing.work = () => Promise.reject(new Error('no'));
      await failing.start(stream, { group, topics: [topic] });
      await until('it failed', () => failing.errors.length > 0);
      const next = await new Recorder().start(stream, { group, topics: [topic] });
      await until('another goes on', () => next.messages.length >= 5);
      await next.stop();
      expect(failing.errors.map((error) => error.message)).toEqual(['no']);
      expect(next.texts()).toEqual(numbers(5));
      await failing.stop();
    });

    test('waits for the delivery in hand when stopped, which may still save', async () => {
      const topic = await topicOf(1);
      const group = `${topic}.g`;
      await stream.produce(topic, [message('k', '0')]);
      const reader = new Recorder();
      let begun = false;
      let ended = false;
      reader.work = async ({ signal }) => {
        begun = true;
        await new Promise<void>((resolve) => (signal.aborted ? resolve() : signal.addEventListener('abort', () => resolve())));
        await reader.consumer?.saveProgress({ topic, partition: 0 }, new TextEncoder().encode('saved'));
        ended = true;
      };
      await reader.start(stream, { group, topics: [topic] });
      await until('it works', () => begun);
      await Promise.all([reader.stop(), reader.stop()]);
      expect(ended).toBe(true);
      const next = await new Recorder().start(stream, { group, topics: [topic] });
      await until('it is assigned', () => next.owned.size === 1);
      expect(Buffer.from([...next.progress.values()][0] as Uint8Array).toString()).toBe('saved');
      await next.stop();
    });

    test('tells where a partition begins and ends', async () => {
      const topic = await topicOf(1);
      const [before] = await stream.partitions(topic);
      expect(before).toMatchObject({ topic, partition: 0, bytes: 0 });
      expect(before?.earliest).toBe(before?.next);
      await stream.produce(topic, [message('k', 'x'.repeat(1000))]);
      const [after] = await stream.partitions(topic);
      expect((after?.next ?? 0n) > (before?.next ?? 0n)).toBe(true);
      expect(after?.bytes).toBeGreaterThanOrEqual(1);
    });

    test('keeps what messages share once, under its key and partition, for whoever asks', async () => {
      const topic = await topicOf(2);
      const shared = (key: string, value: string) => ({ key, value: new TextEncoder().encode(value) });
      const told = async (partition: number, key: string): Promise<string | undefined> => {
        const found = await stream.shared({ topic, partition }, key);
        return found === undefined ? undefined : Buffer.from(found).toString();
      };
      await Promise.all(numbers(20).map((n) => stream.produce(topic, [{ ...message('a', n), shared: shared('set', 'one, two') }, message('a', `${n}+`)])));
      const reader = await new Recorder().start(stream, { group: `${topic}.g`, topics: [topic] });
      await until('all came', () => reader.messages.length >= 40);
      await reader.stop();
      const { partition } = reader.messages[0] as StoredMessage;
      expect(await told(partition, 'set')).toBe('one, two');
      expect(await told(1 - partition, 'set')).toBe(undefined);
      expect(await told(partition, 'other')).toBe(undefined);
      await stream.produce(topic, [{ ...message('a', 'more'), shared: shared('other', 'three') }]);
      stream = await under.reopen();
      expect([await told(partition, 'set'), await told(partition, 'other')]).toEqual(['one, two', 'three']);
      await stream.produce(topic, [{ ...message('a', 'more'), shared: shared('set', 'one, two') }]);
      expect(await told(partition, 'set')).toBe('one, two');
      await expect(stream.produce(topic, [{ ...message('a', 'none'), shared: shared('empty', '') }])).rejects.toThrow('share');
      await expect(stream.shared({ topic, partition: 7 }, 'set')).rejects.toThrow();
    });

    test('shows messages from an offset on without a group, in pieces, and none at the end', async () => {
      const topic = await topicOf(1);
      await stream.produce(
        topic,
        numbers(10).map((n) => message('k', n.repeat(100))),
      );
      const at = { topic, partition: 0 };
      const seen: string[] = [];
      let from = (await stream.partitions(topic))[0]?.earliest ?? 0n;
      for (;;) {
        const some = await stream.peek(at, from, 250);
        const last = some.at(-1);
        if (last === undefined) break;
        expect(some.length).toBeLessThanOrEqual(3);
        seen.push(...some.map(({ value }) => Buffer.from(value).toString().slice(0, 1)));
        from = last.offset + 1n;
      }
      expect(seen).toEqual(numbers(10));
      expect(await stream.peek(at, from - 1n, 1)).toHaveLength(1);
    });

    test('refuses a topic that is not there', async () => {
      await expect(stream.produce(`conformance.${run}.none`, [message('k', 'v')])).rejects.toThrow();
    });

    test('has after opening again what it had, and goes on behind it', async () => {
      const topic = await topicOf(2);
      const group = `${topic}.g`;
      await stream.produce(
        topic,
        numbers(20).map((n) => message(n, n)),
      );
      const first = await new Recorder().start(stream, { group, topics: [topic] });
      await until('all came', () => first.messages.length >= 20);
      for (const partition of [0, 1]) await first.consumer?.saveProgress({ topic, partition }, new TextEncoder().encode(`p${partition}`));
      const last = new Map([0, 1].map((partition) => [partition, first.messages.findLast((m) => m.partition === partition)?.offset ?? -1n]));
      stream = await under.reopen();
      await stream.produce(
        topic,
        numbers(20, 20).map((n) => message(n, n)),
      );
      const second = await new Recorder().start(stream, { group, topics: [topic] });
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
  });
};
