// What an agent shows with each frame: an HMAC under the key of its session, where it has joined, or will by the token it was given; else the
// token that all agents share. It joins and signs in by itself when it must, and never asks for both.
import { createHmac, randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { CodedError } from '../core/errors.ts';
import type { Logger } from '../core/logger.ts';
import { FRAME_SCHEME, frameContext } from '../schemas/agent-proofs.ts';
import { looksLikeJoinToken, readJoinToken, textOf } from '../schemas/join-token.ts';
import { type Identity, keepIdentity } from './identity.ts';
import { join, type Refused, type Session, signIn } from './join.ts';
import type { ServerCalls } from './server-calls.ts';

export interface CredentialsOptions {
  readonly calls: ServerCalls;
  readonly folder: string;
  readonly host: string;
  readonly machine: string;
  readonly identity: Identity | undefined;
  /** The folder has the key of another machine. */
  readonly isCopy: boolean;
  /** Token that was used up by the folder's key. */
  readonly usedToken: string | undefined;
  /** Of this run, as it is now. */
  readonly boot: () => bigint;
  /** A join token, or the file that holds one; read each time it is needed. */
  readonly join: string | undefined;
  /** Holds the token that all agents share. */
  readonly tokenFile: string | undefined;
  /** The one of an earlier run. */
  readonly tokenFileBefore: string | undefined;
  /**
   * Asked before it joins: the frame that may have been sent already is settled as whom it was sent, which `asBefore` answers the header for, undefined
   * where that is not wanted or known any more. Rejects where that is to be tried again.
   */
  readonly settle: (asBefore: () => string | undefined) => Promise<void>;
  readonly joined: (identity: Identity) => void;
  readonly log: Logger;
}

interface OpenSession extends Session {
  readonly context: Uint8Array;
  readonly boot: bigint;
}

/** After these the agent needs another identity. */
const OUTCAST: ReadonlySet<string> = new Set(['agent.revoked', 'agent.unknown', 'intake.cloned']);
/** Of what was shown, not of what was sent with it or of how the server is. */
const OF_THE_SESSION: ReadonlySet<string> = new Set(['agent.session', 'agent.proof', ...OUTCAST]);
/** Earlier than the server ends it. */
const EARLY_MS = 30_000;

export class Credentials {
  readonly #options: CredentialsOptions;
  readonly #run = randomBytes(16);
  #identity: Identity | undefined;
  #session: OpenSession | undefined;
  #shared: string | undefined;
  /** The server does not want this identity. */
  #isOutcast = false;

  constructor(options: CredentialsOptions) {
    this.#options = options;
    this.#identity = options.identity;
  }

  /** undefined until it has joined. */
  get identity(): Identity | undefined {
    return this.#identity;
  }

  /** The header `authorization` for a body, or why there is none; rejects where nothing answers, and with `agent.…`. */
  async authorize(body: Uint8Array): Promise<string | Refused> {
    if (this.#identity === undefined || this.#isOutcast) {
      const refused = await this.joinAnew();
      if (refused !== undefined) return refused;
    }
    if (this.#identity === undefined) return this.#sharedToken();
    const session = await this.#openSession(this.#identity);
    if ('refused' in session) return session;
    const mac = createHmac('sha256', session.key).update(session.context).update(body).digest('base64url');
    return `${FRAME_SCHEME} ${session.id}.${mac}`;
  }

  /** The server refused what it was shown; true where it is worth showing it anew at once. */
  refused(code: string | undefined): boolean {
    this.#shared = undefined;
    if (code === undefined || !OF_THE_SESSION.has(code)) return false;
    const had = this.#session !== undefined;
    this.#session = undefined;
    if (OUTCAST.has(code)) this.#isOutcast = true;
    return had && code === 'agent.session';
  }

  /** Joins where there is a token that was not used for the identity there is; undefined: it has joined, or there is none. Rejects as `authorize`. */
  async joinAnew(): Promise<Refused | undefined> {
    const text = this.#joinText();
    if (text === undefined) return undefined;
    const token = readJoinToken(text);
    if (textOf(token.id) === (this.#identity?.token ?? this.#options.usedToken)) return undefined;
    const { calls, folder, host, machine, settle, joined, log } = this.#options;
    await settle(() => this.#asBefore());
    const outcome = await join(calls, folder, token, host, machine);
    if ('refused' in outcome) return outcome;
    keepIdentity(folder, machine, outcome);
    this.#identity = outcome;
    this.#isOutcast = false;
    this.#session = undefined;
    log.info('joined', { server: calls.origin, agent: outcome.id, host: outcome.host });
    joined(outcome);
    return undefined;
  }

  #joinText(): string | undefined {
    const given = this.#options.join;
    if (given === undefined || looksLikeJoinToken(given)) return given;
    try {
      return readFileSync(given, 'utf8').trim() || undefined;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
      throw error;
    }
  }

  /** Who joins and had a key is not wanted under it any more; what another machine sent is not this one's. */
  #asBefore(): string | undefined {
    const { tokenFile, tokenFileBefore, isCopy } = this.#options;
    if (this.#identity !== undefined || isCopy) return undefined;
    for (const file of [tokenFile, tokenFileBefore]) {
      try {
        if (file !== undefined) return `Bearer ${readFileSync(file, 'utf8').trim()}`;
      } catch {
        // Another one may be there.
      }
    }
    return undefined;
  }

  #sharedToken(): string {
    const { tokenFile, folder, isCopy } = this.#options;
    if (tokenFile === undefined) throw new CodedError(isCopy ? 'agent.copied' : 'agent.not-joined', { folder });
    this.#shared ??= readFileSync(tokenFile, 'utf8').trim();
    return `Bearer ${this.#shared}`;
  }

  async #openSession(identity: Identity): Promise<OpenSession | Refused> {
    const boot = this.#options.boot();
    if (this.#session !== undefined && this.#session.boot === boot && this.#session.until - EARLY_MS > Date.now()) return this.#session;
    const session = await signIn(this.#options.calls, identity, this.#options.machine, boot, this.#run);
    if ('refused' in session) return session;
    this.#isOutcast = false;
    this.#session = { ...session, context: frameContext(session.id), boot };
    return this.#session;
  }
}
