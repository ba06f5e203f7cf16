// What the data folder notes of its stores: whose they are once all of them were made, which of them may begin anew though they were not
// empty, and why the last start was refused. Written whole or not at all.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { CodedError } from '../../core/errors.ts';
import { writePrivate } from '../../core/node/private-file.ts';

export const STORE_NAMES = ['stream', 'columns', 'records'] as const;
export type StoreName = (typeof STORE_NAMES)[number];

const NOTES = z.object({
  instance: z.string().regex(/^[\w-]{1,64}$/),
  /** Stores that are servers of their own, and have no folder here. */
  elsewhere: z.array(z.enum(STORE_NAMES)).optional(),
  /** Taken back by the start that heeds it. `at`: ISO time. */
  accepted: z.array(z.object({ store: z.enum(STORE_NAMES), who: z.string(), at: z.string() })).default([]),
  refused: z
    .object({
      at: z.string(),
      message: z.string(),
      mend: z.string(),
      /** For which; a version before this noted none. */
      stores: z.array(z.enum(STORE_NAMES)).optional(),
      /** Of stores that are older copies: the generation that each had. */
      setBack: z.array(z.object({ store: z.enum(STORE_NAMES), own: z.number() })).optional(),
    })
    .optional(),
});

export type StoreNotes = z.infer<typeof NOTES>;

const fileIn = (dataDir: string): string => join(dataDir, 'stores.json');

const reasonOf = (error: unknown): string =>
  error instanceof z.ZodError ? error.issues.map(({ path, message }) => `${path.join('.') || 'all of it'}: ${message}`).join('; ') : (error as Error).message;

/** undefined: not all of them were made yet, or by a version that noted nothing. Throws `store.notes`. */
export const readStoreNotes = (dataDir: string): StoreNotes | undefined => {
  const file = fileIn(dataDir);
  try {
    return NOTES.parse(JSON.parse(readFileSync(file, 'utf8')));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw new CodedError('store.notes', { file, reason: reasonOf(error) }, { cause: error });
  }
};

export const writeStoreNotes = (dataDir: string, notes: StoreNotes): void => writePrivate(fileIn(dataDir), `${JSON.stringify(notes)}\n`);
