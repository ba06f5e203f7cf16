// A lock that one holder of all processes has: PostgreSQL's advisory lock of a transaction that stays open on a connection of its own, as behind a
// PgBouncer a session is whose turn it is. The server ends a transaction that says nothing for long, so that a holder that hangs or is cut off
// does not keep it; the holder asks often, and so learns that it has lost it. Between its questions the transaction holds no rows.
import type pg from 'pg';
import type { HeldLock } from '../port.ts';
import { PostgresClient } from './client.ts';
import { recordsError } from './errors.ts';

/** How long the server waits for a holder that says nothing, unless the opener says otherwise. */
export const LOCK_IDLE_MS = 30_000;

export const lockName = (name: string): string => `inframirror ${name}`;

/** $1: as `lockName` has it. The transaction that has it began for that. */
export const HOLDER = `SELECT a.application_name AS who, (extract(epoch FROM a.xact_start) * 1000)::int8 AS since
FROM pg_locks AS l JOIN pg_stat_activity AS a ON a.pid = l.pid, hashtextextended($1, 0) AS key
WHERE l.locktype = 'advisory' AND l.granted AND l.objsubid = 1 AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
  AND (l.classid::int8 << 32 | l.objid::int8) = key`;

/** undefined: another has it. `holder`: see `Records`. `config` is that of the store's other connections. */
export const takeLock = async (config: pg.ClientConfig, name: string, holder: string, idleMs: number): Promise<HeldLock | undefined> => {
  // A holder that gets no answer counts itself out before the server does.
  const client = new PostgresClient({ ...config, query_timeout: idleMs / 3, application_name: holder });
  const lost = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  const end = async (): Promise<void> => {
    clearTimeout(timer);
    lost.abort();
    await client.end().catch(() => undefined);
  };
  const release = async (): Promise<void> => {
    clearTimeout(timer);
    lost.abort();
    // A PgBouncer may still keep what is only cut.
    await client.query('ROLLBACK').catch(() => undefined);
    await end();
  };
  client.on('error', () => void end());
  client.on('end', () => lost.abort());
  try {
    await client.connect();
    await client.query(
      `BEGIN; SET LOCAL idle_in_transaction_session_timeout = ${Math.ceil(idleMs)}; SET LOCAL tcp_keepalives_idle = 10; SET LOCAL tcp_keepalives_interval = 5; SET LOCAL tcp_keepalives_count = 3`,
    );
    const { rows } = await client.query('SELECT pg_try_advisory_xact_lock(hashtextextended($1, 0)) AS taken', [lockName(name)]);
    if (rows[0]?.taken !== true) {
      await release();
      return undefined;
    }
  } catch (error) {
    await end();
    throw recordsError(error);
  }
  const beat = (): void => {
    timer = setTimeout(() => client.query('SELECT 1').then(beat, end), idleMs / 6);
    timer.unref();
  };
  beat();
  return { lost: lost.signal, release };
};
