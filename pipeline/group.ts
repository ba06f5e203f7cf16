// One consumer group of this process: a worker for each partition that is ours, and a new consumer when one ended by itself.
// It decides nothing about messages.
import { hasCode } from '../core/errors.ts';
import type { Consumer, Stream, TopicPartition } from '../engines/stream/port.ts';
import { backoffMs } from './retry.ts';
import { PartitionWorker, type WorkerOptions } from './worker.ts';

export type GroupOptions = Omit<WorkerOptions, 'at' | 'save' | 'saveCheckpoint' | 'owned' | 'pause' | 'resume' | 'failed' | 'stream'> & {
  readonly stream: Stream;
  /** Told when a partition is ours and its progress is known. */
  readonly assigned: () => void;
};

/** How long a stop waits for what is being written. */
const GRACE_MS = 3000;
/** A consumer that lasted so long had no lasting defect: the next pause is a short one again. */
const STEADY_MS = 60_000;

/** A consumer of ours, from when it begins to join. */
interface Member {
  /** undefined: it has not joined yet. */
  consumer: Consumer | undefined;
  /** It failed or is leaving: whatever else comes of it says nothing new. */
  isOver: boolean;
}

const joined = ({ consumer }: Member): Consumer => {
  if (consumer === undefined) throw new TypeError('nothing is saved before the consumer is there');
  return consumer;
};

export class Group {
  readonly #options: GroupOptions;
  readonly #workers = new Map<number, PartitionWorker>();
  #member: Member | undefined;
  /** Joining and leaving, one after the other: of two at once a consumer would stay in the group that nobody knows. */
  #turns: Promise<void> = Promise.resolve();
  #timer: NodeJS.Timeout | undefined;
  #attempt = 0;
  /** When this consumer joined, on the clock of `performance`. */
  #began = 0;
  /** It is to be there, but for the time of work that it is away for. */
  #isBegun = false;
  #stopping = false;
  #trouble: Error | undefined;
  /** Partitions that are ours and whose progress is not known yet. */
  readonly #beginning = new Set<PartitionWorker>();

  constructor(options: GroupOptions) {
    this.#options = options;
  }

  /** Why it began anew, until it is given something again, or has lasted: on a quiet topic nothing comes. */
  get trouble(): Error | undefined {
    if (this.#lasts()) this.#trouble = undefined;
    return this.#trouble;
  }

  get #isThere(): boolean {
    return this.#member?.consumer !== undefined && !this.#member.isOver;
  }

  /** It is there with all that is its own, and has been for long enough. */
  #lasts(): boolean {
    return this.#isThere && this.#beginning.size === 0 && performance.now() - this.#began > STEADY_MS;
  }

  get workers(): ReadonlyMap<number, PartitionWorker> {
    return this.#workers;
  }

  start(): Promise<void> {
    this.#isBegun = true;
    return this.#inTurn(() => this.#join());
  }

  #inTurn(work: () => Promise<void>): Promise<void> {
    const done = this.#turns.then(work);
    this.#turns = done.catch(() => undefined);
    return done;
  }

  async #join(): Promise<void> {
    if (this.#stopping) return;
    const { stream, route } = this.#options;
    this.#began = performance.now();
    const member: Member = { consumer: undefined, isOver: false };
    this.#member = member;
    member.consumer = await stream.consume(
      { group: route.group, topics: [route.topic] },
      {
        assigned: async (at, saved) => {
          const worker = new PartitionWorker(this.#workerOptions(at, member));
          this.#workers.set(at.partition, worker);
          this.#beginning.add(worker);
          try {
            const from = await worker.assigned(saved);
            this.#options.assigned();
            return from;
          } catch (error) {
            await worker.end();
            throw error;
          } finally {
            this.#beginning.delete(worker);
          }
        },
        deliver: async (delivery) => {
          await this.#workers.get(delivery.partition)?.deliver(delivery);
          this.#trouble = undefined;
        },
        revoked: async ({ partition }) => {
          const worker = this.#workers.get(partition);
          this.#workers.delete(partition);
          await worker?.end();
        },
        failed: (error) => this.#failed(member, error),
      },
    );
  }

  #workerOptions(at: TopicPartition, member: Member): WorkerOptions {
    const log = this.#options.log.with({ topic: at.topic, partition: at.partition });
    return {
      ...this.#options,
      log,
      at,
      save: (progress, next) => joined(member).saveProgress(at, progress, next),
      saveCheckpoint: (value, from) => joined(member).saveCheckpoint(at, value, from),
      owned: () => joined(member).owned(at),
      pause: () => member.consumer?.pause(at),
      resume: () => member.consumer?.resume(at),
      failed: (error) => this.#failed(member, error),
    };
  }

  /** It may come before the consumer is there: a driver is free to call before `consume` resolves. */
  #failed(member: Member, error: Error): void {
    if (member.isOver) return;
    member.isOver = true;
    this.#again(error);
  }

  /** Leaves the group and joins it again after a pause; from then on everything comes from the saved progress. */
  #again(error: Error): void {
    if (this.#stopping || this.#timer !== undefined) return;
    const { log, route, telemetry } = this.#options;
    if (!hasCode(error, 'stream.fenced')) {
      this.#trouble = error;
      log.error('a consumer ended and begins anew', { group: route.group, error });
    }
    telemetry.add('inframirror_pipeline_restarts_total', { group: route.group });
    if (performance.now() - this.#began > STEADY_MS) this.#attempt = 0;
    this.#timer = setTimeout(
      () => {
        this.#timer = undefined;
        // It may have been away meanwhile, and come back.
        void this.#inTurn(async () => (this.#isThere ? undefined : this.#rejoin()));
      },
      backoffMs(this.#attempt++),
    );
  }

  /** Never rejects: what fails is tried again. */
  async #rejoin(): Promise<void> {
    this.#forgetTimer();
    try {
      await this.#leave();
      await this.#join();
    } catch (error) {
      this.#again(error as Error);
    }
  }

  #forgetTimer(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  async #leave(): Promise<void> {
    if (this.#member !== undefined) this.#member.isOver = true;
    await Promise.all([...this.#workers.values()].map((worker) => worker.end()));
    await this.#member?.consumer?.stop();
    this.#member = undefined;
  }

  /**
   * Leaves the group for the time of `work`; after that everything comes from what is saved then. A group that has not begun does so once
   * the work is done.
   */
  away(work: () => Promise<void>): Promise<void> {
    return this.#inTurn(async () => {
      try {
        await this.#settleAndLeave();
        await work();
        this.#isBegun = true;
      } finally {
        if (this.#isBegun) await this.#rejoin();
      }
    });
  }

  stop(): Promise<void> {
    this.#stopping = true;
    return this.#inTurn(() => this.#settleAndLeave());
  }

  /** Waits a little for what is being written. */
  async #settleAndLeave(): Promise<void> {
    this.#forgetTimer();
    if (this.#member !== undefined) this.#member.isOver = true;
    let timer: NodeJS.Timeout | undefined;
    const patience = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, GRACE_MS);
    });
    await Promise.race([Promise.all([...this.#workers.values()].map((worker) => worker.flush())), patience]);
    clearTimeout(timer);
    await this.#leave();
  }
}
