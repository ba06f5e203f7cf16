// The port over a connection to the thread that keeps the log: what is asked for often is kept here as it was told last.
// It stores nothing, and reconnects never: where the connection ends, the log's thread or this process is ending.
import { CodedError } from '../../../core/errors.ts';
import type { Generation, StoreIdentity } from '../../../core/generation.ts';
import { type Link, Peer } from '../../../core/node/peer.ts';
import type { EmbeddedStream, LogSnapshot } from '../embedded.ts';
import type {
  Committed,
  Consumer,
  ConsumerHandlers,
  ConsumerOptions,
  Message,
  PartitionState,
  SavedProgress,
  StoredMessage,
  StreamState,
  TopicOptions,
  TopicPartition,
} from '../port.ts';
import { type Greeting, gone, type Pressures } from './protocol.ts';

/** Resolves when the log has answered for the first time. `closed`: what `close` does last. */
export const connectStream = async (link: Link, closed: () => Promise<void> = async () => undefined): Promise<EmbeddedStream> => {
  const stream = new RemoteStream(link, closed);
  await stream.greet();
  return stream;
};

class RemoteStream implements EmbeddedStream {
  readonly #peer: Peer;
  readonly #consumers = new Map<number, RemoteConsumer>();
  readonly #pressures = new Map<string, number>();
  #identity: StoreIdentity | undefined;
  #made = 0;
  readonly #ended: () => Promise<void>;
  #closing: Promise<void> | undefined;

  constructor(link: Link, closed: () => Promise<void>) {
    this.#ended = closed;
    const of = (id: number): RemoteConsumer => {
      const found = this.#consumers.get(id);
      if (found === undefined) throw gone();
      return found;
    };
    this.#peer = new Peer(
      link,
      {
        pressures: (now: Pressures) => this.#note(now),
        assigned: (id: number, at: TopicPartition, saved: SavedProgress | undefined) => of(id).assigned(at, saved),
        deliver: (id: number, at: TopicPartition, messages: readonly StoredMessage[]) => of(id).deliver(at, messages),
        abort: (id: number, at: TopicPartition) => of(id).abort(at),
        revoked: (id: number, at: TopicPartition) => of(id).revoked(at),
        failed: (id: number, reason: string) => this.#failed(id, new Error(reason)),
      },
      gone,
    );
    void this.#peer.closed.then(() => {
      for (const id of [...this.#consumers.keys()]) this.#failed(id, gone());
    });
  }

  async greet(): Promise<void> {
    const { identity, pressures } = await this.#peer.call<Greeting>('greet');
    this.#identity = identity;
    this.#note(pressures);
  }

  async ensureTopics(topics: readonly TopicOptions[]): Promise<void> {
    this.#note(await this.#call<Pressures>('ensureTopics', topics));
  }

  async produce(topic: string, messages: readonly Message[]): Promise<void> {
    this.#pressures.set(topic, await this.#call<number>('produce', topic, messages));
  }

  async consume(options: ConsumerOptions, handlers: ConsumerHandlers): Promise<Consumer> {
    const id = ++this.#made;
    const consumer = new RemoteConsumer(this.#peer, id, handlers, () => this.#consumers.delete(id));
    this.#consumers.set(id, consumer);
    try {
      await this.#call('consume', id, options);
    } catch (error) {
      this.#consumers.delete(id);
      throw error;
    }
    consumer.begin();
    return consumer;
  }

  shared(at: TopicPartition, key: string): Promise<Uint8Array | undefined> {
    return this.#call('shared', at, key);
  }

  partitions(topic: string): Promise<readonly PartitionState[]> {
    return this.#call('partitions', topic);
  }

  peek(at: TopicPartition, from: bigint, maxBytes: number): Promise<readonly StoredMessage[]> {
    return this.#call('peek', at, from, maxBytes);
  }

  state(): Promise<StreamState> {
    return this.#call('state');
  }

  pressure(topic: string): number {
    const told = this.#pressures.get(topic);
    if (told === undefined) throw new RangeError(`there is no topic ${JSON.stringify(topic)}`);
    return told;
  }

  committed(group: string, topic: string): Promise<readonly Committed[]> {
    return this.#call('committed', group, topic);
  }

  reset(group: string, at: TopicPartition, progress: Uint8Array, next: bigint): Promise<void> {
    return this.#call('reset', group, at, progress, next);
  }

  forget(group: string): Promise<void> {
    return this.#call('forget', group);
  }

  offsetAt(at: TopicPartition, time: number): Promise<bigint> {
    return this.#call('offsetAt', at, time);
  }

  async snapshot(): Promise<LogSnapshot> {
    const { id, bytes } = await this.#call<{ readonly id: number; readonly bytes: number }>('snapshot');
    const call = (): Promise<Uint8Array | undefined> => this.#call('chunk', id);
    return {
      bytes,
      async *read() {
        for (let chunk = await call(); chunk !== undefined; chunk = await call()) yield chunk;
      },
      release: () => this.#peer.tell('release', id),
    };
  }

  identity(): StoreIdentity {
    return this.#identity as StoreIdentity;
  }

  async belongTo(installation: string, generation: Generation): Promise<void> {
    await this.#call('belongTo', installation, generation);
    this.#identity = { installation, generation };
  }

  /** The consumers of this end leave; the log itself stays open. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    await Promise.allSettled([...this.#consumers.values()].map((consumer) => consumer.stop()));
    this.#peer.close();
    await this.#ended();
  }

  #call<T>(name: string, ...args: readonly unknown[]): Promise<T> {
    return this.#closing === undefined ? this.#peer.call<T>(name, ...args) : Promise.reject(gone());
  }

  #note(now: Pressures): void {
    this.#pressures.clear();
    for (const [topic, pressure] of now) this.#pressures.set(topic, pressure);
  }

  #failed(id: number, error: Error): void {
    const consumer = this.#consumers.get(id);
    this.#consumers.delete(id);
    consumer?.failed(error);
  }
}

const nameOf = ({ topic, partition }: TopicPartition): string => `${topic}/${partition}`;

class RemoteConsumer implements Consumer {
  readonly #peer: Peer;
  readonly #id: number;
  readonly #handlers: ConsumerHandlers;
  readonly #left: () => void;
  /** Of what is ours: what ends the work for it. */
  readonly #held = new Map<string, AbortController>();
  readonly #begun = Promise.withResolvers<void>();
  #stopping: Promise<void> | undefined;

  constructor(peer: Peer, id: number, handlers: ConsumerHandlers, left: () => void) {
    this.#peer = peer;
    this.#id = id;
    this.#handlers = handlers;
    this.#left = left;
  }

  /** `consume` answers: from a turn later on the handlers are called. */
  begin(): void {
    setImmediate(this.#begun.resolve);
  }

  async assigned(at: TopicPartition, saved: SavedProgress | undefined): Promise<bigint | undefined> {
    await this.#begun.promise;
    this.#held.set(nameOf(at), new AbortController());
    return this.#handlers.assigned(at, saved);
  }

  async deliver(at: TopicPartition, messages: readonly StoredMessage[]): Promise<void> {
    const abort = this.#held.get(nameOf(at));
    if (abort === undefined) throw gone();
    await this.#handlers.deliver({ ...at, messages, signal: abort.signal });
  }

  abort(at: TopicPartition): void {
    this.#held.get(nameOf(at))?.abort();
  }

  async revoked(at: TopicPartition): Promise<void> {
    this.abort(at);
    this.#held.delete(nameOf(at));
    await this.#handlers.revoked(at);
  }

  failed(error: Error): void {
    this.#end();
    this.#held.clear();
    if (this.#stopping === undefined) this.#handlers.failed(error);
  }

  async saveProgress(at: TopicPartition, progress: Uint8Array, next?: bigint): Promise<void> {
    this.#mustHold(at);
    await this.#peer.call('saveProgress', this.#id, at, progress, next);
  }

  async saveCheckpoint(at: TopicPartition, value: Uint8Array, from: bigint): Promise<void> {
    this.#mustHold(at);
    await this.#peer.call('saveCheckpoint', this.#id, at, value, from);
  }

  #mustHold(at: TopicPartition): void {
    if (!this.#held.has(nameOf(at))) throw new CodedError('stream.fenced', { partition: nameOf(at) });
  }

  /** The log takes a partition from whoever holds it too long, and its own saves are refused then: it tells before. */
  owned(at: TopicPartition): number {
    return this.#held.has(nameOf(at)) ? Number.POSITIVE_INFINITY : 0;
  }

  pause(at: TopicPartition): void {
    this.#peer.tell('pause', this.#id, at);
  }

  resume(at: TopicPartition): void {
    this.#peer.tell('resume', this.#id, at);
  }

  stop(): Promise<void> {
    this.#stopping ??= this.#stop();
    return this.#stopping;
  }

  async #stop(): Promise<void> {
    this.#end();
    // Where the connection is gone, all of it has ended.
    if (!this.#peer.isClosed) await this.#peer.call('stop', this.#id);
    this.#held.clear();
    this.#left();
  }

  #end(): void {
    for (const abort of this.#held.values()) abort.abort();
  }
}
