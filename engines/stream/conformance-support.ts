// What the tests of the stream's contract share: a consumer that keeps what it is told, waiting without a clock, messages of texts.
import type { Consumer, ConsumerHandlers, ConsumerOptions, Delivery, Message, SavedProgress, StoredMessage, Stream, TopicPartition } from './port.ts';

/** The log that the tests of the contract are run on, one after the other. */
export interface UnderContract {
  /** Another one after `reopen`. */
  readonly stream: Stream;
  /** In the name of every topic. */
  readonly run: string;
  /** Makes one that no other test has; its name. */
  topicOf(partitions: number): Promise<string>;
  /** Closes the log and opens it again. */
  reopen(): Promise<void>;
}

const PATIENCE_MS = 60_000;

/** Waits for a condition, never for a time. */
export const until = async (what: string, condition: () => boolean | Promise<boolean>): Promise<void> => {
  const deadline = Date.now() + PATIENCE_MS;
  while (!(await condition())) {
    if (Date.now() > deadline) throw new Error(`gave up waiting until ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
};

const nameOf = ({ topic, partition }: TopicPartition): string => `${topic}/${partition}`;

/** A consumer that keeps what it is told. */
export class Recorder implements ConsumerHandlers {
  readonly messages: StoredMessage[] = [];
  readonly deliveries: Delivery[] = [];
  readonly owned = new Set<string>();
  readonly progress = new Map<string, Uint8Array | undefined>();
  readonly checkpoints = new Map<string, SavedProgress['checkpoint']>();
  readonly errors: Error[] = [];
  consumer: Consumer | undefined;
  from: (at: TopicPartition, progress: Uint8Array | undefined) => bigint | undefined = () => undefined;
  work: (delivery: Delivery) => Promise<void> = () => Promise.resolve();

  async start(stream: Stream, options: ConsumerOptions): Promise<this> {
    this.consumer = await stream.consume(options, this);
    return this;
  }
  assigned(at: TopicPartition, saved: SavedProgress | undefined): Promise<bigint | undefined> {
    this.owned.add(nameOf(at));
    this.progress.set(nameOf(at), saved?.progress);
    this.checkpoints.set(nameOf(at), saved?.checkpoint);
    return Promise.resolve(this.from(at, saved?.progress));
  }
  async deliver(delivery: Delivery): Promise<void> {
    this.deliveries.push(delivery);
    await this.work(delivery);
    this.messages.push(...delivery.messages);
  }
  revoked(at: TopicPartition): Promise<void> {
    this.owned.delete(nameOf(at));
    return Promise.resolve();
  }
  failed(error: Error): void {
    this.errors.push(error);
  }
  stop(): Promise<void> {
    return this.consumer?.stop() ?? Promise.resolve();
  }
  texts(): string[] {
    return this.messages.map(({ value }) => Buffer.from(value).toString());
  }
}

export const message = (key: string, text: string, headers: Readonly<Record<string, string>> = {}): Message => ({
  key,
  headers,
  value: new TextEncoder().encode(text),
});
export const numbers = (count: number, from = 0): string[] => Array.from({ length: count }, (_, i) => String(from + i));
