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
import { DEAD_TOPIC, TOPIC } from '../schemas/tables.ts';
import { openDoor } from './door.ts';
import { type Definition, frameOf, logsPart, NOW, samplesPart, seriesPart, zstd } from './testing/frames.ts';

const cleanUp: (() => unknown)[] = [];
afterEach(async () => {
  for (const undo of cleanUp.splice(0).reverse()) await undo();
});

interface Answered {
  readonly status: number | undefined;
  readonly retryAfter: string | undefined;
}

const start = async (maxBytes: number) => {
  const dir = mkdtempSync(join(tmpdir(), 'door-'));
  cleanUp.push(() => rmSync(dir, { recursive: true, force: true }));
  const stream = await openLmdbStream({ dir, maxBytes });
  cleanUp.push(() => stream.close());
  const topics = [...new Set(Object.values(TOPIC)), DEAD_TOPIC];
  await stream.ensureTopics(topics.map((name) => ({ name, partitions: 2, retentionBytes: 1 << 30, retentionMs: 86_400_000 })));
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
