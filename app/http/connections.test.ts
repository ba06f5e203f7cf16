// Connections that do nothing, at the real server: whoever opens many of them without any token locks nobody out, and those at work go on.
import { once } from 'node:events';
import { createServer, get, type Server, type ServerResponse } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { silentLogger } from '../../core/logger.ts';
import { TelemetryRegistry } from '../../core/telemetry.ts';
import { Connections } from './connections.ts';
import { httpServer } from './server.ts';

const LIMIT = 16;
/** With those kept for people. */
const ALL = LIMIT + 64;
const WAIT = { timeout: 30_000 };
const sockets: Socket[] = [];
const servers: Server[] = [];

const listen = async (server: Server): Promise<void> => {
  servers.push(server);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
};
const portOf = (server: Server): number => (server.address() as AddressInfo).port;
const open = async (server: Server, text = ''): Promise<Socket> => {
  const socket = connect(portOf(server), '127.0.0.1');
  sockets.push(socket);
  socket.on('error', () => undefined);
  socket.resume();
  await once(socket, 'connect');
  socket.write(text);
  return socket;
};
const statusOf = (server: Server): Promise<number | string> =>
  new Promise((resolve) => {
    const asked = get({ port: portOf(server), host: '127.0.0.1', path: '/-/healthy', agent: false }, (answer) => {
      answer.resume();
      resolve(answer.statusCode ?? 0);
    });
    asked.on('error', (error) => resolve(error.message));
  });
const closed = (all: readonly Socket[]): readonly number[] => all.flatMap((socket, i) => (socket.closed ? [i] : []));

afterEach(() => {
  for (const socket of sockets.splice(0)) socket.destroy();
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
});

test('that say nothing, or not a whole head, are ended for those who come, the oldest first', async () => {
  const http = httpServer({ log: silentLogger, telemetry: new TelemetryRegistry(), mostConnections: () => LIMIT });
  await listen(http.server);
  const held: Socket[] = [];
  for (let i = 0; i < ALL; i++) held.push(await open(http.server, i % 2 === 0 ? '' : 'GET /-/healthy HTTP/1.1\r\nhost: '));
  await expect.poll(() => http.connections.open, WAIT).toBe(ALL);
  expect(await statusOf(http.server)).toBe(200);
  expect(await statusOf(http.server)).toBe(200);
  await expect.poll(() => closed(held).length, WAIT).toBeGreaterThan(0);
  // The second took the place that the first gave back, unless it came before that was gone.
  expect([[0], [0, 1]]).toContainEqual(closed(held));
  expect(http.connections.refused).toBe(closed(held).length);
  // However many come, no more are held.
  for (let i = 0; i < 3 * ALL; i++) await open(http.server);
  await expect.poll(() => http.connections.open, WAIT).toBeLessThanOrEqual(ALL);
  await expect.poll(() => closed(held).length, WAIT).toBe(ALL);
  expect(await statusOf(http.server)).toBe(200);
});

test('between two requests are ended after those that never asked; one at work is not, and where all are, who comes is cut off', async () => {
  const waiting: ServerResponse[] = [];
  const server = createServer(({ url }, response) => {
    if (url === '/wait') waiting.push(response);
    else response.end('x');
  });
  const connections = new Connections(server, () => LIMIT, new TelemetryRegistry());
  await listen(server);
  const ask = (path: string): string => `GET ${path} HTTP/1.1\r\nhost: x\r\n\r\n`;
  const atWork: Socket[] = [];
  for (let i = 0; i < ALL - 3; i++) atWork.push(await open(server, ask('/wait')));
  await expect.poll(() => waiting.length, WAIT).toBe(ALL - 3);
  const between = [await open(server), await open(server)];
  // The second asked before the first, so it has been idle for longer.
  for (const socket of between.toReversed()) {
    const answered = once(socket, 'data');
    socket.write(ask('/'));
    await answered;
  }
  const silent = await open(server);
  await expect.poll(() => connections.state.open, WAIT).toBe(ALL);
  const order: string[] = [];
  silent.once('close', () => order.push('silent'));
  between[0]?.once('close', () => order.push('idle'));
  between[1]?.once('close', () => order.push('idle for longer'));
  for (let i = 1; i <= 3; i++) {
    await open(server, ask('/wait'));
    await expect.poll(() => waiting.length, WAIT).toBe(ALL - 3 + i);
  }
  await expect.poll(() => order, WAIT).toEqual(['silent', 'idle for longer', 'idle']);
  const last = await open(server, ask('/wait'));
  await expect.poll(() => last.closed, WAIT).toBe(true);
  expect(closed(atWork)).toEqual([]);
  expect(connections.state).toMatchObject({ open: ALL, refused: 4 });
  // One that is done is idle again, and makes room.
  waiting[0]?.end('done');
  await expect.poll(() => atWork[0]?.bytesRead, WAIT).toBeGreaterThan(0);
  await open(server, ask('/wait'));
  await expect.poll(() => closed(atWork), WAIT).toEqual([0]);
});

test('are held against their time every few seconds', { timeout: 60_000 }, async () => {
  const { server } = httpServer({ log: silentLogger, telemetry: new TelemetryRegistry(), mostConnections: () => LIMIT });
  server.headersTimeout = 1;
  await listen(server);
  const silent = await open(server);
  // Node's own interval is 30 s.
  await expect.poll(() => silent.closed, { timeout: 20_000 }).toBe(true);
});
