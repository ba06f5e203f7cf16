// ClickHouse's HTTP protocol (https://clickhouse.com/docs/interfaces/http) as far as `@clickhouse/client` speaks it, in
// front of the engine: statement in the body or the URL, settings and `param_*` in the URL, data of an insert in the body, or in a file.
// No compression, no sessions, no users: who can reach the socket may do everything.
// A large answer goes into a file too, where that is asked for: it costs a third of what it does through a socket.

import { randomUUID } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { rm } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { ANSWER_HEADER, DATA_HEADER, incomingPath } from '../incoming.ts';
import { type Answer, type Engine, StoreError } from './engine.ts';
import { answerToFile, insertFromFile, insertStatement } from './sql-text.ts';

const MOST_HEADER_BYTES = 4 << 20;
const MOST_TEXT_BYTES = 64 << 20;
const MOST_DATA_BYTES = 1 << 30;

/** Parameters of the protocol itself that mean nothing here, and settings of a server's HTTP answers. */
const IGNORED = new Set([
  'database',
  'default_format',
  'enable_http_compression',
  'query',
  'query_id',
  'wait_end_of_query',
  'buffer_size',
  'session_timeout',
  'session_check',
]);

interface Call {
  readonly url: URLSearchParams;
  readonly sql: string;
}

/** `incoming`: folder for the data of inserts while they run. */
export const serveHttp = (engine: Engine, incoming: string): Server => {
  const server = createServer({ maxHeaderSize: MOST_HEADER_BYTES, keepAliveTimeout: 3_600_000, requestTimeout: 300_000 }, (request, response) => {
    void answer(engine, incoming, request, response);
  });
  return server;
};

const answer = async (engine: Engine, incoming: string, request: IncomingMessage, response: ServerResponse): Promise<void> => {
  const url = new URL(request.url ?? '/', 'http://columns');
  if (url.pathname === '/ping') {
    response.end('Ok.\n');
    return;
  }
  const queryId = url.searchParams.get('query_id') || randomUUID();
  const handed = request.headers[DATA_HEADER];
  const file = typeof handed === 'string' ? incomingPath(incoming, handed) : join(incoming, `${randomUUID()}.data`);
  const answerName = request.headers[ANSWER_HEADER];
  const answerPath = typeof answerName === 'string' ? incomingPath(incoming, answerName) : undefined;
  let isHandedOver = false;
  let started = false;
  let over = false;
  response.on('close', () => {
    if (started && !over) void engine.cancel(queryId);
  });
  try {
    if (file === undefined) throw new Error(`the header ${DATA_HEADER} names no file of an insert`);
    const call = handed === undefined ? await readCall(request, url.searchParams, file) : withData(await readText(request, url.searchParams), file);
    const settings = new Map<string, string>();
    const params = new Map<string, string>();
    for (const [name, value] of call.url)
      if (name.startsWith('param_')) params.set(name.slice('param_'.length), value);
      else if (!IGNORED.has(name)) settings.set(name, value);
    // Whoever hung up while sending must not have the statement run.
    if (response.destroyed) return;
    started = true;
    const inFile = answerPath === undefined ? undefined : answerToFile(call.sql, answerPath);
    const result = await engine.run({ sql: inFile ?? call.sql, queryId, settings, params, format: call.url.get('default_format') ?? 'TabSeparated' });
    over = true;
    isHandedOver = inFile !== undefined && !response.destroyed;
    response.writeHead(200, {
      'content-length': result.body.length,
      'x-clickhouse-query-id': queryId,
      'x-clickhouse-summary': summary(result),
      ...(isHandedOver ? { [ANSWER_HEADER]: answerName } : {}),
    });
    response.end(result.body);
  } catch (error) {
    over = true;
    fail(response, queryId, error);
  } finally {
    if (handed === undefined && file !== undefined) await rm(file, { force: true });
    if (answerPath !== undefined && !isHandedOver) await rm(answerPath, { force: true });
  }
};

const readCall = async (request: IncomingMessage, url: URLSearchParams, file: string): Promise<Call> => {
  const query = url.get('query');
  const insert = query === null ? undefined : insertStatement(query);
  if (insert !== undefined) {
    await pipeline(request, bounded(MOST_DATA_BYTES), createWriteStream(file, { mode: 0o600 }));
    if (!request.complete) throw new Error('the request was cut');
    return { url, sql: insertFromFile(insert, file) };
  }
  return readText(request, url);
};

/** An insert whose data its caller has written already. */
const withData = ({ url, sql }: Call, file: string): Call => {
  const insert = insertStatement(sql);
  if (insert === undefined) throw new Error(`the header ${DATA_HEADER} stands at no insert`);
  return { url, sql: insertFromFile(insert, file) };
};

const readText = async (request: IncomingMessage, url: URLSearchParams): Promise<Call> => {
  const query = url.get('query');
  const chunks: Buffer[] = [];
  await pipeline(request, bounded(MOST_TEXT_BYTES), async (parts: AsyncIterable<Buffer>) => {
    for await (const part of parts) chunks.push(part);
  });
  const body = Buffer.concat(chunks);
  const type = request.headers['content-type'] ?? '';
  if (!type.startsWith('multipart/form-data')) return { url, sql: [query ?? '', body.toString()].filter((part) => part !== '').join('\n') };
  const all = new URLSearchParams(url);
  let sql = query ?? '';
  for (const [name, value] of await new Response(body, { headers: { 'content-type': type } }).formData())
    if (name === 'query') sql = value as string;
    else all.append(name, value as string);
  return { url: all, sql };
};

const bounded = (most: number) =>
  async function* (parts: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
    let bytes = 0;
    for await (const part of parts) {
      bytes += part.length;
      if (bytes > most) throw new StoreError(307, `Code: 307. DB::Exception: The request has more than ${most} bytes. (TOO_MANY_BYTES)`);
      yield part;
    }
  };

const summary = ({ rowsRead, bytesRead, elapsedSeconds }: Answer): string =>
  JSON.stringify({ read_rows: String(rowsRead), read_bytes: String(bytesRead), elapsed_ns: String(Math.round(elapsedSeconds * 1e9)) });

const fail = (response: ServerResponse, queryId: string, error: unknown): void => {
  if (response.destroyed) return;
  const code = error instanceof StoreError ? error.code : 1002;
  const text = error instanceof Error ? error.message : String(error);
  response.writeHead(500, { 'content-type': 'text/plain; charset=UTF-8', 'x-clickhouse-query-id': queryId, 'x-clickhouse-exception-code': code });
  response.end(text.startsWith('Code:') ? text : `Code: ${code}. DB::Exception: ${text}`);
};
