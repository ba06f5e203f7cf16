// Whose a record store is and how far it has come, as rows of its settings. They are read before the schema is brought forward, as that makes what is missing anew, and empty.
import { type Generation, generationText, parseGeneration, type StoreIdentity } from '../../core/generation.ts';
import type { RecordQueries } from './port.ts';

const [KEY, GENERATION] = ['installation', 'generation'];

/** Rejects with `records.…`. */
export const recordsInstallation = async (records: RecordQueries): Promise<StoreIdentity> => {
  const [there] = await records.query("SELECT to_regclass('settings') IS NOT NULL AS there");
  const rows = there?.there === true ? await records.query('SELECT key, value FROM settings WHERE key = ANY($1)', [[KEY, GENERATION]]) : [];
  const text = (key: string): string | undefined => {
    const value = rows.find((row) => row.key === key)?.value;
    return typeof value === 'string' ? value : undefined;
  };
  return { installation: text(KEY), generation: parseGeneration(text(GENERATION)) };
};

/** Of a store whose schema is there. Rejects with `records.…`. */
export const recordsBelongTo = async (records: RecordQueries, installation: string, generation: Generation): Promise<void> => {
  await records.query(
    'INSERT INTO settings (key, value) VALUES ($1, to_jsonb($2::text)), ($3, to_jsonb($4::text)) ON CONFLICT (key) DO UPDATE SET value = excluded.value',
    [KEY, installation, GENERATION, generationText(generation)],
  );
};
