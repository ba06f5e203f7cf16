// The database folder: made once by initdb, whole or not at all; who may enter; with which settings the server runs.
import { spawn } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  closeSync,
  constants,
  existsSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { CodedError } from '../../../core/errors.ts';
import type { RunAs } from './run-as.ts';
import { watch } from './watch.ts';

export const DATABASE_USER = 'inframirror';
export const SOCKET_PORT = 5432;

/** How it names it: of the first descriptor behind the standard ones. */
export const HANDED = '/proc/self/fd/3';

/**
 * How a program of another user names a folder under one it may not enter: by a descriptor that we opened for it.
 * `close` once it is started.
 */
export const opened = (folder: string, as: RunAs): { readonly name: string; readonly extra: number[]; close(): void } => {
  if (as.ids === undefined || process.platform !== 'linux') return { name: folder, extra: [], close: () => undefined };
  const fd = openSync(folder, constants.O_RDONLY | constants.O_DIRECTORY);
  return { name: HANDED, extra: [fd], close: () => closeSync(fd) };
};

/** Nothing of our environment that could change what the server does. */
export const environment = (): NodeJS.ProcessEnv => {
  const kept = ['PATH', 'LD_LIBRARY_PATH', 'TMPDIR'].filter((name) => process.env[name] !== undefined);
  return { ...Object.fromEntries(kept.map((name) => [name, process.env[name]])), LC_ALL: 'C', TZ: 'UTC' };
};

const initialise = (folder: string, binaries: string, as: RunAs): Promise<void> =>
  new Promise((resolve, reject) => {
    const place = opened(folder, as);
    const flags = ['--auth-local=peer', '--auth-host=reject', `--username=${DATABASE_USER}`, '--encoding=UTF8', '--wal-segsize=4', '--no-instructions'];
    // The same order of text on every machine, by code point.
    const locale = ['--locale=C', '--locale-provider=builtin', '--builtin-locale=C.UTF-8'];
    const child = spawn(join(binaries, 'bin', 'initdb'), ['-D', place.name, ...flags, ...locale], {
      ...as.ids,
      cwd: '/',
      env: environment(),
      stdio: ['ignore', 'ignore', 'pipe', ...place.extra],
    });
    place.close();
    const watched = child.pid === undefined ? undefined : watch(child.pid, as);
    let told = '';
    child.stderr?.on('data', (chunk: Buffer) => {
      told = (told + chunk.toString()).slice(-2000);
    });
    child.on('error', (error) => reject(new CodedError('records.start-failed', { reason: error.message }, { cause: error })));
    child.on('close', (code) => {
      watched?.end();
      if (code === 0) resolve();
      else reject(new CodedError('records.start-failed', { reason: told.trim() || `initdb ended with ${code}` }));
    });
  });

/** Makes the database folder when it is missing. */
export const ensureCluster = async (folder: string, binaries: string, as: RunAs): Promise<void> => {
  if (existsSync(folder)) return;
  // A name of its own each time: what a killed start left may still be at work in the former one.
  for (const name of readdirSync(dirname(folder)))
    if (name.startsWith(`${basename(folder)}.new-`)) rmSync(join(dirname(folder), name), { recursive: true, force: true });
  const made = mkdtempSync(`${folder}.new-`);
  if (as.ids !== undefined) chownSync(made, as.ids.uid, as.ids.gid);
  await initialise(made, binaries, as);
  renameSync(made, folder);
};

/** Only the user we run as may enter, as told by the system of its end of the socket. Written before each start, as who we are may change. */
export const writeAccess = (folder: string, as: RunAs): void => {
  const write = (name: string, text: string): void => {
    const path = join(folder, name);
    // On a full disk what stands already needs no room.
    if (!existsSync(path) || readFileSync(path, 'utf8') !== text) writeFileSync(path, text, { mode: 0o600 });
    chmodSync(path, 0o600);
    if (as.ids !== undefined) chownSync(path, as.ids.uid, as.ids.gid);
  };
  write('pg_hba.conf', 'local all all peer map=ours\n');
  write('pg_ident.conf', `ours "${as.ourName.replaceAll('"', '""')}" ${DATABASE_USER}\n`);
};

/** Small, safe, and on a Unix socket in its own folder only. */
export const SETTINGS: Readonly<Record<string, string>> = {
  listen_addresses: '',
  unix_socket_directories: '.',
  port: String(SOCKET_PORT),
  max_connections: '24',
  shared_buffers: '16MB',
  work_mem: '4MB',
  maintenance_work_mem: '16MB',
  max_wal_size: '64MB',
  min_wal_size: '16MB',
  wal_level: 'minimal',
  max_logical_replication_workers: '0',
  max_wal_senders: '0',
  io_method: 'sync',
  jit: 'off',
  autovacuum_max_workers: '1',
  autovacuum_worker_slots: '2',
  max_worker_processes: '2',
  max_parallel_workers_per_gather: '0',
  fsync: 'on',
  synchronous_commit: 'on',
  full_page_writes: 'on',
  client_connection_check_interval: '5s',
  log_destination: 'stderr',
  logging_collector: 'off',
  log_timezone: 'UTC',
};
