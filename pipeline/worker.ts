// The work for one partition while it is ours: gathers messages into rounds, drops what was taken before, hands the rest to the sink and
// saves progress before and after, and now and then a checkpoint of its senders. It knows no store; whatever goes wrong for good is told to its owner, who begins anew from the record.
import { CodedError, hasCode } from '../core/errors.ts';
import type { Logger } from '../core/logger.ts';
import type { Telemetry } from '../core/telemetry.ts';
import type { Delivery, SavedProgress, StoredMessage, Stream, TopicPartition } from '../engines/stream/port.ts';
import { bury } from './dead.ts';
import { HeardSenders, seenAfter } from './heard-senders.ts';
import { InsertNumbers } from './insert-number.ts';
import type { DeadLetter, Decoded } from './message.ts';
import { NamedSets } from './named-sets.ts';
import {
  decodeProgress,
  encodeProgress,
  MOST_PLAN,
  MOST_RECORD,
  NO_PROGRESS,
  type PendingInsert,
  type PendingRound,
  type Progress,
  RecordTooLong,
} from './progress.ts';
import { checkSignal, retryUntilStopped, Stopped, type StoreHealth, settledOrAborted } from './retry.ts';
import type { RoundGate } from './round-gate.ts';
import { decodeSenders, type SeenMessage } from './senders.ts';
import type { PartitionSink, Sink } from './sink.ts';
import { decodeMessage, type Envelope, envelopeOf } from './stages/decode.ts';
import type { Route } from './topology.ts';
import { type Waiting, WaitingMessages } from './waiting.ts';
import type { InterruptedRound } from './write.ts';

export interface WorkerOptions {
  readonly route: Route;
  readonly at: TopicPartition;
  readonly sink: Sink;
  readonly stream: Pick<Stream, 'produce' | 'partitions' | 'shared'>;
  readonly telemetry: Telemetry;
  readonly log: Logger;
  /**
   * Must be durable on resolve; rejects with `stream.fenced` when the partition is not ours any more. Messages before `next` are in
   * the store.
   */
  readonly save: (progress: Uint8Array, next: bigint) => Promise<void>;
  /** What is known of the messages before `from`; those behind it can be read again. */
  readonly saveCheckpoint: (value: Uint8Array, from: bigint) => Promise<void>;
  /** For how long the partition is surely still ours, ms. */
  readonly owned: () => number;
  readonly pause: () => void;
  readonly resume: () => void;
  /** The work cannot go on; nothing of this worker may be used any more. */
  readonly failed: (error: Error) => void;
  readonly now: () => number;
  /** Passed by each round. */
  readonly gate: RoundGate;
  /** Between two checkpoints. Default 64. */
  readonly checkpointRounds?: number;
  /** False only for the negative controls of the kill test. */
  readonly readBack: boolean;
  readonly seqCheck: boolean;
}

/** A checkpoint is due after so many rounds, or bytes: what an heir reads again. */
const CHECKPOINT_ROUNDS = 64;
const CHECKPOINT_BYTES = 32 << 20;

export class PartitionWorker {
  readonly #options: WorkerOptions;
  readonly #abort = new AbortController();
  readonly #part: PartitionSink;
  readonly #sets: NamedSets;
  #progress: Progress = NO_PROGRESS;
  /** As of `#progress.next`. */
  readonly #senders: HeardSenders;
  /** Messages before it are known from their headers alone: their rows are in the store. */
  #writesFrom = 0n;
  /** While messages are gone through that were judged before: when the last of them was, ms. Whatever the clock says now, it is judged as then. */
  #judgedAt = 0;
  #sinceCheckpoint = { rounds: 0, bytes: 0 };
  #numbers: InsertNumbers;
  /** A round of an earlier owner that has to be ended first. */
  #interrupted: { readonly round: PendingRound; readonly standing: ReadonlySet<bigint> } | undefined;
  readonly #waiting: WaitingMessages;
  #timer: NodeJS.Timeout | undefined;
  #flushing: Promise<void> | undefined;
  #over = false;
  trouble: Error | undefined;
  #parked: string | undefined;

  constructor(options: WorkerOptions) {
    this.#options = options;
    this.#waiting = new WaitingMessages(options.route.roundRows);
    this.#part = options.sink.open(options.at);
    this.#sets = new NamedSets(options.stream, options.at);
    this.#senders = new HeardSenders(() => Math.max(options.now(), this.#judgedAt), options.seqCheck);
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
    return this.#senders.lastOf(sender);
  }

  /** Rejects with `pipeline.no-progress` where nothing was saved. */
  async assigned(saved: SavedProgress | undefined): Promise<bigint | undefined> {
    const { at, sink, stream, readBack, log, route } = this.#options;
    if (saved === undefined) throw new CodedError('pipeline.no-progress', { topic: at.topic, partition: at.partition, group: route.group });
    const { progress, senders } = decodeProgress(saved.progress);
    this.#progress = progress;
    this.#numbers = new InsertNumbers(at.partition, progress.insert, this.#options.now);
    const { pending } = progress;
    this.#writesFrom = pending?.from ?? progress.next;
    this.#judgedAt = this.#numbers.lastMs;
    const from = await this.#recallSenders(saved, senders);
    if (pending === undefined) return from;
    const standing = readBack
      ? await retryUntilStopped(() => sink.findStandingInserts(pending.inserts, this.#abort.signal), this.#abort.signal, this.#health)
      : new Set<bigint>();
    log.info('a round that was under way is looked at again', { inserts: pending.inserts.length, standing: standing.size });
    const state = (await stream.partitions(at.topic)).find(({ partition }) => partition === at.partition);
    if (state !== undefined && state.earliest >= pending.to) this.#lost(pending.messages);
    else this.#interrupted = { round: pending, standing };
    return from;
  }

  /** Returns from where the stream is to be read, so that all senders are known before the first message that is written. */
  async #recallSenders({ checkpoint }: SavedProgress, senders: ReadonlyMap<string, SeenMessage> | undefined): Promise<bigint> {
    const { epoch, time } = this.#progress;
    const known = senders !== undefined || checkpoint === undefined ? undefined : decodeSenders(checkpoint.value, time);
    if (checkpoint !== undefined && known?.epoch === epoch && checkpoint.from <= this.#writesFrom) {
      this.#senders.begin(known.last, known.forgottenUntil);
      return checkpoint.from;
    }
    // Of an earlier version, or put elsewhere, or begun: then what lies before is to be taken again should it come again.
    this.#senders.begin(senders ?? new Map(), time);
    await this.#options.saveCheckpoint(this.#senders.encoded(epoch), this.#writesFrom);
    return this.#writesFrom;
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
      if (message.offset < this.#writesFrom) {
        this.#recall(message, envelope);
        continue;
      }
      this.#waiting.push({ message, envelope });
    }
    if (this.#waiting.length === 0) return;
    if (!this.#waiting.isFull(1)) {
      this.#arm();
      return;
    }
    const flushing = this.flush();
    // One round may be written while another is gathered.
    if (this.#waiting.isFull(2)) await settledOrAborted(flushing, this.#abort.signal);
  }

  /** Of a message that an earlier owner has written: it was the last of its sender. */
  #recall(message: StoredMessage, envelope: Envelope | undefined): void {
    this.#sinceCheckpoint.bytes += message.value.length;
    if (envelope === undefined) return;
    const before = this.#senders.lastOf(envelope.lane);
    if (this.#senders.judge(envelope, before) === 'new') this.#senders.hear(envelope.lane, seenAfter(before, envelope));
  }

  readonly #stopNow = (): void => this.#abort.abort();

  #arm(): void {
    if (this.#over || this.#flushing !== undefined) return;
    this.#timer ??= setTimeout(() => void this.flush(), this.#options.route.roundMs);
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
    this.#waiting.clear();
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
    for (let first = true; this.#waiting.length > 0 && !this.#over && (first || this.#waiting.isFull(1)); first = false) {
      if (!(await this.#options.gate.pass(this.#abort.signal, () => this.#oneRound()))) return;
    }
  }

  /** False: its messages are not all there. */
  async #oneRound(): Promise<boolean> {
    const interrupted = this.#interrupted;
    if (interrupted === undefined) this.#judgedAt = 0;
    const count = interrupted === undefined ? this.#waiting.nextRound() : this.#waiting.before(interrupted.round.to);
    if (count === undefined) return false;
    const taken = this.#waiting.take(count);
    const begun = performance.now();
    try {
      await this.#round(taken, interrupted);
    } catch (error) {
      if (!(error instanceof RecordTooLong) || interrupted !== undefined || count === 1) throw error;
      // Nothing of it was begun.
      this.#waiting.putBack(taken, error.times);
      return this.#oneRound();
    }
    this.#waiting.fitted();
    this.#options.telemetry.observe('inframirror_pipeline_round_seconds', { group: this.#options.route.group }, (performance.now() - begun) / 1000);
    this.#interrupted = undefined;
    return true;
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
    await retryUntilStopped(() => this.#sets.meet(fresh.map(({ message }) => message)), signal, this.#health);
    const messages = this.#decode(fresh, letters);
    const [from, to] = [first.message.offset, last.message.offset + 1n];
    let insert = this.#progress.insert;
    let isBegun = interrupted !== undefined;
    const plan = async (inserts: readonly PendingInsert[]): Promise<void> => {
      checkSignal(signal);
      // Nothing is begun that an heir may not hear of.
      if (this.#options.owned() <= 0) throw new Stopped('the partition is not surely ours any more');
      for (const { number } of inserts) if (number > insert) insert = number;
      const record = encodeProgress({ ...this.#progress, insert, pending: { from, to, messages: fresh.length, inserts } });
      const most = isBegun || taken.length === 1 ? MOST_RECORD : MOST_PLAN;
      if (record.length > most) throw new RecordTooLong(record.length, most);
      isBegun = true;
      await this.#options.save(record, from);
    };
    const until = (sender: string): bigint => this.#senders.until(sender);
    const { owned, at } = this.#options;
    const context = { route: at.partition, signal, health: this.#health, numbers: this.#numbers, interrupted: interruptedOf(interrupted), owned, plan, until };
    letters.push(...(await this.#part.write(messages, context)));
    if (letters.length > 0) await retryUntilStopped(() => bury(letters, stream, telemetry), signal, this.#health);
    checkSignal(signal);
    if (this.#numbers.last > insert) insert = this.#numbers.last;
    let time = this.#progress.time;
    for (const { latest } of messages) if (latest !== undefined && latest > time) time = latest;
    this.#progress = { ...this.#progress, next: to, insert, time, pending: undefined };
    await this.#options.save(encodeProgress(this.#progress), to);
    for (const [sender, at] of seen) this.#senders.hear(sender, at);
    this.#count(messages);
    this.#sinceCheckpoint.rounds++;
    for (const { message } of taken) this.#sinceCheckpoint.bytes += message.value.length;
    const { rounds, bytes } = this.#sinceCheckpoint;
    if (rounds >= (this.#options.checkpointRounds ?? CHECKPOINT_ROUNDS) || bytes >= CHECKPOINT_BYTES) await this.#checkpoint();
  }

  async #checkpoint(): Promise<void> {
    const { value, forgotten, forget } = this.#senders.bounded(this.#progress.epoch);
    await this.#options.saveCheckpoint(value, this.#progress.next);
    forget();
    if (forgotten > 0) this.#options.telemetry.add('inframirror_pipeline_senders_forgotten_total', { topic: this.#options.at.topic }, forgotten);
    this.#sinceCheckpoint = { rounds: 0, bytes: 0 };
  }

  #count(messages: readonly Decoded[]): void {
    const rows = new Map<string, number>();
    for (const { schema, batch } of messages) rows.set(schema, (rows.get(schema) ?? 0) + batch.length);
    for (const [schema, count] of rows) this.#options.telemetry.add('inframirror_pipeline_written_rows_total', { schema }, count);
  }

  /** Messages that were not taken before, and the last of each sender in this round. */
  #fresh(taken: readonly Waiting[], letters: DeadLetter[]): { readonly fresh: readonly Waiting[]; readonly seen: ReadonlyMap<string, SeenMessage> } {
    const { telemetry, at } = this.#options;
    const seen = new Map<string, SeenMessage>();
    const fresh = taken.filter(({ message, envelope }) => {
      if (envelope === undefined) {
        letters.push({ message, value: message.value, rows: 0, stage: 'decode', reason: 'no-identity', error: 'a header that names the message is missing' });
        return false;
      }
      const { lane, seq, rows } = envelope;
      const before = seen.get(lane) ?? this.#senders.lastOf(lane);
      const outcome = this.#senders.judge(envelope, before);
      if (outcome === 'other') {
        const error = `the seq ${seq} of this run has been taken, and not with these rows`;
        letters.push({ message, value: message.value, rows, stage: 'decode', reason: 'other-rows', error });
      }
      if (outcome === 'older') {
        // A door that did not know of the later run has taken it in: it is acknowledged.
        const error = `its sender has begun a later run, ${before?.boot}`;
        letters.push({ message, value: message.value, rows, stage: 'decode', reason: 'older-run', error });
      }
      if (outcome === 'same') telemetry.add('inframirror_pipeline_repeated_messages_total', { topic: at.topic });
      if (outcome !== 'new') return false;
      seen.set(lane, seenAfter(before, envelope));
      return true;
    });
    return { fresh, seen };
  }

  #decode(fresh: readonly Waiting[], letters: DeadLetter[]): readonly Decoded[] {
    const { route, telemetry } = this.#options;
    const out: Decoded[] = [];
    for (const { message, envelope } of fresh) {
      const outcome = decodeMessage(message, envelope as Envelope, route.schemas, this.#sets.all);
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
