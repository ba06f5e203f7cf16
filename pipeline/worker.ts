// The work for one partition while it is ours: gathers messages into rounds, drops what was taken before, hands the rest to the sink and
// saves progress before and after. It knows no store; whatever goes wrong for good is told to its owner, who begins anew from the record.
import { hasCode } from '../core/errors.ts';
import type { Logger } from '../core/logger.ts';
import type { Telemetry } from '../core/telemetry.ts';
import type { Delivery, StoredMessage, Stream, TopicPartition } from '../engines/stream/port.ts';
import { bury } from './dead.ts';
import { InsertNumbers } from './insert-number.ts';
import type { DeadLetter, Decoded } from './message.ts';
import {
  boundSenders,
  decodeProgress,
  encodeProgress,
  NO_PROGRESS,
  type PendingInsert,
  type PendingRound,
  type Progress,
  type SeenMessage,
} from './progress.ts';
import { checkSignal, retryUntilStopped, Stopped, type StoreHealth } from './retry.ts';
import type { PartitionSink, Sink } from './sink.ts';
import { decodeMessage, type Envelope, envelopeOf } from './stages/decode.ts';
import type { Route } from './topology.ts';
import type { InterruptedRound } from './write.ts';

export interface WorkerOptions {
  readonly route: Route;
  readonly at: TopicPartition;
  readonly sink: Sink;
  readonly stream: Pick<Stream, 'produce' | 'partitions'>;
  readonly telemetry: Telemetry;
  readonly log: Logger;
  /**
   * Must be durable on resolve; rejects with `stream.fenced` when the partition is not ours any more. Messages before `done` are in
   * the store.
   */
  readonly save: (progress: Uint8Array, done: bigint) => Promise<void>;
  readonly pause: () => void;
  readonly resume: () => void;
  /** The work cannot go on; nothing of this worker may be used any more. */
  readonly failed: (error: Error) => void;
  readonly now: () => number;
  /** False only for the negative controls of the kill test. */
  readonly readBack: boolean;
  readonly seqCheck: boolean;
}

interface Waiting {
  readonly message: StoredMessage;
  readonly envelope: Envelope | undefined;
}

/** Bytes of a round, and half of what may wait in memory. */
const ROUND_BYTES = 8 << 20;
/** A run is numbered by its sender's clock, ms: with more than any door lets pass. */
const AHEAD_MS = 2n * 86_400_000n;

export class PartitionWorker {
  readonly #options: WorkerOptions;
  readonly #abort = new AbortController();
  readonly #part: PartitionSink;
  #progress: Progress = NO_PROGRESS;
  #numbers: InsertNumbers;
  /** A round of an earlier owner that has to be ended first. */
  #interrupted: { readonly round: PendingRound; readonly standing: ReadonlySet<bigint> } | undefined;
  #waiting: Waiting[] = [];
  #rows = 0;
  #bytes = 0;
  #timer: NodeJS.Timeout | undefined;
  #flushing: Promise<void> | undefined;
  #over = false;
  trouble: Error | undefined;
  #parked: string | undefined;

  constructor(options: WorkerOptions) {
    this.#options = options;
    this.#part = options.sink.open(options.at);
    this.#numbers = new InsertNumbers(options.at.partition, 0n, options.now);
  }

  /** First offset whose rows are not all in the store. */
  get next(): bigint {
    return this.#progress.next;
  }

  /** Largest event time taken, ns; 0: none yet. */
  get time(): bigint {
    return this.#progress.time;
  }

  /** What was taken last of a sender. */
  lastOf(sender: string): SeenMessage | undefined {
    return this.#progress.last.get(sender);
  }

  async assigned(saved: Uint8Array | undefined): Promise<bigint | undefined> {
    const { at, sink, stream, readBack, log } = this.#options;
    if (saved === undefined) return undefined;
    this.#progress = decodeProgress(saved);
    this.#numbers = new InsertNumbers(at.partition, this.#progress.insert, this.#options.now);
    const { pending } = this.#progress;
    if (pending === undefined) return this.#progress.next;
    const standing = readBack
      ? await retryUntilStopped(() => sink.findStandingInserts(pending.inserts, this.#abort.signal), this.#abort.signal, this.#health)
      : new Set<bigint>();
    log.info('a round that was under way is looked at again', { inserts: pending.inserts.length, standing: standing.size });
    const state = (await stream.partitions(at.topic)).find(({ partition }) => partition === at.partition);
    if (state !== undefined && state.earliest >= pending.to) this.#lost(pending.messages);
    else this.#interrupted = { round: pending, standing };
    return pending.from;
  }

  #lost(messages: number): void {
    this.#options.telemetry.add('inframirror_pipeline_lost_messages_total', { topic: this.#options.at.topic, reason: 'trimmed' }, messages);
    this.#options.log.error('the stream has not kept messages whose inserts were under way', { messages });
  }

  async deliver({ messages, signal }: Delivery): Promise<void> {
    if (signal.aborted || this.#over) return;
    // What waits is worked on after this too, so the signal is listened to for as long as the partition is ours.
    signal.addEventListener('abort', this.#stopNow, { once: true });
    for (const message of messages) {
      const envelope = envelopeOf(message);
      this.#waiting.push({ message, envelope });
      this.#rows += envelope?.rows ?? 1;
      this.#bytes += message.value.length;
    }
    if (!this.#isFull(1)) {
      this.#arm();
      return;
    }
    const flushing = this.flush();
    // One round may be written while another is gathered.
    if (this.#isFull(2)) await this.#unlessAborted(flushing);
  }

  readonly #stopNow = (): void => this.#abort.abort();

  #isFull(rounds: number): boolean {
    return this.#rows >= rounds * this.#options.route.roundRows || this.#bytes >= rounds * ROUND_BYTES;
  }

  #arm(): void {
    if (this.#over || this.#flushing !== undefined) return;
    this.#timer ??= setTimeout(() => void this.flush(), this.#options.route.roundMs);
  }

  #unlessAborted(work: Promise<void>): Promise<void> {
    const { signal } = this.#abort;
    return new Promise((resolve) => {
      signal.addEventListener('abort', () => resolve(), { once: true });
      void work.then(resolve);
      if (signal.aborted) resolve();
    });
  }

  /** Writes what waits. Never rejects: see `failed`. */
  flush(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#flushing ??= this.#drain()
      .catch((error: unknown) => this.#end(error))
      .finally(() => {
        this.#flushing = undefined;
        if (this.#waiting.length > 0) this.#arm();
      });
    return this.#flushing;
  }

  #end(error: unknown): void {
    this.#over = true;
    this.#waiting = [];
    if (error instanceof Stopped || this.#abort.signal.aborted) return;
    if (hasCode(error, 'stream.fenced')) this.#options.log.info('the partition belongs to another worker now', { error });
    else this.#options.failed(error instanceof Error ? error : new Error(String(error)));
  }

  /** Ends the work for the partition; nothing is saved after it resolves. */
  async end(): Promise<void> {
    this.#abort.abort();
    clearTimeout(this.#timer);
    await this.#flushing;
    this.#over = true;
  }

  async #drain(): Promise<void> {
    // What came meanwhile waits for its own time, unless it is a whole round.
    for (let first = true; this.#waiting.length > 0 && !this.#over && (first || this.#isFull(1)); first = false) {
      const count = this.#interrupted === undefined ? this.#nextRound() : this.#interruptedMessages(this.#interrupted.round);
      if (count === undefined) return;
      const taken = this.#waiting.splice(0, count);
      for (const { message, envelope } of taken) {
        this.#rows -= envelope?.rows ?? 1;
        this.#bytes -= message.value.length;
      }
      const interrupted = this.#interrupted;
      await this.#round(taken, interrupted);
      this.#interrupted = undefined;
    }
  }

  #nextRound(): number {
    let [count, rows, bytes] = [0, 0, 0];
    for (const { message, envelope } of this.#waiting) {
      if (count > 0 && (rows >= this.#options.route.roundRows || bytes + message.value.length > ROUND_BYTES)) break;
      count++;
      rows += envelope?.rows ?? 1;
      bytes += message.value.length;
    }
    return count;
  }

  /** Exactly the messages of the earlier round; undefined while they are not all there. */
  #interruptedMessages({ to }: PendingRound): number | undefined {
    const last = this.#waiting.at(-1);
    if (last === undefined || last.message.offset < to - 1n) return undefined;
    const beyond = this.#waiting.findIndex(({ message }) => message.offset >= to);
    return beyond === -1 ? this.#waiting.length : beyond;
  }

  async #round(taken: readonly Waiting[], interrupted: { readonly round: PendingRound; readonly standing: ReadonlySet<bigint> } | undefined): Promise<void> {
    const { stream, telemetry } = this.#options;
    const { signal } = this.#abort;
    const first = taken[0];
    const last = taken.at(-1);
    if (first === undefined || last === undefined) return;
    const letters: DeadLetter[] = [];
    const { fresh, seen } = this.#fresh(taken, letters);
    if (interrupted !== undefined && fresh.length < interrupted.round.messages) this.#lost(interrupted.round.messages - fresh.length);
    const messages = this.#decode(fresh, letters);
    const [from, to] = [first.message.offset, last.message.offset + 1n];
    let insert = this.#progress.insert;
    const plan = async (inserts: readonly PendingInsert[]): Promise<void> => {
      checkSignal(signal);
      for (const { number } of inserts) if (number > insert) insert = number;
      await this.#options.save(encodeProgress({ ...this.#progress, insert, pending: { from, to, messages: fresh.length, inserts } }), from);
    };
    const context = { signal, health: this.#health, numbers: this.#numbers, interrupted: interruptedOf(interrupted), plan };
    letters.push(...(await this.#part.write(messages, context)));
    if (letters.length > 0) await retryUntilStopped(() => bury(letters, stream, telemetry), signal, this.#health);
    checkSignal(signal);
    if (this.#numbers.last > insert) insert = this.#numbers.last;
    let time = this.#progress.time;
    for (const { latest } of messages) if (latest !== undefined && latest > time) time = latest;
    const all = new Map(this.#progress.last);
    for (const [sender, at] of seen) {
      all.delete(sender);
      all.set(sender, at);
    }
    const { last: bounded, forgotten } = boundSenders(all);
    if (forgotten.length > 0) telemetry.add('inframirror_pipeline_senders_forgotten_total', { topic: this.#options.at.topic }, forgotten.length);
    this.#progress = { next: to, insert, time, last: bounded, pending: undefined };
    await this.#options.save(encodeProgress(this.#progress), to);
    this.#count(messages);
  }

  #count(messages: readonly Decoded[]): void {
    const rows = new Map<string, number>();
    for (const { schema, batch } of messages) rows.set(schema, (rows.get(schema) ?? 0) + batch.length);
    for (const [schema, count] of rows) this.#options.telemetry.add('inframirror_pipeline_written_rows_total', { schema }, count);
  }

  /** Messages that were not taken before, and the last of each sender in this round. */
  #fresh(taken: readonly Waiting[], letters: DeadLetter[]): { readonly fresh: readonly Waiting[]; readonly seen: ReadonlyMap<string, SeenMessage> } {
    const { telemetry, seqCheck, at } = this.#options;
    const seen = new Map<string, SeenMessage>();
    // The door takes no run further ahead; an earlier version did, which would shut the sender out for ever.
    const latest = BigInt(Math.floor(this.#options.now())) + AHEAD_MS;
    const fresh = taken.filter(({ message, envelope }) => {
      if (envelope === undefined) {
        letters.push({ message, value: message.value, rows: 0, stage: 'decode', reason: 'no-identity', error: 'a header that names the message is missing' });
        return false;
      }
      const { sender, boot, seq } = envelope;
      const last = seen.get(sender) ?? this.#progress.last.get(sender);
      if (seqCheck && last !== undefined && last.boot <= latest && (boot < last.boot || (boot === last.boot && seq <= last.seq))) {
        telemetry.add('inframirror_pipeline_repeated_messages_total', { topic: at.topic });
        return false;
      }
      seen.set(sender, { boot, seq });
      return true;
    });
    return { fresh, seen };
  }

  #decode(fresh: readonly Waiting[], letters: DeadLetter[]): readonly Decoded[] {
    const { route, telemetry } = this.#options;
    const out: Decoded[] = [];
    for (const { message, envelope } of fresh) {
      const outcome = decodeMessage(message, envelope as Envelope, route.schemas);
      if (!outcome.ok) {
        letters.push(outcome.letter);
        continue;
      }
      const { decoded, unknownColumns } = outcome;
      if (unknownColumns > 0) telemetry.add('inframirror_pipeline_unknown_columns_total', { schema: decoded.schema }, unknownColumns);
      out.push(decoded);
    }
    return out;
  }

  readonly #health: StoreHealth = {
    failed: (error) => {
      const { telemetry, log, route, pause } = this.#options;
      telemetry.add('inframirror_pipeline_retries_total', { group: route.group });
      if (this.trouble?.message !== error.message) log.warn('a store does not take what it is given; the partition waits', { error });
      this.trouble = error;
      pause();
    },
    parked: (error) => {
      const { telemetry, log, route, pause } = this.#options;
      telemetry.add('inframirror_pipeline_parked_total', { group: route.group });
      if (this.#parked !== error.message) log.error('a store refuses what no retry mends; the round waits until that is mended', { error });
      this.#parked = error.message;
      this.trouble = new Error(`parked, as only a person can mend it: ${error.message}; tried again each minute`);
      pause();
    },
    recovered: () => {
      this.#parked = undefined;
      this.trouble = undefined;
      this.#options.resume();
    },
  };
}

const interruptedOf = (interrupted: { readonly round: PendingRound; readonly standing: ReadonlySet<bigint> } | undefined): InterruptedRound | undefined =>
  interrupted === undefined ? undefined : { inserts: interrupted.round.inserts, standing: interrupted.standing };
