// A caller of ClickHouse's HTTP protocol (https://clickhouse.com/docs/interfaces/http), over TCP, TLS or a Unix socket: connections are kept,
// and a call is one exchange. It knows nothing of statements; what an answer means its callers say.
import { type IncomingHttpHeaders, Agent as PlainAgent, request as plainRequest, type RequestOptions } from 'node:http';
import { Agent as TlsAgent, request as tlsRequest } from 'node:https';
import { createConnection, type Socket } from 'node:net';

/** An error with ClickHouse's own number and text. */
export class ServerError extends Error {
  readonly code: number;
  constructor(code: number, text: string) {
    super(text);
    this.code = code;
  }
}

export interface HttpOptions {
  /** http: or https:, without path. */
  readonly url: string;
  readonly socketPath: string | undefined;
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

export class HttpCaller {
  readonly #agent: PlainAgent;
  readonly #request: typeof plainRequest;
  readonly #options: RequestOptions;
  readonly #authorization: string;
  /** When a connection became idle; undefined where the other side never closes one first. */
  readonly #idleSince: WeakMap<Socket, number> | undefined;

  constructor({ url, socketPath, username, password, most }: HttpOptions) {
    const { protocol, hostname, port } = new URL(url);
    const isTls = protocol === 'https:' && socketPath === undefined;
    this.#request = isTls ? tlsRequest : plainRequest;
    const kept = { keepAlive: true, maxSockets: most, ...(socketPath === undefined ? { timeout: IDLE_MS } : {}) };
    this.#agent = isTls ? new TlsAgent(kept) : new PlainAgent(kept);
    if (socketPath !== undefined) this.#agent.createConnection = () => createConnection(socketPath);
    else {
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

  /** Rejects with a ServerError where the server refuses, with another where the way to it fails. */
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
          if (isRefused) reject(refusal(whole.toString()));
          else resolve({ body: whole, headers: response.headers });
        });
      });
      const hangUp = (): void => void call.destroy(new Error('the caller hung up'));
      if (signal.aborted) hangUp();
      else signal.addEventListener('abort', hangUp, { once: true });
      call.on('error', reject);
      call.on('close', () => signal.removeEventListener('abort', hangUp));
      call.end(body);
    });
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

const refusal = (text: string): Error => {
  const [, code, reason] = REFUSAL.exec(text) ?? [];
  return code === undefined ? new Error(text) : new ServerError(Number(code), reason as string);
};
