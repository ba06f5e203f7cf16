// A sender that has sent more than it may in a day, and more connections than there may be: at the real address, with a real record store. What is
// refused is told in words with a time to come again, others are not concerned, and it stands in the audit table.
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { type Answer, ServerCalls } from '../agent/server-calls.ts';
import { INTAKE_LIMITS } from '../ingest/limits.ts';
import { frameOf, partOf, zstd } from '../ingest/testing/frames.ts';
import { AgentServer } from './testing/agent-server.ts';
import { type Enrolled, enrolled, postSigned, sessionOf, signatureOf } from './testing/enrolled.ts';

const DAY_MS = 86_400_000;
const LIMIT = 1 << 20;
let server: AgentServer;
let calls: ServerCalls;
let seq = 0;
const sockets: Socket[] = [];

const enrol = (host: string): Promise<Enrolled> => enrolled(server, calls, host);
/** Lines that take about so many bytes when they are unpacked. */
const body = (host: string, agent: string, boot: bigint, bytes: number): Uint8Array => {
  seq += 10;
  const lines = Array.from({ length: Math.ceil(bytes / 1000) }, () => 'x'.repeat(1000));
  const times = lines.map(() => BigInt(server.now()) * 1_000_000n);
  return zstd(
    frameOf([partOf('logs', { time: times, severity: lines.map(() => 'info'), body: lines })], {
      agent,
      host,
      boot,
      seq,
      sent: new Date(server.now()).toISOString(),
    }),
  );
};
const send = (one: Enrolled, bytes = 1000): Promise<Answer> => postSigned(calls, one.session, body(one.identity.host, one.identity.id, one.boot, bytes));
const byToken = (agent: string, bytes = 1000): Promise<Answer> =>
  calls.post('/ingest/frames', { authorization: `Bearer ${server.data.agentToken}`, 'content-encoding': 'zstd' }, body('db-1', agent, 5n, bytes));

interface Raw {
  readonly socket: Socket;
  readonly text: () => string;
  readonly ended: Promise<unknown>;
}
const raw = async (text = ''): Promise<Raw> => {
  const socket = connect(Number(new URL(server.url).port), '127.0.0.1');
  sockets.push(socket);
  let answered = '';
  socket.on('error', () => undefined);
  socket.on('data', (bytes) => {
    answered += bytes.toString();
  });
  const ended = new Promise((end) => socket.once('close', end));
  await once(socket, 'connect');
  socket.write(text);
  return { socket, text: () => answered, ended };
};
const told = (one: Raw, words: string): Promise<void> => expect.poll(one.text, { timeout: 30_000 }).toContain(words) as unknown as Promise<void>;

beforeAll(async () => {
  server = await AgentServer.start();
  calls = new ServerCalls(server.url, 20_000, new AbortController().signal);
  await server.open({ limits: { ...INTAKE_LIMITS, bytesPerSender: LIMIT, bytesShared: 5 * LIMIT }, overQuota: (over) => server.registry.noteOverQuota(over) });
}, 120_000);
afterEach(() => {
  for (const socket of sockets.splice(0)) socket.destroy();
});
afterAll(async () => {
  calls?.close();
  await server?.stop();
}, 60_000);

test('bytes in a day: refused with the time to come again, before the body is read; nobody else is; then it goes on', async () => {
  const [loud, quiet] = [await enrol('web-1'), await enrol('web-2')];
  expect(await send(loud, LIMIT - 100_000)).toMatchObject({ status: 200 });
  expect(await send(loud, LIMIT)).toMatchObject({ status: 200 });
  const refused = await send(loud);
  expect(refused).toMatchObject({ status: 429, code: 'intake.quota', told: { sender: loud.identity.id, allowedMiB: 1 } });
  expect(Number(refused.retryAfter)).toBeGreaterThan(0);
  expect(Number(refused.retryAfter)).toBeLessThanOrEqual(86_400);
  // Of a request of which nothing but the head has come.
  const head = await raw(
    `POST /ingest/frames HTTP/1.1\r\nhost: x\r\nauthorization: ${signatureOf(loud.session, new Uint8Array(1))}\r\ncontent-length: 1000000\r\n\r\n`,
  );
  await told(head, '"intake.quota"');
  await head.ended;
  expect(await send(quiet)).toMatchObject({ status: 200 });
  expect(await byToken('some-name', 2 * LIMIT)).toMatchObject({ status: 200 });
  expect(await byToken('some-name')).toMatchObject({ status: 429, code: 'intake.quota' });
  expect(await byToken('another-name')).toMatchObject({ status: 200 });
  // Names that are made up are bounded together.
  expect(await byToken('name-3', 2 * LIMIT)).toMatchObject({ status: 200 });
  expect(await byToken('name-4', 2 * LIMIT)).toMatchObject({ status: 200 });
  expect(await byToken('name-5')).toMatchObject({ status: 429, code: 'intake.quota', told: { sender: 'the shared token', allowedMiB: 5 } });
  expect(await send(quiet)).toMatchObject({ status: 200 });
  expect(server.door.state.overQuota.map(({ host, sender }) => [host, sender])).toEqual([
    ['', 'the shared token'],
    ['db-1', 'some-name'],
    ['web-1', loud.identity.id],
  ]);
  expect(server.door.usageOf(loud.identity.id).bytes).toBeGreaterThan(1.5 * LIMIT);
  const audited = async () =>
    (await server.audit()).filter(({ what }) => what === 'agent.quota').map(({ detail }) => [detail.host, detail.sender, detail.limit]);
  await expect.poll(audited, { timeout: 30_000 }).toEqual([
    ['web-1', loud.identity.id, LIMIT],
    ['db-1', 'some-name', LIMIT],
    ['', 'the shared token', 5 * LIMIT],
  ]);
  server.ahead += DAY_MS;
  loud.session = await sessionOf(calls, loud.identity, loud.boot);
  expect(await send(loud)).toMatchObject({ status: 200 });
});

test('refusals that were left out of the audit table are counted there when the server stops', async () => {
  const before = (await server.audit()).length;
  for (let i = 0; i < 100; i++) server.registry.noteOverQuota({ sender: `s-${i}`, host: 'h', bytes: 2, limit: 1 });
  await server.registry.stop();
  const rows = (await server.audit()).slice(before);
  expect(rows.length).toBeLessThan(40);
  expect(rows.at(-1)?.detail).toEqual({ leftOut: 100 - (rows.length - 1) });
});

test('connections: beyond the bound an agent is told to come again, people and probes are answered, also where sockets that say nothing hold all', async () => {
  calls.close();
  await expect.poll(() => server.connections.open, { timeout: 30_000 }).toBe(0);
  server.mostConnections = 2;
  const held = [await raw(), await raw()];
  await expect.poll(() => server.connections.open, { timeout: 30_000 }).toBe(2);
  const agent = await raw('POST /ingest/frames HTTP/1.1\r\nhost: x\r\ncontent-length: 0\r\n\r\n');
  await told(agent, '"intake.busy"');
  await agent.ended;
  expect(agent.text()).toMatch(/^HTTP\/1.1 503 /);
  expect(agent.text()).toMatch(/retry-after: 5\r\n/i);
  expect(agent.text()).toMatch(/connection: close\r\n/i);
  const probe = await raw('GET /-/healthy HTTP/1.1\r\nhost: x\r\n\r\n');
  await told(probe, 'HTTP/1.1 200');
  await probe.ended;
  expect(server.connections).toMatchObject({ open: 2, limit: 2, refused: 1 });
  // All that is kept for people too.
  for (let i = 0; i < 64; i++) held.push(await raw());
  await expect.poll(() => server.connections.open, { timeout: 30_000 }).toBe(66);
  const last = await raw('GET /-/healthy HTTP/1.1\r\nhost: x\r\n\r\n');
  await told(last, 'HTTP/1.1 200');
  // The one that has said nothing for longest made room.
  await held[0]?.ended;
  for (const { socket } of held) socket.destroy();
  await expect.poll(() => server.connections.open, { timeout: 30_000 }).toBe(0);
  const again = await raw('POST /ingest/frames HTTP/1.1\r\nhost: x\r\ncontent-length: 0\r\n\r\n');
  await told(again, 'HTTP/1.1 401');
  expect(again.text()).not.toMatch(/connection: close/i);
});
