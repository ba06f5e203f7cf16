// A door for tests and measurements of the agent: a real HTTP server that takes frames, reads them whole, and fails when told.
// It keeps what it took by identity, as a server does that must not count a frame twice.
import { hash } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { zstdDecompressSync } from 'node:zlib';
import { type Batch, columnOf, type Value, valueAt } from '../../core/batch/batch.ts';
import { decodeStream } from '../../core/ipc/read.ts';
import { type DecodedFrame, type DecodedPart, DIGEST_HEADER, decodeFrame, type FrameHeader } from '../../schemas/frame.ts';

export interface TakenPart extends DecodedPart {
  readonly header: FrameHeader;
  readonly batches: readonly Batch[];
}

/** What a request gets instead of a 200; `drop` cuts the connection, `hang` never answers; `take` says whether the frame is taken nevertheless. */
export interface Fault {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly drop?: boolean;
  readonly hang?: boolean;
  readonly take?: boolean;
}

export class Sink {
  readonly token = 'agent-secret';
  /** By arrival, each identity once. */
  readonly parts: TakenPart[] = [];
  /** Every request that was decoded, repeats included: boot, seq. */
  readonly requests: { readonly boot: bigint; readonly seq: number; readonly at: number }[] = [];
  bytes = 0;
  port = 0;
  /** Asked for each request; undefined takes the frame. */
  fault: (frame: DecodedFrame, request: number) => Fault | undefined = () => undefined;
  readonly #seen = new Set<string>();
  readonly #server: Server;
  #waiting: (() => void)[] = [];

  private constructor() {
    this.#server = createServer((request, response) => {
      this.#serve(request, response).catch(() => response.destroy());
    });
  }

  /** On a free port, or again on that one. */
  static async start(port = 0): Promise<Sink> {
    const sink = new Sink();
    await new Promise<void>((resolve, reject) => {
      sink.#server.once('error', reject);
      sink.#server.listen(port, '127.0.0.1', resolve);
    });
    sink.port = (sink.#server.address() as AddressInfo).port;
    return sink;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  async stop(): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve));
    this.#server.closeAllConnections();
    await closed;
  }

  /** Resolves as soon as it holds; looked at after every frame. */
  async until(holds: () => boolean, patienceMs = 20_000): Promise<void> {
    const end = Date.now() + patienceMs;
    while (!holds()) {
      if (Date.now() > end) throw new Error('the sink never had what was waited for');
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, 200);
        this.#waiting.push(() => {
          clearTimeout(timer);
          resolve();
        });
      });
    }
  }

  /** One column of all rows of a schema, in order of arrival. */
  column(schema: string, name: string): readonly Value[] {
    return this.parts.flatMap((part) =>
      part.schema === schema ? part.batches.flatMap((batch) => Array.from({ length: batch.length }, (_, row) => valueAt(columnOf(batch, name), row))) : [],
    );
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
    const answer = (status: number, body = ''): void => {
      response.writeHead(status).end(body);
    };
    if (request.url !== '/ingest/frames' || request.method !== 'POST') return answer(404);
    if (request.headers.authorization !== `Bearer ${this.token}`) return answer(401);
    const encoding = request.headers['content-encoding'];
    if (encoding !== 'identity' && encoding !== 'zstd') return answer(415);
    const body = Buffer.concat(chunks);
    if (request.headers[DIGEST_HEADER] !== `sha-256=:${hash('sha256', body, 'base64')}:`) return answer(408, '{"code":"intake.altered","message":"altered"}');
    const packed = decodeFrame(encoding === 'zstd' ? zstdDecompressSync(body) : body);
    const plain = (part: DecodedPart): DecodedPart => (part.encoding === undefined ? part : { ...part, ipc: zstdDecompressSync(part.ipc) });
    const frame = { ...packed, parts: packed.parts.map(plain) };
    const { boot, seq } = frame.header;
    this.requests.push({ boot, seq, at: Date.now() });
    const fault = this.fault(frame, this.requests.length);
    if (fault === undefined || fault.take === true) this.#take(frame, body.length);
    if (fault?.drop === true) request.socket.destroy();
    else if (fault === undefined) answer(200, JSON.stringify({ rows: frame.parts.reduce((sum, { rows }) => sum + rows, 0) }));
    else if (fault.hang !== true) response.writeHead(fault.status ?? 200, fault.headers).end(fault.body);
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const wake of waiting) wake();
  }

  #take(frame: DecodedFrame, bytes: number): void {
    this.bytes += bytes;
    for (const part of frame.parts) {
      const identity = `${frame.header.agent} ${frame.header.boot} ${part.seq}`;
      if (this.#seen.has(identity)) continue;
      this.#seen.add(identity);
      this.parts.push({ ...part, header: frame.header, batches: decodeStream(part.ipc) });
    }
  }
}
