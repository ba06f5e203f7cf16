// A way to Elasticsearch through a proxy that goes wrong at what it is told: no part of the product.
import { once } from 'node:events';
import { createServer, type IncomingMessage, request, type Server, type ServerResponse } from 'node:http';

/**
 * What becomes of one bulk request. `busy`, `failing`: it is not passed on. `html`: it is, and a page of the proxy's comes back. `cut`: it is, and
 * the connection ends. `silent`: it is, and nothing comes back. `too large`: refused by its size where it has more than one document. `some busy`:
 * the first document is passed on, the others come back as 429. `short`: an answer of one document less. `hello`: a page with status 200.
 * `bad page`, `large page`: with 400 and 413.
 */
export type Fate = 'good' | 'busy' | 'failing' | 'html' | 'cut' | 'silent' | 'too large' | 'some busy' | 'short' | 'hello' | 'bad page' | 'large page';
export const FATES: readonly Fate[] = [
  'good',
  'busy',
  'failing',
  'html',
  'cut',
  'silent',
  'too large',
  'some busy',
  'short',
  'hello',
  'bad page',
  'large page',
];

const PAGE = '<html><body><h1>Bad Gateway</h1></body></html>';
const PRODUCT = { 'x-elastic-product': 'Elasticsearch' };

export class BadProxy {
  readonly #target: number;
  readonly #server: Server;
  /** Of the next bulk requests, in their order; good ones behind them. */
  readonly fates: Fate[] = [];
  readonly met = new Map<Fate, number>();
  /** Bytes of each bulk request. */
  readonly sizes: number[] = [];

  private constructor(target: number) {
    this.#target = target;
    this.#server = createServer((asked, answer) => void this.#pass(asked, answer).catch(() => answer.destroy()));
  }

  static async listen(target: number): Promise<BadProxy> {
    const proxy = new BadProxy(target);
    proxy.#server.listen(0, '127.0.0.1');
    await once(proxy.#server, 'listening');
    return proxy;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as { port: number }).port}`;
  }

  async #ask({ method, url, headers }: IncomingMessage, body: Buffer): Promise<{ readonly status: number; readonly type: string; readonly body: Buffer }> {
    const { 'content-length': _, host: __, connection: ___, ...rest } = headers;
    const passed = request({ port: this.#target, host: '127.0.0.1', method, path: url, headers: { ...rest, 'content-length': body.length } });
    passed.end(body);
    const [answer] = (await once(passed, 'response')) as [IncomingMessage];
    return { status: answer.statusCode ?? 0, type: answer.headers['content-type'] ?? '', body: Buffer.concat(await answer.toArray()) };
  }

  async #pass(asked: IncomingMessage, answer: ServerResponse): Promise<void> {
    const body = Buffer.concat(await asked.toArray());
    const isBulk = asked.url?.startsWith('/_bulk') === true;
    const lines = isBulk ? body.toString().split('\n') : [];
    const count = lines.length >> 1;
    let fate = isBulk ? (this.fates.shift() ?? 'good') : 'good';
    if (count < 2 && ['too large', 'some busy', 'short'].includes(fate)) fate = 'good';
    if (isBulk) {
      this.met.set(fate, (this.met.get(fate) ?? 0) + 1);
      this.sizes.push(body.length);
    }
    const say = (status: number, type: string, text: string | Buffer): void => {
      answer.writeHead(status, { 'content-type': type, 'content-length': Buffer.byteLength(text), ...(type === 'text/html' ? {} : PRODUCT) });
      answer.end(text);
    };
    const json = (status: number, value: unknown): void => say(status, 'application/json', JSON.stringify(value));
    switch (fate) {
      case 'busy':
        return json(429, { error: { type: 'es_rejected_execution_exception', reason: 'rejected execution of coordinating operation' }, status: 429 });
      case 'failing':
        return json(503, { error: { type: 'unavailable_shards_exception', reason: 'primary shard is not active' }, status: 503 });
      case 'too large':
        return json(413, { error: 'Payload too large' });
      case 'hello':
        return say(200, 'text/html', PAGE);
      case 'bad page':
        return say(400, 'text/html', PAGE);
      case 'large page':
        return say(413, 'text/html', PAGE);
    }
    const sent = fate === 'some busy' ? Buffer.from(`${lines.slice(0, 2).join('\n')}\n`) : body;
    const got = await this.#ask(asked, sent);
    switch (fate) {
      case 'html':
        return say(502, 'text/html', PAGE);
      case 'cut':
        return void answer.destroy();
      case 'silent':
        return;
      case 'some busy': {
        const { items } = JSON.parse(got.body.toString()) as { items: unknown[] };
        const busy = { create: { status: 429, error: { type: 'es_rejected_execution_exception', reason: 'rejected' } } };
        return json(200, { errors: true, items: [...items, ...Array.from({ length: count - 1 }, () => busy)] });
      }
      case 'short': {
        const told = JSON.parse(got.body.toString()) as { items: unknown[] };
        return json(200, { ...told, items: told.items.slice(1) });
      }
    }
    say(got.status, got.type, got.body);
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, 'close');
  }
}
