// Who did what, as the audit table has it: written around what is done beside the record store, and read again. Rows that are done in a
// transaction of the record store are written in that one (`ingest/agents/audit.ts`). It changes no row and removes none.
import type { RecordQueries } from '../engines/records/port.ts';
import type { AuditEntry, AuditFilter, AuditPage } from '../graphql/service.ts';
import { writeAudit } from '../ingest/agents/audit.ts';

const now = (): bigint => BigInt(Date.now()) * 1_000_000n;

interface Deed<T> {
  readonly who: string;
  readonly what: string;
  readonly detail: Readonly<Record<string, unknown>>;
  /** What is to be on record of what came of it; undefined: nothing more. */
  readonly outcome?: (result: T) => Readonly<Record<string, unknown>> | undefined;
}

/**
 * Written before it is done, so that nothing is done that is not on record; another row says what came of it: `outcome`, and of what fails
 * `failed`, why, in words. Rejects as `work` does, and with nothing done where it cannot be written.
 */
export const audited = async <T>(records: RecordQueries, { who, what, detail, outcome }: Deed<T>, work: () => Promise<T>): Promise<T> => {
  await writeAudit(records, { time: now(), who, what, detail });
  // What came of it is what is told, whether or not it can be written.
  const more = (came: Readonly<Record<string, unknown>>): Promise<unknown> =>
    writeAudit(records, { time: now(), who, what, detail: { ...detail, ...came } }).catch(() => undefined);
  let result: T;
  try {
    result = await work();
  } catch (error) {
    await more({ failed: (error as Error).message });
    throw error;
  }
  const came = outcome?.(result);
  if (came !== undefined) await more(came);
  return result;
};

/**
 * The newest that fit, the newest first. `who`: that one, or all that begin with it and a space; `what`: with it and a dot; `about`: a host, an
 * agent, a group … that stands in the detail, however deep.
 */
export const readAudit = async (records: RecordQueries, { since, until, who, what, about, limit }: AuditFilter): Promise<AuditPage> => {
  const rows = await records.query(
    `SELECT id, time, who, what, detail FROM audit
      WHERE ($1::int8 IS NULL OR time >= $1) AND ($2::int8 IS NULL OR time < $2) AND ($3::text IS NULL OR who = $3 OR starts_with(who, $3 || ' '))
        AND ($4::text IS NULL OR what = $4 OR starts_with(what, $4 || '.'))
        AND ($5::text IS NULL OR who = 'token ' || $5 OR jsonb_path_exists(detail, '$.** ? (@ == $name)', jsonb_build_object('name', $5::text)))
      ORDER BY time DESC, id DESC LIMIT $6`,
    [since ?? null, until ?? null, who ?? null, what ?? null, about ?? null, limit + 1],
  );
  return { entries: rows.slice(0, limit) as readonly unknown[] as readonly AuditEntry[], isMore: rows.length > limit };
};
