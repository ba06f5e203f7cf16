// Under which id and which number of a run the agent speaks: joins a server where it has a token for it, takes the id it is given there, and takes
// another number, or id, where the server knows a later run. It sends no frame but the one that an earlier identity may have sent already.
import { randomUUID } from 'node:crypto';
import { resolve } from 'node:path';
import { CodedError } from '../core/errors.ts';
import type { Logger } from '../core/logger.ts';
import type { AgentConfig } from './config.ts';
import { Credentials } from './credentials.ts';
import { isTaken, postFrame } from './frame-call.ts';
import type { FoundIdentity } from './identity.ts';
import { bodyOf } from './renumber.ts';
import type { SenderWay } from './send.ts';
import { codedOf, ServerCalls } from './server-calls.ts';
import type { Spool } from './spool/spool.ts';
import type { AgentState } from './state.ts';

export interface JoiningOptions {
  readonly config: AgentConfig;
  readonly host: string;
  /** A print of it. */
  readonly machine: string;
  readonly found: FoundIdentity;
  readonly state: AgentState;
  readonly spool: Spool;
  readonly log: Logger;
  readonly stopping: AbortSignal;
  /** The definitions of all series are to go again with the next samples. */
  readonly redefine: () => void;
}

/** Of what is only now so. */
const LATER: ReadonlySet<number> = new Set([408, 429]);
/** Two who send under one id meet at nearly every frame; a server that is put back from a copy, once. */
const AGAIN_MS = 3_600_000;

export class Joining {
  readonly #options: JoiningOptions;
  readonly #credentials: Credentials;
  readonly way: SenderWay;
  /** Times the server had a later run, or other rows, of this agent. */
  conflicts = 0;
  /** When it was so last, on the clock of `performance`. */
  #conflictAt = Number.NEGATIVE_INFINITY;
  /** That rows may come twice, since it joined last. */
  #isDoubtSaid = false;

  constructor(options: JoiningOptions) {
    const { config, host, machine, found, state, log, stopping } = options;
    this.#options = options;
    const calls = new ServerCalls(config.server, config.requestMs, stopping);
    this.#credentials = new Credentials({
      calls,
      folder: config.folder,
      host,
      machine,
      ...found,
      boot: () => state.boot,
      join: config.join,
      tokenFile: config.tokenFile,
      tokenFileBefore: state.stored.tokenFile,
      settle: (asBefore) => this.#settle(asBefore),
      joined: ({ id }) => this.#adopt(id),
      log,
    });
    this.way = { calls, credentials: this.#credentials };
    if (state.isCopy) log.warn('the folder was another machine’s: the agent takes an id of its own', { id: state.id });
  }

  /** A server that refuses is told at once: rejects with its reason. One that does not answer is asked again when there is something to send. */
  async join(): Promise<void> {
    const { config, state, log } = this.#options;
    const { identity } = this.#credentials;
    this.#keepTokenFile();
    // A start may have been cut short between joining and this.
    if (identity !== undefined && identity.id !== state.id) this.#adopt(identity.id);
    if (identity !== undefined) return;
    const refused = await this.#credentials.joinAnew().catch((error: unknown) => {
      if (error instanceof CodedError) throw error;
      log.warn('the server does not answer yet; it is joined when it does', { server: config.server, reason: (error as Error).message });
      return undefined;
    });
    const error = refused === undefined ? undefined : codedOf(refused.refused);
    if (error !== undefined) throw error;
  }

  /** By it a frame that was sent and not answered is settled, should the agent join one day. */
  #keepTokenFile(): void {
    const { config, state, log } = this.#options;
    const file = config.tokenFile === undefined ? undefined : resolve(config.tokenFile);
    if (file === undefined || this.#credentials.identity !== undefined || file === state.stored.tokenFile) return;
    try {
      state.keep({ tokenFile: file });
    } catch (error) {
      log.debug('where the shared token is cannot be kept', { error });
    }
  }

  /** The oldest frame may have been stored without an answer: it goes once more as whom it went, so that the server knows it again. */
  async #settle(asBefore: () => string | undefined): Promise<void> {
    const { found, state, spool, log } = this.#options;
    const frame = spool.next();
    const wasAnybody = this.#credentials.identity !== undefined || state.stored.tokenFile !== undefined;
    if (frame === undefined || !wasAnybody || found.isCopy) return;
    const authorization = asBefore();
    const answer = authorization === undefined ? undefined : await postFrame(this.way.calls, authorization, bodyOf(frame, state.stored.renumbered));
    if (answer !== undefined && isTaken(answer)) {
      spool.acknowledge(frame);
      return;
    }
    if (answer !== undefined && (answer.code === undefined || answer.status >= 500 || LATER.has(answer.status)))
      throw new Error(`the server must first say whether it has the oldest frame, and answered ${answer.status}: ${answer.text}`);
    if (this.#isDoubtSaid) return;
    this.#isDoubtSaid = true;
    const reason = answer === undefined ? 'the agent cannot show any more who it was' : answer.text;
    log.warn('the oldest frame that waits may be stored already under the id before: it goes under the new one, and its rows may then be twice', {
      before: state.id,
      reason,
    });
  }

  /** What waits goes under the id that the agent has from now on. */
  #adopt(id: string): void {
    const { state, spool, log, redefine } = this.#options;
    this.#isDoubtSaid = false;
    if (id === state.id) return;
    try {
      state.renumber(state.boot + 1n, spool.end, id);
    } catch (error) {
      log.warn('the agent’s id cannot be kept; it is taken up again after a restart', { error });
    }
    redefine();
  }

  /** The server has a later run. Soon again means that somebody else sends under this id. `mayBeStored`: as `SenderEvents` has it. */
  renumber(code: string, next: bigint, mayBeStored: boolean): void {
    const { state, spool, log, redefine } = this.#options;
    let isAgain = false;
    if (code !== 'intake.future-run') {
      const at = performance.now();
      isAgain = at - this.#conflictAt < AGAIN_MS;
      this.#conflictAt = at;
      this.conflicts++;
    }
    // Who has joined has an id that is his: the server finds out who else uses it.
    const before = { before: state.id, boot: state.boot };
    const asAnother = isAgain && this.#credentials.identity === undefined;
    try {
      state.renumber(next, spool.end, asAnother ? randomUUID() : undefined);
    } catch (error) {
      log.warn('the new number of the run cannot be kept; it is asked for again after a restart', { error });
    }
    redefine();
    if (mayBeStored)
      log.warn('the oldest frame that waits may be stored already under the number before: it goes under the new one, and its rows may then be twice', before);
    log.warn('the server knows a later run of this agent: what waits is numbered anew', { code, boot: state.boot, ...(asAnother ? { id: state.id } : {}) });
  }
}
