// Who of the brokers leads which partition and coordinates which group, and how a request finds them: again and again for a while, as they
// change. It knows no message.
import { CodedError } from '../../../core/errors.ts';
import { type Address, CODE, type Connection, isCode, type KafkaClient, LATEST, type NewTopic } from './client.ts';
import { isPassing, Line } from './line.ts';

export interface ClusterOptions {
  readonly client: KafkaClient;
  readonly brokers: readonly Address[];
  /** For one request, ms. */
  readonly requestMs: number;
  /** How long something is tried at all, ms. */
  readonly patienceMs: number;
}

interface Topic {
  readonly partitions: number;
  readonly leaders: ReadonlyMap<number, Address>;
}

/** Of a request to whom its broker is found out first. */
export interface Ask {
  readonly line: Line;
  /** Beyond the time that an answer takes, as with a fetch that waits, ms. */
  readonly waitMs?: number;
  /** Until when it is tried, by `performance.now()`; default: as long as the cluster's patience lasts. */
  readonly until?: number;
}

const FIRST_PAUSE_MS = 50;
const LONGEST_PAUSE_MS = 1000;

export class Cluster {
  readonly #options: ClusterOptions;
  readonly #topics = new Map<string, Promise<Topic>>();
  readonly #coordinators = new Map<string, Promise<Address>>();
  /** Brokers as they were told last; where none of them answers, those that we were given. */
  #known: readonly Address[] = [];
  readonly #line: Line;
  #closed = false;

  constructor(options: ClusterOptions) {
    this.#options = options;
    this.#line = this.line();
  }

  line(): Line {
    return new Line(this.#options.client);
  }

  get requestMs(): number {
    return this.#options.requestMs;
  }

  /** Whatever is asked repeatedly, until it is answered in a way that does not pass. */
  async #again<T>(until: number | undefined, attempt: () => Promise<T>): Promise<T> {
    const end = until ?? performance.now() + this.#options.patienceMs;
    for (let wait = FIRST_PAUSE_MS; ; wait = Math.min(2 * wait, LONGEST_PAUSE_MS)) {
      if (this.#closed) throw new CodedError('stream.unavailable', { reason: 'it is closed' });
      try {
        return await attempt();
      } catch (error) {
        if (!isPassing(error)) throw error;
        if (performance.now() + wait > end) throw new CodedError('stream.unavailable', { reason: (error as Error).message }, { cause: error });
        await new Promise((resolve) => setTimeout(resolve, wait * (0.5 + Math.random() / 2)));
      }
    }
  }

  /** Of any broker that answers. */
  anyone<T>(request: (connection: Connection) => Promise<T>, until?: number): Promise<T> {
    return this.#again(until, () => this.#ofAnyone(request));
  }

  async #ofAnyone<T>(request: (connection: Connection) => Promise<T>): Promise<T> {
    let last: unknown;
    for (const address of [...this.#known, ...this.#options.brokers])
      try {
        return await this.#line.ask(address, this.#options.requestMs, request);
      } catch (error) {
        if (!isPassing(error)) throw error;
        last = error;
      }
    throw last;
  }

  /** Of every broker, where each knows a part. */
  async everyone<T>(request: (connection: Connection) => Promise<T>): Promise<readonly T[]> {
    await this.anyone(async (connection) => this.#learn((await connection.metadata([])).brokers));
    return Promise.all(this.#known.map((address) => this.#again(undefined, () => this.#line.ask(address, this.#options.requestMs, request))));
  }

  #learn(brokers: readonly Address[]): void {
    if (brokers.length > 0) this.#known = brokers;
  }

  async atLeader<T>({ line, waitMs = 0, until }: Ask, topic: string, partition: number, request: (connection: Connection) => Promise<T>): Promise<T> {
    return this.#again(until, async () => {
      try {
        const leader = (await this.#topic(topic)).leaders.get(partition);
        if (leader === undefined) throw new RangeError(`topic ${topic} has no partition ${partition}`);
        return await line.ask(leader, this.#options.requestMs + waitMs, request);
      } catch (error) {
        if (isPassing(error)) this.#topics.delete(topic);
        throw error;
      }
    });
  }

  async atCoordinator<T>({ line, waitMs = 0, until }: Ask, group: string, request: (connection: Connection) => Promise<T>): Promise<T> {
    return this.#again(until, async () => {
      try {
        const found = this.#coordinators.get(group) ?? this.#ofAnyone((connection) => connection.coordinator(group));
        this.#coordinators.set(group, found);
        return await line.ask(await found, this.#options.requestMs + waitMs, request);
      } catch (error) {
        if (isPassing(error)) this.#coordinators.delete(group);
        throw error;
      }
    });
  }

  #topic(name: string): Promise<Topic> {
    const known = this.#topics.get(name);
    if (known !== undefined) return known;
    const asked = this.#ask(name);
    this.#topics.set(name, asked);
    asked.catch(() => this.#topics.delete(name));
    return asked;
  }

  async #ask(name: string): Promise<Topic> {
    try {
      const { brokers, topics } = await this.#ofAnyone((connection) => connection.metadata([name]));
      this.#learn(brokers);
      const byId = new Map(brokers.map((broker) => [broker.id, broker]));
      const list = topics.find((topic) => topic.name === name)?.partitions ?? [];
      const leaders = new Map(list.flatMap(({ partition, leader }) => (byId.has(leader) ? [[partition, byId.get(leader) as Address] as const] : [])));
      return { partitions: list.length, leaders };
    } catch (error) {
      if (isCode(error, CODE.unknownTopicOrPartition, CODE.invalidTopic)) throw new RangeError(`there is no topic ${JSON.stringify(name)}`, { cause: error });
      throw error;
    }
  }

  /** Throws `RangeError` where there is no such topic. */
  async partitions(topic: string): Promise<number> {
    return this.#again(undefined, async () => (await this.#topic(topic)).partitions);
  }

  /** Whether it is there now, whatever is known of it. */
  async has(topic: string): Promise<boolean> {
    this.#topics.delete(topic);
    try {
      return (await this.partitions(topic)) > 0;
    } catch (error) {
      if (error instanceof RangeError) return false;
      throw error;
    }
  }

  /** Resolves when every partition of it has a leader. One that is there already is left as it is. */
  async create(topic: NewTopic): Promise<void> {
    try {
      await this.anyone((connection) => connection.createTopic(topic));
    } catch (error) {
      if (!isCode(error, CODE.topicExists)) throw error;
    }
    const until = performance.now() + this.#options.patienceMs;
    for (;;) {
      if (await this.has(topic.name)) {
        const { partitions, leaders } = await this.#topic(topic.name);
        if (leaders.size === partitions) return;
      }
      if (performance.now() > until) throw new CodedError('stream.unavailable', { reason: `the topic ${topic.name} has no leader` });
      await new Promise((resolve) => setTimeout(resolve, FIRST_PAUSE_MS));
    }
  }

  offsetAt(topic: string, partition: number, time: number = LATEST, line: Line = this.#line): Promise<bigint> {
    return this.atLeader({ line }, topic, partition, (connection) => connection.offsetAt(topic, partition, time));
  }

  /** Those before an offset. */
  deleteRecords(topic: string, partition: number, before: bigint): Promise<void> {
    return this.atLeader({ line: this.#line }, topic, partition, (connection) => connection.deleteRecords(topic, partition, before));
  }

  close(): void {
    this.#closed = true;
    this.#line.close();
  }
}
