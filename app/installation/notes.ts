// What the data folder notes of its stores: whose they are once all of them were made, which of them may begin anew though they were not
// empty, and why the last start was refused. Written whole or not at all.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { writePrivate } from '../private-file.ts';

export const STORE_NAMES = ['stream', 'columns', 'records'] as const;
export type StoreName = (typeof STORE_NAMES)[number];

const NOTES = z.object({
  instance: z.string().regex(/^[\w-]{1,64}$/),
  /** Taken back by the start that heeds it. `at`: ISO time. */
  accepted: z.array(z.object({ store: z.enum(STORE_NAMES), who: z.string(), at: z.string() })).default([]),
  refused: z.object({ at: z.string(), message: z.string(), mend: z.string() }).optional(),
});

export type StoreNotes = z.infer<typeof NOTES>;

const fileIn = (dataDir: string): string => join(dataDir, 'stores.json');

/** undefined: not all of them were made yet, or by a version that noted nothing. */
export const readStoreNotes = (dataDir: string): StoreNotes | undefined => {
  try {
    return NOTES.parse(JSON.parse(readFileSync(fileIn(dataDir), 'utf8')));
  } catch {
    return undefined;
  }
};

export const writeStoreNotes = (dataDir: string, notes: StoreNotes): void => writePrivate(fileIn(dataDir), `${JSON.stringify(notes)}\n`);
