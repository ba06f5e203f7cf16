// The one HTTP address of the product: which path goes where, and who may. An ordered list; the first that fits answers.
// It listens from the first moment of a start: until the parts behind it are there it says so.
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { CodedError, ERRORS, type ErrorCode, errorMessage } from '../../core/errors.ts';
import type { Logger } from '../../core/logger.ts';
import type { Telemetry, TelemetryRegistry } from '../../core/telemetry.ts';
import type { GraphqlCaller, GraphqlHandler } from '../../graphql/server.ts';
import type { AgentRequests } from '../../ingest/agents/requests.ts';
import { type DoorAnswer, errorAnswer } from '../../ingest/answer.ts';
import type { Authority } from '../../ingest/authority.ts';
import type { Door } from '../../ingest/door.ts';
import { unlimited } from '../../query/caller.ts';
import { AGENT_PATHS } from '../../schemas/agent-proofs.ts';
import { CLOCK_HEADER } from '../../schemas/frame.ts';
import type { Role } from '../config/roles.ts';
import type { Access, CallerKind } from './access.ts';
import { type ConnectionState, Connections } from './connections.ts';
import type { Senders } from './senders.ts';
import { SAFE_HEADERS, sendExplorer } from './static.ts';

export interface HttpParts {
  /** Addresses of other roles are not there. */
  readonly roles: ReadonlySet<Role>;
  readonly access: Access;
  readonly senders: Senders;
  readonly agents: AgentRequests;
  readonly door: Door;
  readonly graphql: GraphqlHandler;
  readonly telemetry: TelemetryRegistry;
  /** Brings up to date what is measured only when it is asked for. Takes seconds at most, and never rejects. */
  readonly measured: () => Promise<void>;
  /** Why it is not ready; undefined: it is. Takes seconds at most, and never rejects. */
  readonly notReady: () => Promise<string | undefined>;
}

export interface HttpServer {
  readonly server: Server;
  readonly connections: ConnectionState;
  /** From now on these answer. */
  open(parts: HttpParts): void;
}

interface HttpCall {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
}

interface Route {
  readonly method: 'GET' | 'POST';
  /** Exact, or undefined for any. */
  readonly path: string | undefined;
  /** undefined: anybody. */
  readonly callers: ReadonlySet<CallerKind> | undefined;
  readonly what: string;
  readonly answer: (asked: HttpCall, caller: CallerKind) => unknown;
}

const READERS: ReadonlySet<CallerKind> = new Set<CallerKind>(['admin', 'session', 'trusted']);

/** `who`: as the audit names it. Whoever is let in today may see every row. */
const graphqlCallerOf = (caller: CallerKind): GraphqlCaller => {
  const who = caller === 'trusted' ? 'session' : caller;
  return { who, mayChange: caller !== 'trusted', caller: unlimited(who) };
};

const PLAIN = 'text/plain; charset=utf-8';
/** What scrapes, and people. */
const WATCHERS: ReadonlySet<CallerKind> = new Set<CallerKind>([...READERS, 'metrics']);
/** Prometheus' text exposition format. */
const EXPOSITION = 'text/plain; version=0.0.4; charset=utf-8';
const OPEN_METRICS = 'application/openmetrics-text; version=1.0.0; charset=utf-8';

const sendText = (response: ServerResponse, status: number, text: string, type: string = PLAIN): void => {
  response.writeHead(status, { ...SAFE_HEADERS, 'content-type': type, 'cache-control': 'no-store' });
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

const sendRefusal = (response: ServerResponse, caller: CallerKind, what: string): void => {
  if (caller === 'none') sendError(response, 401, 'access.unauthorized');
  else if (caller === 'origin') sendError(response, 403, 'access.origin');
  else sendError(response, 403, 'access.forbidden', what);
};

const routes = (parts: HttpParts): readonly Route[] => [
  ...commonRoutes(parts),
  ...(parts.roles.has('ingest') ? intakeRoutes(parts) : []),
  ...(parts.roles.has('api') ? askRoutes(parts) : []),
];

const commonRoutes = (parts: HttpParts): readonly Route[] => [
  // Probes know no tokens.
  { method: 'GET', path: '/-/healthy', callers: undefined, what: 'look', answer: ({ response }) => sendText(response, 200, 'healthy\n') },
  {
    method: 'GET',
    path: '/-/ready',
    callers: undefined,
    what: 'look',
    answer: async ({ response }) => {
      const reason = await parts.notReady();
      sendText(response, reason === undefined ? 200 : 503, `${reason ?? 'ready'}\n`);
    },
  },
  {
    method: 'GET',
    path: '/metrics',
    callers: WATCHERS,
    what: 'read metrics',
    answer: async ({ request, response }) => {
      await parts.measured();
      const isOpen = String(request.headers.accept ?? '').includes('application/openmetrics-text');
      sendText(response, 200, parts.telemetry.render(isOpen ? 'openmetrics' : 'prometheus'), isOpen ? OPEN_METRICS : EXPOSITION);
    },
  },
];

const intakeRoutes = (parts: HttpParts): readonly Route[] => [
  // Who sends is judged with the frame; agents prove what they are in what they ask.
  { method: 'POST', path: '/ingest/frames', callers: undefined, what: 'post frames', answer: (asked) => receive(parts, asked) },
  ...Object.values(AGENT_PATHS).map(
    (path): Route => ({
      method: 'POST',
      path,
      callers: undefined,
      what: 'ask as an agent',
      answer: async ({ request, response }) => sendAnswer(response, await parts.agents.answer(path, request, request.headers[CLOCK_HEADER])),
    }),
  ),
];

const askRoutes = (parts: HttpParts): readonly Route[] => [
  {
    method: 'POST',
    path: '/graphql',
    callers: READERS,
    what: 'ask queries',
    answer: ({ request, response }, caller) => parts.graphql(request, response, SAFE_HEADERS, graphqlCallerOf(caller)),
  },
  // Last: every other address is the explorer's.
  { method: 'GET', path: undefined, callers: undefined, what: 'look', answer: (asked) => explore(parts, asked) },
];

const sendAnswer = (response: ServerResponse, { status, headers, body }: DoorAnswer): void => {
  // With its length known it goes out in one piece.
  response.writeHead(status, { ...SAFE_HEADERS, 'cache-control': 'no-store', 'content-length': Buffer.byteLength(body), ...headers });
  response.end(body);
};

/** 403 for one that is known and may not; who cannot be told is asked to sign in. */
const refusedSender = (error: unknown): DoorAnswer => {
  if (!(error instanceof CodedError) || error.code === 'access.unavailable') throw error;
  return errorAnswer(error.code === 'intake.cloned' ? 409 : error.code === 'agent.session' || error.code === 'agent.proof' ? 401 : 403, error);
};

const receive = async ({ senders, door }: HttpParts, { request, response }: HttpCall): Promise<void> => {
  let authority: Authority | CallerKind;
  try {
    authority = await senders.authorityOf(request);
  } catch (error) {
    return sendAnswer(response, refusedSender(error));
  }
  if (typeof authority === 'string') return sendRefusal(response, authority, 'post frames');
  sendAnswer(response, await door.receiveFrames({ headers: request.headers, body: request, rights: { post: true, authority } }));
};

/** The link with the token becomes a session's cookie and leaves the address bar; a wrong one leaves `refused` there, which the page tells. */
const explore = async (parts: HttpParts, { request, response }: HttpCall): Promise<void> => {
  const asked = request.url ?? '/';
  const url = new URL(`http://localhost${asked.startsWith('/') ? '' : '/'}${asked}`);
  const token = url.searchParams.get('token');
  if (token === null) return sendExplorer(url.pathname, response, String(request.headers['accept-encoding'] ?? ''));
  url.searchParams.delete('token');
  const secure = request.headers['x-forwarded-proto'] === 'https';
  const isRight = parts.access.isToken(token);
  const cookie = isRight ? { 'set-cookie': await parts.access.openSession(secure) } : {};
  if (!isRight) url.searchParams.set('refused', '');
  response.writeHead(303, { ...SAFE_HEADERS, ...cookie, 'cache-control': 'no-store', location: `${url.pathname.replace(/^\/+/, '/')}${url.search}` });
  response.end();
};

/** Of a start that is not far enough for anything else. */
const answerEarly = ({ url }: IncomingMessage, response: ServerResponse): void => {
  const healthy = (url ?? '').split('?', 1)[0] === '/-/healthy';
  if (!healthy) response.setHeader('retry-after', '1');
  sendText(response, healthy ? 200 : 503, healthy ? 'healthy\n' : 'starting\n');
};

/** How often connections are held against the times below. */
const CHECK_MS = 2_000;

export interface HttpOptions {
  readonly log: Logger;
  readonly telemetry: Pick<Telemetry, 'add' | 'set'>;
  /** Connections at once; may change. */
  readonly mostConnections: () => number;
}

export const httpServer = ({ log, telemetry, mostConnections }: HttpOptions): HttpServer => {
  let table: readonly Route[] | undefined;
  let access: Access | undefined;
  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<unknown> => {
    const refusal = connections.refusal(request, response);
    if (refusal !== undefined) return sendAnswer(response, refusal);
    if (table === undefined || access === undefined) return answerEarly(request, response);
    const path = (request.url ?? '/').split('?', 1)[0] as string;
    const method = request.method === 'HEAD' ? 'GET' : request.method;
    const route = table.find((r) => r.path === path) ?? table.find((r) => r.path === undefined && r.method === method);
    if (route === undefined) return sendText(response, 404, 'there is nothing at this address, or nothing of what this process does\n');
    if (route.method !== method) {
      response.setHeader('allow', route.method);
      return sendText(response, 405, `this address takes ${route.method}\n`);
    }
    const caller = route.callers === undefined ? 'none' : await access.callerOf(request);
    if (route.callers !== undefined && !route.callers.has(caller)) return sendRefusal(response, caller, route.what);
    return route.answer({ request, response }, caller);
  };
  const server = createServer({ maxHeaderSize: 16 << 10, connectionsCheckingInterval: CHECK_MS }, (request, response) => {
    answer(request, response).catch((error: unknown) => {
      const unavailable =
        error instanceof CodedError && error.code.endsWith('.unavailable') ? `${error.message}.\n${ERRORS[error.code as ErrorCode].mend}\n` : undefined;
      log.error('a request failed', { path: (request.url ?? '').split('?', 1)[0] as string, error: (error as Error).message });
      if (!response.headersSent) sendText(response, unavailable === undefined ? 500 : 503, unavailable ?? 'an error on our side; the log says more\n');
      else response.destroy();
    });
  });
  // A body of 32 MiB over a slow line must be let through, a caller that says nothing must not.
  server.requestTimeout = 120_000;
  server.headersTimeout = 15_000;
  server.keepAliveTimeout = 65_000;
  const connections = new Connections(server, mostConnections, telemetry);
  return {
    server,
    get connections() {
      return connections.state;
    },
    open: (parts) => {
      table = routes(parts);
      access = parts.access;
    },
  };
};
