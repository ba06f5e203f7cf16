// Two processes or threads that call each other over one connection: a name, arguments, an answer. Errors keep their code. What is called may
// answer at once or later, in any order; calls themselves arrive in the order in which they were made. It retries nothing.
import { errorFrom, type WireError, wireError } from './wire-error.ts';

/** One end of a connection that keeps messages whole and in order. */
export interface Link {
  send(message: unknown): void;
  /** Called once. `closed`: nothing more comes, and nothing that is sent arrives. */
  open(message: (message: unknown) => void, closed: () => void): void;
  close(): void;
}

/** `call` without `id`: nobody waits for what comes of it. */
type Told =
  | { readonly call: string; readonly args: readonly unknown[]; readonly id?: number }
  | { readonly to: number; readonly value?: unknown; readonly error?: WireError };

/** What the other side may call. */
export type Methods = Readonly<Record<string, (...args: never[]) => unknown>>;

export class Peer {
  readonly #link: Link;
  readonly #methods: Methods;
  readonly #gone: () => Error;
  readonly #waiting = new Map<number, { readonly resolve: (value: never) => void; readonly reject: (error: Error) => void }>();
  readonly #closed = Promise.withResolvers<void>();
  #calls = 0;
  #isClosed = false;

  /** `gone`: what calls reject with once the connection is closed. */
  constructor(link: Link, methods: Methods, gone: () => Error) {
    this.#link = link;
    this.#methods = methods;
    this.#gone = gone;
    link.open(
      (message) => this.#take(message as Told),
      () => this.#end(),
    );
  }

  /** Resolves when the connection is closed, from whichever end. */
  get closed(): Promise<void> {
    return this.#closed.promise;
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  call<T>(name: string, ...args: readonly unknown[]): Promise<T> {
    if (this.#isClosed) return Promise.reject(this.#gone());
    const id = ++this.#calls;
    return new Promise<T>((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      this.#link.send({ call: name, args, id });
    });
  }

  /** As `call`; what comes of it nobody hears. */
  tell(name: string, ...args: readonly unknown[]): void {
    if (!this.#isClosed) this.#link.send({ call: name, args });
  }

  close(): void {
    this.#link.close();
    this.#end();
  }

  #end(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    for (const { reject } of this.#waiting.values()) reject(this.#gone());
    this.#waiting.clear();
    this.#closed.resolve();
  }

  #take(message: Told): void {
    if (this.#isClosed) return;
    if ('call' in message) {
      void this.#answer(message);
      return;
    }
    const { to, value, error } = message;
    const waiting = this.#waiting.get(to);
    this.#waiting.delete(to);
    if (error === undefined) waiting?.resolve(value as never);
    else waiting?.reject(errorFrom(error));
  }

  async #answer({ call, args, id }: Extract<Told, { readonly call: string }>): Promise<void> {
    let answer: Omit<Extract<Told, { readonly to: number }>, 'to'>;
    try {
      const method = Object.hasOwn(this.#methods, call) ? this.#methods[call] : undefined;
      if (method === undefined) throw new TypeError(`the other side calls ${JSON.stringify(call)}, which is not known here`);
      answer = { value: await method(...(args as never[])) };
    } catch (error) {
      answer = { error: wireError(error) };
    }
    if (id !== undefined && !this.#isClosed) this.#link.send({ to: id, ...answer });
  }
}
