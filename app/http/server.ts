// The one HTTP address of the product: which path goes where, and who may. An ordered list; the first that fits answers.
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { CodedError, errorMessage } from '../../core/errors.ts';
import type { Logger } from '../../core/logger.ts';
import type { TelemetryRegistry } from '../../core/telemetry.ts';
import type { Door } from '../../ingest/door.ts';
import type { Access, Caller } from './access.ts';
import { SAFE_HEADERS, sendExplorer } from './static.ts';

export interface HttpParts {
  readonly access: Access;
  readonly door: Door;
  readonly graphql: (request: IncomingMessage, response: ServerResponse) => unknown;
  readonly telemetry: TelemetryRegistry;
  readonly isReady: () => boolean;
  readonly log: Logger;
}

interface Asked {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly url: URL;
}

interface Route {
  readonly method: 'GET' | 'POST';
  /** Exact, or undefined for any. */
  readonly path: string | undefined;
  /** undefined: anybody. */
  readonly callers: ReadonlySet<Caller> | undefined;
  readonly what: string;
  readonly answer: (asked: Asked, caller: Caller) => unknown;
}

const MOST_GRAPHQL_BYTES = 2 << 20;
const READERS: ReadonlySet<Caller> = new Set<Caller>(['admin', 'session']);
const SENDERS: ReadonlySet<Caller> = new Set<Caller>(['admin', 'agent']);

const sendText = (response: ServerResponse, status: number, text: string): void => {
  response.writeHead(status, { ...SAFE_HEADERS, 'content-type': 'text/plain; charset=utf-8', 'cache-control': 'no-store' });
  response.end(text);
};

const sendError = (response: ServerResponse, status: number, code: 'access.unauthorized' | 'access.forbidden' | 'access.origin', what = ''): void => {
  const message = code === 'access.forbidden' ? errorMessage(code, { what }) : errorMessage(code, {});
  response.writeHead(status, {
    ...SAFE_HEADERS,
    'content-type': 'application/json',
    'cache-control': 'no-store',
    ...(status === 401 ? { 'www-authenticate': 'Bearer' } : {}),
  });
  response.end(`${JSON.stringify({ code, message })}\n`);
};

const routes = (parts: HttpParts): readonly Route[] => [
  // Probes know no tokens.
  { method: 'GET', path: '/-/healthy', callers: undefined, what: 'look', answer: ({ response }) => sendText(response, 200, 'healthy\n') },
  {
    method: 'GET',
    path: '/-/ready',
    callers: undefined,
    what: 'look',
    answer: ({ response }) => (parts.isReady() ? sendText(response, 200, 'ready\n') : sendText(response, 503, 'starting\n')),
  },
  { method: 'GET', path: '/metrics', callers: READERS, what: 'read metrics', answer: ({ response }) => sendText(response, 200, parts.telemetry.render()) },
  { method: 'POST', path: '/ingest/frames', callers: SENDERS, what: 'post frames', answer: (asked) => receive(parts, asked) },
  { method: 'POST', path: '/graphql', callers: READERS, what: 'ask queries', answer: ({ request, response }) => askGraphql(parts, request, response) },
  // Last: every other address is the explorer's.
  { method: 'GET', path: undefined, callers: undefined, what: 'look', answer: (asked) => explore(parts, asked) },
];

const receive = async (parts: HttpParts, { request, response }: Asked): Promise<void> => {
  const { status, headers, body } = await parts.door.receiveFrames({ headers: request.headers, body: request, rights: { post: true } });
  response.writeHead(status, { ...SAFE_HEADERS, ...headers });
  response.end(body);
};

/** The length is asked for ahead, so that nothing too long is ever read. */
const askGraphql = (parts: HttpParts, request: IncomingMessage, response: ServerResponse): unknown => {
  const length = request.headers['content-length'];
  if (length === undefined || Number(length) > MOST_GRAPHQL_BYTES) {
    response.setHeader('connection', 'close');
    return length === undefined
      ? sendText(response, 411, 'a question says its length: content-length\n')
      : sendText(response, 413, `a question is at most ${MOST_GRAPHQL_BYTES} bytes\n`);
  }
  for (const [name, value] of Object.entries(SAFE_HEADERS)) response.setHeader(name, value);
  return parts.graphql(request, response);
};

/** The link with the token becomes a session's cookie and leaves the address bar. */
const explore = async (parts: HttpParts, { request, response, url }: Asked): Promise<void> => {
  const token = url.searchParams.get('token');
  if (token === null) return sendExplorer(url.pathname, response);
  url.searchParams.delete('token');
  const secure = request.headers['x-forwarded-proto'] === 'https';
  const cookie = parts.access.isToken(token) ? { 'set-cookie': await parts.access.openSession(secure) } : {};
  response.writeHead(303, { ...SAFE_HEADERS, ...cookie, 'cache-control': 'no-store', location: `${url.pathname.replace(/^\/+/, '/')}${url.search}` });
  response.end();
};

export const httpServer = (parts: HttpParts): Server => {
  const table = routes(parts);
  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<unknown> => {
    const path = (request.url ?? '/').split('?', 1)[0] as string;
    const method = request.method === 'HEAD' ? 'GET' : request.method;
    const route = table.find((r) => r.method === method && (r.path === undefined || r.path === path));
    if (route === undefined) {
      const known = table.find((r) => r.path === path);
      if (known !== undefined) response.setHeader('allow', known.method);
      return sendText(
        response,
        known === undefined ? 404 : 405,
        known === undefined ? 'there is nothing at this address\n' : `this address takes ${known.method}\n`,
      );
    }
    const caller = route.callers === undefined ? 'none' : await parts.access.callerOf(request);
    if (route.callers !== undefined && !route.callers.has(caller)) {
      if (caller === 'none') return sendError(response, 401, 'access.unauthorized');
      return caller === 'origin' ? sendError(response, 403, 'access.origin') : sendError(response, 403, 'access.forbidden', route.what);
    }
    return route.answer({ request, response, url: new URL(`http://localhost${path.startsWith('/') ? '' : '/'}${request.url ?? '/'}`) }, caller);
  };
  const server = createServer({ maxHeaderSize: 16 << 10 }, (request, response) => {
    answer(request, response).catch((error: unknown) => {
      const unavailable = error instanceof CodedError && error.code.endsWith('.unavailable');
      parts.log.error('a request failed', { path: (request.url ?? '').split('?', 1)[0] as string, error: (error as Error).message });
      if (!response.headersSent)
        sendText(response, unavailable ? 503 : 500, unavailable ? `${(error as Error).message}\n` : 'an error on our side; the log says more\n');
      else response.destroy();
    });
  });
  // A body of 32 MiB over a slow line must be let through, a caller that says nothing must not.
  server.requestTimeout = 120_000;
  server.headersTimeout = 15_000;
  server.keepAliveTimeout = 65_000;
  return server;
};
