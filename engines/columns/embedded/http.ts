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
import { answerToFile, type InsertStatement, insertFromFile, insertStatement } from './sql-text.ts';

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
  const query = url.searchParams.get('query');
  const insert = query === null || handed !== undefined ? undefined : insertStatement(query);
  const body = insert === undefined ? undefined : { insert, file: join(incoming, `${randomUUID()}.data`) };
  const answerName = request.headers[ANSWER_HEADER];
  const answerPath = typeof answerName === 'string' ? incomingPath(incoming, answerName) : undefined;
  let isHandedOver = false;
  let started = false;
  let over = false;
  response.on('close', () => {
    if (started && !over) void engine.cancel(queryId);
  });
  try {
    const call =
      body !== undefined
        ? await writeData(request, url.searchParams, body)
        : handed === undefined
          ? await readText(request, url.searchParams)
          : withData(await readText(request, url.searchParams), typeof handed === 'string' ? incomingPath(incoming, handed) : undefined);
    const settings = new Map<string, string>();
    const params = new Map<string, string>();
    for (const [name, value] of call.url)
      if (name.startsWith('param_')) params.set(name.slice('param_'.length), value);
      else if (!IGNORED.has(name)) settings.set(name, value);
    // Whoever hung up while sending must not have the statement run.
    if (response.destroyed) return;
    started = true;
    const inFile = answerPath === undefined ? undefined : answerToFile(call.sql, answerPath);
    const result = await engine.run({
      sql: inFile ?? call.sql,
      queryId,
      settings,
      params,
      format: call.url.get('default_format') ?? 'TabSeparated',
      database: call.url.get('database') ?? undefined,
    });
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
    if (body !== undefined) await rm(body.file, { force: true });
    if (answerPath !== undefined && !isHandedOver) await rm(answerPath, { force: true });
  }
};

/** An insert whose data is the body. */
const writeData = async (
  request: IncomingMessage,
  url: URLSearchParams,
  { insert, file }: { readonly insert: InsertStatement; readonly file: string },
): Promise<Call> => {
  await pipeline(request, bounded(MOST_DATA_BYTES), createWriteStream(file, { mode: 0o600 }));
  if (!request.complete) throw new Error('the request was cut');
  return { url, sql: insertFromFile(insert, file) };
};

/** An insert whose data its caller has written already. */
const withData = ({ url, sql }: Call, file: string | undefined): Call => {
  if (file === undefined) throw new Error(`the header ${DATA_HEADER} names no file of an insert`);
  const insert = insertStatement(sql);
  if (insert === undefined) throw new Error(`the header ${DATA_HEADER} stands at no insert`);
  return { url, sql: insertFromFile(insert, file) };
};

const readText = async (request: IncomingMessage, url: URLSearchParams): Promise<Call> => {
  const query = url.get('query');
  const body = await bodyOf(request);
  const type = request.headers['content-type'] ?? '';
  if (!type.startsWith('multipart/form-data')) return { url, sql: [query ?? '', body.toString()].filter((part) => part !== '').join('\n') };
  const all = new URLSearchParams(url);
  let sql = query ?? '';
  for (const [name, value] of await new Response(body, { headers: { 'content-type': type } }).formData())
    if (name === 'query') sql = value as string;
    else all.append(name, value as string);
  return { url: all, sql };
};

const tooLarge = (most: number): StoreError => new StoreError(307, `Code: 307. DB::Exception: The request has more than ${most} bytes. (TOO_MANY_BYTES)`);

/** By its events: an iteration over it costs several times as much as a short text does otherwise. */
const bodyOf = (request: IncomingMessage): Promise<Buffer<ArrayBuffer>> =>
  new Promise((resolve, reject) => {
    const chunks: Buffer<ArrayBuffer>[] = [];
    let bytes = 0;
    request.on('data', (chunk: Buffer<ArrayBuffer>) => {
      bytes += chunk.length;
      if (bytes > MOST_TEXT_BYTES) reject(tooLarge(MOST_TEXT_BYTES));
      else chunks.push(chunk);
    });
    request.on('end', () => resolve(chunks.length === 1 ? (chunks[0] as Buffer<ArrayBuffer>) : Buffer.concat(chunks)));
    request.on('error', reject);
  });

const bounded = (most: number) =>
  async function* (parts: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
    let bytes = 0;
    for await (const part of parts) {
      bytes += part.length;
      if (bytes > most) throw tooLarge(most);
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
