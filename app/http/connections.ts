// How many connections the address holds at once. Beyond the bound an agent is told to come again, in words, and the connection ends; a few more
// are let in for people and probes, who are answered as ever, so that one can still look when agents hold all. Beyond that the connection that has
// done nothing for longest makes room: no token is needed to open some that say nothing. Where all are at work, who comes is cut off.
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { CodedError } from '../../core/errors.ts';
import type { Telemetry } from '../../core/telemetry.ts';
import { type DoorAnswer, errorAnswer } from '../../ingest/answer.ts';

export interface ConnectionState {
  readonly open: number;
  readonly limit: number;
  /** Since the start; ms, undefined: never. */
  readonly refused: number;
  readonly refusedAt: number | undefined;
}

/** Above the bound. */
const RESERVE = 64;
/** Above that: those that have been ended and are not gone yet. */
const ENDING = 64;
const RETRY_SECONDS = '5';

export class Connections {
  readonly #server: Server;
  readonly #limit: () => number;
  readonly #telemetry: Pick<Telemetry, 'add' | 'set'>;
  readonly #over = new WeakSet<Socket>();
  /** Longest first: those of which no whole head of a request has come, and those between two requests. */
  readonly #silent = new Set<Socket>();
  readonly #idle = new Set<Socket>();
  /** Requests that are being answered; more than one where they came one behind the other. */
  readonly #atWork = new WeakMap<Socket, number>();
  #ending = 0;
  #open = 0;
  #refused = 0;
  #refusedAt: number | undefined;

  /** `limit` is read for each connection: it may change. */
  constructor(server: Server, limit: () => number, telemetry: Pick<Telemetry, 'add' | 'set'>) {
    this.#server = server;
    this.#limit = limit;
    this.#telemetry = telemetry;
    server.maxConnections = limit() + RESERVE + ENDING;
    server.on('connection', (socket) => this.#opened(socket));
    server.on('request', ({ socket }, response) => this.#asked(socket, response));
    server.on('drop', () => this.#note());
  }

  get state(): ConnectionState {
    return { open: this.#open, limit: this.#limit(), refused: this.#refused, refusedAt: this.#refusedAt };
  }

  #opened(socket: Socket): void {
    const limit = this.#limit();
    this.#server.maxConnections = limit + RESERVE + ENDING;
    this.#count(1);
    this.#silent.add(socket);
    socket.once('close', () => {
      this.#count(-1);
      this.#silent.delete(socket);
      this.#idle.delete(socket);
    });
    if (this.#open > limit) this.#over.add(socket);
    if (this.#open - this.#ending > limit + RESERVE) this.#makeRoom();
  }

  /** Where nobody else is idle, the one that has just come is the one. */
  #makeRoom(): void {
    const [longest] = this.#silent.size > 1 || this.#idle.size === 0 ? this.#silent : this.#idle;
    if (longest === undefined) return;
    this.#silent.delete(longest);
    this.#idle.delete(longest);
    this.#ending++;
    longest.once('close', () => this.#ending--);
    longest.destroy();
    this.#note();
  }

  #asked(socket: Socket, response: ServerResponse): void {
    this.#silent.delete(socket);
    this.#idle.delete(socket);
    this.#atWork.set(socket, (this.#atWork.get(socket) ?? 0) + 1);
    response.once('close', () => {
      const left = (this.#atWork.get(socket) ?? 1) - 1;
      this.#atWork.set(socket, left);
      if (left === 0 && !socket.destroyed) this.#idle.add(socket);
    });
  }

  /** What an agent is told on a connection that is beyond the bound; whoever else comes there is answered, once. */
  refusal({ socket, url = '' }: Pick<IncomingMessage, 'socket' | 'url'>, response: Pick<ServerResponse, 'setHeader'>): DoorAnswer | undefined {
    if (!this.#over.has(socket)) return undefined;
    response.setHeader('connection', 'close');
    if (!url.startsWith('/ingest/') && !url.startsWith('/agent/')) return undefined;
    this.#note();
    return errorAnswer(503, new CodedError('intake.busy', { reason: 'too many connections are open' }), { 'retry-after': RETRY_SECONDS });
  }

  #note(): void {
    this.#refused++;
    this.#refusedAt = Date.now();
    this.#telemetry.add('inframirror_http_connections_refused_total', {}, 1);
  }

  #count(change: number): void {
    this.#open += change;
    this.#telemetry.set('inframirror_http_connections', {}, this.#open);
  }
}
