// What the keeper writes down in the record store for the other processes and for the next keeper: up to when data was removed, how the
// clock stood, and which days went because the disk was full. One row of `settings` each.

import type { ClockState } from '../../core/clock.ts';
import type { Records } from '../../engines/records/port.ts';

export interface Emergency {
  readonly table: string;
  /** ms. */
  readonly day: number;
  readonly at: number;
}

export interface RetentionLedger {
  /** By table: what was before it is gone, ms. Tables that are kept equally long may have lost different days to a full disk. */
  readonly gone: Readonly<Record<string, number>>;
  readonly clock?: ClockState;
  /** The last one. */
  readonly emergency?: Emergency;
}

const KEY = 'retention';
/** At least so often whoever answers questions reads it. */
export const LEDGER_READ_MS = 10_000;

export const readLedger = async (records: Pick<Records, 'query'>): Promise<RetentionLedger> => {
  const [row] = await records.query('SELECT value FROM settings WHERE key = $1', [KEY]);
  return { gone: {}, ...(row?.value as Partial<RetentionLedger> | undefined) };
};

export const writeLedger = async (records: Pick<Records, 'query'>, ledger: RetentionLedger): Promise<void> => {
  await records.query('INSERT INTO settings (key, value) VALUES ($1, $2) ON CONFLICT (key) DO UPDATE SET value = excluded.value', [
    KEY,
    ledger as unknown as Readonly<Record<string, unknown>>,
  ]);
};
