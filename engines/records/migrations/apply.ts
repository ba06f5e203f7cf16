// Brings a record store to this program's schema: forward only, one migration a transaction, all under one advisory lock.
// A migration is never changed once released; what it got wrong the next one mends.
import { CodedError } from '../../../core/errors.ts';
import type { Logger } from '../../../core/logger.ts';
import type { RecordRow, RecordValue } from '../port.ts';

export interface Migration {
  readonly name: string;
  /** Statements apart by semicolons. */
  readonly sql: string;
}

/** Runs on one connection. */
export type Run = (sql: string, params?: readonly RecordValue[]) => Promise<readonly RecordRow[]>;

/** Any number that no other program uses as an advisory lock: `InfraMir`. */
const LOCK = 5_291_571_164_212_062_578n;

const VERSIONS = 'CREATE TABLE IF NOT EXISTS schema_versions (version int PRIMARY KEY, name text NOT NULL, applied timestamptz NOT NULL DEFAULT now())';

/** Rejects with `records.newer-schema` when the store knows more migrations than `migrations`. */
export const applyMigrations = async (run: Run, migrations: readonly Migration[], log: Logger): Promise<void> => {
  for (;;) {
    // The lock first and read committed, so that what follows sees what the former holder did.
    await run('BEGIN ISOLATION LEVEL READ COMMITTED');
    try {
      await run('SELECT pg_advisory_xact_lock($1)', [LOCK]);
      await run(VERSIONS);
      const [row] = await run('SELECT coalesce(max(version), 0) AS version FROM schema_versions');
      const found = row?.version as number;
      if (found > migrations.length) throw new CodedError('records.newer-schema', { found, known: migrations.length });
      const next = migrations[found];
      if (next !== undefined) {
        await run(next.sql);
        await run('INSERT INTO schema_versions (version, name) VALUES ($1, $2)', [found + 1, next.name]);
      }
      await run('COMMIT');
      if (next === undefined) return;
      log.info('the record store was brought forward', { version: found + 1, migration: next.name });
    } catch (error) {
      await run('ROLLBACK').catch(() => []);
      throw error;
    }
  }
};
