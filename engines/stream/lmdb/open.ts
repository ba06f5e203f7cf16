// Opens the embedded stream: an LMDB log in place of Kafka, for one server process (contract: `../port.ts`).
// What it then does is in `lmdb-stream.ts`.
import { closeSync, fsyncSync, mkdirSync, openSync, realpathSync } from 'node:fs';
import { dirname } from 'node:path';
import { CodedError } from '../../../core/errors.ts';
import type { Telemetry } from '../../../core/telemetry.ts';
import type { EmbeddedStream } from '../embedded.ts';
import { checkFile } from './check.ts';
import { Commits } from './commits.ts';
import { streamError } from './damage.ts';
import { openEnvironment } from './environment.ts';
import { LAYOUT_VERSION } from './layout.ts';
import { LmdbStream } from './lmdb-stream.ts';

export interface LmdbStreamOptions {
  /** Made when missing. */
  readonly dir: string;
  /**
   * Most bytes of messages in the file; beyond it `produce` rejects with `stream.full`. Default 10 GiB. The last sixteenth, and the
   * last half of `minFreeBytes`, is for topics that no group reads: what stands in the way of a reader can always be put aside.
   */
  readonly maxBytes?: number;
  /** Bytes of the disk that messages leave free. Default 256 MiB. */
  readonly minFreeBytes?: number;
  /** How often retention is looked at, in ms. Default 10 s. */
  readonly retentionEveryMs?: number;
  /** `inframirror_stream_trimmed_messages_total {topic, reason: age|bytes}` and `inframirror_stream_flush_seconds`. */
  readonly telemetry?: Telemetry;
  /** When messages came and how old they are, ms; for tests. */
  readonly now?: () => number;
  /** How long a consumer that hangs may hold a partition which another is to have, ms. Default 10 s. */
  readonly handoverMs?: number;
}

/** Of messages in the file, unless the opener says otherwise. */
export const MAX_BYTES = 10 * 2 ** 30;
/** Of the disk, that messages leave free, unless the opener says otherwise. */
export const MIN_FREE_BYTES = 256 << 20;

/** The names in a folder survive a power cut only when the folder is on disk too. */
const syncFolder = (dir: string): void => {
  let folder: number | undefined;
  try {
    folder = openSync(dir, 'r');
    fsyncSync(folder);
  } catch {
    // Windows opens no folders; its file system keeps names by itself.
  } finally {
    if (folder !== undefined) closeSync(folder);
  }
};

/**
 * Opens or makes the log in `dir`, which the caller must hold: no other process, and no other stream of this one, may have it open. Rejects
 * with `stream.newer-schema` when a newer program wrote it, with `stream.damaged` when its file was cut or overwritten, with `stream.unavailable` when it cannot be opened.
 */
export const openLmdbStream = async (options: LmdbStreamOptions): Promise<EmbeddedStream> => {
  mkdirSync(options.dir, { recursive: true, mode: 0o700 });
  const dir = realpathSync(options.dir);
  let commits: Commits | undefined;
  try {
    checkFile(dir);
    let stream: LmdbStream | undefined;
    commits = await Commits.open(
      {
        dir,
        maxBytes: options.maxBytes ?? MAX_BYTES,
        minFreeBytes: options.minFreeBytes ?? MIN_FREE_BYTES,
        now: options.now ?? Date.now,
        flushed: (partitions, seconds) => stream?.flushed(partitions, seconds),
        broken: (error) => stream?.broken(error),
      },
      LAYOUT_VERSION,
    );
    stream = new LmdbStream(options, openEnvironment(dir), commits);
    await commits.measure();
    syncFolder(dir);
    syncFolder(dirname(dir));
    return stream;
  } catch (error) {
    await commits?.close();
    throw error instanceof CodedError ? error : streamError(dir, (error as Error).message, error);
  }
};
