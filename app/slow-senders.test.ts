// Who announces much and brings little, slowly, or under a signature that is not right: at the real address, with and without a key of its own.
// Nobody else waits for it, and it is ended.
import { connect, type Socket } from 'node:net';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { type Answer, ServerCalls } from '../agent/server-calls.ts';
import { INTAKE_LIMITS } from '../ingest/limits.ts';
import { frameOf, partOf, zstd } from '../ingest/testing/frames.ts';
import { AgentServer } from './testing/agent-server.ts';
import { type Enrolled, enrolled, postSigned } from './testing/enrolled.ts';

const PATIENCE_MS = 500;
let server: AgentServer;
let calls: ServerCalls;
let [good, bad]: Enrolled[] = [];
let seq = 0;
const sockets: Raw[] = [];

/** A request written by hand; what is answered so far, and whether the connection has ended. */
interface Raw {
  readonly socket: Socket;
  readonly text: () => string;
  readonly ended: Promise<void>;
}

const raw = (text: string): Promise<Raw> =>
  new Promise((resolve) => {
    let answered = '';
    const socket = connect(Number(new URL(server.url).port), '127.0.0.1', () => {
      socket.write(text);
      const one = { socket, text: () => answered, ended: new Promise<void>((end) => socket.once('close', () => end())) };
      sockets.push(one);
      resolve(one);
    });
    socket.on('error', () => undefined);
    socket.on('data', (bytes) => {
      answered += bytes.toString();
    });
  });
const head = (authorization: string, ...more: readonly string[]): string =>
  `${['POST /ingest/frames HTTP/1.1', 'host: x', `authorization: ${authorization}`, ...more].join('\r\n')}\r\n\r\n`;
const ANNOUNCED = `content-length: ${INTAKE_LIMITS.requestBytes}`;

const enrol = (host: string): Promise<Enrolled> => enrolled(server, calls, host);
const line = (host: string, agent: string, boot: bigint): Uint8Array => {
  seq += 10;
  const time = [BigInt(Date.now()) * 1_000_000n];
  return zstd(frameOf([partOf('logs', { time, severity: ['info'], body: ['x'], host: [host] })], { agent, host, boot, seq, sent: new Date().toISOString() }));
};
const byGood = (): Promise<Answer> => {
  const { identity, boot, session } = good as NonNullable<typeof good>;
  const body = line(identity.host, identity.id, boot);
  return postSigned(calls, session, body);
};
const shared = (): string => `Bearer ${server.data.agentToken}`;
const byToken = (): Promise<Answer> => calls.post('/ingest/frames', { authorization: shared(), 'content-encoding': 'zstd' }, line('other', 'somebody', 5n));
const unsigned = (): string => `InfraMirror ${bad?.session.id}.${'A'.repeat(43)}`;

beforeAll(async () => {
  server = await AgentServer.start();
  calls = new ServerCalls(server.url, 60_000, new AbortController().signal);
  [good, bad] = [await enrol('good-1'), await enrol('bad-1')];
}, 120_000);
afterEach(async () => {
  for (const { socket, ended } of sockets.splice(0)) {
    socket.destroy();
    await ended;
  }
});
afterAll(async () => {
  calls?.close();
  await server?.stop();
}, 60_000);

test('requests that announce much and bring nothing take nobody’s room, an agent’s or those of a shared token', async () => {
  for (let i = 0; i < 8; i++) await raw(head(unsigned(), ANNOUNCED));
  for (let i = 0; i < 100; i++) await raw(head(shared(), ANNOUNCED));
  expect(await byGood()).toMatchObject({ status: 200 });
  expect(await byToken()).toMatchObject({ status: 200 });
  // Further ones of that agent have to wait.
  const ninth = await raw(head(unsigned(), ANNOUNCED));
  await expect.poll(ninth.text, { timeout: 30_000 }).toContain('intake.busy');
});

test('a request that does not say how much it has is no more than what it brings', async () => {
  for (let i = 0; i < 40; i++) await raw(head(shared(), 'transfer-encoding: chunked'));
  const body = line('other', 'somebody', 5n);
  const chunked = await raw(head(shared(), 'transfer-encoding: chunked', 'content-encoding: zstd'));
  chunked.socket.write(Buffer.concat([Buffer.from(`${body.length.toString(16)}\r\n`), body, Buffer.from('\r\n0\r\n\r\n')]));
  await expect.poll(chunked.text, { timeout: 30_000 }).toContain('HTTP/1.1 200');
});

test('what an agent keeps in hand without an end is its own part of the room', async () => {
  // Each brings next to all of it, and then waits.
  for (let i = 0; i < 4; i++) (await raw(head(unsigned(), ANNOUNCED))).socket.write(Buffer.alloc((16 << 20) - 1));
  await expect.poll(() => server.door.state.bytes, { timeout: 60_000 }).toBeGreaterThan(16 << 20);
  expect(server.door.state.bytes).toBeLessThanOrEqual(32 << 20);
  expect(await byGood()).toMatchObject({ status: 200 });
});

test('a body of which next to nothing comes is answered, and its connection ends', async () => {
  await server.open({ limits: { ...INTAKE_LIMITS, patienceMs: PATIENCE_MS } });
  const slow = [await raw(head(shared(), ANNOUNCED)), await raw(head(shared(), ANNOUNCED))];
  slow[1]?.socket.write(Buffer.alloc(1 << 20));
  for (const { ended, text } of slow) {
    await ended;
    expect(text()).toMatch(/^HTTP\/1\.1 408/);
    expect(text()).toContain('intake.slow');
  }
  expect(server.door.state.bytes).toBe(0);
}, 60_000);
