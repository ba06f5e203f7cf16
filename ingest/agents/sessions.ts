// Signs agents in and tells their frames: an agent proves its key once an hour, over a nonce of this server, and both ends derive a key from
// what they exchanged; each frame then carries an HMAC under it. One session an agent: a new one ends the one before. Whoever signs in under an id
// that somebody else runs is found here. A session is sealed (session-token.ts): any process of the installation takes it, and a restart ends none.
import { createHmac, createPublicKey, diffieHellman, generateKeyPairSync, hkdfSync, type KeyObject, randomBytes, timingSafeEqual, verify } from 'node:crypto';
import { CodedError } from '../../core/errors.ts';
import { frameContext, MAC_BYTES, SERVER_NONCE_BYTES, SESSION_KEY_INFO, type SigningIn, sessionBytes, signInBytes } from '../../schemas/agent-proofs.ts';
import { bytesOf, textOf } from '../../schemas/join-token.ts';
import { clockError, type FleetClock } from '../fleet-clock.ts';
import { isTooFarAhead } from '../run-number.ts';
import type { AgentRegistry } from './agent-registry.ts';
import { mustBeActive } from './authorities.ts';
import type { CommandKeys } from './command-keys.ts';
import type { EnrolledAgent } from './enrolled-agent.ts';
import { openSession, type Session, sealSession } from './session-token.ts';

export interface SignInRequest extends SigningIn {
  readonly signature: Uint8Array;
}

export interface SignInAnswer {
  readonly session: string;
  /** X25519, the server's. */
  readonly ephemeral: Uint8Array;
  readonly key: Uint8Array;
  readonly next: Uint8Array;
  readonly proof: Uint8Array;
  /** Seconds until it ends. */
  readonly seconds: number;
}

/** One that was opened, and what its frames are signed with. */
interface Opened extends Session {
  readonly context: Uint8Array;
}

const SESSION_MS = 3_600_000;
/** Some 400 bytes each; of more, those that were opened first are opened again. */
const MOST_OPENED = 30_000;
const NONCE_MS = 60_000;
/** Two that run under one id shut each other out again and again; who was set back once, as by a snapshot, does so once. */
const BACK_MS = 600_000;
const MOST_BACK = 2;
/** Who uses a copied key only now and then: a run that came back was given a new number, and that one comes back too. An image that is put back brings back the same number each time. */
const WATCHED_MS = 86_400_000;
const MOST_WATCHED = 32;

const publicKey = (kind: 'Ed25519' | 'X25519', bytes: Uint8Array): KeyObject =>
  createPublicKey({ key: { kty: 'OKP', crv: kind, x: textOf(bytes) }, format: 'jwk' });

export class Sessions {
  readonly #registry: AgentRegistry;
  readonly #keys: CommandKeys;
  readonly #clocks: FleetClock;
  readonly #now: () => number;
  readonly #nonceSecret: Buffer;
  readonly #sessionSecret: Buffer;
  /** By what agents show: spares the opening of each. */
  readonly #opened = new Map<string, Opened>();
  /** Agent → its session, of those that were opened here. */
  readonly #ofAgent = new Map<string, string>();
  /** Agent → when its sessions ended, ms: those from before are none. */
  readonly #ended = new Map<string, number>();
  /** Nonces that somebody signed in with, until they are too old anyway. */
  readonly #spent = new Map<string, number>();
  /** Agent → when runs of it came back that another one had followed, and their numbers. */
  readonly #back = new Map<string, readonly { readonly at: number; readonly boot: bigint }[]>();

  constructor(registry: AgentRegistry, keys: CommandKeys, clocks: FleetClock, now: () => number = Date.now) {
    this.#registry = registry;
    this.#keys = keys;
    this.#nonceSecret = keys.secret('nonces');
    this.#sessionSecret = keys.secret('sessions');
    this.#clocks = clocks;
    this.#now = now;
  }

  /** Its own time and proof are in it: nothing is kept for those who ask. */
  nonce(): Uint8Array {
    const nonce = Buffer.alloc(SERVER_NONCE_BYTES);
    nonce.writeBigUInt64BE(BigInt(Math.floor(this.#now())));
    randomBytes(16).copy(nonce, 8);
    this.#nonceMac(nonce).copy(nonce, 24);
    return nonce;
  }

  #nonceMac(nonce: Buffer): Buffer {
    return createHmac('sha256', this.#nonceSecret).update(nonce.subarray(0, 24)).digest().subarray(0, 16);
  }

  /** Throws `agent.nonce`. */
  mustBeNonce(given: Uint8Array): void {
    const nonce = Buffer.from(given);
    const age = this.#now() - Number(nonce.readBigUInt64BE());
    // One of another process may be of a clock that is a little ahead.
    if (Math.abs(age) > NONCE_MS || !timingSafeEqual(nonce.subarray(24), this.#nonceMac(nonce)) || this.#spent.has(textOf(nonce)))
      throw new CodedError('agent.nonce', {});
  }

  /** A nonce serves once. */
  spend(nonce: Uint8Array): void {
    const now = this.#now();
    for (const [old, at] of this.#spent) {
      if (now - at <= 2 * NONCE_MS) break;
      this.#spent.delete(old);
    }
    this.#spent.set(textOf(nonce), now);
  }

  /** `clock`: the agent's, ms. Throws `agent.…`, `intake.cloned`, `intake.older-run`, `intake.future-run`, `intake.clock`. */
  async signIn(request: SignInRequest, clock: number | undefined): Promise<SignInAnswer> {
    this.mustBeNonce(request.serverNonce);
    const agent = await this.#registry.asStored(request.agent);
    if (agent === undefined) throw new CodedError('agent.unknown', { agent: request.agent });
    // Before anything is told of it.
    if (!verify(null, signInBytes(request), publicKey('Ed25519', agent.key), request.signature)) throw new CodedError('agent.proof', { what: 'the signature' });
    this.spend(request.serverNonce);
    mustBeActive(agent);
    if (request.machine !== agent.machine) await this.#quarantine(agent, 'its key is used on another machine');
    if (clock !== undefined) this.#clocks.note(agent.id, clock);
    await this.#meetRun(agent, request);
    this.#registry.noteRun(agent.id, request.boot, request.run);
    return this.#open(request);
  }

  async #meetRun(agent: EnrolledAgent, { boot, run }: SigningIn): Promise<void> {
    const now = Math.floor(this.#now());
    const next = String(agent.boot >= BigInt(now) ? agent.boot + 1n : now);
    const doubt = isTooFarAhead(boot, undefined, now) ? this.#clocks.doubtOf(agent.id) : undefined;
    if (doubt !== undefined) throw clockError(doubt);
    if (isTooFarAhead(boot, agent.boot, now)) throw new CodedError('intake.future-run', { boot: String(boot), next });
    if (boot > agent.boot || (boot === agent.boot && (agent.run === undefined || Buffer.from(run).equals(agent.run)))) return;
    const back = [...(this.#back.get(agent.id) ?? []).filter(({ at }) => now - at < WATCHED_MS), { at: now, boot }].slice(-MOST_WATCHED);
    this.#back.set(agent.id, back);
    const atOnce = back.filter(({ at }) => now - at < BACK_MS).length;
    const runs = new Set(back.map((one) => one.boot)).size;
    if (atOnce >= MOST_BACK || runs >= MOST_BACK) await this.#quarantine(agent, 'two machines or two copies of its folder send under it');
    throw new CodedError('intake.older-run', { sent: String(boot), boot: String(agent.boot), next });
  }

  async #quarantine(agent: EnrolledAgent, reason: string): Promise<never> {
    this.#back.delete(agent.id);
    this.end(agent.id);
    await this.#registry.quarantine(agent.id, reason);
    throw new CodedError('intake.cloned', { agent: agent.id, host: agent.host, reason });
  }

  /** Sessions that are over, and what is too old to count against anybody. */
  #forgetOld(): void {
    const now = this.#now();
    for (const [id, { agent, until }] of this.#opened)
      if (until < now) {
        this.#opened.delete(id);
        if (this.#ofAgent.get(agent) === id) this.#ofAgent.delete(agent);
      }
    for (const [agent, at] of this.#ended) if (at + SESSION_MS < now) this.#ended.delete(agent);
    for (const [agent, back] of this.#back) if (back.every(({ at }) => now - at >= WATCHED_MS)) this.#back.delete(agent);
  }

  /** How many are open, or were until not long ago. */
  get size(): number {
    return this.#opened.size;
  }

  #open(request: SignInRequest): SignInAnswer {
    this.#forgetOld();
    const own = generateKeyPairSync('x25519');
    const ephemeral = Buffer.from((own.publicKey.export({ format: 'jwk' }) as { readonly x: string }).x, 'base64url');
    let shared: Buffer;
    try {
      shared = diffieHellman({ privateKey: own.privateKey, publicKey: publicKey('X25519', request.ephemeral) });
    } catch (error) {
      throw new CodedError('agent.request', { reason: 'ephemeral is no key' }, { cause: error });
    }
    const salt = Buffer.concat([request.serverNonce, request.run]);
    const key = Buffer.from(hkdfSync('sha256', shared, salt, SESSION_KEY_INFO, 32));
    const { agent, boot } = request;
    const now = Math.floor(this.#now());
    const session = sealSession({ agent, key, boot, since: now, until: now + SESSION_MS }, this.#sessionSecret);
    this.#opened.delete(this.#ofAgent.get(agent) ?? '');
    this.#keep(session, { agent, key, boot, since: now, until: now + SESSION_MS, context: frameContext(session) });
    const proof = this.#keys.sign(sessionBytes(request, session, ephemeral));
    return { session, ephemeral, key: this.#keys.current, next: this.#keys.next, proof, seconds: SESSION_MS / 1000 };
  }

  /** Ends the session of an agent, as when it is revoked. */
  end(agent: string): void {
    const session = this.#ofAgent.get(agent);
    if (session !== undefined) this.#opened.delete(session);
    this.#ofAgent.delete(agent);
    this.#ended.set(agent, Math.floor(this.#now()));
  }

  #keep(text: string, session: Opened): void {
    const [oldest] = this.#opened.keys();
    if (this.#opened.size >= MOST_OPENED && oldest !== undefined) this.#opened.delete(oldest);
    this.#opened.set(text, session);
    this.#ofAgent.set(session.agent, text);
  }

  /** undefined: it is none, or over. Of two of an agent the one that was opened later counts. */
  #find(text: string): Opened | undefined {
    const known = this.#opened.get(text);
    if (known !== undefined) return known.until < this.#now() ? undefined : known;
    const session = openSession(text, this.#sessionSecret);
    if (session === undefined || session.until < this.#now()) return undefined;
    const current = this.#opened.get(this.#ofAgent.get(session.agent) ?? '');
    if (session.since <= (this.#ended.get(session.agent) ?? Number.NEGATIVE_INFINITY) || (current !== undefined && current.since >= session.since))
      return undefined;
    if (current !== undefined) this.#opened.delete(this.#ofAgent.get(session.agent) as string);
    const opened = { ...session, context: frameContext(text) };
    this.#keep(text, opened);
    return opened;
  }

  /**
   * Who sends under these credentials (`SESSION.MAC`), and whether a body is what they signed. Throws `agent.session` where the session is
   * over, `agent.proof`, `agent.revoked`, `intake.cloned`.
   */
  senderOf(credentials: string): { readonly agent: EnrolledAgent; readonly isSigned: (body: Uint8Array) => boolean } {
    const [id = '', text = ''] = credentials.split('.', 2);
    const session = this.#find(id);
    if (session === undefined) throw new CodedError('agent.session', {});
    const agent = this.#registry.find(session.agent);
    // Another run has signed in since, perhaps elsewhere.
    if (agent === undefined || session.boot < agent.boot) throw new CodedError('agent.session', {});
    mustBeActive(agent);
    const mac = bytesOf(text, MAC_BYTES);
    if (mac === undefined) throw new CodedError('agent.proof', { what: 'the frame' });
    return {
      agent,
      isSigned: (body) => timingSafeEqual(mac, createHmac('sha256', session.key).update(session.context).update(body).digest()),
    };
  }
}
