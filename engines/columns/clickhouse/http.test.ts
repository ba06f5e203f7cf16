// Calls over HTTP against a server that is made here: what is an error of the store and what of the way to it, and which connections are kept.
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, expect, test, vi } from 'vitest';
import { HttpCaller, ServerError } from './http.ts';

const NEVER = new AbortController().signal;
const ends: (() => void)[] = [];
afterEach(() => {
  vi.restoreAllMocks();
  for (const end of ends.splice(0)) end();
});

const served = async (answer: (request: IncomingMessage, response: ServerResponse, body: string) => void) => {
  const connections: Socket[] = [];
  const server = createServer((request, response) => {
    let body = '';
    request.on('data', (part) => {
      body += String(part);
    });
    request.on('end', () => answer(request, response, body));
  });
  server.on('connection', (socket) => connections.push(socket));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const caller = new HttpCaller({ url: `http://127.0.0.1:${port}`, socketPath: undefined, username: 'ü', password: 'p:w', most: 2 });
  ends.push(
    () => caller.close(),
    () => server.closeAllConnections(),
    () => server.close(),
  );
  const call = (body: string | Uint8Array = '', signal = NEVER) => caller.call({ search: 'a=b%26c', headers: { 'x-own': '1' }, body, signal });
  return { call, connections };
};

test('gives what was said and takes the whole answer, on one connection', async () => {
  const { call, connections } = await served((request, response, body) => {
    const { authorization, 'content-length': length, 'x-own': own } = request.headers;
    response.setHeader('x-clickhouse-summary', '{}');
    response.write(JSON.stringify([request.method, request.url, authorization, length, own, body]));
    response.end('!');
  });
  for (const body of ['SELECT 1', Buffer.from('SELECT 1')]) {
    const reply = await call(body);
    const authorization = `Basic ${Buffer.from('ü:p:w').toString('base64')}`;
    expect(Buffer.from(reply.body).toString()).toBe(`${JSON.stringify(['POST', '/?a=b%26c', authorization, '8', '1', 'SELECT 1'])}!`);
    expect(reply.headers['x-clickhouse-summary']).toBe('{}');
  }
  expect(connections.length).toBe(1);
});

test('what the store refuses is an error with its number, what others do is none of the store', async () => {
  const answers: readonly (readonly [number, string, Readonly<Record<string, string>>])[] = [
    [404, 'Code: 60. DB::Exception: Table x (of 2) is not there. (UNKNOWN_TABLE) (version 26.7 (official build))', {}],
    [200, 'Code: 159. DB::Exception: Too slow. (TIMEOUT_EXCEEDED)', { 'x-clickhouse-exception-code': '159' }],
    [500, 'Code: 279. DB::Exception: Of b: Code: 60. DB::Exception: Not there. (UNKNOWN_TABLE). (ALL_FAILED)', {}],
    [502, '<html>Bad gateway</html>', {}],
  ];
  let at = 0;
  const { call } = await served((_, response) => {
    const [status, text, headers] = answers[at++] as (typeof answers)[number];
    response.writeHead(status, headers).end(text);
  });
  const caught: unknown[] = [];
  for (const _ of answers) caught.push(await call().catch((error: unknown) => error));
  expect(caught.map((error) => [error instanceof ServerError ? error.code : undefined, (error as Error).message])).toEqual([
    [60, 'Table x (of 2) is not there. '],
    [159, 'Too slow. '],
    [279, 'Not there. '],
    [undefined, expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+ answered 502: Bad gateway$/)],
  ]);
});

test('rejects when the connection breaks, before an answer and within one', async () => {
  let begun = false;
  const { call, connections } = await served((_, response) => {
    if (begun) response.writeHead(200, { 'content-length': 10 }).write('12345', () => connections.at(-1)?.destroy());
    else connections.at(-1)?.destroy();
  });
  await expect(call()).rejects.not.toBeInstanceOf(ServerError);
  begun = true;
  await expect(call()).rejects.not.toBeInstanceOf(ServerError);
});

test('hangs up when told to, and at once when that was before', async () => {
  const gone = Promise.withResolvers<void>();
  let calls = 0;
  const { call } = await served((_, response) => {
    calls++;
    response.once('close', () => gone.resolve());
  });
  const own = new AbortController();
  const asked = call('', own.signal);
  setTimeout(() => own.abort(), 50);
  await expect(asked).rejects.toThrow('hung up');
  await gone.promise;
  await expect(call('', own.signal)).rejects.toThrow('hung up');
  expect(calls).toBe(1);
});

test('does not use a connection that its server may be closing', async () => {
  const { call, connections } = await served((_, response) => void response.setHeader('x-clickhouse-query-id', '1').end());
  await call();
  await sleep(50);
  await call();
  expect(connections.length).toBe(1);
  // As after a time in which this process stood still and no timer ran.
  const now = performance.now.bind(performance);
  vi.spyOn(performance, 'now').mockImplementation(() => now() + 5000);
  await call();
  expect(connections.length).toBe(2);
});
