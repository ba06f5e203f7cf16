// Consumer groups within one process: who owns which partition, handed over one at a time.
// A partition is never delivered to two consumers at once: the old one's delivery in hand is waited for (for a while)
// and fenced before the new one hears of it.
import { CodedError } from '../../../core/errors.ts';
import type { Consumer, ConsumerHandlers, ConsumerOptions, SavedProgress, StoredMessage, TopicPartition } from '../port.ts';
import type { Partition } from './commits.ts';

/** What a group needs of the log. */
export interface GroupLog {
  /** How long a consumer may hold a partition that was taken from it, ms; undefined: ten seconds. */
  readonly handoverMs: number | undefined;
  partitionsOf(topic: string): readonly Partition[];
  read(partition: Partition, from: bigint, maxBytes: number): StoredMessage[];
  /** Resolves when there may be something at `from` or behind it, or when the signal aborts. */
  waitFor(partition: Partition, from: bigint, signal: AbortSignal): Promise<void>;
  saved(group: string, partition: Partition): SavedProgress | undefined;
  /** `next`: what lies before it is done with. */
  saveProgress(group: string, partition: Partition, next: bigint, progress: Uint8Array): Promise<void>;
  saveCheckpoint(group: string, partition: Partition, from: bigint, value: Uint8Array): Promise<void>;
  /** The group reads on from here: what lies before is not needed, what follows is. */
  reads(group: string, partition: Partition, from: bigint): void;
}

/** Kafka’s session time-out plays this part there. */
const HANDOVER_MS = 10_000;
/** So long is waited for more before a delivery, which costs more than a message in it. */
const LINGER_MS = 20;
const MOST_PROGRESS = 256 << 10;
const MOST_CHECKPOINT = 1 << 20;
const DEFAULT_MAX_BYTES = 8 << 20;

/** A partition in the hands of a member. */
class Holding {
  readonly partition: Partition;
  readonly abort = new AbortController();
  readonly saves = new Set<Promise<unknown>>();
  paused = false;
  /** `assigned` was called, so `revoked` has to be. */
  announced = false;
  wake: (() => void) | undefined;
  /** First offset not delivered yet; undefined until `assigned` has answered. */
  position: bigint | undefined;
  ended: Promise<void> = Promise.resolve();

  constructor(partition: Partition) {
    this.partition = partition;
  }
  get at(): TopicPartition {
    return { topic: this.partition.topic, partition: this.partition.partition };
  }
}

class Member implements Consumer {
  readonly #group: Group;
  readonly #log: GroupLog;
  readonly options: ConsumerOptions;
  readonly handlers: ConsumerHandlers;
  readonly holdings = new Map<Partition, Holding>();
  left = false;
  #stopping: Promise<void> | undefined;

  constructor(group: Group, log: GroupLog, options: ConsumerOptions, handlers: ConsumerHandlers) {
    this.#group = group;
    this.#log = log;
    this.options = options;
    this.handlers = handlers;
  }

  #holding(at: TopicPartition): Holding | undefined {
    for (const holding of this.holdings.values()) if (holding.partition.topic === at.topic && holding.partition.partition === at.partition) return holding;
    return undefined;
  }

  async saveProgress(at: TopicPartition, progress: Uint8Array, next?: bigint): Promise<void> {
    if (progress.length > MOST_PROGRESS) throw new RangeError(`progress of ${progress.length} bytes; ${MOST_PROGRESS} is the most`);
    await this.#save(at, ({ partition, position }) =>
      this.#log.saveProgress(this.options.group, partition, next ?? position ?? partition.flushed.earliest, progress.slice()),
    );
  }

  async saveCheckpoint(at: TopicPartition, value: Uint8Array, from: bigint): Promise<void> {
    if (value.length > MOST_CHECKPOINT) throw new RangeError(`a checkpoint of ${value.length} bytes; ${MOST_CHECKPOINT} is the most`);
    await this.#save(at, ({ partition }) => this.#log.saveCheckpoint(this.options.group, partition, from, value.slice()));
  }

  async #save(at: TopicPartition, save: (holding: Holding) => Promise<void>): Promise<void> {
    const holding = this.#holding(at);
    if (holding === undefined) throw new CodedError('stream.fenced', { partition: `${at.topic}/${at.partition}` });
    const saved = save(holding);
    holding.saves.add(saved);
    await saved.finally(() => holding.saves.delete(saved));
  }

  owned(at: TopicPartition): number {
    return this.#holding(at) === undefined ? 0 : Number.POSITIVE_INFINITY;
  }

  pause(at: TopicPartition): void {
    const holding = this.#holding(at);
    if (holding !== undefined) holding.paused = true;
  }

  resume(at: TopicPartition): void {
    const holding = this.#holding(at);
    if (holding === undefined) return;
    holding.paused = false;
    holding.wake?.();
  }

  stop(): Promise<void> {
    this.#stopping ??= this.#group.leave(this);
    return this.#stopping;
  }

  take(partition: Partition): void {
    const holding = new Holding(partition);
    this.holdings.set(partition, holding);
    // Not before `consume` has answered: handlers want their consumer at hand.
    const started = new Promise((resolve) => setImmediate(resolve)).then(() => this.#deliverAll(holding));
    holding.ended = started.catch((error: unknown) => {
      if (!holding.abort.signal.aborted) this.fail(error instanceof Error ? error : new Error(String(error)));
    });
  }

  /** Ends the delivery in hand, then fences. */
  async release(holding: Holding): Promise<void> {
    holding.abort.abort();
    holding.wake?.();
    let timer: NodeJS.Timeout | undefined;
    const patience = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, this.#log.handoverMs ?? HANDOVER_MS);
    });
    await Promise.race([holding.ended, patience]);
    clearTimeout(timer);
    this.holdings.delete(holding.partition);
    await Promise.allSettled(holding.saves);
    if (!holding.announced) return;
    try {
      await this.handlers.revoked(holding.at);
    } catch (error) {
      this.fail(error as Error);
    }
  }

  fail(error: Error): void {
    if (this.#stopping !== undefined) return;
    void this.stop().then(() => this.handlers.failed(error));
  }

  async #deliverAll(holding: Holding): Promise<void> {
    const { partition, abort } = holding;
    const { signal } = abort;
    if (signal.aborted) return;
    holding.announced = true;
    const from = await this.handlers.assigned(holding.at, this.#log.saved(this.options.group, partition));
    let position = from ?? partition.flushed.earliest;
    holding.position = position;
    this.#log.reads(this.options.group, partition, position);
    while (!signal.aborted) {
      if (holding.paused) {
        await new Promise<void>((resolve) => {
          holding.wake = resolve;
        });
        continue;
      }
      const messages = this.#log.read(partition, position, this.options.maxBytes ?? DEFAULT_MAX_BYTES);
      const last = messages.at(-1);
      if (last === undefined) {
        await this.#log.waitFor(partition, position, signal);
        // What comes within a moment is delivered with it.
        if (!signal.aborted) await new Promise((resolve) => setTimeout(resolve, LINGER_MS));
        continue;
      }
      await this.handlers.deliver({ ...holding.at, messages, signal });
      position = last.offset + 1n;
      holding.position = position;
      // A handler that answers at once must not keep everything else from running.
      await new Promise((resolve) => setImmediate(resolve));
    }
  }
}

export class Group {
  readonly #name: string;
  readonly #log: GroupLog;
  readonly #members: Member[] = [];
  /** Changes of membership are done one after the other. */
  #turn: Promise<void> = Promise.resolve();

  constructor(name: string, log: GroupLog) {
    this.#name = name;
    this.#log = log;
  }

  join(options: ConsumerOptions, handlers: ConsumerHandlers): Promise<Consumer> {
    const member = new Member(this, this.#log, { ...options, group: this.#name }, handlers);
    return this.#inTurn(async () => {
      this.#members.push(member);
      await this.#rebalance();
      return member;
    });
  }

  leave(member: Member): Promise<void> {
    for (const holding of member.holdings.values()) {
      holding.abort.abort();
      holding.wake?.();
    }
    return this.#inTurn(async () => {
      if (member.left) return;
      member.left = true;
      await Promise.all([...member.holdings.values()].map((holding) => member.release(holding)));
      this.#members.splice(this.#members.indexOf(member), 1);
      await this.#rebalance();
    });
  }

  /** Stops all members. */
  async close(): Promise<void> {
    await Promise.all([...this.#members].map((member) => member.stop()));
  }

  failAll(error: Error): void {
    for (const member of [...this.#members]) member.fail(error);
  }

  get hasMembers(): boolean {
    return this.#members.length > 0;
  }

  owns(partition: Partition): boolean {
    return this.#members.some((member) => member.holdings.has(partition));
  }

  reads(topic: string): boolean {
    return this.#members.some((member) => member.options.topics.includes(topic));
  }

  /** Topics may have come since the members joined. */
  refresh(): Promise<void> {
    return this.#inTurn(() => this.#rebalance());
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#turn.then(work);
    this.#turn = done.then(
      () => undefined,
      () => undefined,
    );
    return done;
  }

  /** Even shares of each topic, moving as few partitions as that takes. */
  async #rebalance(): Promise<void> {
    const topics = new Set(this.#members.flatMap((member) => member.options.topics));
    for (const topic of topics) {
      const partitions = this.#log.partitionsOf(topic);
      const members = this.#members.filter((member) => !member.left && member.options.topics.includes(topic));
      if (members.length === 0) continue;
      const least = Math.floor(partitions.length / members.length);
      let more = partitions.length % members.length;
      const free = new Set(partitions);
      const wanted = new Map<Member, number>();
      const releases: Promise<void>[] = [];
      // Those that hold most keep the odd ones.
      for (const member of members.toSorted((a, b) => held(b, topic).length - held(a, topic).length)) {
        const own = held(member, topic);
        const share = least + (more-- > 0 ? 1 : 0);
        for (const [i, holding] of own.entries()) {
          if (i < share) free.delete(holding.partition);
          else releases.push(member.release(holding));
        }
        wanted.set(member, share - Math.min(own.length, share));
      }
      await Promise.all(releases);
      const open = [...free];
      for (const [member, count] of wanted) for (const partition of open.splice(0, count)) member.take(partition);
    }
  }
}

const held = (member: Member, topic: string): Holding[] => [...member.holdings.values()].filter((holding) => holding.partition.topic === topic);
