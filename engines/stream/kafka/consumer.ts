// A consumer of the port on a member of a Kafka group: what it has of which partition, deliveries one at a time, progress beside its offset.
// Each partition is fetched over a connection of its own, so that none waits for what another waits for.
import { CodedError } from '../../../core/errors.ts';
import type { Consumer, ConsumerHandlers, ConsumerOptions, StoredMessage, TopicPartition } from '../port.ts';
import { CODE, EARLIEST, isCode } from './client.ts';
import type { Cluster } from './cluster.ts';
import type { Line } from './line.ts';
import { GroupMember } from './member.ts';
import { decodePlace, encodePlace, NOTHING_SAVED, type Place, type Places } from './places.ts';
import { bytesOf, messageOf, upTo } from './records.ts';

export interface ConsumerParts {
  readonly cluster: Cluster;
  readonly places: Places;
  readonly sessionMs: number;
  readonly beatMs: number;
  /** How long a delivery may hold a partition that was taken away, ms. */
  readonly handoverMs: number;
  /** So many bytes of messages came. */
  readonly fetched: (at: TopicPartition, messages: number, bytes: number) => void;
  readonly ended: (consumer: KafkaConsumer) => void;
}

const MOST_PROGRESS = 256 << 10;
const MOST_CHECKPOINT = 1 << 20;
const DEFAULT_MAX_BYTES = 8 << 20;
/** So long a broker waits for the first message, and no longer than a third of a session: behind a connection that is half open nobody notices before. */
const WAIT_MS = 10_000;
/** So long is waited for more where little came: a delivery costs more than a message in it. */
const LINGER_MS = 20;
const LITTLE_BYTES = 64 << 10;
const PAUSE_MS = 500;

const nameOf = ({ topic, partition }: TopicPartition): string => `${topic}/${partition}`;
const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** A partition in our hands. */
class Holding {
  readonly at: TopicPartition;
  readonly line: Line;
  readonly abort = new AbortController();
  paused = false;
  announced = false;
  wake: (() => void) | undefined;
  /** First offset not delivered yet. */
  position = 0n;
  place: Place = NOTHING_SAVED;
  /** Of what is committed. */
  next: bigint | undefined;
  ended: Promise<void> = Promise.resolve();
  released: Promise<void> | undefined;
  /** One commit after the other. */
  turn: Promise<unknown> = Promise.resolve();

  constructor(at: TopicPartition, line: Line) {
    this.at = at;
    this.line = line;
  }
}

export class KafkaConsumer implements Consumer {
  readonly #parts: ConsumerParts;
  readonly options: ConsumerOptions;
  readonly #handlers: ConsumerHandlers;
  readonly #holdings = new Map<string, Holding>();
  /** Deliveries of partitions that were lost, by partition: the next one waits for them. */
  readonly #ending = new Map<string, Promise<void>>();
  readonly #member: GroupMember;
  #stopping: Promise<void> | undefined;

  constructor(parts: ConsumerParts, options: ConsumerOptions, handlers: ConsumerHandlers) {
    this.#parts = parts;
    this.options = options;
    this.#handlers = handlers;
    const { cluster, sessionMs, beatMs } = parts;
    this.#member = new GroupMember(
      { cluster, group: options.group, topics: options.topics, sessionMs, beatMs },
      {
        held: () => [...this.#holdings.values()].map(({ at }) => at),
        assigned: (list) => this.#assigned(list),
        lost: () => {
          for (const holding of this.#holdings.values()) this.#lose(holding);
        },
        failed: (error) => this.#fail(error),
      },
    );
  }

  async saveProgress(at: TopicPartition, progress: Uint8Array, next?: bigint): Promise<void> {
    if (progress.length > MOST_PROGRESS) throw new RangeError(`progress of ${progress.length} bytes; ${MOST_PROGRESS} is the most`);
    const copy = progress.slice();
    await this.#save(at, async (holding) => ({
      next: next ?? holding.position,
      place: { ...holding.place, progress: await this.#parts.places.store(this.options.group, at, copy) },
    }));
  }

  async saveCheckpoint(at: TopicPartition, value: Uint8Array, from: bigint): Promise<void> {
    if (value.length > MOST_CHECKPOINT) throw new RangeError(`a checkpoint of ${value.length} bytes; ${MOST_CHECKPOINT} is the most`);
    const copy = value.slice();
    await this.#save(at, async (holding) => ({
      next: holding.next ?? from,
      place: { ...holding.place, checkpoint: { ...(await this.#parts.places.putAside(this.options.group, at, copy)), from } },
    }));
  }

  async #save(at: TopicPartition, change: (holding: Holding) => Promise<{ readonly next: bigint; readonly place: Place }>): Promise<void> {
    const holding = this.#holdings.get(nameOf(at));
    if (holding === undefined) throw new CodedError('stream.fenced', { partition: nameOf(at) });
    const saved = holding.turn.then(async () => {
      const { next, place } = await change(holding);
      await this.#member.commit({ ...at, offset: next, metadata: encodePlace(place) }, () => this.#holdings.get(nameOf(at)) === holding);
      const before = holding.place;
      holding.place = place;
      holding.next = next;
      const { places } = this.#parts;
      const replaced = [before.progress, before.checkpoint].filter((one) => one !== place.progress && one !== place.checkpoint);
      // What is not dropped now takes room, and nothing else.
      await places.drop(replaced).catch(() => undefined);
    });
    holding.turn = saved.catch(() => undefined);
    await saved;
  }

  owned(at: TopicPartition): number {
    return this.#holdings.has(nameOf(at)) ? this.#member.owned() : 0;
  }

  pause(at: TopicPartition): void {
    const holding = this.#holdings.get(nameOf(at));
    if (holding !== undefined) holding.paused = true;
  }

  resume(at: TopicPartition): void {
    const holding = this.#holdings.get(nameOf(at));
    if (holding === undefined) return;
    holding.paused = false;
    holding.wake?.();
  }

  stop(): Promise<void> {
    this.#stopping ??= this.#stop();
    return this.#stopping;
  }

  async #stop(): Promise<void> {
    await Promise.all([...this.#holdings.values()].map((holding) => this.#release(holding)));
    await Promise.all(this.#ending.values());
    await this.#member.leave();
    this.#parts.ended(this);
  }

  /** Topics may have come. */
  refresh(): void {
    this.#member.refresh();
  }

  #fail(error: Error): void {
    if (this.#stopping !== undefined) return;
    void this.stop().then(() => this.#handlers.failed(error));
  }

  async #assigned(list: readonly TopicPartition[]): Promise<boolean> {
    if (this.#stopping !== undefined) return false;
    const ours = new Set(list.map(nameOf));
    const releases = [...this.#holdings].flatMap(([name, holding]) => (ours.has(name) ? [] : [this.#release(holding)]));
    for (const at of list) if (!this.#holdings.has(nameOf(at))) this.#take(at);
    await Promise.all(releases);
    return releases.length > 0;
  }

  #take(at: TopicPartition): void {
    const holding = new Holding(at, this.#parts.cluster.line());
    this.#holdings.set(nameOf(at), holding);
    holding.ended = (this.#ending.get(nameOf(at)) ?? Promise.resolve())
      .then(() => this.#deliverAll(holding))
      .catch((error: unknown) => {
        if (!holding.abort.signal.aborted) this.#fail(error instanceof Error ? error : new Error(String(error)));
      });
  }

  /** Ends the delivery in hand, which may still save, and lets go. */
  #release(holding: Holding): Promise<void> {
    holding.released ??= this.#end(holding, async (patience) => {
      await Promise.race([holding.ended, patience]);
      if (this.#holdings.get(nameOf(holding.at)) === holding) this.#holdings.delete(nameOf(holding.at));
      await holding.turn;
    });
    return holding.released;
  }

  /** Others may have it already: nothing of it is saved any more. */
  #lose(holding: Holding): void {
    const name = nameOf(holding.at);
    this.#holdings.delete(name);
    if (holding.released !== undefined) return;
    holding.released = this.#end(holding, (patience) => Promise.race([holding.ended, patience]));
    this.#ending.set(name, holding.released);
    void holding.released.then(() => {
      if (this.#ending.get(name) === holding.released) this.#ending.delete(name);
    });
  }

  async #end(holding: Holding, wait: (patience: Promise<void>) => Promise<void>): Promise<void> {
    holding.abort.abort();
    holding.wake?.();
    holding.line.close();
    let timer: NodeJS.Timeout | undefined;
    const patience = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, this.#parts.handoverMs);
    });
    await wait(patience);
    clearTimeout(timer);
    if (!holding.announced) return;
    try {
      await this.#handlers.revoked(holding.at);
    } catch (error) {
      this.#fail(error as Error);
    }
  }

  async #deliverAll(holding: Holding): Promise<void> {
    const { at, abort } = holding;
    const { signal } = abort;
    if (signal.aborted) return;
    const { cluster, places } = this.#parts;
    const saved = await this.#untilAnswered(signal, async () => {
      const [found] = await cluster.atCoordinator({ line: holding.line }, this.options.group, (connection) =>
        connection.committed(this.options.group, at.topic, [at.partition]),
      );
      holding.place = found === undefined ? NOTHING_SAVED : decodePlace(found.metadata);
      holding.next = found?.offset;
      return places.saved(holding.place);
    });
    if (signal.aborted) return;
    holding.announced = true;
    const from = await this.#handlers.assigned(at, saved);
    holding.position = from ?? (await this.#untilAnswered(signal, () => cluster.offsetAt(at.topic, at.partition, EARLIEST, holding.line)));
    let waiting: StoredMessage[] = [];
    while (!signal.aborted) {
      if (holding.paused) {
        await new Promise<void>((resolve) => {
          holding.wake = resolve;
        });
        continue;
      }
      if (waiting.length === 0) {
        waiting = await this.#untilAnswered(signal, () => this.#fetch(holding));
        continue;
      }
      const messages = upTo(waiting, this.options.maxBytes ?? DEFAULT_MAX_BYTES);
      waiting = waiting.slice(messages.length);
      await this.#handlers.deliver({ ...at, messages, signal });
      holding.position = (messages.at(-1) as StoredMessage).offset + 1n;
      if (waiting.length === 0 && bytesOf(messages) < LITTLE_BYTES && !signal.aborted) await pause(LINGER_MS);
    }
  }

  /** While brokers are away it is asked on, for as long as the partition is ours. */
  async #untilAnswered<T>(signal: AbortSignal, ask: () => Promise<T>): Promise<T> {
    for (;;)
      try {
        return await ask();
      } catch (error) {
        if (signal.aborted || !(error instanceof CodedError && error.code === 'stream.unavailable')) throw error;
        await pause(PAUSE_MS);
      }
  }

  async #fetch(holding: Holding): Promise<StoredMessage[]> {
    const { cluster, fetched, sessionMs } = this.#parts;
    const waitMs = Math.min(WAIT_MS, Math.ceil(sessionMs / 3));
    const { at, position, line } = holding;
    const { topic, partition } = at;
    const options = { topic, partition, offset: position, maxWaitMs: waitMs, maxBytes: this.options.maxBytes ?? DEFAULT_MAX_BYTES };
    try {
      const records = await cluster.atLeader({ line, waitMs }, topic, partition, (connection) => connection.fetch(options));
      const messages = records.filter(({ offset }) => offset >= position).map((record) => messageOf(at, record));
      if (messages.length > 0) fetched(at, messages.length, bytesOf(messages));
      return messages;
    } catch (error) {
      if (!isCode(error, CODE.offsetOutOfRange)) throw error;
      // What was there has gone, or the topic is another one by now, and begins anew.
      holding.position = await cluster.offsetAt(topic, partition, EARLIEST, line);
      return [];
    }
  }
}
