// What the data folder notes of its backups: the last one, and the one under way, so that the next start removes what a killed one left.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { writePrivate } from '../../core/node/private-file.ts';

const NOTES = z.object({
  last: z.object({ dir: z.string(), point: z.string(), bytes: z.number(), seconds: z.number() }).optional(),
  /** Why the one after the last came to nothing. */
  failed: z.object({ dir: z.string(), at: z.string(), reason: z.string() }).optional(),
  partial: z.string().optional(),
});

export type BackupNotes = z.infer<typeof NOTES>;

const fileIn = (dataDir: string): string => join(dataDir, 'backups.json');

/** Nothing where nothing is noted, or what is there is no note of ours. */
export const readNotes = (dataDir: string): BackupNotes => {
  try {
    return NOTES.parse(JSON.parse(readFileSync(fileIn(dataDir), 'utf8')));
  } catch {
    return {};
  }
};

export const writeNotes = (dataDir: string, notes: BackupNotes): void => writePrivate(fileIn(dataDir), `${JSON.stringify(notes)}\n`);
