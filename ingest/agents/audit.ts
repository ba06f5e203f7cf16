// Who did what: a row of the audit table, in the transaction that does it where there is one.
import type { RecordQueries } from '../../engines/records/port.ts';

export interface AuditRow {
  /** ns. */
  readonly time: bigint;
  readonly who: string;
  readonly what: string;
  readonly detail: Readonly<Record<string, unknown>>;
}

export const writeAudit = (q: RecordQueries, { time, who, what, detail }: AuditRow): Promise<unknown> =>
  q.query('INSERT INTO audit (time, who, what, detail) VALUES ($1, $2, $3, $4)', [time, who, what, detail]);
