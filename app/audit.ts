// Who did what, as the audit table has it: written around what is done beside the record store, and read again. Rows that are done in a
// transaction of the record store are written in that one (`ingest/agents/audit.ts`). It changes no row and removes none.
import type { RecordQueries } from '../engines/records/port.ts';
import type { AuditEntry, AuditFilter, AuditPage } from '../graphql/service.ts';
import { writeAudit } from '../ingest/agents/audit.ts';

const now = (): bigint => BigInt(Date.now()) * 1_000_000n;

/**
 * Written before it is done, so that nothing is done that is not on record; of what then fails another row says so (`failed`: why, in words).
 * Rejects as `work` does, and with nothing done where it cannot be written.
 */
export const audited = async <T>(
  records: RecordQueries,
  { who, what, detail }: { readonly who: string; readonly what: string; readonly detail: Readonly<Record<string, unknown>> },
  work: () => Promise<T>,
): Promise<T> => {
  await writeAudit(records, { time: now(), who, what, detail });
  try {
    return await work();
  } catch (error) {
    // The failure itself is what is told.
    await writeAudit(records, { time: now(), who, what, detail: { ...detail, failed: (error as Error).message } }).catch(() => undefined);
    throw error;
  }
};

/** The newest that fit, the newest first. `who`: that one, or all that begin with it and a space; `what`: with it and a dot. */
export const readAudit = async (records: RecordQueries, { since, until, who, what, limit }: AuditFilter): Promise<AuditPage> => {
  const rows = await records.query(
    `SELECT id, time, who, what, detail FROM audit
      WHERE ($1::int8 IS NULL OR time >= $1) AND ($2::int8 IS NULL OR time < $2) AND ($3::text IS NULL OR who = $3 OR starts_with(who, $3 || ' '))
        AND ($4::text IS NULL OR what = $4 OR starts_with(what, $4 || '.'))
      ORDER BY time DESC, id DESC LIMIT $5`,
    [since ?? null, until ?? null, who ?? null, what ?? null, limit + 1],
  );
  return { entries: rows.slice(0, limit) as readonly unknown[] as readonly AuditEntry[], isMore: rows.length > limit };
};
