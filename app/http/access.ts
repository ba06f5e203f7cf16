// Who may do what: tokens for programs, sessions for browsers. The token itself is compared in constant time and never stored by us
// anywhere but in its file; of a session only the hash of its id is kept.

import { hash, randomBytes, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { CodedError } from '../../core/errors.ts';
import { nanosFromMillis } from '../../core/time.ts';
import type { Records } from '../../engines/records/port.ts';
import { writeAudit } from '../../ingest/agents/audit.ts';
import type { DataFolder } from '../data-folder.ts';

/**
 * What a caller may do. `origin`: a browser's session whose request does not come from our own page. `trusted`: a session of which the record
 * store does not tell whether it still stands: it may look, and change nothing.
 */
export type CallerKind = 'admin' | 'agent' | 'metrics' | 'session' | 'trusted' | 'origin' | 'none';

const SESSION_NANOS = 30n * 86_400n * 1_000_000_000n;
const CACHE_MS = 60_000;
/** Where the record store does not answer, whoever was seen to be good so lately may look, so that the status can be read. */
const TRUSTED_MS = 3_600_000;
const PATIENCE_MS = 1000;
/** Without an answer for so long whoever waits for it is told. */
const SIGN_IN_MS = 5000;
/** After a question without an answer nobody who is trusted is asked about for so long. */
const PAUSE_MS = 5000;
/** Questions at once: whoever makes up sessions must not fill the way to a record store that hangs. */
const MOST_ASKED = 256;
const MOST_HASHES = 4;

const sha256 = (text: string): Buffer => hash('sha256', text, 'buffer');

export class Access {
  readonly #folder: DataFolder;
  readonly #records: Pick<Records, 'query'>;
  readonly #cookie: string;
  /** By our tokens. */
  readonly #hashes = new Map<string, Buffer>();
  /** When sessions were seen to be good (ticks); spares a question a request. */
  readonly #known = new Map<string, number>();
  /** Questions that have no answer yet, by session. */
  readonly #asking = new Map<string, Promise<boolean>>();
  /** When the record store last had no answer (ticks). */
  #silentAt = Number.NEGATIVE_INFINITY;
  readonly #now: () => number;
  readonly #ticks: () => number;

  /** `now`: ms of the clock; `ticks`: ms that nobody sets, by which ages are told. */
  constructor(folder: DataFolder, records: Pick<Records, 'query'>, now: () => number = Date.now, ticks: () => number = () => performance.now()) {
    this.#folder = folder;
    this.#records = records;
    this.#now = now;
    this.#ticks = ticks;
    this.#cookie = `inframirror_${folder.instance.replace(/[^A-Za-z0-9]/g, '')}`;
  }

  /** Rejects with `access.unavailable` where the record store alone could tell. */
  async callerOf(request: IncomingMessage): Promise<CallerKind> {
    const { authorization } = request.headers;
    if (authorization !== undefined) {
      const token = /^Bearer +([\x21-\x7e]+)$/i.exec(authorization)?.[1] ?? '';
      const shown = sha256(token);
      if (this.#isOf(shown, this.#folder.token)) return 'admin';
      if (this.#isOf(shown, this.#folder.metricsToken)) return 'metrics';
      return this.#isOf(shown, this.#folder.agentToken) ? 'agent' : 'none';
    }
    const session = this.#sessionOf(request);
    const standing = session === undefined ? 'none' : await this.#standingOf(session);
    if (standing === 'none' || request.method === 'GET' || request.method === 'HEAD') return standing;
    return isOwnOrigin(request) ? standing : 'origin';
  }

  isToken(token: string): boolean {
    return this.#isOf(sha256(token), this.#folder.token);
  }

  /** Every frame shows a token: what ours hash to is kept. */
  #isOf(shown: Buffer, token: string): boolean {
    let own = this.#hashes.get(token);
    if (own === undefined) {
      // They were changed: the earlier ones are not asked for again.
      if (this.#hashes.size >= MOST_HASHES) this.#hashes.clear();
      own = sha256(token);
      this.#hashes.set(token, own);
    }
    return timingSafeEqual(shown, own);
  }

  /** The value of Set-Cookie for a new session. Rejects with `access.unavailable`. */
  async openSession(secure: boolean): Promise<string> {
    const id = randomBytes(32).toString('base64url');
    if (!((await answered(this.#keep(sha256(id)), SIGN_IN_MS)) ?? false)) throw new CodedError('access.unavailable', {});
    return `${this.#cookie}=${id}; HttpOnly; SameSite=Lax; Path=/; Max-Age=${SESSION_NANOS / 1_000_000_000n}${secure ? '; Secure' : ''}`;
  }

  async #keep(hashed: Buffer): Promise<true> {
    const created = this.#nanos();
    await this.#records.query('INSERT INTO sessions (hash, created, expires) VALUES ($1, $2, $3)', [hashed, created, created + SESSION_NANOS]);
    await this.#records.query('DELETE FROM sessions WHERE expires < $1', [created]);
    await writeAudit(this.#records, { time: created, who: 'admin', what: 'session.open', detail: {} });
    return true;
  }

  #sessionOf(request: IncomingMessage): string | undefined {
    for (const part of (request.headers.cookie ?? '').split(';')) {
      const at = part.indexOf('=');
      if (at > 0 && part.slice(0, at).trim() === this.#cookie) return part.slice(at + 1).trim();
    }
    return undefined;
  }

  async #standingOf(session: string): Promise<'session' | 'trusted' | 'none'> {
    if (!/^[A-Za-z0-9_-]{43}$/.test(session)) return 'none';
    const key = sha256(session);
    const age = this.#ticks() - (this.#known.get(key.toString('base64')) ?? Number.NEGATIVE_INFINITY);
    if (age < CACHE_MS) return 'session';
    const isTrusted = age < TRUSTED_MS;
    if (isTrusted && this.#ticks() - this.#silentAt < PAUSE_MS) return 'trusted';
    const isGood = await answered(this.#isGood(key), isTrusted ? PATIENCE_MS : SIGN_IN_MS);
    if (isGood !== undefined) return isGood ? 'session' : 'none';
    if (!isTrusted) throw new CodedError('access.unavailable', {});
    this.#silentAt = this.#ticks();
    return 'trusted';
  }

  /** Asked once for all that come meanwhile. What comes late counts as well: for the next who comes. */
  #isGood(hashed: Buffer): Promise<boolean> {
    const key = hashed.toString('base64');
    const running = this.#asking.get(key);
    if (running !== undefined) return running;
    if (this.#asking.size >= MOST_ASKED)
      return Promise.reject(new CodedError('records.unavailable', { reason: `${MOST_ASKED} sessions wait for it to tell whether they stand` }));
    const asked = this.#ask(hashed, key).finally(() => this.#asking.delete(key));
    this.#asking.set(key, asked);
    return asked;
  }

  async #ask(hashed: Buffer, key: string): Promise<boolean> {
    const now = this.#nanos();
    const rows = await this.#records.query('SELECT created FROM sessions WHERE hash = $1 AND expires > $2', [hashed, now]);
    this.#silentAt = Number.NEGATIVE_INFINITY;
    if (rows.length === 0) {
      this.#known.delete(key);
      return false;
    }
    // The clock was set back since: it lives from now on, not until the clock is there again.
    if ((rows[0]?.created as bigint) > now)
      await this.#records.query('UPDATE sessions SET created = $2, expires = $3 WHERE hash = $1', [hashed, now, now + SESSION_NANOS]);
    if (this.#known.size > 10_000) this.#known.clear();
    this.#known.set(key, this.#ticks());
    return true;
  }

  #nanos(): bigint {
    return nanosFromMillis(this.#now());
  }
}

/** undefined where it is not there in a moment, or fails. */
const answered = async <T>(work: Promise<T>, patienceMs: number): Promise<T | undefined> => {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<undefined>((resolve) => {
    timer = setTimeout(() => resolve(undefined), patienceMs);
  });
  try {
    return await Promise.race([work, late]);
  } catch {
    return undefined;
  } finally {
    clearTimeout(timer);
  }
};

/** The page that sent it was served from the very address it asks. */
const isOwnOrigin = (request: IncomingMessage): boolean => {
  const { origin, host } = request.headers;
  if (origin === undefined || host === undefined) return false;
  return origin === `http://${host}` || origin === `https://${host}`;
};
