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

const present = (consumer: Consumer | undefined): Consumer => {
  if (consumer === undefined) throw new TypeError('nothing is saved before the consumer is there');
  return consumer;
};

export class Group {
  readonly #options: GroupOptions;
  readonly #workers = new Map<number, PartitionWorker>();
  #consumer: Consumer | undefined;
  #timer: NodeJS.Timeout | undefined;
  #attempt = 0;
  /** When this consumer joined, on the clock of `performance`. */
  #began = 0;
  #restarting: Promise<void> | undefined;
  #stopping = false;
  /** It does not come back by itself. */
  #isAway = false;
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

  /** It is there with all that is its own, and has been for long enough. */
  #lasts(): boolean {
    const isThere = this.#consumer !== undefined && this.#timer === undefined && this.#restarting === undefined;
    return isThere && this.#beginning.size === 0 && performance.now() - this.#began > STEADY_MS;
  }

  get workers(): ReadonlyMap<number, PartitionWorker> {
    return this.#workers;
  }

  async start(): Promise<void> {
    const { stream, route } = this.#options;
    this.#began = performance.now();
    const own: { consumer: Consumer | undefined } = { consumer: undefined };
    own.consumer = await stream.consume(
      { group: route.group, topics: [route.topic] },
      {
        assigned: async (at, saved) => {
          const worker = new PartitionWorker(this.#workerOptions(at, () => own.consumer));
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
        failed: (error) => this.#again(error),
      },
    );
    this.#consumer = own.consumer;
  }

  #workerOptions(at: TopicPartition, consumer: () => Consumer | undefined): WorkerOptions {
    const log = this.#options.log.with({ topic: at.topic, partition: at.partition });
    return {
      ...this.#options,
      log,
      at,
      save: (progress, next) => present(consumer()).saveProgress(at, progress, next),
      saveCheckpoint: (value, from) => present(consumer()).saveCheckpoint(at, value, from),
      owned: () => present(consumer()).owned(at),
      pause: () => consumer()?.pause(at),
      resume: () => consumer()?.resume(at),
      failed: (error) => this.#again(error),
    };
  }

  /** Leaves the group and joins it again after a pause; from then on everything comes from the saved progress. */
  #again(error: Error): void {
    if (this.#stopping || this.#isAway || this.#timer !== undefined || this.#restarting !== undefined) return;
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
        this.#restarting = this.#leave()
          .then(() => (this.#stopping ? undefined : this.start()))
          .catch((again: unknown) => {
            this.#restarting = undefined;
            this.#again(again as Error);
          })
          .finally(() => {
            this.#restarting = undefined;
          });
      },
      backoffMs(this.#attempt++),
    );
  }

  async #leave(): Promise<void> {
    await Promise.all([...this.#workers.values()].map((worker) => worker.end()));
    await this.#consumer?.stop();
    this.#consumer = undefined;
  }

  /** Leaves the group for the time of `work`; after that everything comes from what is saved then. */
  async away(work: () => Promise<void>): Promise<void> {
    this.#isAway = true;
    try {
      await this.#settleAndLeave();
      await work();
    } finally {
      this.#isAway = false;
      if (!this.#stopping) await this.start();
    }
  }

  async stop(): Promise<void> {
    this.#stopping = true;
    await this.#settleAndLeave();
  }

  /** Waits a little for what is being written. */
  async #settleAndLeave(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    await this.#restarting;
    let timer: NodeJS.Timeout | undefined;
    const patience = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, GRACE_MS);
    });
    await Promise.race([Promise.all([...this.#workers.values()].map((worker) => worker.flush())), patience]);
    clearTimeout(timer);
    await this.#leave();
  }
}
