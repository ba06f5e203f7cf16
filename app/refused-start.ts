// Why the last start of a data folder was refused, kept in it for whoever asks why nothing runs: `inframirror doctor`. A start that comes to
// be ready takes it back. It decides nothing.
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { CodedError, ERRORS, type ErrorCode } from '../core/errors.ts';
import { writePrivate } from '../core/node/private-file.ts';
import { mendCode } from './mend-code.ts';

const REFUSED = z.object({
  /** ISO time. */
  at: z.string(),
  message: z.string(),
  mend: z.string(),
});

export type RefusedStart = z.infer<typeof REFUSED>;

/** Of another server that runs there, or of the folder itself. */
const NOT_KEPT: ReadonlySet<ErrorCode> = new Set(['data.in-use', 'data.folder']);

const fileIn = (dataDir: string): string => join(dataDir, 'refused-start.json');

/** Never throws: where it cannot be kept, the log has it. Only in a folder that a server has begun. */
export const noteRefusedStart = (dataDir: string, error: unknown): void => {
  if (error instanceof CodedError && NOT_KEPT.has(error.code)) return;
  if (!existsSync(join(dataDir, 'instance'))) return;
  const mend = error instanceof CodedError ? ERRORS[mendCode(error)].mend : 'Please report it, with the log.';
  try {
    writePrivate(fileIn(dataDir), `${JSON.stringify({ at: new Date().toISOString(), message: (error as Error).message, mend } satisfies RefusedStart)}\n`);
  } catch {
    // As on a full disk.
  }
};

export const forgetRefusedStart = (dataDir: string): void => rmSync(fileIn(dataDir), { force: true });

/** undefined: the last one was not, or what is there is no note of ours. */
export const readRefusedStart = (dataDir: string): RefusedStart | undefined => {
  try {
    return REFUSED.parse(JSON.parse(readFileSync(fileIn(dataDir), 'utf8')));
  } catch {
    return undefined;
  }
};
