// A stream that is served over sockets against the contract of the port, and what becomes of a consumer whose connection ends.
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createConnection, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { socketLink } from '../../../core/node/links.ts';
import { streamConformance } from '../conformance.ts';
import { message, numbers, Recorder, until } from '../conformance-support.ts';
import type { EmbeddedStream } from '../embedded.ts';
import { openLmdbStream } from '../lmdb/open.ts';
import { codeOf, TOPIC } from '../testing/logs.ts';
import { connectStream } from './remote-stream.ts';
import { serveStream } from './serve.ts';

interface Served {
  /** One more connection. */
  connect(): Promise<{ readonly stream: EmbeddedStream; readonly socket: Socket }>;
  close(): Promise<void>;
}

const serve = async (dir: string): Promise<Served> => {
  const served = serveStream(await openLmdbStream({ dir }));
  const server = createServer((socket) => void served.connect(socketLink(socket)));
  const path = join(dir, 'stream.sock');
  await rm(path, { force: true });
  await new Promise<void>((resolve) => server.listen(path, resolve));
  return {
    connect: async () => {
      const socket = createConnection(path);
      await once(socket, 'connect');
      return { stream: await connectStream(socketLink(socket)), socket };
    },
    close: async () => {
      server.close();
      await served.close();
    },
  };
};

streamConformance('LMDB, served over a socket', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'stream-'));
  let served = await serve(dir);
  let { stream } = await served.connect();
  const close = async (): Promise<void> => {
    await stream.close();
    await served.close();
  };
  return {
    stream,
    reopen: async () => {
      await close();
      served = await serve(dir);
      ({ stream } = await served.connect());
      return stream;
    },
    end: async () => {
      await close();
      await rm(dir, { recursive: true });
    },
  };
});

describe('a stream that is served', () => {
  const ends: (() => Promise<unknown>)[] = [];
  afterEach(async () => {
    for (const end of ends.splice(0).reverse()) await end();
  });
  const open = async (): Promise<Served> => {
    const dir = await mkdtemp(join(tmpdir(), 'stream-'));
    ends.push(() => rm(dir, { recursive: true }));
    const served = await serve(dir);
    ends.push(() => served.close());
    return served;
  };

  test('a consumer whose process dies in a delivery loses its partitions to the next one, which goes on from what was saved', async () => {
    const served = await open();
    const { stream } = await served.connect();
    await stream.ensureTopics([TOPIC]);
    const dying = await served.connect();
    const first = new Recorder();
    first.work = async ({ topic, partition, messages }) => {
      const last = messages.at(-1);
      if (last === undefined || last.offset > 4n) return new Promise(() => {});
      await first.consumer?.saveProgress({ topic, partition }, Uint8Array.of(1), last.offset + 1n);
    };
    await first.start(dying.stream, { group: 'g', topics: ['t'] });
    await stream.produce(
      't',
      numbers(5).map((text) => message('k', text)),
    );
    await until('the first five are done', () => first.texts().length === 5);
    await stream.produce(
      't',
      numbers(5, 5).map((text) => message('k', text)),
    );
    await until('more are in its hands', () => first.deliveries.length > 1);
    dying.socket.destroy();
    const second = new Recorder();
    second.from = () => 5n;
    await second.start(stream, { group: 'g', topics: ['t'] });
    await until('the rest came to the other', () => second.texts().length === 5);
    expect(second.texts()).toEqual(numbers(5, 5));
    expect([...second.progress.values()]).toEqual([Uint8Array.of(1)]);
    await until('the first is told', () => first.errors.length === 1);
    expect(first.consumer?.owned({ topic: 't', partition: 0 })).toBe(0);
    await second.stop();
  });

  test('what is asked of a connection that ended, and of one that was closed, is refused; others go on', async () => {
    const served = await open();
    const { stream } = await served.connect();
    await stream.ensureTopics([TOPIC]);
    const other = await served.connect();
    other.socket.destroy();
    expect(await codeOf(other.stream.produce('t', [message('k', 'v')]))).toBe('stream.unavailable');
    const closed = await served.connect();
    await closed.stream.close();
    expect(await codeOf(closed.stream.partitions('t'))).toBe('stream.unavailable');
    await stream.produce('t', [message('k', 'v')]);
    expect((await stream.peek({ topic: 't', partition: 0 }, 0n, 1000)).map(({ value }) => Buffer.from(value).toString())).toEqual(['v']);
  });

  test('all of it can be copied through a connection, as it was when that was asked for', async () => {
    const served = await open();
    const { stream } = await served.connect();
    await stream.ensureTopics([TOPIC]);
    await stream.produce('t', [message('k', 'before')]);
    const snapshot = await stream.snapshot();
    await stream.produce('t', [message('k', 'after')]);
    const bytes = Buffer.concat(await Array.fromAsync(snapshot.read()));
    snapshot.release();
    expect([bytes.includes('before'), bytes.includes('after')]).toEqual([true, false]);
  });
});
