// The record store on PostgreSQL through `pg`: a pool, exact values, serializable transactions, work that can be stopped.
// It starts no server and holds no SQL of the platform's own except the migrations handed to it.
import pg from 'pg';
import { CodedError } from '../../../core/errors.ts';
import { type Logger, silentLogger } from '../../../core/logger.ts';
import type { PostgresConnection } from '../connection.ts';
import { applyMigrations, type Migration } from '../migrations/apply.ts';
import { MIGRATIONS } from '../migrations/list.ts';
import type { HeldLock, LockHolder, RecordQueries, RecordRow, RecordSnapshot, Records, RecordValue } from '../port.ts';
import { cancelRunning, PostgresClient, tlsOf } from './client.ts';
import { isTransient, isUnavailable, recordsError } from './errors.ts';
import { HOLDER, LOCK_IDLE_MS, lockName, takeLock } from './lock.ts';
import { VALUE_TYPES } from './value-parsers.ts';

export interface PostgresOptions {
  readonly log?: Logger;
  readonly poolSize?: number;
  /** How long a call waits for a server that does not answer, in ms. Default 10 s. */
  readonly patienceMs?: number;
  /** How long a lock stays with a holder that says nothing, in ms. Default 30 s. */
  readonly lockIdleMs?: number;
  readonly migrations?: readonly Migration[];
}

const MOST_RUNS = 12;
/** What the statements of the migrations need. */
const NEEDED = 14;

/** A connection in hand; a broken one is closed when given back. */
interface Lease {
  readonly client: pg.PoolClient;
  broken: boolean;
}

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
/** Full jitter, so that two that met do not meet again. */
const backoffMs = (run: number): number => Math.random() * Math.min(250, 4 * 2 ** run);

class Postgres implements Records {
  readonly #pool: pg.Pool;
  readonly #connection: PostgresConnection;
  readonly #config: pg.ClientConfig;
  readonly #patienceMs: number;
  readonly #log: Logger;
  readonly #migrations: readonly Migration[];
  readonly #lockIdleMs: number;
  readonly #locks = new Set<HeldLock>();
  #closed: Promise<void> | undefined;
  /** Rises when a connection breaks; then those made before are not trusted any more, whether they know of it or not. */
  #age = 0;
  readonly #madeAt = new WeakMap<pg.PoolClient, number>();

  constructor(connection: PostgresConnection, options: PostgresOptions) {
    const { host, port, user, database, password } = connection;
    this.#connection = connection;
    this.#patienceMs = options.patienceMs ?? 10_000;
    this.#lockIdleMs = options.lockIdleMs ?? LOCK_IDLE_MS;
    this.#log = options.log ?? silentLogger;
    this.#migrations = options.migrations ?? MIGRATIONS;
    this.#config = {
      host,
      port,
      user,
      database,
      ...(password === undefined ? {} : { password }),
      ssl: tlsOf(connection),
      application_name: 'inframirror',
      types: VALUE_TYPES,
      keepAlive: true,
      connectionTimeoutMillis: Math.max(1000, this.#patienceMs),
    };
    this.#pool = new pg.Pool({ ...this.#config, Client: PostgresClient, max: options.poolSize ?? 8, idleTimeoutMillis: 60_000 });
    this.#pool.on('error', (error) => {
      this.#age++;
      this.#log.debug('an idle connection to the record store ended', { error });
    });
    this.#pool.on('connect', (client) => {
      this.#madeAt.set(client, this.#age);
      // A connection in use that breaks tells so twice: to the query in hand, which we report, and here.
      client.on('error', () => undefined);
    });
  }

  async migrate(): Promise<void> {
    const lease = await this.#lease();
    try {
      const [row] = await this.#run(lease, "SELECT current_setting('server_version') AS version");
      const found = String(row?.version);
      if (Number.parseInt(found, 10) < NEEDED) throw new CodedError('records.old-server', { found, needed: String(NEEDED) });
      await applyMigrations(async (sql, params) => (await this.#run(lease, sql, params)) as readonly RecordRow[], this.#migrations, this.#log);
    } finally {
      lease.client.release(lease.broken);
    }
  }

  async query(sql: string, params: readonly RecordValue[] = [], options: { readonly signal?: AbortSignal } = {}): Promise<readonly RecordRow[]> {
    for (let run = 1; ; run++) {
      const lease = await this.#lease(options.signal);
      try {
        return await this.#run(lease, sql, params, options.signal);
      } catch (error) {
        if (run >= MOST_RUNS || !isTransient((error as Error).cause)) throw error;
      } finally {
        lease.client.release(lease.broken);
      }
      await sleep(backoffMs(run));
    }
  }

  async transaction<T>(work: (queries: RecordQueries) => Promise<T>): Promise<T> {
    for (let run = 1; ; run++) {
      const lease = await this.#lease();
      let transient = false;
      const step: RecordQueries['query'] = async (sql, params = [], options = {}) => {
        try {
          return await this.#run(lease, sql, params, options.signal);
        } catch (error) {
          transient ||= isTransient((error as Error).cause);
          throw error;
        }
      };
      try {
        await step('BEGIN ISOLATION LEVEL SERIALIZABLE');
        const result = await work({ query: step });
        await step('COMMIT');
        return result;
      } catch (error) {
        await step('ROLLBACK').catch(() => {
          lease.broken = true;
        });
        if (!transient || run >= MOST_RUNS) throw error;
      } finally {
        lease.client.release(lease.broken);
      }
      await sleep(backoffMs(run));
    }
  }

  async tryLock(name: string, holder: string): Promise<HeldLock | undefined> {
    if (this.#closed !== undefined) throw new CodedError('records.unavailable', { reason: 'it was closed' });
    const lock = await takeLock(this.#config, name, holder, this.#lockIdleMs);
    if (lock === undefined) return undefined;
    this.#locks.add(lock);
    lock.lost.addEventListener('abort', () => this.#locks.delete(lock), { once: true });
    return lock;
  }

  async lockHolder(name: string): Promise<LockHolder | undefined> {
    const [row] = await this.query(HOLDER, [lockName(name)]);
    return row === undefined ? undefined : { who: row.who as string, since: Number(row.since) };
  }

  async snapshot(): Promise<RecordSnapshot> {
    const lease = await this.#lease();
    let released = false;
    const release = async (): Promise<void> => {
      if (released) return;
      released = true;
      await this.#run(lease, 'ROLLBACK').catch(() => {
        lease.broken = true;
      });
      lease.client.release(lease.broken);
    };
    try {
      await this.#run(lease, 'BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY');
      // Its moment is that of its first question.
      await this.#run(lease, 'SELECT pg_current_snapshot()');
    } catch (error) {
      await release();
      throw error;
    }
    return { query: (sql, params, { signal } = {}) => this.#run(lease, sql, params, signal), release };
  }

  async ping(): Promise<void> {
    await this.query('SELECT 1');
  }

  close(): Promise<void> {
    this.#closed ??= Promise.all([this.#pool.end(), ...Array.from(this.#locks, (lock) => lock.release())]).then(() => undefined);
    return this.#closed;
  }

  /** Connecting has no effect on the store, so it is tried again until our patience ends. */
  async #lease(signal?: AbortSignal): Promise<Lease> {
    const end = performance.now() + this.#patienceMs;
    for (let wait = 20; ; ) {
      if (signal?.aborted) throw new CodedError('records.cancelled', {});
      if (this.#closed !== undefined) throw new CodedError('records.unavailable', { reason: 'it was closed' });
      try {
        const client = await this.#pool.connect();
        if (this.#madeAt.get(client) === this.#age) return { client, broken: false };
        client.release(true);
        continue;
      } catch (error) {
        if (!isUnavailable(error) || performance.now() + wait > end) throw recordsError(error);
      }
      await sleep(wait);
      wait = Math.min(500, wait * 2);
    }
  }

  async #run(lease: Lease, sql: string, params: readonly RecordValue[] = [], signal?: AbortSignal): Promise<readonly RecordRow[]> {
    if (signal?.aborted) throw new CodedError('records.cancelled', {});
    let cancelling: Promise<void> | undefined;
    const onAbort = (): void => {
      // It may arrive after the statement ended: this connection must then meet no other statement.
      lease.broken = true;
      cancelling = this.#cancel(lease.client);
    };
    signal?.addEventListener('abort', onAbort, { once: true });
    try {
      const { rows } = await lease.client.query(params.length === 0 ? { text: sql } : { text: sql, values: [...params] });
      return rows ?? [];
    } catch (error) {
      if (isUnavailable(error)) {
        lease.broken = true;
        this.#age++;
      }
      throw signal?.aborted ? new CodedError('records.cancelled', {}, { cause: error }) : recordsError(error);
    } finally {
      signal?.removeEventListener('abort', onAbort);
      await cancelling;
    }
  }

  async #cancel(client: pg.PoolClient): Promise<void> {
    try {
      await cancelRunning(this.#connection, client);
    } catch {
      // No way to reach the server: end our side, so that the caller is free.
      await (client as unknown as pg.Client).end().catch(() => undefined);
    }
  }
}

/** Connects lazily; see the contract of `Records`. */
export const openPostgres = (connection: PostgresConnection, options: PostgresOptions = {}): Records => new Postgres(connection, options);
