// A way to a broker that can be made bad: slow, cut, or silent, as behind a router that has forgotten a connection. No part of the product.
import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';

export class BadWay {
  readonly #target: number;
  readonly #server: Server;
  readonly #near = new Set<Socket>();
  readonly #far = new Set<Socket>();
  /** What comes from these goes nowhere. */
  readonly #silent = new Set<Socket>();
  /** Before each piece goes on, ms. */
  delayMs = 0;

  private constructor(target: number) {
    this.#target = target;
    this.#server = createServer((socket) => this.#pass(socket));
  }

  static async listen(port: number, target: number): Promise<BadWay> {
    const way = new BadWay(target);
    way.#server.listen(port, '127.0.0.1');
    await once(way.#server, 'listening');
    return way;
  }

  #pass(near: Socket): void {
    const far = connect(this.#target, '127.0.0.1');
    for (const [from, to, open] of [
      [near, far, this.#near],
      [far, near, this.#far],
    ] as const) {
      open.add(from);
      let turn = Promise.resolve();
      from.on('data', (bytes) => {
        if (this.#silent.has(from)) return;
        if (this.delayMs > 0) turn = turn.then(() => new Promise((resolve) => setTimeout(resolve, this.delayMs)));
        turn = turn.then(() => void (to.destroyed || this.#silent.has(from) || to.write(bytes)));
      });
      from.on('error', () => undefined);
      from.on('close', () => {
        open.delete(from);
        if (!this.#silent.has(from)) to.destroy();
      });
    }
  }

  /** Every connection that stands now looks as if it stood on, and carries no answers, or nothing at all. */
  silence(what: 'answers' | 'all'): void {
    for (const socket of this.#far) this.#silent.add(socket);
    if (what === 'all') for (const socket of this.#near) this.#silent.add(socket);
  }

  async close(): Promise<void> {
    this.#server.close();
    for (const socket of [...this.#near, ...this.#far]) socket.destroy();
    await once(this.#server, 'close');
  }
}
