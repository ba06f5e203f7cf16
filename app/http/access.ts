// Who may do what: tokens for programs, sessions for browsers. The token itself is compared in constant time and never stored by us
// anywhere but in its file; of a session only the hash of its id is kept.
import { hash, randomBytes, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { Records } from '../../engines/records/port.ts';
import type { DataFolder } from '../data-folder.ts';

/** What a caller may do. `origin`: a browser's session whose request does not come from our own page. */
export type Caller = 'admin' | 'agent' | 'metrics' | 'session' | 'origin' | 'none';

const SESSION_NANOS = 30n * 86_400n * 1_000_000_000n;
const CACHE_MS = 60_000;
const MOST_HASHES = 4;

const sha256 = (text: string): Buffer => hash('sha256', text, 'buffer');
const now = (): bigint => BigInt(Date.now()) * 1_000_000n;

export class Access {
  readonly #folder: DataFolder;
  readonly #records: Records;
  readonly #cookie: string;
  /** By our tokens. */
  readonly #hashes = new Map<string, Buffer>();
  /** Sessions seen to be good, until when (ms); spares a question a request. */
  readonly #known = new Map<string, number>();

  constructor(folder: DataFolder, records: Records) {
    this.#folder = folder;
    this.#records = records;
    this.#cookie = `inframirror_${folder.instance.replace(/[^A-Za-z0-9]/g, '')}`;
  }

  async callerOf(request: IncomingMessage): Promise<Caller> {
    const { authorization } = request.headers;
    if (authorization !== undefined) {
      const token = /^Bearer +([\x21-\x7e]+)$/i.exec(authorization)?.[1] ?? '';
      const shown = sha256(token);
      if (this.#isOf(shown, this.#folder.token)) return 'admin';
      if (this.#isOf(shown, this.#folder.metricsToken)) return 'metrics';
      return this.#isOf(shown, this.#folder.agentToken) ? 'agent' : 'none';
    }
    const session = this.#sessionOf(request);
    if (session === undefined || !(await this.#isGood(session))) return 'none';
    if (request.method === 'GET' || request.method === 'HEAD') return 'session';
    return isOwnOrigin(request) ? 'session' : 'origin';
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

  /** The value of Set-Cookie for a new session. */
  async openSession(secure: boolean): Promise<string> {
    const id = randomBytes(32).toString('base64url');
    const created = now();
    await this.#records.query('INSERT INTO sessions (hash, created, expires) VALUES ($1, $2, $3)', [sha256(id), created, created + SESSION_NANOS]);
    await this.#records.query('DELETE FROM sessions WHERE expires < $1', [created]);
    await this.#records.query('INSERT INTO audit (time, who, what, detail) VALUES ($1, $2, $3, $4)', [created, 'admin', 'session.open', {}]);
    return `${this.#cookie}=${id}; HttpOnly; SameSite=Lax; Path=/; Max-Age=${SESSION_NANOS / 1_000_000_000n}${secure ? '; Secure' : ''}`;
  }

  #sessionOf(request: IncomingMessage): string | undefined {
    for (const part of (request.headers.cookie ?? '').split(';')) {
      const at = part.indexOf('=');
      if (at > 0 && part.slice(0, at).trim() === this.#cookie) return part.slice(at + 1).trim();
    }
    return undefined;
  }

  async #isGood(session: string): Promise<boolean> {
    if (!/^[A-Za-z0-9_-]{43}$/.test(session)) return false;
    const key = sha256(session).toString('base64');
    const until = this.#known.get(key);
    if (until !== undefined && until > Date.now()) return true;
    const rows = await this.#records.query('SELECT 1 AS found FROM sessions WHERE hash = $1 AND expires > $2', [sha256(session), now()]);
    if (rows.length === 0) {
      this.#known.delete(key);
      return false;
    }
    if (this.#known.size > 10_000) this.#known.clear();
    this.#known.set(key, Date.now() + CACHE_MS);
    return true;
  }
}

/** The page that sent it was served from the very address it asks. */
const isOwnOrigin = (request: IncomingMessage): boolean => {
  const { origin, host } = request.headers;
  if (origin === undefined || host === undefined) return false;
  return origin === `http://${host}` || origin === `https://${host}`;
};
