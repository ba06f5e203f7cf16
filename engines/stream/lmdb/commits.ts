// Group commit: what was asked for while one commit was on its way to the disk goes together in the next.
// Gives messages their offsets, keeps what is known of each partition, and makes it visible only when it is on disk.
import { stat, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { CodedError } from '../../../core/errors.ts';
import { sizeText } from '../../../core/size-text.ts';
import type { Message, SharedBytes } from '../port.ts';
import type { Costs } from './costs.ts';
import { streamError } from './damage.ts';
import { costOf, encodeHead, encodeLease, encodePartition, messageKey, metaKey, type PartitionRecord, SHARED, sharedKey } from './layout.ts';
import { checkShared, type Leases } from './leases.ts';
import type { Trimmed, TrimTask, WriterAnswer, WriterGreeting, WriterTask } from './writer.ts';

/** A partition as this process knows it. */
export interface Partition {
  readonly topic: string;
  readonly topicId: number;
  readonly partition: number;
  /** On disk, and what readers may see: below `flushed.next`. */
  flushed: PartitionRecord;
  /** Next to be given; runs ahead of `flushed.next`, and never back. */
  next: bigint;
  readonly costs: Costs;
  readonly leases: Leases;
}

interface Put {
  readonly database: 0 | 1 | 2;
  readonly key: Uint8Array;
  readonly head: Uint8Array;
  readonly value: Uint8Array;
}

interface Waiting {
  /** Called when its turn comes, in order. */
  readonly puts: () => Put[];
  /** Called when what it put was not written. */
  readonly undo?: () => void;
  readonly bytes: number;
  /** They may take what is spared for them of the last room. */
  readonly aside: boolean;
  /** Messages are refused on a full disk, small records are tried. */
  readonly messages: { readonly partition: Partition; readonly count: number; readonly bytes: number; readonly cost: number }[];
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

const MOST_BYTES_OF_A_COMMIT = 32 << 20;
const EMPTY = new Uint8Array(0);
/** Share of the room that only topics without readers may take. */
export const SPARED = 1 / 16;
/** Of freed pages, what messages can take: they lie scattered, and a large message needs a run of them. */
const REUSED = 0.75;

export interface CommitOptions {
  readonly dir: string;
  readonly maxBytes: number;
  readonly minFreeBytes: number;
  /** ms, for the time of messages. */
  readonly now: () => number;
  /** Called after a commit that brought messages. `seconds`: what the disk took for it. */
  readonly flushed: (partitions: readonly Partition[], seconds: number) => void;
  /** The writer is gone; nothing can be written any more. */
  readonly broken: (error: Error) => void;
}

export class Commits {
  readonly #options: CommitOptions;
  readonly #worker: Worker;
  #waiting: Waiting[] = [];
  #trims: (() => Promise<void>)[] = [];
  #running: Promise<void> | undefined;
  #answered: ((answer: WriterAnswer) => void) | undefined;
  #broken: Error | undefined;
  /** Cost of all that is there or on its way. */
  #cost = 0;
  #freeChecked = Number.NEGATIVE_INFINITY;
  #free = Number.POSITIVE_INFINITY;
  #file = 0;

  private constructor(options: CommitOptions, worker: Worker) {
    this.#options = options;
    this.#worker = worker;
    worker.on('message', (answer: WriterAnswer) => this.#answered?.(answer));
    worker.on('error', (error) => this.#break(error as Error));
    worker.on('exit', () => this.#break(new Error('its writer ended')));
  }

  /** Starts the writer; rejects with `stream.newer-schema`, `stream.damaged` or `stream.unavailable`. */
  static async open(options: CommitOptions, known: number): Promise<Commits> {
    const worker = new Worker(new URL('./writer.ts', import.meta.url), { workerData: { dir: options.dir }, execArgv: [] });
    const greeting = await new Promise<WriterGreeting>((resolve) => {
      worker.once('message', resolve);
      worker.once('error', (error) => resolve({ ready: false, reason: (error as Error).message }));
      worker.once('exit', () => resolve({ ready: false }));
    });
    if (greeting.ready) return new Commits(options, worker);
    await worker.terminate();
    if (greeting.newer !== undefined) throw new CodedError('stream.newer-schema', { found: greeting.newer, known });
    throw streamError(options.dir, greeting.reason ?? 'its writer did not start');
  }

  /** What the partitions that were found at the start take. */
  addCost(cost: number): void {
    this.#cost += cost;
  }

  /** All that is there or on its way, as space in the file. */
  get cost(): number {
    return this.#cost;
  }

  get limit(): number {
    return this.#options.maxBytes;
  }

  /** What messages may take: the limit, or what the file has and the disk leaves for it, as looked at last. */
  get room(): number {
    const reusable = Math.max(0, this.#file - this.#cost) * REUSED;
    return Math.min(this.#options.maxBytes, this.#cost + reusable + Math.max(0, this.#free - this.#options.minFreeBytes));
  }

  /** Looks at the disk. */
  async measure(): Promise<void> {
    // Where the system does not tell, the commit itself will.
    this.#free = await statfs(this.#options.dir).then(
      ({ bavail, bsize }) => bavail * bsize,
      () => Number.POSITIVE_INFINITY,
    );
    this.#file = await stat(join(this.#options.dir, 'data.mdb')).then(
      ({ size }) => size,
      () => 0,
    );
    this.#freeChecked = performance.now();
  }

  append(entries: readonly { readonly partition: Partition; readonly messages: readonly Message[] }[], aside = false): Promise<void> {
    const now = this.#options.now();
    for (const { messages: list } of entries) for (const { shared } of list) if (shared !== undefined) checkShared(shared);
    const messages = entries.map(({ partition, messages: list }) => {
      const heads = list.map((message) => encodeHead(message, now));
      const sizes = list.map((message, i) => (heads[i] as Uint8Array).length + message.value.length);
      const sum = (of: readonly number[]): number => of.reduce((a, b) => a + b, 0);
      return { partition, list, heads, count: list.length, bytes: sum(sizes), cost: sum(sizes.map(costOf)) };
    });
    const cost = messages.reduce((total, entry) => total + entry.cost, 0);
    const most = this.#options.maxBytes * (aside ? 1 : 1 - SPARED);
    if (this.#cost + cost > most) return Promise.reject(new CodedError('stream.full', { limit: sizeText(this.#options.maxBytes) }));
    this.#cost += cost;
    const changes: (() => void)[] = [];
    const puts = (): Put[] => {
      const out: Put[] = [];
      for (const { partition, list, heads } of messages)
        for (const [i, { value, shared }] of list.entries()) {
          if (shared !== undefined) this.#share(partition, shared, out, changes);
          out.push({ database: 0, key: messageKey(partition.topicId, partition.partition, partition.next++), head: heads[i] as Uint8Array, value });
        }
      return out;
    };
    const written = this.#enqueue({
      puts,
      undo: () => {
        for (const undo of changes.reverse()) undo();
      },
      bytes: messages.reduce((total, entry) => total + entry.bytes, 0),
      messages,
      aside,
    });
    written.catch(() => {
      this.#cost -= cost;
    });
    return written;
  }

  /** Before the message that gets the next offset. */
  #share(partition: Partition, shared: SharedBytes, out: Put[], changes: (() => void)[]): void {
    const change = partition.leases.extend(shared, partition.next);
    if (change === undefined) return;
    const { topicId, partition: number } = partition;
    if (change.isNew) out.push({ database: 2, key: sharedKey(topicId, number, SHARED.bytes, shared.key), head: EMPTY, value: shared.value });
    out.push({ database: 2, key: sharedKey(topicId, number, SHARED.lease, shared.key), head: EMPTY, value: encodeLease(change.lease) });
    this.#cost += change.isNew ? change.lease.cost : 0;
    changes.push(() => {
      this.#cost -= change.isNew ? change.lease.cost : 0;
      change.undo();
    });
  }

  /** What only messages had that are gone. */
  #dropShared(partition: Partition): void {
    if (!partition.leases.hasEnded(partition.flushed.earliest)) return;
    const changes: (() => void)[] = [];
    const puts = (): Put[] =>
      partition.leases.end(partition.flushed.earliest).flatMap(({ key, lease, undo }) => {
        this.#cost -= lease.cost;
        changes.push(() => {
          this.#cost += lease.cost;
          undo();
        });
        const kinds = [SHARED.lease, SHARED.bytes];
        return kinds.map((kind): Put => ({ database: 2, key: sharedKey(partition.topicId, partition.partition, kind, key), head: EMPTY, value: EMPTY }));
      });
    const undo = (): void => {
      for (const change of changes.reverse()) change();
    };
    // What was not removed is tried again after the next step.
    this.#enqueue({ puts, undo, bytes: 0, messages: [], aside: false }).catch(() => undefined);
  }

  /** Small records, all or none; one with an empty value is removed. */
  putMeta(records: readonly (readonly [key: Uint8Array, value: Uint8Array])[]): Promise<void> {
    const bytes = records.reduce((sum, [, value]) => sum + value.length, 0);
    const puts = (): Put[] => records.map(([key, value]) => ({ database: 1, key, head: EMPTY, value }));
    return this.#enqueue({ puts, bytes, messages: [], aside: false });
  }

  #enqueue(waiting: Omit<Waiting, 'resolve' | 'reject'>): Promise<void> {
    if (this.#broken !== undefined) return Promise.reject(this.#broken);
    return new Promise((resolve, reject) => {
      this.#waiting.push({ ...waiting, resolve, reject });
      this.#run();
    });
  }

  /** One step of removing; runs between commits. */
  trim(partition: Partition, limits: Pick<TrimTask, 'before' | 'keepBytes' | 'keepSince' | 'mostMessages' | 'mostBytes'>): Promise<Trimmed | undefined> {
    if (this.#broken !== undefined) return Promise.resolve(undefined);
    return new Promise((resolve) => {
      this.#trims.push(async () => {
        const before = partition.flushed;
        const answer = await this.#ask({ kind: 'trim', trim: { topicId: partition.topicId, partition: partition.partition, at: before, ...limits } });
        if (!answer.ok || answer.trimmed === undefined) return resolve(undefined);
        partition.flushed = answer.trimmed.at;
        partition.costs.drop(answer.trimmed.at.earliest);
        this.#cost -= before.cost - answer.trimmed.at.cost;
        this.#dropShared(partition);
        resolve(answer.trimmed);
      });
      this.#run();
    });
  }

  #run(): void {
    this.#running ??= this.#gathered()
      .then(async () => {
        while (this.#waiting.length > 0 || this.#trims.length > 0) {
          if (this.#waiting.length > 0) await this.#commit();
          await this.#trims.shift()?.();
          if (this.#waiting.length > 0) await this.#gathered();
        }
      })
      .finally(() => {
        this.#running = undefined;
        if (this.#waiting.length > 0 || this.#trims.length > 0) this.#run();
      });
  }

  /** What this turn of the event loop brings goes along. Not longer: while one commit is on its way the next ones gather anyhow. */
  #gathered(): Promise<void> {
    return new Promise((resolve) => setImmediate(resolve));
  }

  async #commit(): Promise<void> {
    let count = 0;
    for (let bytes = 0; count < this.#waiting.length; count++) {
      bytes += (this.#waiting[count] as Waiting).bytes;
      if (count > 0 && bytes > MOST_BYTES_OF_A_COMMIT) break;
    }
    let batch = this.#waiting.splice(0, count);
    let costs = costsOf(batch);
    for (const aside of [false, true]) {
      const minFree = this.#options.minFreeBytes / (aside ? 2 : 1);
      if (costs === 0 || !(await this.#diskFull(costs, minFree))) break;
      const full = new CodedError('stream.full', { limit: `a disk with ${sizeText(minFree)} free` });
      const refused = batch.filter((waiting) => waiting.messages.length > 0 && (aside || !waiting.aside));
      for (const waiting of refused) waiting.reject(full);
      batch = batch.filter((waiting) => !refused.includes(waiting));
      costs = costsOf(batch);
    }
    if (batch.length === 0) return;
    const puts = batch.flatMap((waiting) => waiting.puts());
    const partitions = new Map<Partition, PartitionRecord>();
    for (const { partition, bytes, cost } of batch.flatMap((waiting) => waiting.messages)) {
      const at = partitions.get(partition) ?? partition.flushed;
      partitions.set(partition, { ...at, next: partition.next, bytes: at.bytes + bytes, cost: at.cost + cost });
    }
    for (const [{ topicId, partition }, at] of partitions)
      puts.push({ database: 1, key: metaKey('at', topicId, partition), head: EMPTY, value: encodePartition(at) });
    const asked = performance.now();
    const answer = await this.#ask(framed(puts));
    if (answer.ok) {
      for (const [partition, at] of partitions) {
        partition.costs.add(at.next, at.cost - partition.flushed.cost);
        partition.flushed = at;
      }
      this.#options.flushed([...partitions.keys()], (performance.now() - asked) / 1000);
      for (const waiting of batch) waiting.resolve();
      return;
    }
    this.#freeChecked = Number.NEGATIVE_INFINITY;
    await this.#diskFull(costs, this.#options.minFreeBytes);
    const full = this.#free - costs < this.#options.minFreeBytes;
    const error = this.#broken ?? (full ? new CodedError('stream.full', { limit: 'the disk’s size' }) : streamError(this.#options.dir, answer.reason));
    for (const waiting of batch.toReversed()) waiting.undo?.();
    for (const waiting of batch) waiting.reject(error);
  }

  /**
   * Whether messages of that cost (counted in `#cost` already) would eat into what has to stay free. The disk is asked at
   * most once a second while there is plenty. The file never shrinks: what retention freed in it takes messages again.
   */
  async #diskFull(cost: number, minFree: number): Promise<boolean> {
    if (this.#free < 4 * (minFree + cost) || performance.now() - this.#freeChecked > 1000) await this.measure();
    return this.#free - cost < minFree && cost > (this.#file - (this.#cost - cost)) * REUSED;
  }

  #ask(task: WriterTask): Promise<WriterAnswer> {
    if (this.#broken !== undefined) return Promise.resolve({ ok: false, reason: this.#broken.message });
    return new Promise((resolve) => {
      this.#answered = (answer) => {
        this.#answered = undefined;
        resolve(answer);
      };
      this.#worker.postMessage(task, task.kind === 'put' ? [task.puts] : []);
    });
  }

  #break(error: Error): void {
    if (this.#broken !== undefined) return;
    this.#broken = streamError(this.#options.dir, error.message, error);
    this.#answered?.({ ok: false, reason: error.message });
    for (const waiting of this.#waiting.splice(0)) waiting.reject(this.#broken);
    this.#options.broken(this.#broken);
  }

  /** Waits for what is on its way, then ends the writer. */
  async close(): Promise<void> {
    while (this.#running !== undefined) await this.#running;
    if (this.#broken !== undefined) return;
    await this.#ask({ kind: 'close' });
    this.#broken = new CodedError('stream.unavailable', { reason: 'it is closed' });
    await this.#worker.terminate();
  }
}

const costsOf = (batch: readonly Waiting[]): number => batch.reduce((sum, waiting) => sum + waiting.messages.reduce((own, { cost }) => own + cost, 0), 0);

/** All puts in one buffer, whose ownership goes to the writer. */
const framed = (puts: readonly Put[]): WriterTask => {
  const size = puts.reduce((sum, { key, head, value }) => sum + 7 + key.length + head.length + value.length, 0);
  const bytes = new Uint8Array(size);
  const view = new DataView(bytes.buffer);
  let at = 0;
  for (const { database, key, head, value } of puts) {
    view.setUint8(at, database);
    view.setUint16(at + 1, key.length, true);
    view.setUint32(at + 3, head.length + value.length, true);
    bytes.set(key, at + 7);
    bytes.set(head, at + 7 + key.length);
    bytes.set(value, at + 7 + key.length + head.length);
    at += 7 + key.length + head.length + value.length;
  }
  return { kind: 'put', puts: bytes.buffer, size };
};
