// The door on the real embedded stream, behind a real HTTP server: what was acknowledged is read back as it was sent.
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, request as httpRequest } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { silentLogger } from '../core/logger.ts';
import { TelemetryRegistry } from '../core/telemetry.ts';
import { openLmdbStream } from '../engines/stream/lmdb/open.ts';
import type { StoredMessage, Stream } from '../engines/stream/port.ts';
import { metricHash } from '../schemas/series-id.ts';
import { DEAD_TOPIC, TOPIC } from '../schemas/tables.ts';
import { openDoor } from './door.ts';
import { type Definition, frameOf, idOf, logsPart, NOW, packed, partOf, samplesPart, seriesPart, zstd } from './testing/frames.ts';

const cleanUp: (() => unknown)[] = [];
afterEach(async () => {
  for (const undo of cleanUp.splice(0).reverse()) await undo();
});

interface Answered {
  readonly status: number | undefined;
  readonly retryAfter: string | undefined;
}

/** `groups`: by topic, with half of the room for each of the topics. */
const start = async (maxBytes: number, groups: Readonly<Record<string, string>> = {}) => {
  const dir = mkdtempSync(join(tmpdir(), 'door-'));
  cleanUp.push(() => rmSync(dir, { recursive: true, force: true }));
  const stream = await openLmdbStream({ dir, maxBytes });
  cleanUp.push(() => stream.close());
  const topics = [...new Set(Object.values(TOPIC)), DEAD_TOPIC];
  await stream.ensureTopics(
    topics.map((name) => ({
      name,
      partitions: 2,
      retentionBytes: 1 << 30,
      retentionMs: 86_400_000,
      groups: name === DEAD_TOPIC ? [] : [groups[name] ?? 'test'],
      ...(groups[name] === undefined ? {} : { share: 0.5 }),
    })),
  );
  const door = openDoor({ stream, telemetry: new TelemetryRegistry(), log: silentLogger, now: () => NOW });
  const server = createServer((request, response) => {
    void door
      .receiveFrames({ headers: request.headers, body: request, rights: { post: true } })
      .then((answer) => response.writeHead(answer.status, answer.headers).end(answer.body));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  cleanUp.push(() => server.close());
  const post = (body: Uint8Array): Promise<Answered> =>
    new Promise((resolve, reject) => {
      const options = {
        host: '127.0.0.1',
        port: (server.address() as AddressInfo).port,
        method: 'POST',
        headers: { 'content-encoding': 'zstd' },
        agent: false,
      };
      httpRequest(options, (response) => {
        response.resume().on('end', () => resolve({ status: response.statusCode, retryAfter: response.headers['retry-after'] }));
      })
        .on('error', reject)
        .end(body);
    });
  return { stream, post };
};

const readAll = async (stream: Stream, count: number): Promise<readonly StoredMessage[]> => {
  const found: StoredMessage[] = [];
  let enough = (): void => undefined;
  const all = new Promise<void>((resolve) => {
    enough = resolve;
  });
  const consumer = await stream.consume(
    { group: 'test', topics: [...new Set(Object.values(TOPIC))] },
    {
      assigned: async () => undefined,
      deliver: async ({ messages }) => {
        found.push(...messages);
        if (found.length >= count) enough();
      },
      revoked: async () => undefined,
      failed: (error) => {
        throw error;
      },
    },
  );
  await all;
  await consumer.stop();
  return found;
};

test('many senders at once: each acknowledged part is on the stream, a sender’s in the order of its seqs', async () => {
  const { stream, post } = await start(1 << 30);
  const definition: Definition = ['m', [['host.name', 'h']]];
  const senders = Array.from({ length: 5 }, (_, i) => `agent-${i}`);
  await Promise.all(
    senders.map(async (agent) => {
      for (let frame = 0; frame < 4; frame++) {
        const parts = [seriesPart([definition]), samplesPart(definition, [[NOW - frame, frame]]), logsPart([`${agent} ${frame}`])];
        expect(await post(zstd(frameOf(parts, { agent, seq: frame * 3 })))).toMatchObject({ status: 200 });
      }
    }),
  );
  const messages = await readAll(stream, 5 * 4 * 3);
  expect(messages).toHaveLength(60);
  for (const agent of senders) {
    const own = messages.filter((m) => m.headers.sender === agent);
    const seqs = (topic: string): (string | undefined)[] => own.filter((m) => m.topic === topic).map((m) => m.headers.seq);
    expect(seqs('im.metrics')).toEqual(['0', '1', '3', '4', '6', '7', '9', '10']);
    expect(seqs('im.logs')).toEqual(['2', '5', '8', '11']);
  }
}, 30_000);

test('a full stream is 503 with Retry-After, and what was taken before can still be read', async () => {
  const { stream, post } = await start(4 << 20);
  let taken = 0;
  let refused: Answered | undefined;
  for (let seq = 0; refused === undefined && seq < 100; seq++) {
    const answer = await post(zstd(frameOf([logsPart(Array.from({ length: 8 }, () => 'x'.repeat(64 << 10)))], { seq })));
    if (answer.status === 200) taken++;
    else refused = answer;
  }
  expect(refused).toEqual({ status: 503, retryAfter: '15' });
  expect(taken).toBeGreaterThan(0);
  expect(await readAll(stream, taken)).toHaveLength(taken);
}, 30_000);

test('a topic that nobody reads closes at four fifths of its share, the others go on; it opens again when it is read, and nothing was lost', async () => {
  const { stream, post } = await start(32 << 20, { 'im.logs': 'logs', 'im.metrics': 'metrics' });
  const definition: Definition = ['m', [['host.name', 'h']]];
  const lines = (seq: number) => post(zstd(frameOf([logsPart(Array.from({ length: 8 }, () => 'x'.repeat(64 << 10)))], { seq })));
  let taken = 0;
  let answer = await lines(0);
  while (answer.status === 200) answer = await lines(++taken);
  expect(answer).toEqual({ status: 503, retryAfter: '15' });
  // The stream itself would have taken more: what was on its way to it is safe.
  expect(stream.pressure('im.logs')).toBeGreaterThanOrEqual(0.8);
  expect(stream.pressure('im.logs')).toBeLessThan(0.95);
  for (let seq = 0; seq < 5; seq++)
    expect(await post(zstd(frameOf([seriesPart([definition]), samplesPart(definition, [[NOW, seq]])], { agent: 'other', seq: seq * 2 })))).toMatchObject({
      status: 200,
    });
  // A frame with a part for the closed topic is refused whole.
  const both = frameOf([logsPart(['one line']), samplesPart(definition, [[NOW, 1]])], { agent: 'both', seq: 0 });
  expect((await post(zstd(both))).status).toBe(503);
  expect((await stream.partitions('im.metrics')).reduce((sum, { next }) => sum + next, 0n)).toBe(10n);

  const read: string[] = [];
  const consumer = await stream.consume(
    { group: 'logs', topics: ['im.logs'] },
    {
      assigned: async () => undefined,
      deliver: async ({ messages }) => {
        read.push(...messages.map(({ headers }) => headers.seq ?? ''));
      },
      revoked: async () => undefined,
      failed: (error) => {
        throw error;
      },
    },
  );
  await expect.poll(() => read.length, { timeout: 20_000 }).toBe(taken);
  for (const { topic, partition, next } of await stream.partitions('im.logs')) await consumer.saveProgress({ topic, partition }, new Uint8Array(1), next);
  const before = [...read];
  expect((await lines(taken)).status).toBe(200);
  expect((await post(zstd(both))).status).toBe(200);
  expect(before.map(Number).sort((a, b) => a - b)).toEqual(Array.from({ length: taken }, (_, i) => i));
  await consumer.stop();
}, 60_000);

test('samples of a thousand series that come together again take no more than four bytes each on the stream', async () => {
  const { stream, post } = await start(1 << 30);
  const seed = Date.now() % 2 ** 31;
  console.log(`seed ${seed}`);
  let state = seed;
  const random = (): number => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
  const definitions = Array.from(
    { length: 1000 },
    (_, i): Definition => [
      `some.metric_${i % 50}`,
      [
        ['host', 'host-00001'],
        ['device', `device-${i}`],
        ['service', `service-${i % 20}`],
      ],
    ],
  );
  const ids = definitions.map((definition) => idOf(...definition));
  const metrics = definitions.map(([name]) => metricHash(name));
  const values = definitions.map(() => Math.floor(random() * 1000));
  const bytes = async (): Promise<number> => (await stream.partitions('im.metrics')).reduce((sum, partition) => sum + partition.bytes, 0);
  const READINGS = 20;
  let before = 0;
  for (let reading = 0; reading < READINGS + 2; reading++) {
    for (let i = 0; i < values.length; i++) values[i] = (values[i] as number) + Math.round((random() - 0.5) * 10);
    const samples = partOf('metrics', {
      metric: metrics,
      id: ids,
      time: ids.map(() => BigInt(NOW - 1_000_000 + reading * 15_000)),
      value: values.map((value) => value / 10),
    });
    const parts = reading === 0 ? [seriesPart(definitions), packed(samples)] : [packed(samples)];
    expect(await post(zstd(frameOf(parts, { agent: 'thousand', seq: reading === 0 ? 0 : reading + 1 })))).toMatchObject({ status: 200 });
    // With two readings their set is known.
    if (reading === 1) before = await bytes();
  }
  const each = ((await bytes()) - before) / (READINGS * ids.length);
  expect(each).toBeLessThanOrEqual(4);
  expect(each).toBeGreaterThan(0);
}, 60_000);
