// Whose a record store is, as a row of its settings. It is read before the schema is brought forward, as that makes what is missing anew, and empty.
import type { RecordQueries } from './port.ts';

const KEY = 'installation';

/** undefined: it was never told. Rejects with `records.…`. */
export const recordsInstallation = async (records: RecordQueries): Promise<string | undefined> => {
  const [there] = await records.query("SELECT to_regclass('settings') IS NOT NULL AS there");
  if (there?.there !== true) return undefined;
  const [row] = await records.query('SELECT value FROM settings WHERE key = $1', [KEY]);
  return typeof row?.value === 'string' ? row.value : undefined;
};

/** Of a store whose schema is there. Rejects with `records.…`. */
export const recordsBelongTo = async (records: RecordQueries, installation: string): Promise<void> => {
  await records.query('INSERT INTO settings (key, value) VALUES ($1, to_jsonb($2::text)) ON CONFLICT (key) DO UPDATE SET value = excluded.value', [
    KEY,
    installation,
  ]);
};
