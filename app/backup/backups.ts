// Backups of the running server: one at a time, of all stores as of one moment. The rounds of the pipeline are held while that moment is
// fixed in each store (a read transaction in the stream, hard links in the column store, a snapshot in the record store), which takes a
// second or so; intake goes on all the time. Then all is copied beside the work. It restores nothing: that is `restore.ts`.

import { createReadStream, existsSync, readdirSync, statSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { pipeline, Readable } from 'node:stream';
import { createZstdCompress } from 'node:zlib';
import { CodedError } from '../../core/errors.ts';
import type { Logger } from '../../core/logger.ts';
import { sizeText } from '../../core/size-text.ts';
import { type FrozenColumns, freezeColumns, releaseFrozen } from '../../engines/columns/embedded/freeze.ts';
import type { ColumnStore } from '../../engines/columns/port.ts';
import { copyOut, recordsVersion } from '../../engines/records/copy.ts';
import type { RecordSnapshot, Records } from '../../engines/records/port.ts';
import type { EmbeddedStream, LogSnapshot } from '../../engines/stream/embedded.ts';
import { LAYOUT_VERSION } from '../../engines/stream/lmdb/layout.ts';
import type { BackupAdmin, BackupState } from '../../graphql/service.ts';
import { writeAudit } from '../../ingest/agents/audit.ts';
import type { Pipeline } from '../../pipeline/start.ts';
import type { Share } from '../config/setting.ts';
import { IDENTITY } from '../data-folder.ts';
import { readDisk } from '../disk.ts';
import type { Counting } from '../installation/counting.ts';
import { roomToKeep } from '../room.ts';
import { VERSION } from '../version.ts';
import { BackupFolder, removePartial } from './backup-folder.ts';
import { bytesOf, FORMAT, type Manifest, PLACES } from './manifest.ts';
import { readNotes, writeNotes } from './notes.ts';

export interface BackupParts {
  readonly dataDir: string;
  readonly instance: string;
  readonly configFile: string | undefined;
  /** `snapshot`: undefined where it is a server of its own. */
  readonly stream: { readonly snapshot: EmbeddedStream['snapshot'] | undefined };
  /** Stores that are servers of their own, for people. */
  readonly elsewhere?: readonly string[];
  readonly columns: Pick<ColumnStore, 'query' | 'command'>;
  readonly records: Pick<Records, 'snapshot' | 'query'>;
  readonly pipeline: Pick<Pipeline, 'holdRounds'>;
  readonly counting: Pick<Counting, 'hold'>;
  readonly minFree: () => Share;
  readonly log: Logger;
}

/** How long a round in hand may take; a healthy store takes a second or two. */
const PATIENCE_MS = 60_000;
const CHUNK = 1 << 20;
const IDLE: BackupState = { state: 'none', dir: undefined, step: undefined, bytes: 0, totalBytes: 0, point: undefined, seconds: undefined, error: undefined };

/** All stores at one moment. */
interface Cut {
  readonly point: string;
  readonly heldMs: number;
  readonly stream: LogSnapshot;
  readonly columns: FrozenColumns;
  readonly records: RecordSnapshot;
}

export class Backups implements BackupAdmin {
  readonly #parts: BackupParts;
  #state: BackupState;
  #running: Promise<void> | undefined;
  #abort = new AbortController();
  #cancelledBy: string | undefined;

  /** Removes what a backup has left that was killed with an earlier run of the server. */
  constructor(parts: BackupParts) {
    this.#parts = parts;
    const notes = readNotes(parts.dataDir);
    releaseFrozen(join(parts.dataDir, 'columns'));
    if (notes.partial !== undefined) {
      this.#forget(notes.partial);
      void this.#note('server', 'backup.failed', { dir: dirOf(notes.partial), failed: 'the server ended meanwhile' });
    }
    const { last } = notes;
    this.#state =
      last === undefined
        ? IDLE
        : { ...IDLE, state: 'done', dir: last.dir, point: last.point, seconds: last.seconds, bytes: last.bytes, totalBytes: last.bytes };
  }

  #forget(partial: string): void {
    const { dataDir, log } = this.#parts;
    try {
      removePartial(partial);
      const { partial: _, ...notes } = readNotes(dataDir);
      writeNotes(dataDir, {
        ...notes,
        failed: { dir: dirOf(partial), at: new Date().toISOString(), reason: 'the server ended meanwhile' },
      });
      log.warn('what a broken-off backup has left was removed', { folder: partial });
    } catch (error) {
      log.warn('what a broken-off backup has left cannot be removed', { folder: partial, error });
    }
  }

  get state(): BackupState {
    return this.#state;
  }

  async start(who: string, dir: string): Promise<BackupState> {
    const { dataDir, records, log, elsewhere = [] } = this.#parts;
    if (elsewhere.length > 0) throw new CodedError('backup.elsewhere', { stores: elsewhere.join('; ') });
    if (this.#running !== undefined) throw new CodedError('backup.running', { dir: this.#state.dir ?? '' });
    const target = resolve(dir);
    if (dir !== target || target.startsWith(`${resolve(dataDir)}/`))
      throw new CodedError('backup.folder', { dir, reason: 'it must be a whole path, and not in the data folder' });
    const folder = BackupFolder.begin(target, (bytes) => {
      this.#state = { ...this.#state, bytes: this.#state.bytes + bytes };
    });
    this.#state = { ...IDLE, state: 'running', dir: target, step: 'waiting for the rounds in hand' };
    this.#abort = new AbortController();
    const noted = writeAudit(records, { time: nanos(), who, what: 'backup.start', detail: { dir: target } });
    this.#cancelledBy = undefined;
    this.#running = this.#run(folder, target, who, noted)
      .catch((error: unknown) => log.warn('what came of a backup cannot be noted in the data folder', { error }))
      .finally(() => {
        this.#running = undefined;
      });
    await noted;
    return this.#state;
  }

  cancel(who: string): void {
    this.#cancelledBy ??= who;
    this.#abort.abort(new CodedError('backup.cancelled', {}));
    if (this.#running !== undefined) this.#step('breaking off');
  }

  async stop(): Promise<void> {
    this.#cancelledBy ??= 'server';
    this.#abort.abort(new CodedError('backup.cancelled', {}));
    await this.#running;
  }

  /** What came of it; the backup is as it is, whether or not that can be written. */
  async #note(who: string, what: string, detail: Readonly<Record<string, unknown>>): Promise<void> {
    const { records, log } = this.#parts;
    await writeAudit(records, { time: nanos(), who, what, detail }).catch((error: unknown) => log.warn('what came of a backup is not in the audit', { error }));
  }

  /** `noted`: that it is begun. */
  async #run(folder: BackupFolder, dir: string, who: string, noted: Promise<unknown>): Promise<void> {
    const { dataDir, log } = this.#parts;
    const begun = performance.now();
    try {
      await noted;
      writeNotes(dataDir, { ...readNotes(dataDir), partial: folder.partial });
      const cut = await this.#cut();
      let manifest: Manifest;
      try {
        manifest = await this.#copy(cut, folder);
      } finally {
        cut.stream.release();
        cut.columns.release();
        await cut.records.release();
      }
      const seconds = Math.round(performance.now() - begun) / 1000;
      const bytes = bytesOf(manifest.files);
      writeNotes(dataDir, { last: { dir, point: cut.point, bytes, seconds } });
      await this.#note(who, 'backup.done', { dir, point: cut.point, bytes, seconds });
      this.#state = { ...this.#state, state: 'done', step: undefined, point: cut.point, seconds, bytes, totalBytes: bytes };
      log.info('a backup was made', { dir, bytes, seconds, heldMs: Math.round(cut.heldMs) });
    } catch (error) {
      const by = this.#abort.signal.aborted ? this.#cancelledBy : undefined;
      const reason = by === undefined ? noRoom(error, dir) : (this.#abort.signal.reason as Error);
      await folder.abandon().catch((failed: unknown) => log.warn('what a failed backup has left cannot be removed', { folder: folder.partial, error: failed }));
      await (by === undefined ? this.#note(who, 'backup.failed', { dir, failed: reason.message }) : this.#note(by, 'backup.cancel', { dir }));
      this.#state = { ...this.#state, state: 'failed', step: undefined, error: reason };
      // Whoever broke it off knows.
      const isWanted = by !== undefined && by !== 'server';
      if (isWanted) log.info('a backup was broken off', { dir, who: by });
      else log.error('a backup failed', { dir, error: reason });
      const { partial: _, ...notes } = readNotes(dataDir);
      writeNotes(dataDir, isWanted ? notes : { ...notes, failed: { dir, at: new Date().toISOString(), reason: reason.message } });
    }
  }

  /** While no round is under way, progress in the stream and rows in the stores agree. */
  async #cut(): Promise<Cut> {
    const { pipeline, counting, stream, columns, records, dataDir } = this.#parts;
    const count = await counting.hold(PATIENCE_MS);
    let open: (() => void) | undefined;
    const undo: (() => unknown)[] = [];
    try {
      open = await pipeline.holdRounds(PATIENCE_MS);
      const begun = performance.now();
      this.#state = { ...this.#state, step: 'fixing the moment' };
      const point = new Date().toISOString();
      // The record store first: it notes what was done elsewhere, after it was done, and that may be done twice.
      const rows = await records.snapshot();
      undo.push(() => rows.release());
      const log = await (stream.snapshot as EmbeddedStream['snapshot'])();
      undo.push(() => log.release());
      const frozen = await freezeColumns(columns, join(dataDir, 'columns'));
      return { point, heldMs: performance.now() - begun, stream: log, columns: frozen, records: rows };
    } catch (error) {
      for (const end of undo) await end();
      releaseFrozen(join(dataDir, 'columns'));
      throw error;
    } finally {
      open?.();
      count();
    }
  }

  async #copy({ point, stream, columns, records }: Cut, folder: BackupFolder): Promise<Manifest> {
    const { dataDir, instance, configFile } = this.#parts;
    const total = columns.files.reduce((sum, { bytes }) => sum + bytes, 0) + stream.bytes;
    this.#state = { ...this.#state, point, step: 'copying the stream', totalBytes: total };
    this.#checkRoom(folder.partial, total);
    await folder.write(PLACES.stream, this.#stoppable(stream.read()));
    stream.release();
    this.#step('copying the record store');
    const version = await recordsVersion(records);
    await folder.write(PLACES.records, this.#stoppable(packed(copyOut(records))));
    await records.release();
    this.#step('copying the column store');
    for (const { path, file } of columns.files)
      await folder.write(`${PLACES.columns}/${path}`, this.#stoppable(createReadStream(file, { highWaterMark: CHUNK })));
    for (const path of identityFiles(dataDir)) await folder.write(`${PLACES.identity}/${path}`, createReadStream(join(dataDir, path)));
    if (configFile !== undefined && existsSync(configFile)) await folder.write(PLACES.config, createReadStream(configFile));
    this.#step('finishing');
    const { version: columnsVersion, clickhouse, links } = columns;
    return folder.finish({
      format: FORMAT,
      inframirror: VERSION,
      instance,
      point,
      links: [...links],
      versions: { columns: columnsVersion, records: version, stream: LAYOUT_VERSION, clickhouse },
    });
  }

  #step(step: string): void {
    this.#state = { ...this.#state, step };
  }

  /** On the data folder's own disk it must leave what the product itself keeps free: else days would be dropped for it. */
  #checkRoom(folder: string, bytes: number): void {
    const disk = readDisk(folder);
    const keep = statSync(this.#parts.dataDir).dev === statSync(folder).dev ? roomToKeep(this.#parts.minFree(), disk.size) : 0;
    const free = disk.free - keep;
    if (bytes > free) throw new CodedError('backup.no-room', { dir: dirname(folder), needed: sizeText(bytes), free: sizeText(Math.max(0, free)) });
  }

  async *#stoppable(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    for await (const chunk of chunks) {
      this.#abort.signal.throwIfAborted();
      yield chunk;
    }
  }
}

const nanos = (): bigint => BigInt(Date.now()) * 1_000_000n;

/** That it was to make. */
const dirOf = (partial: string): string => partial.replace(/\.partial-\w+$/, '');

const noRoom = (error: unknown, dir: string): Error =>
  (error as NodeJS.ErrnoException).code === 'ENOSPC' || (error as NodeJS.ErrnoException).code === 'EDQUOT'
    ? new CodedError('backup.no-room', { dir: dirname(dir), needed: 'more', free: '0 bytes' }, { cause: error })
    : (error as Error);

const packed = (lines: AsyncIterable<string>): AsyncIterable<Uint8Array> =>
  // An error of either end comes out of the reading of the other.
  pipeline(Readable.from(lines, { objectMode: false }), createZstdCompress(), () => undefined);

/** Those that are there. */
const identityFiles = (dataDir: string): readonly string[] =>
  IDENTITY.flatMap((name) => {
    if (!existsSync(join(dataDir, name))) return [];
    return name === 'command-keys'
      ? readdirSync(join(dataDir, name))
          .filter((file) => file.endsWith('.pem'))
          .map((file) => `${name}/${basename(file)}`)
      : [name];
  });
