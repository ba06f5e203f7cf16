// Which run each sender is in and how far that was acknowledged: what comes again, byte for byte, is a repeat, and what comes under an
// identity that was given before, or under an older run, is refused, as workers pass over both without a look at the rows.
// It keeps no rows; after a restart it knows of a sender what the pipeline has of it, and refuses what that cannot tell from other rows.
import { CodedError } from '../core/errors.ts';
import { FRAME_LIMITS, KNOWN_RUN_AHEAD_MS } from '../schemas/frame.ts';
import type { Arrival } from './parts.ts';
import { isTooFarAhead } from './run-number.ts';

export interface SenderPlace {
  readonly boot: bigint;
  readonly seq: bigint;
  /** Seqs and prints (see `Arrival`) of what was taken last of the run, in pairs; none where an earlier version took it. */
  readonly prints?: readonly number[];
}

export type RunPart = Pick<Arrival, 'seq' | 'print'>;

export interface RunsOptions {
  /** What the pipeline took last of a sender. Where it cannot tell, nothing of a sender is taken that was not met before. */
  readonly known: (sender: string) => SenderPlace | undefined | Promise<SenderPlace | undefined>;
  /** Whether that has all that was acknowledged before this start of the server. */
  readonly isWhole: () => boolean;
}

/** A sender has at most a frame or two whose answer it did not get; what stands between may send one again a while later. 2 KiB a sender. */
const MOST_PARTS = 2 * FRAME_LIMITS.parts;
/** Frames of one sender that wait for the one before: an agent sends one at a time. */
const MOST_WAITING = 4;
/** Earlier runs of a sender, and how much of each is remembered: what is on its way while a sender begins anew. */
const MOST_EARLIER = 4;
const MOST_EARLIER_PARTS = 16;
const MOST_SENDERS = 30_000;

/** Whether from one seq of a frame on its others follow each other up, or down, to one that is known. */
const reaches = (from: bigint, step: 1n | -1n, seqs: ReadonlySet<bigint>, known: ReadonlySet<bigint>): boolean => {
  let seq = from;
  while (seqs.has(seq) && !known.has(seq)) seq += step;
  return known.has(seq);
};

class Sender {
  readonly boot: bigint;
  /** Largest seq that is safe; −1: none yet. */
  acknowledged: bigint;
  /** Up to here the pipeline had taken it, whose prints are known here too. */
  readonly #taken: bigint;
  /** Behind that, up to here it was, or may have been, acknowledged by an earlier start of the server: the pipeline has its print when it is there. */
  #forgotten: bigint;
  /** The run began before this start of the server: seqs that are passed over here may have been acknowledged by an earlier one. */
  readonly #beganBefore: boolean;
  /** Seqs (below 2^53, as in a frame) and prints of the parts acknowledged last, in a ring. */
  #seqs = new Float64Array(8).fill(-1);
  #prints = new Float64Array(8);
  #at = 0;
  readonly earlier: ReadonlyMap<bigint, Sender>;

  constructor(boot: bigint, earlier: ReadonlyMap<bigint, Sender>, beganBefore: boolean, { seq, prints = [] }: Omit<SenderPlace, 'boot'> = { seq: -1n }) {
    this.#beganBefore = beganBefore;
    this.boot = boot;
    this.acknowledged = seq;
    this.#forgotten = seq;
    this.#taken = prints.length === 0 ? -1n : seq;
    this.earlier = earlier;
    for (let at = 0; at + 1 < prints.length; at += 2) this.#note(prints[at] as number, prints[at + 1] as number);
  }

  /** The first of those that are not new which does not come again, as far as can be told. */
  other(parts: readonly RunPart[]): RunPart | undefined {
    const known = new Set<bigint>();
    const unknown: RunPart[] = [];
    for (const part of parts) {
      if (part.seq > this.acknowledged) continue;
      const place = this.#seqs.lastIndexOf(Number(part.seq));
      if (place !== -1) {
        if (this.#prints[place] !== part.print) return part;
        known.add(part.seq);
      } else if (part.seq <= this.#taken || part.seq > this.#forgotten) unknown.push(part);
    }
    if (unknown.length === 0) return undefined;
    const seqs = new Set(parts.map(({ seq }) => seq));
    return unknown.find(({ seq }) => !this.#isLastTaken(seq) || !(reaches(seq, 1n, seqs, known) || reaches(seq, -1n, seqs, known)));
  }

  /**
   * Of the last frame that the pipeline had taken it has the last prints only, and an agent that got no answer sends it again whole: it is known by
   * the parts beside it. What was acknowledged behind that stands here whole, and an agent sends nothing again that is older than what stands here.
   */
  #isLastTaken(seq: bigint): boolean {
    return seq <= this.#taken && seq > this.#taken - BigInt(FRAME_LIMITS.parts);
  }

  acknowledge(part: RunPart): void {
    const { seq } = part;
    if (this.#beganBefore && seq > this.acknowledged + 1n) this.#forgotten = seq - 1n;
    if (seq > this.acknowledged) this.acknowledged = seq;
    else if (this.#seqs.includes(Number(seq))) return;
    this.#note(Number(seq), part.print);
  }

  #note(seq: number, print: number): void {
    if (this.#at === this.#seqs.length) this.#grow();
    this.#seqs[this.#at] = seq;
    this.#prints[this.#at] = print;
    this.#at = (this.#at + 1) % MOST_PARTS;
  }

  #grow(): void {
    const [seqs, prints] = [this.#seqs, this.#prints];
    this.#seqs = new Float64Array(seqs.length * 2).fill(-1);
    this.#prints = new Float64Array(seqs.length * 2);
    this.#seqs.set(seqs);
    this.#prints.set(prints);
  }

  /** Of the run that follows this one. */
  history(): ReadonlyMap<bigint, Sender> {
    return new Map([...this.earlier, [this.boot, this.#ended()] as const].slice(-MOST_EARLIER));
  }

  /** As it is kept when another run has begun: its last parts. */
  #ended(): Sender {
    const size = this.#seqs.length;
    const prints: number[] = [];
    for (let back = Math.min(MOST_EARLIER_PARTS, size); back > 0; back--) {
      const at = (this.#at - back + size) % size;
      if (this.#seqs[at] !== -1) prints.push(this.#seqs[at] as number, this.#prints[at] as number);
    }
    return new Sender(this.boot, new Map(), this.#beganBefore, { seq: this.acknowledged, prints });
  }
}

export class Runs {
  readonly #options: RunsOptions;
  /** The one heard of longest ago first. */
  readonly #senders = new Map<string, Sender>();
  /** Senders with a frame at work → those that wait for it, in their order. */
  readonly #waiting = new Map<string, (() => void)[]>();

  constructor(options: RunsOptions) {
    this.#options = options;
  }

  /**
   * One frame of a sender after the other: whether one is a repeat is known only when the one before is safe, or refused.
   * Throws `intake.busy` where too many wait already.
   */
  async inTurn<T>(sender: string, work: () => Promise<T>): Promise<T> {
    const waiting = this.#waiting.get(sender);
    if (waiting === undefined) this.#waiting.set(sender, []);
    else if (waiting.length >= MOST_WAITING) throw new CodedError('intake.busy', { reason: `${MOST_WAITING} frames of this sender wait for the one before` });
    else await new Promise<void>((enter) => waiting.push(enter));
    try {
      return await work();
    } finally {
      const next = this.#waiting.get(sender)?.shift();
      if (next === undefined) this.#waiting.delete(sender);
      else next();
    }
  }

  /** What is known elsewhere of a sender that was not met yet; to be handed to `meet`. */
  async known(sender: string): Promise<SenderPlace | undefined> {
    return this.#senders.has(sender) ? undefined : this.#options.known(sender);
  }

  /**
   * Judges a frame and returns what is to be called when it is safe. `now`: the server's clock, ms.
   * Throws `intake.older-run`, `intake.older-seq`, `intake.future-run`; nothing is changed then.
   */
  meet(name: string, boot: bigint, parts: readonly RunPart[], now: number, known: SenderPlace | undefined): () => void {
    const clock = BigInt(Math.floor(now));
    const sender = this.#find(name, known, clock + BigInt(KNOWN_RUN_AHEAD_MS));
    const next = String(sender !== undefined && sender.boot >= clock ? sender.boot + 1n : clock);
    if (isTooFarAhead(boot, sender?.boot, now)) throw new CodedError('intake.future-run', { boot: String(boot), next });
    if (sender !== undefined && boot < sender.boot) {
      const earlier = sender.earlier.get(boot);
      if (earlier === undefined || parts.some(({ seq }) => seq > earlier.acknowledged) || earlier.other(parts) !== undefined)
        throw new CodedError('intake.older-run', { sent: String(boot), boot: String(sender.boot), next });
      return () => undefined;
    }
    const other = sender?.boot === boot ? sender.other(parts) : undefined;
    if (sender !== undefined && other !== undefined)
      throw new CodedError('intake.older-seq', { seq: String(other.seq), acknowledged: String(sender.acknowledged), next });
    return () => this.#safe(name, sender?.boot === boot ? sender : new Sender(boot, sender?.history() ?? new Map(), !this.#options.isWhole()), parts);
  }

  #find(name: string, known: SenderPlace | undefined, latest: bigint): Sender | undefined {
    const found = this.#senders.get(name);
    if (found !== undefined) return found;
    return known === undefined || known.boot > latest ? undefined : new Sender(known.boot, new Map(), true, known);
  }

  #safe(name: string, sender: Sender, parts: readonly RunPart[]): void {
    for (const part of parts) sender.acknowledge(part);
    this.#senders.delete(name);
    this.#senders.set(name, sender);
    if (this.#senders.size <= MOST_SENDERS) return;
    const [oldest] = this.#senders.keys();
    if (oldest !== undefined) this.#senders.delete(oldest);
  }
}
