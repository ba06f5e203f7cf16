// A caller of ClickHouse's HTTP protocol (https://clickhouse.com/docs/interfaces/http), over TCP, TLS or a Unix socket: connections are kept,
// and a call is one exchange. It knows nothing of statements; what an answer means its callers say.
// An answer counts only with a header that ClickHouse alone gives: what a proxy or a web page says is none.
import { type ClientRequest, type IncomingHttpHeaders, Agent as PlainAgent, request as plainRequest, type RequestOptions } from 'node:http';
import { Agent as TlsAgent, request as tlsRequest } from 'node:https';
import { createConnection, type Socket } from 'node:net';
import { connect as connectTls, TLSSocket } from 'node:tls';

/** An error with ClickHouse's own number and text. */
export class ServerError extends Error {
  readonly code: number;
  constructor(code: number, text: string) {
    super(text);
    this.code = code;
  }
}

/** Something else answers at the address. */
export class ForeignAnswer extends Error {
  readonly status: number;
  constructor(url: string, status: number, text: string) {
    const words = text
      .replaceAll(/<(script|style)[\s\S]*?<\/\1>|<[^>]*>/gi, ' ')
      .replaceAll(/\s+/g, ' ')
      .trim()
      .slice(0, 120);
    super(`${url} answered ${status}${words === '' ? '' : `: ${words}`}`);
    this.status = status;
  }
}

/** A connection could not be made: nothing was sent. */
export class NotConnected extends Error {}

/** PEM texts. */
export interface HttpTls {
  /** Who may have signed the server's certificate, where that is no public authority. */
  readonly ca?: string;
  /** Our own, where the server asks for one. */
  readonly cert?: string;
  readonly key?: string;
}

export interface HttpOptions {
  /** http: or https:, without path. */
  readonly url: string;
  readonly socketPath: string | undefined;
  readonly tls?: HttpTls;
  readonly username: string;
  readonly password: string;
  /** Connections at once. */
  readonly most: number;
}

export interface HttpCall {
  /** The part of the URL after `?`. */
  readonly search: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | Uint8Array;
  /** Hangs up. */
  readonly signal: AbortSignal;
}

export interface HttpReply {
  readonly body: Uint8Array;
  readonly headers: IncomingHttpHeaders;
}

/** Servers close idle connections after 10 s or later, and one of them may be on its way to a call that begins just then. */
const IDLE_MS = 2500;
/** For a connection, its TLS included. */
const CONNECT_MS = 5000;

export class HttpCaller {
  readonly #agent: PlainAgent;
  readonly #request: typeof plainRequest;
  readonly #options: RequestOptions;
  readonly #authorization: string;
  readonly #url: string;
  /** When a connection became idle; undefined where the other side never closes one first. */
  readonly #idleSince: WeakMap<Socket, number> | undefined;
  /** What is sent goes through these. */
  readonly #connected = new WeakSet<Socket>();

  constructor({ url, socketPath, tls, username, password, most }: HttpOptions) {
    const { protocol, hostname, port, origin } = new URL(url);
    const isTls = protocol === 'https:';
    this.#url = origin;
    this.#request = isTls ? tlsRequest : plainRequest;
    const kept = { keepAlive: true, maxSockets: most, ...(socketPath === undefined ? { timeout: IDLE_MS } : {}) };
    this.#agent = isTls ? new TlsAgent({ ...kept, ...tls }) : new PlainAgent(kept);
    if (socketPath !== undefined) {
      this.#agent.createConnection = () => {
        const socket = createConnection(socketPath);
        return isTls ? connectTls({ ...tls, socket, servername: hostname }) : socket;
      };
    } else {
      const idleSince = new WeakMap<Socket, number>();
      this.#agent.on('free', (socket: Socket) => idleSince.set(socket, performance.now()));
      this.#idleSince = idleSince;
    }
    this.#options = {
      method: 'POST',
      hostname: hostname.replace(/^\[(.*)\]$/, '$1'),
      ...(port === '' ? {} : { port }),
      agent: this.#agent,
    };
    this.#authorization = `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
  }

  /** Rejects with a ServerError where the server refuses, with a ForeignAnswer, a NotConnected or another where the way to it fails. */
  call({ search, headers, body, signal }: HttpCall): Promise<HttpReply> {
    this.#dropStale();
    return new Promise((resolve, reject) => {
      const call = this.#request({ ...this.#options, path: `/?${search}`, headers: { authorization: this.#authorization, ...headers } }, (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('error', reject);
        response.on('end', () => {
          const whole = chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks);
          const { statusCode = 0 } = response;
          const isRefused = statusCode < 200 || statusCode >= 300 || response.headers['x-clickhouse-exception-code'] !== undefined;
          if (isRefused) reject(refusal(whole.toString()) ?? new ForeignAnswer(this.#url, statusCode, whole.toString()));
          else if (OWN_HEADERS.some((name) => response.headers[name] !== undefined)) resolve({ body: whole, headers: response.headers });
          else reject(new ForeignAnswer(this.#url, statusCode, whole.toString()));
        });
      });
      call.once('socket', (socket: Socket) => this.#boundConnect(call, socket));
      const hangUp = (): void => void call.destroy(new Error('the caller hung up'));
      if (signal.aborted) hangUp();
      else signal.addEventListener('abort', hangUp, { once: true });
      call.on('error', (error) => {
        const isConnected = call.socket !== null && this.#connected.has(call.socket);
        reject(isConnected ? error : new NotConnected(`${this.#url}: ${error.message}`, { cause: error }));
      });
      call.on('close', () => signal.removeEventListener('abort', hangUp));
      call.end(body);
    });
  }

  #boundConnect(call: ClientRequest, socket: Socket): void {
    if (this.#connected.has(socket)) return;
    const patience = setTimeout(() => call.destroy(new Error(`no connection within ${CONNECT_MS / 1000} s`)), CONNECT_MS);
    socket.once(socket instanceof TLSSocket ? 'secureConnect' : 'connect', () => {
      clearTimeout(patience);
      this.#connected.add(socket);
    });
    socket.once('close', () => clearTimeout(patience));
  }

  /** What a timer would have closed by now, had this process had the time. */
  #dropStale(): void {
    if (this.#idleSince === undefined) return;
    const before = performance.now() - IDLE_MS;
    for (const sockets of Object.values(this.#agent.freeSockets))
      for (const socket of sockets ?? []) if ((this.#idleSince.get(socket) ?? 0) < before) socket.destroy();
  }

  close(): void {
    this.#agent.destroy();
  }
}

/** Where one server tells of another: the number of what it was for the first, the words of the second. */
const REFUSAL = /Code: (\d+).*Exception: (.+?)\((?=[A-Z0-9_]*[A-Z]{3})[A-Z0-9_]+\)/s;

const refusal = (text: string): ServerError | undefined => {
  const [, code, reason] = REFUSAL.exec(text) ?? [];
  return code === undefined ? undefined : new ServerError(Number(code), reason as string);
};

const OWN_HEADERS = ['x-clickhouse-query-id', 'x-clickhouse-summary', 'x-clickhouse-server-display-name'];
