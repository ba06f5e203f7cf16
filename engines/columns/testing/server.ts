// A ClickHouse that is reached by address, for tests: the embedded engine behind a listener of its own, with users, their settings profiles and
// TLS as a server has them. What is ClickHouse in it is the engine; the HTTP protocol in front is ours, as no server binary can be had.
// No part of the product.
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { silentLogger } from '../../../core/logger.ts';
import { type EmbeddedColumns, startEmbeddedColumns } from '../embedded/start.ts';
import { ANSWER_HEADER, DATA_HEADER } from '../incoming.ts';

export interface TestUser {
  readonly password: string;
  /** Unless a statement says otherwise. */
  readonly profile?: Readonly<Record<string, string>>;
  /** What no statement may change. */
  readonly pinned?: readonly string[];
}

export interface TestServerOptions {
  readonly users?: Readonly<Record<string, TestUser>>;
  /** PEM texts. */
  readonly tls?: { readonly cert: string; readonly key: string; readonly clientCa?: string };
  /** Of the server's process. */
  readonly timeZone?: string;
}

export interface TestServer {
  readonly url: string;
  readonly port: number;
  readonly engine: EmbeddedColumns;
  /** No connection is taken any more, and those that were are cut; the engine goes on. */
  cut(): void;
  back(): Promise<void>;
  stop(): Promise<void>;
}

interface Refusal {
  readonly status: number;
  readonly code: number;
  readonly name: string;
  readonly text: string;
}

const refuse = (response: ServerResponse, { status, code, name, text }: Refusal): void => {
  response.writeHead(status, { 'content-type': 'text/plain; charset=UTF-8', 'x-clickhouse-exception-code': code });
  response.end(`Code: ${code}. DB::Exception: ${text}. (${name}) (version 26.7.2.1)`);
};

const refusalOf = (name: string, password: string, user: TestUser | undefined, settings: readonly string[]): Refusal | undefined => {
  if (user?.password !== password) {
    const text = `${name}: Authentication failed: password is incorrect, or there is no user with such name`;
    return { status: 403, code: 516, name: 'AUTHENTICATION_FAILED', text };
  }
  const [first] = settings;
  if (first !== undefined && user.profile?.readonly === '1')
    return { status: 500, code: 164, name: 'READONLY', text: `Cannot modify '${first}' setting in readonly mode` };
  const pinned = settings.find((key) => user.pinned?.includes(key));
  return pinned === undefined ? undefined : { status: 500, code: 452, name: 'SETTING_CONSTRAINT_VIOLATION', text: `Setting ${pinned} should not be changed` };
};

const OWN = new Set(['query', 'query_id', 'database', 'default_format', 'wait_end_of_query']);

export const startTestServer = async ({ users = { default: { password: '' } }, tls, timeZone }: TestServerOptions = {}): Promise<TestServer> => {
  const dataDir = mkdtempSync(join(tmpdir(), 'inframirror-server-'));
  const before = process.env.TZ;
  if (timeZone !== undefined) process.env.TZ = timeZone;
  const engine = await startEmbeddedColumns({ dataDir, log: silentLogger }).finally(() => {
    if (before === undefined) delete process.env.TZ;
    else process.env.TZ = before;
  });
  const answer = (call: IncomingMessage, response: ServerResponse): void => {
    const [name = '', ...password] = Buffer.from(call.headers.authorization?.replace('Basic ', '') ?? '', 'base64')
      .toString()
      .split(':');
    const user = users[name];
    const url = new URL(call.url ?? '/', 'http://server');
    const settings = Array.from(url.searchParams.keys()).filter((key) => !OWN.has(key) && !key.startsWith('param_'));
    const refusal = refusalOf(name, password.join(':'), user, settings);
    if (refusal !== undefined) {
      call.resume();
      refuse(response, refusal);
      return;
    }
    for (const [key, value] of Object.entries(user?.profile ?? {})) if (!url.searchParams.has(key)) url.searchParams.append(key, value);
    const headers = { ...call.headers };
    for (const own of ['authorization', DATA_HEADER, ANSWER_HEADER]) delete headers[own];
    const handed = request({ socketPath: engine.socketPath, method: call.method, path: `${url.pathname}${url.search}`, headers }, (got) => {
      response.writeHead(got.statusCode ?? 500, got.headers);
      got.pipe(response);
      got.on('error', () => response.destroy());
    });
    handed.on('error', () => call.socket.destroy());
    response.on('close', () => {
      if (!response.writableEnded) handed.destroy();
    });
    call.pipe(handed);
  };
  const limits = { maxHeaderSize: 4 << 20 };
  const server =
    tls === undefined
      ? createServer(limits, answer)
      : createTlsServer(
          { ...limits, cert: tls.cert, key: tls.key, ...(tls.clientCa === undefined ? {} : { ca: tls.clientCa, requestCert: true, rejectUnauthorized: true }) },
          answer,
        );
  const listen = (port: number): Promise<void> => new Promise((resolve) => server.listen(port, '127.0.0.1', () => resolve()));
  await listen(0);
  const { port } = server.address() as AddressInfo;
  const cut = (): void => {
    server.close();
    server.closeAllConnections();
  };
  return {
    url: `${tls === undefined ? 'http' : 'https'}://localhost:${port}`,
    port,
    engine,
    cut,
    back: () => listen(port),
    stop: async () => {
      cut();
      await engine.stop();
      rmSync(dataDir, { recursive: true, force: true });
    },
  };
};
