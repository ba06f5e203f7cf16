// What a backup says of itself: which program made it of which stores, as of when, and every file with its size and checksum. It is
// written last, so that a backup without it is none. Reading one never trusts it: names stay below the folder, sizes are sizes.
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { z } from 'zod';
import { CodedError } from '../../core/errors.ts';
import { textOfBackup } from './backup-reader.ts';

export const MANIFEST = 'manifest.json';
/** SHA-256 of that file, in hexadecimal. */
export const MANIFEST_SUM = 'manifest.sha256';
/** Of the layout of a backup. A higher one is refused. */
export const FORMAT = 1;

/** Where the parts of a backup are in it. */
export const PLACES = { stream: 'stream.log', records: 'records.jsonl.zst', columns: 'columns', identity: 'identity', config: 'config.yaml' } as const;

const SUM = /^[0-9a-f]{64}$/;
const isBelow = (path: string): boolean =>
  !path.startsWith('/') && path.split('/').every((part) => part !== '' && part !== '.' && part !== '..' && !part.includes('\0'));

const outside = ({ input }: { readonly input?: unknown }): string => `it names what lies outside of it: ${JSON.stringify(input)}`;
const PATH = z.string().refine(isBelow, { error: outside });

const version = z.number().int().min(0);
const SCHEMA = z.object({
  format: version,
  inframirror: z.string(),
  instance: z.string(),
  /** ISO time. */
  point: z.string(),
  versions: z.object({ columns: version, records: version, stream: version, clickhouse: z.string() }),
  /** Symbolic links of the column store; `path` and what `target` leads to are below its folder, and none is within another. */
  links: z
    .array(
      z
        .object({ path: PATH, target: z.string() })
        .refine(({ path, target }) => !target.startsWith('/') && isBelow(join(path, '..', target)), { error: outside }),
    )
    .refine((links) => links.every(({ path }) => !links.some((other) => path.startsWith(`${other.path}/`))), { error: outside }),
  files: z.array(z.object({ path: PATH, bytes: z.number().int().min(0), sha256: z.string().regex(SUM) })),
});

export type Manifest = z.infer<typeof SCHEMA>;
export type BackupFile = Manifest['files'][number];

export const sumOf = (bytes: string | Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

export const bytesOf = (files: readonly BackupFile[]): number => files.reduce((sum, { bytes }) => sum + bytes, 0);

/** Throws `backup.none`, `backup.damaged` and `backup.newer`. */
export const readManifest = (dir: string): Manifest => {
  let [text, sum] = ['', ''];
  try {
    text = textOfBackup(dir, MANIFEST);
    sum = textOfBackup(dir, MANIFEST_SUM).trim();
  } catch (error) {
    if (error instanceof CodedError) throw error;
    const isMissing = (error as NodeJS.ErrnoException).code === 'ENOENT';
    throw new CodedError(
      'backup.none',
      { dir, reason: isMissing ? `it has no ${text === '' ? MANIFEST : MANIFEST_SUM}` : (error as Error).message },
      { cause: error },
    );
  }
  if (sumOf(text) !== sum) throw new CodedError('backup.damaged', { file: join(dir, MANIFEST), reason: 'its checksum is another' });
  const raw = JSON.parse(text) as { readonly format?: unknown };
  if (typeof raw.format === 'number' && raw.format > FORMAT)
    throw new CodedError('backup.newer', { dir, what: 'the backup', found: raw.format, known: FORMAT });
  const read = SCHEMA.safeParse(raw);
  if (!read.success) throw new CodedError('backup.damaged', { file: join(dir, MANIFEST), reason: read.error.issues[0]?.message ?? 'it is none' });
  return read.data;
};
