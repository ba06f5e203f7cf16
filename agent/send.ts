// Sends the spool's frames to the door: in order, one at a time, the same bytes again until the server took or refused them for good.
// What the server says can never be taken is dropped, counted and named; everything else waits, longer each time, and as long as the
// server asks. Only InfraMirror's own words count: what a proxy, a portal or another program answers drops and acknowledges nothing.
import type { Logger } from '../core/logger.ts';
import type { Credentials } from './credentials.ts';
import { isTaken, postFrame } from './frame-call.ts';
import { bodyOf, type Renumbered } from './renumber.ts';
import { type Answer, nextOf, type ServerCalls } from './server-calls.ts';
import type { FrameMeta, Spool, SpooledFrame } from './spool/spool.ts';

export interface SenderOptions {
  readonly server: string;
  readonly fsync: boolean;
  readonly retryMs: number;
  readonly retryMostMs: number;
  readonly refusedMs: number;
}

/** How the server is reached, and what is shown to it. */
export interface SenderWay {
  readonly calls: ServerCalls;
  readonly credentials: Pick<Credentials, 'authorize' | 'refused' | 'identity'>;
}

export interface SenderStatus {
  readonly sentFrames: number;
  readonly sentBytes: number;
  /** Frames the server refused for good. */
  readonly refusedFrames: number;
  /** Attempts that failed and are repeated. */
  readonly failures: number;
  /** Answers of something that is not InfraMirror; among the failures. */
  readonly foreignAnswers: number;
  /** When the frame that waits longest was made, ms; undefined when none waits, or that is not known. */
  readonly oldestMade: number | undefined;
  readonly lastError: { readonly at: number; readonly message: string } | undefined;
  /** When the server last acknowledged a frame, ms. */
  readonly lastSent: number | undefined;
}

export interface SenderEvents {
  /** `wantsDefinitions`: the server met series in it whose definitions it does not know, as it was started since they were sent. */
  readonly acknowledged: (meta: FrameMeta, wantsDefinitions: boolean) => void;
  readonly refused: (meta: FrameMeta, reason: string) => void;
  /**
   * The server has a run or a seq that shuts this frame out; from `next` on numbers are free. What waits is to be renumbered. `mayBeStored`: the frame was
   * sent before, and nobody said what became of it.
   */
  readonly shutOut?: (code: string, next: bigint, mayBeStored: boolean) => void;
  /** Asked for each frame. */
  readonly renumbered?: () => Renumbered | undefined;
}

/** `isOfFrame`: of the frame itself, not of what was shown for it. */
interface FrameAnswer extends Answer {
  readonly isOfFrame: boolean;
  /** It was sent before this time, and may be stored. */
  readonly mayBeStored: boolean;
}

/** No repetition makes these right, where InfraMirror itself says so: the frame itself is at fault. */
const HOPELESS: ReadonlySet<number> = new Set([400, 413, 415, 422]);
/** These a server says too of other bytes than were sent, where it does not look at their digest or they were too many. */
const MAYBE_OF_THE_WAY: ReadonlySet<string> = new Set(['frame.malformed', 'intake.damaged', 'intake.encoding', 'intake.too-large']);
/** So often it must say the same of the same bytes. */
const TIMES_OF_THE_WAY = 4;
const MOST_RETRY_AFTER_MS = 300_000;
const OF_THE_FRAME = /^(frame|intake)\./;
/** The same trouble is named once in so long. */
const WARN_AGAIN_MS = 600_000;

export class Sender {
  readonly #spool: Spool;
  readonly #options: SenderOptions;
  readonly #events: SenderEvents;
  readonly #log: Logger;
  readonly #way: SenderWay;
  readonly #stopping: AbortController;
  /** The frame that may be stored though no answer said so. */
  #open: string | undefined;
  /** The next frame is the oldest that an earlier run left, which it may have sent. */
  #isOfBefore: boolean;
  #wake: (() => void) | undefined;
  #running: Promise<void> | undefined;
  /** What was said last of a frame, and how often one after the other. */
  #said: { readonly of: string; readonly times: number } = { of: '', times: 0 };
  /** What was said last of why frames wait, and when. */
  #warned = { text: '', at: Number.NEGATIVE_INFINITY };
  #status: SenderStatus = {
    sentFrames: 0,
    sentBytes: 0,
    refusedFrames: 0,
    failures: 0,
    foreignAnswers: 0,
    oldestMade: undefined,
    lastError: undefined,
    lastSent: undefined,
  };

  /** `stopping`: of the way too. */
  constructor(spool: Spool, options: SenderOptions, way: SenderWay, events: SenderEvents, log: Logger, stopping = new AbortController()) {
    this.#spool = spool;
    this.#options = options;
    this.#way = way;
    this.#events = events;
    this.#log = log;
    this.#stopping = stopping;
    this.#isOfBefore = spool.stats.frames > 0;
  }

  get status(): SenderStatus {
    return this.#status;
  }

  start(): void {
    this.#running ??= this.#run();
  }

  /** There is something new in the spool. */
  notify(): void {
    this.#wake?.();
  }

  /** Resolves when the spool is empty or the time is over. */
  async drain(patienceMs: number): Promise<void> {
    const until = Date.now() + patienceMs;
    while (this.#spool.stats.frames > 0 && Date.now() < until && !this.#stopping.signal.aborted) await new Promise((resolve) => setTimeout(resolve, 20));
  }

  /** Breaks off what is on its way; it stays in the spool. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    this.#wake?.();
    await this.#running;
    this.#way.calls.close();
  }

  async #run(): Promise<void> {
    let failures = 0;
    /** Credentials were shown anew since the last frame that was taken. */
    let isAgain = false;
    while (!this.#stopping.signal.aborted) {
      let waitMs: number;
      try {
        const frame = this.#spool.next();
        this.#status = { ...this.#status, oldestMade: frame?.meta.made };
        if (frame === undefined) {
          await this.#pause(undefined);
          continue;
        }
        await this.#spool.sync();
        const answer = await this.#post(frame);
        if (answer === undefined) continue;
        if (answer.isOfFrame && isTaken(answer)) {
          this.#acknowledged(frame, answer, failures);
          failures = 0;
          isAgain = false;
          continue;
        }
        if (this.#isHopeless(frame, answer)) {
          this.#refused(frame, answer);
          failures = 0;
          continue;
        }
        if (this.#way.credentials.refused(answer.code) && !isAgain) {
          isAgain = true;
          continue;
        }
        const next = nextOf(answer);
        if (answer.code !== undefined && next !== undefined) this.#shutOut(answer, answer.code, next);
        waitMs = this.#waitFor(answer, failures);
        this.#failed(this.#reason(answer), failures++);
      } catch (error) {
        if (this.#stopping.signal.aborted) return;
        waitMs = this.#backOff(failures);
        this.#failed(describe(error), failures++);
      }
      await this.#pause(waitMs);
    }
  }

  #shutOut({ mayBeStored }: FrameAnswer, code: string, next: bigint): void {
    // It goes under another number from now on.
    this.#open = undefined;
    this.#events.shutOut?.(code, next, mayBeStored);
  }

  /** What an agent that has joined told in another host's name, as before it joined, no repetition makes right either. */
  #isHopeless({ at }: SpooledFrame, { status, code = '', isOfFrame }: FrameAnswer): boolean {
    if (!isOfFrame) return false;
    if (MAYBE_OF_THE_WAY.has(code)) {
      const of = `${at.segment} ${at.offset} ${code}`;
      this.#said = { of, times: this.#said.of === of ? this.#said.times + 1 : 1 };
      if (this.#said.times < TIMES_OF_THE_WAY) return false;
    }
    return (HOPELESS.has(status) && OF_THE_FRAME.test(code)) || (code === 'intake.host' && this.#way.credentials.identity !== undefined);
  }

  #acknowledged(frame: SpooledFrame, answer: Answer, failures: number): void {
    this.#spool.acknowledge(frame);
    if (failures > 0) this.#log.info('the server takes frames again', { tries: failures + 1 });
    this.#status = { ...this.#status, sentFrames: this.#status.sentFrames + 1, sentBytes: this.#status.sentBytes + frame.body.length, lastSent: Date.now() };
    // `define`: an older server never says it.
    this.#events.acknowledged(frame.meta, answer.told?.define === true);
  }

  #refused(frame: SpooledFrame, answer: Answer): void {
    this.#spool.acknowledge(frame);
    const reason = `${answer.status}${answer.text === '' ? '' : `: ${answer.text}`}`;
    this.#status = { ...this.#status, refusedFrames: this.#status.refusedFrames + 1, lastError: { at: Date.now(), message: `a frame was refused, ${reason}` } };
    this.#log.error('the server refused a frame for good; it is dropped', { seq: frame.meta.seq, boot: frame.meta.boot, rows: frame.meta.rows, reason });
    this.#events.refused(frame.meta, reason);
  }

  #reason({ status, text, code }: Answer): string {
    const answered = `${status}${text === '' ? '' : `: ${text}`}`;
    if (code !== undefined) return `the server answered ${answered}`;
    this.#status = { ...this.#status, foreignAnswers: this.#status.foreignAnswers + 1 };
    return `something that is not InfraMirror answers at ${this.#way.calls.origin} (${answered.slice(0, 200)})`;
  }

  /** Named once per outage, and the same not again for a while; else only counted. */
  #failed(message: string, before: number): void {
    this.#status = { ...this.#status, failures: this.#status.failures + 1, lastError: { at: Date.now(), message } };
    const now = Date.now();
    const isNew = message !== this.#warned.text || now - this.#warned.at > WARN_AGAIN_MS;
    if (before === 0 && isNew) {
      this.#warned = { text: message, at: now };
      this.#log.warn('frames wait in the spool', { server: this.#options.server, reason: message });
    } else this.#log.debug('still not sent', { attempt: before + 1, reason: message });
  }

  #waitFor(answer: Answer, failures: number): number {
    if (answer.status === 401 || answer.status === 403 || answer.code === 'intake.cloned') return jittered(this.#options.refusedMs);
    return retryAfterMs(answer.retryAfter) ?? this.#backOff(failures);
  }

  #backOff(failures: number): number {
    return jittered(Math.min(this.#options.retryMs * 2 ** Math.min(failures, 20), this.#options.retryMostMs));
  }

  /** Without a time it waits for `notify`; with one, new frames do not shorten it. */
  #pause(ms: number | undefined): Promise<void> {
    if (this.#stopping.signal.aborted) return Promise.resolve();
    return new Promise((resolve) => {
      const done = (): void => {
        clearTimeout(timer);
        this.#stopping.signal.removeEventListener('abort', done);
        this.#wake = undefined;
        resolve();
      };
      const timer = ms === undefined ? undefined : setTimeout(done, ms);
      this.#stopping.signal.addEventListener('abort', done);
      if (ms === undefined) this.#wake = done;
    });
  }

  /** Undefined: the agent has joined meanwhile, and what waits goes under another id. */
  async #post(frame: SpooledFrame): Promise<FrameAnswer | undefined> {
    const { credentials, calls } = this.#way;
    const { identity } = credentials;
    const body = bodyOf(frame, this.#events.renumbered?.());
    const authorization = await credentials.authorize(body);
    if (credentials.identity !== identity) return undefined;
    const name = nameOf(frame);
    if (this.#isOfBefore) this.#open = name;
    this.#isOfBefore = false;
    const mayBeStored = this.#open === name;
    if (typeof authorization !== 'string') return { ...authorization.refused, isOfFrame: false, mayBeStored };
    this.#open = name;
    const answer = await postFrame(calls, authorization, body);
    // Who says no of this time says nothing of the times before.
    if (answer.code !== undefined && answer.status < 500 && !mayBeStored) this.#open = undefined;
    return { ...answer, isOfFrame: true, mayBeStored };
  }
}

/** Within one spool. */
const nameOf = ({ at }: SpooledFrame): string => `${at.segment} ${at.offset}`;

/** Seconds or a date (RFC 9110, 10.2.3), at most five minutes. */
export const retryAfterMs = (header: string | undefined, now: number = Date.now()): number | undefined => {
  if (header === undefined) return undefined;
  const ms = /^\d{1,9}$/.test(header.trim()) ? Number(header) * 1000 : Date.parse(header) - now;
  return Number.isNaN(ms) ? undefined : Math.min(Math.max(ms, 0), MOST_RETRY_AFTER_MS) + Math.random() * 250;
};

const jittered = (ms: number): number => ms * (0.5 + Math.random() / 2);

const describe = (error: unknown): string => {
  const { code, message } = error as NodeJS.ErrnoException;
  return message === '' || message === undefined ? (code ?? 'unknown') : message;
};
