// HTTP to the server: one request at a time over a connection that is kept, its answer read within bounds and taken for InfraMirror's only where it
// speaks as InfraMirror does. It repeats nothing.

import { Agent as HttpAgent, request as httpRequest, type IncomingMessage } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import { CodedError, ERRORS, type ErrorCode } from '../core/errors.ts';
import { CLOCK_HEADER } from '../schemas/frame.ts';

type Json = Readonly<Record<string, unknown>>;

export interface Answer {
  readonly status: number;
  readonly retryAfter: string | undefined;
  /** The message of a JSON answer, else its first line. */
  readonly text: string;
  /** Of InfraMirror's catalogue of errors, where it is an error of InfraMirror. */
  readonly code: string | undefined;
  /** The body, where it is an object of JSON. */
  readonly told: Json | undefined;
}

/** Names what was dropped of each part, of which there are at most 64. */
const MOST_ANSWER = 64 << 10;
/** The codes with which a door speaks to an agent. */
const OURS = /^(frame|intake|stream|access|agent|join)\.[a-z-]{1,40}$/;

export class ServerCalls {
  readonly origin: string;
  readonly #base: string;
  readonly #requestMs: number;
  readonly #agent: HttpAgent;
  readonly #signal: AbortSignal;

  constructor(server: string, requestMs: number, signal: AbortSignal) {
    this.#base = server.replace(/\/+$/, '');
    this.origin = new URL(this.#base).origin;
    this.#requestMs = requestMs;
    this.#signal = signal;
    this.#agent =
      new URL(this.#base).protocol === 'https:' ? new HttpsAgent({ keepAlive: true, maxSockets: 1 }) : new HttpAgent({ keepAlive: true, maxSockets: 1 });
  }

  close(): void {
    this.#agent.destroy();
  }

  /** With this machine's clock, by which the server finds a fault in its own. */
  ask(path: string, json: Json): Promise<Answer> {
    return this.post(path, { 'content-type': 'application/json', [CLOCK_HEADER]: String(Date.now()) }, Buffer.from(JSON.stringify(json)));
  }

  post(path: string, headers: Readonly<Record<string, string>>, body: Uint8Array): Promise<Answer> {
    const url = new URL(`${this.#base}${path}`);
    const send = url.protocol === 'https:' ? httpsRequest : httpRequest;
    return new Promise((resolve, reject) => {
      const outgoing = send(
        url,
        { method: 'POST', agent: this.#agent, signal: this.#signal, headers: { ...headers, 'content-length': body.length } },
        (answer) =>
          readAnswer(answer)
            .then(resolve, reject)
            .finally(() => clearTimeout(timer)),
      );
      const timer = setTimeout(() => outgoing.destroy(new Error(`no answer within ${this.#requestMs} ms`)), this.#requestMs);
      outgoing.on('error', (error) => {
        clearTimeout(timer);
        reject(error);
      });
      outgoing.end(body);
    });
  }
}

const readAnswer = async (answer: IncomingMessage): Promise<Answer> => {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of answer as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size <= MOST_ANSWER) chunks.push(chunk);
  }
  const text = Buffer.concat(chunks).toString('utf8');
  const told = jsonObject(text);
  return {
    status: answer.statusCode ?? 0,
    retryAfter: answer.headers['retry-after'],
    text: sentence(text, told),
    code: typeof told?.code === 'string' && OURS.test(told.code) ? told.code : undefined,
    told,
  };
};

const isObject = (value: unknown): value is Json => typeof value === 'object' && value !== null;

const jsonObject = (text: string): Json | undefined => {
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) ? value : undefined;
  } catch {
    // Not JSON: its text speaks for itself.
    return undefined;
  }
};

const sentence = (text: string, told: Json | undefined): string => {
  const { message, error } = told ?? {};
  const said = [message, error, isObject(error) ? error.message : undefined].find((part) => typeof part === 'string');
  return (said ?? (text.split('\n', 1)[0] ?? '').trim()).slice(0, 500);
};

/** The 409's number from which on runs are free. */
export const nextOf = ({ status, told }: Answer): bigint | undefined =>
  status === 409 && typeof told?.next === 'string' && /^\d{1,19}$/.test(told.next) ? BigInt(told.next) : undefined;

/** The server's own error; undefined where it may be over in a moment, or something else speaks. */
export const codedOf = ({ status, code, told }: Answer): CodedError | undefined => {
  if (code === undefined || status >= 500 || !Object.hasOwn(ERRORS, code)) return undefined;
  return new CodedError(code as ErrorCode, (told ?? {}) as CodedError['parameters']);
};
