// Takes a host that is gone, or never was, off the inventory: with its history and when it was heard. Its samples, lines and events stay as long as
// they are kept; one that is heard of again is there again.
import { CodedError } from '../core/errors.ts';
import type { Records } from '../engines/records/port.ts';
import { audited } from './audit.ts';

const STATE = 'SELECT agent_state AS state FROM hosts_now WHERE host = $1';
const TABLES = ['hosts', 'hosts_heard', 'hosts_history'] as const;

/** Rejects with `host.kept`, also where something of it came lately: it would be back at once. */
export const forgetHost = (records: Records, who: string, host: string): Promise<void> =>
  audited(records, { who, what: 'host.forget', detail: { host } }, () =>
    records.transaction(async (queries) => {
      const [row] = await queries.query(STATE, [host]);
      if (row === undefined) throw new CodedError('host.kept', { host, reason: 'the inventory has no such host' });
      if (row.state !== 'silent' && row.state !== 'stopped') throw new CodedError('host.kept', { host, reason: 'something of it came within five minutes' });
      for (const table of TABLES) await queries.query(`DELETE FROM ${table} WHERE host = $1`, [host]);
    }),
  );
