// Serves a stream to another thread or process: each connection calls the port by name. Who consumes is called back over its own connection, and
// when that ends, however it does, its consumers leave their groups at once: a partition goes to nobody else before that.
import { type Link, Peer } from '../../../core/node/peer.ts';
import type { EmbeddedStream, LogSnapshot } from '../embedded.ts';
import type { Consumer, ConsumerHandlers, ConsumerOptions, Delivery, TopicPartition } from '../port.ts';
import { type Greeting, gone, PRESSURE_MS, type Pressures } from './protocol.ts';

export interface StreamServer {
  /** Takes a connection; `closed` resolves when it has ended and its consumers have left. */
  connect(link: Link): { readonly closed: Promise<void> };
  /** Closes the stream and all connections. */
  close(): Promise<void>;
}

export const serveStream = (stream: EmbeddedStream): StreamServer => {
  const connections = new Set<Connection>();
  let told = '';
  const pressures = async (): Promise<Pressures> => (await stream.state()).topics.map(({ topic, pressure }) => [topic, pressure]);
  const tell = async (): Promise<void> => {
    const now = await pressures();
    const text = now.join();
    if (text === told) return;
    told = text;
    for (const { peer } of connections) peer.tell('pressures', now);
  };
  const timer = setInterval(() => void tell().catch(() => undefined), PRESSURE_MS);
  timer.unref();
  return {
    connect: (link) => {
      const connection = new Connection(link, stream, pressures, tell);
      connections.add(connection);
      const closed = connection.peer.closed.then(async () => {
        connections.delete(connection);
        await connection.leave();
      });
      return { closed };
    },
    close: async () => {
      clearInterval(timer);
      await stream.close();
      for (const { peer } of connections) peer.close();
    },
  };
};

/** One thread or process that has the stream through us. */
class Connection {
  readonly peer: Peer;
  readonly #stream: EmbeddedStream;
  readonly #pressures: () => Promise<Pressures>;
  readonly #tell: () => Promise<void>;
  readonly #consumers = new Map<number, Consumer>();
  readonly #snapshots = new Map<number, { readonly taken: LogSnapshot; readonly chunks: AsyncIterator<Uint8Array> }>();
  #taken = 0;

  constructor(link: Link, stream: EmbeddedStream, pressures: () => Promise<Pressures>, tell: () => Promise<void>) {
    this.#stream = stream;
    this.#pressures = pressures;
    this.#tell = tell;
    this.peer = new Peer(link, this.#methods(), gone);
  }

  /** Everything of it ends: the connection is gone. */
  async leave(): Promise<void> {
    for (const { taken } of this.#snapshots.values()) taken.release();
    await Promise.allSettled([...this.#consumers.values()].map((consumer) => consumer.stop()));
  }

  #methods() {
    const stream = this.#stream;
    const consumer = (id: number): Consumer => {
      const found = this.#consumers.get(id);
      if (found === undefined) throw gone();
      return found;
    };
    return {
      greet: async (): Promise<Greeting> => ({ identity: stream.identity(), pressures: await this.#pressures() }),
      ensureTopics: async (...args: Parameters<EmbeddedStream['ensureTopics']>) => {
        await stream.ensureTopics(...args);
        await this.#tell();
        return this.#pressures();
      },
      produce: async (...args: Parameters<EmbeddedStream['produce']>) => {
        await stream.produce(...args);
        return stream.pressure(args[0]);
      },
      shared: (...args: Parameters<EmbeddedStream['shared']>) => stream.shared(...args),
      partitions: (topic: string) => stream.partitions(topic),
      peek: (...args: Parameters<EmbeddedStream['peek']>) => stream.peek(...args),
      state: () => stream.state(),
      committed: (...args: Parameters<EmbeddedStream['committed']>) => stream.committed(...args),
      reset: (...args: Parameters<EmbeddedStream['reset']>) => stream.reset(...args),
      forget: (group: string) => stream.forget(group),
      offsetAt: (...args: Parameters<EmbeddedStream['offsetAt']>) => stream.offsetAt(...args),
      belongTo: (...args: Parameters<EmbeddedStream['belongTo']>) => stream.belongTo(...args),
      snapshot: async () => {
        const taken = await stream.snapshot();
        const id = ++this.#taken;
        this.#snapshots.set(id, { taken, chunks: taken.read()[Symbol.asyncIterator]() });
        return { id, bytes: taken.bytes };
      },
      chunk: async (id: number): Promise<Uint8Array | undefined> => {
        const next = await this.#snapshots.get(id)?.chunks.next();
        return next === undefined || next.done === true ? undefined : next.value;
      },
      release: (id: number) => {
        this.#snapshots.get(id)?.taken.release();
        this.#snapshots.delete(id);
      },
      consume: async (id: number, options: ConsumerOptions) => {
        const joined = await stream.consume(options, this.#handlers(id));
        this.#consumers.set(id, joined);
        // It may have gone meanwhile.
        if (this.peer.isClosed) await joined.stop();
      },
      saveProgress: (id: number, ...args: Parameters<Consumer['saveProgress']>) => consumer(id).saveProgress(...args),
      saveCheckpoint: (id: number, ...args: Parameters<Consumer['saveCheckpoint']>) => consumer(id).saveCheckpoint(...args),
      pause: (id: number, at: TopicPartition) => consumer(id).pause(at),
      resume: (id: number, at: TopicPartition) => consumer(id).resume(at),
      stop: async (id: number) => {
        await consumer(id).stop();
        this.#consumers.delete(id);
      },
    };
  }

  #handlers(id: number): ConsumerHandlers {
    const { peer } = this;
    return {
      assigned: (at, saved) => peer.call('assigned', id, at, saved),
      deliver: async ({ topic, partition, messages, signal }: Delivery) => {
        const at = { topic, partition };
        const abort = (): void => peer.tell('abort', id, at);
        signal.addEventListener('abort', abort, { once: true });
        try {
          if (signal.aborted) return;
          await peer.call('deliver', id, at, messages);
        } finally {
          signal.removeEventListener('abort', abort);
        }
      },
      revoked: async (at) => {
        if (!peer.isClosed) await peer.call('revoked', id, at);
      },
      failed: (error) => peer.tell('failed', id, error.message),
    };
  }
}
