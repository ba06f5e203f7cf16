// Brings a backup back into an empty folder: each file against its checksum, the stream and the record store made anew, the column store
// opened once. A mark stands in the folder until all of it is there and on disk; with it no server starts there, and another restore
// begins anew. It never changes a backup.
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, rmdirSync, rmSync, statSync } from 'node:fs';
import { mkdir, rm, symlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { pipeline } from 'node:stream';
import { createZstdDecompress } from 'node:zlib';
import { isMap, parseDocument } from 'yaml';
import { CodedError } from '../../core/errors.ts';
import { type Logger, silentLogger } from '../../core/logger.ts';
import { writePrivate } from '../../core/node/private-file.ts';
import { sizeText } from '../../core/size-text.ts';
import { MIGRATIONS as COLUMN_MIGRATIONS } from '../../engines/columns/clickhouse/migrations.ts';
import { openClickHouse } from '../../engines/columns/clickhouse/open.ts';
import { databaseIn } from '../../engines/columns/embedded/freeze.ts';
import { startEmbeddedColumns } from '../../engines/columns/embedded/start.ts';
import { copyIn } from '../../engines/records/copy.ts';
import { startEmbeddedPostgres } from '../../engines/records/embedded/embedded.ts';
import { MIGRATIONS as RECORD_MIGRATIONS } from '../../engines/records/migrations/list.ts';
import { openPostgres } from '../../engines/records/postgres/postgres.ts';
import { LAYOUT_VERSION } from '../../engines/stream/lmdb/layout.ts';
import { restoreLog } from '../../engines/stream/lmdb/snapshot.ts';
import { brokenParts } from '../broken-parts.ts';
import { holdDataFolder, RESTORING } from '../data-folder.ts';
import { readDisk } from '../disk.ts';
import { syncFolder, writeFileWhole } from './backup-folder.ts';
import { streamOfBackup } from './backup-reader.ts';
import { type BackupFile, bytesOf, type Manifest, PLACES, readManifest } from './manifest.ts';

export interface RestoreOptions {
  readonly dir: string;
  /** Not there, or empty, or of a restore that has not ended. */
  readonly folder: string;
  readonly log?: Logger;
  readonly progress?: (step: string, bytes: number, totalBytes: number) => void;
}

export interface Restored {
  readonly manifest: Manifest;
  /** Where the settings of the server were put; undefined: it had no file of them. */
  readonly config: string | undefined;
}

const CONFIG = 'restored-config.yaml';

/** Throws `backup.…`, `restore.…`, `data.in-use`, and what a store says that does not start. */
export const restore = async ({ dir, folder, log = silentLogger, progress = () => undefined }: RestoreOptions): Promise<Restored> => {
  const manifest = readManifest(dir);
  checkVersions(dir, manifest);
  mustBeOurs(folder);
  const isMade = !existsSync(folder);
  const isLeft = existsSync(join(folder, 'lock')) && !existsSync(join(folder, RESTORING));
  const lock = await holdDataFolder(folder);
  let isDone = false;
  try {
    takeFolder(folder, bytesOf(manifest.files));
    const restored = await bringBack({ dir, folder, log, progress }, manifest);
    isDone = true;
    return restored;
  } finally {
    lock.release(!isDone && !isLeft);
    if (!isDone && isMade) removeEmpty(folder);
  }
};

const bringBack = async ({ dir, folder, log, progress }: Required<RestoreOptions>, manifest: Manifest): Promise<Restored> => {
  const total = bytesOf(manifest.files);
  let done = 0;
  const checked = (file: BackupFile, step: string): AsyncIterable<Uint8Array> =>
    checkedFile(dir, file, (bytes) => {
      done += bytes;
      progress(step, done, total);
    });
  const fileAt = (path: string): BackupFile => {
    const found = manifest.files.find((file) => file.path === path);
    if (found === undefined) throw new CodedError('backup.damaged', { file: join(dir, path), reason: 'it is not in the manifest' });
    return found;
  };
  const folders = new Set<string>();
  const put = async (file: BackupFile, to: string, step: string): Promise<void> => {
    if (!folders.has(dirname(to))) await mkdir(dirname(to), { recursive: true, mode: 0o700 });
    folders.add(dirname(to));
    await writeFileWhole(to, checked(file, step), () => undefined);
  };
  const below = (place: string): readonly (readonly [BackupFile, string])[] =>
    manifest.files.flatMap((file) => (file.path.startsWith(`${place}/`) ? [[file, file.path.slice(place.length + 1)] as const] : []));
  try {
    for (const [file, path] of below(PLACES.columns)) await put(file, join(databaseIn(join(folder, 'columns')), path), 'the column store');
    for (const { path, target } of manifest.links) {
      const link = join(databaseIn(join(folder, 'columns')), path);
      await mkdir(dirname(link), { recursive: true, mode: 0o700 });
      await symlink(target, link);
      folders.add(dirname(link));
    }
    await restoreLog(join(folder, 'stream'), checked(fileAt(PLACES.stream), 'the stream'), join(dir, PLACES.stream));
    await restoreRecords(
      join(folder, 'records'),
      checked(fileAt(PLACES.records), 'the record store'),
      manifest.versions.records,
      join(dir, PLACES.records),
      log,
    );
    progress('checking the column store', done, total);
    await openColumns(join(folder, 'columns'), log);
    for (const [file, path] of below(PLACES.identity)) await put(file, join(folder, path), 'the identity');
    const config = manifest.files.find(({ path }) => path === PLACES.config);
    if (config !== undefined) await writeFileWhole(join(folder, CONFIG), withoutData(checked(config, 'the settings')), () => undefined);
    for (const made of folders) await syncFolder(made);
    await rm(join(folder, RESTORING));
    await syncFolder(folder);
    return { manifest, config: config === undefined ? undefined : join(folder, CONFIG) };
  } catch (error) {
    empty(folder);
    rmSync(join(folder, RESTORING), { force: true });
    throw error;
  }
};

/** Settings as they were, but for the folder of then: whoever starts with them names the one that was restored. */
export const withoutData = async function* (chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const bytes = Buffer.concat(await Array.fromAsync(chunks));
  const document = parseDocument(bytes.toString(), { logLevel: 'error' });
  const isThere = document.errors.length === 0 && isMap(document.contents) && document.delete('data');
  yield isThere ? Buffer.from(document.toString()) : bytes;
};

const checkVersions = (dir: string, { versions }: Manifest): void => {
  const known = { columns: COLUMN_MIGRATIONS.at(-1)?.version ?? 0, records: RECORD_MIGRATIONS.length, stream: LAYOUT_VERSION };
  const names = { columns: 'the column store', records: 'the record store', stream: 'the stream' };
  for (const store of ['columns', 'records', 'stream'] as const)
    if (versions[store] > known[store]) throw new CodedError('backup.newer', { dir, what: names[store], found: versions[store], known: known[store] });
};

/** The lock’s own, of which an empty `lock` stays in any folder that was ever held, and what a file system makes by itself at its top. */
const NOBODYS: ReadonlySet<string> = new Set(['lock', 'lock-journal', 'lock.holder', 'lost+found']);

/** Leaves the mark. */
const empty = (folder: string): void => {
  for (const name of readdirSync(folder)) if (name !== RESTORING && !NOBODYS.has(name)) rmSync(join(folder, name), { recursive: true, force: true });
};

/** One in which somebody has put something meanwhile stays. */
const removeEmpty = (folder: string): void => {
  try {
    rmdirSync(folder);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOTEMPTY') throw error;
  }
};

/** What root leaves in it, the server's user could not use. */
const mustBeOurs = (folder: string): void => {
  const owner = statSync(folder, { throwIfNoEntry: false })?.uid;
  if (process.getuid?.() === 0 && owner !== undefined && owner !== 0)
    throw new CodedError('restore.folder', { folder, reason: `it belongs to another user (${owner}), who must restore it` });
};

const takeFolder = (folder: string, bytes: number): void => {
  try {
    const isOurs = existsSync(join(folder, RESTORING));
    if (!isOurs && readdirSync(folder).some((name) => !NOBODYS.has(name))) throw new Error('it is not empty');
    if (isOurs) empty(folder);
    const { free } = readDisk(folder);
    if (free < bytes) throw new Error(`its disk has ${sizeText(free)} free, and ${sizeText(bytes)} are needed`);
    writePrivate(join(folder, RESTORING), 'A restore has not ended: inframirror restore begins it anew.\n');
  } catch (error) {
    throw new CodedError('restore.folder', { folder, reason: (error as Error).message }, { cause: error });
  }
};

/** Throws `backup.damaged` at its end where it is not the file that was written. */
const checkedFile = async function* (dir: string, { path, bytes, sha256 }: BackupFile, read: (bytes: number) => void): AsyncGenerator<Uint8Array> {
  const file = join(dir, path);
  const damaged = (reason: string, cause?: unknown): CodedError => new CodedError('backup.damaged', { file, reason }, { cause });
  const hash = createHash('sha256');
  let seen = 0;
  try {
    for await (const chunk of streamOfBackup(dir, path) as AsyncIterable<Buffer>) {
      hash.update(chunk);
      seen += chunk.length;
      read(chunk.length);
      yield chunk;
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') throw damaged('it is missing', error);
    throw error;
  }
  if (seen !== bytes) throw damaged(`it has ${seen} bytes of ${bytes}`);
  if (hash.digest('hex') !== sha256) throw damaged('its checksum is another');
};

/** Without their line feeds; an error of the bytes is an error of the lines. */
const linesOf = async function* (chunks: AsyncIterable<Buffer>): AsyncGenerator<string> {
  let rest: Buffer[] = [];
  for await (const chunk of chunks) {
    let at = 0;
    for (let end = chunk.indexOf(10); end >= 0; end = chunk.indexOf(10, at)) {
      yield Buffer.concat([...rest, chunk.subarray(at, end)]).toString();
      rest = [];
      at = end + 1;
    }
    if (at < chunk.length) rest.push(chunk.subarray(at));
  }
  if (rest.length > 0) yield Buffer.concat(rest).toString();
};

const restoreRecords = async (dataDir: string, chunks: AsyncIterable<Uint8Array>, version: number, file: string, log: Logger): Promise<void> => {
  const server = await startEmbeddedPostgres({ dataDir, log });
  try {
    // As it was: the migrations that came since are the next start's.
    const records = openPostgres(server.connection, { log, migrations: RECORD_MIGRATIONS.slice(0, version) });
    try {
      await records.migrate();
      const unpacked: AsyncIterable<Buffer> = pipeline(chunks, createZstdDecompress(), () => undefined);
      await copyIn(records, linesOf(unpacked), file).catch((error: unknown) => {
        // Said by the packing itself before all was read, and so before the checksum could be.
        if (error instanceof CodedError || !String((error as NodeJS.ErrnoException).code).startsWith('ZSTD_')) throw error;
        throw new CodedError('backup.damaged', { file, reason: (error as Error).message }, { cause: error });
      });
    } finally {
      await records.close();
    }
  } finally {
    await server.stop();
  }
};

/** It opens what it was given. */
const openColumns = async (dataDir: string, log: Logger): Promise<void> => {
  const child = await startEmbeddedColumns({ dataDir, log });
  try {
    const columns = openClickHouse(child);
    try {
      await columns.ping();
      const [problem] = await brokenParts(columns);
      if (problem !== undefined) throw new CodedError('backup.damaged', { file: PLACES.columns, reason: problem.message });
    } finally {
      await columns.close();
    }
  } finally {
    await child.stop();
  }
};
