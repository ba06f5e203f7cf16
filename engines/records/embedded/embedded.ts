// The embedded record store: a real PostgreSQL server as our child, in a folder of ours, on a Unix socket of its own.
// Starts it, keeps it up, and ends it with us, however we end. Holds no connection itself.
import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, existsSync, mkdirSync, mkdtempSync, openSync, readFileSync, readlinkSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { CodedError } from '../../../core/errors.ts';
import { type Logger, silentLogger } from '../../../core/logger.ts';
import { watchPulse } from '../../../core/pulse.ts';
import type { PostgresConnection } from '../connection.ts';
import { saysDamage } from '../damage.ts';
import { packagedBinaries, reachableBinaries } from './binaries.ts';
import { DATABASE_USER, ensureCluster, environment, HANDED, opened, SETTINGS, SOCKET_PORT, writeAccess } from './cluster.ts';
import { endLeftovers, isReady, killServers } from './leftovers.ts';
import { answersAt } from './ping.ts';
import { handOver, type RunAs, runAs } from './run-as.ts';
import { type Watch, watch } from './watch.ts';

export interface EmbeddedOptions {
  /** Made when missing; holds the database and its log. */
  readonly dataDir: string;
  readonly log?: Logger;
  /** Without an answer for so long it hangs, and is ended and started again; default 30 s. */
  readonly hungMs?: number;
  /** For tests: the package's folder `native`, and where a copy of it may be made. */
  readonly binaries?: string;
  readonly copyPlaces?: readonly string[];
}

export interface EmbeddedPostgres {
  readonly connection: PostgresConnection;
  /** Of the server as it runs now; another one after a restart, undefined while it is down. */
  readonly pid: number | undefined;
  /** How often it was started again after it had ended by itself. */
  readonly restarts: number;
  /** Ends the server in good order; idempotent. */
  stop(): Promise<void>;
}

const START_MS = 300_000;
const HUNG_MS = 30_000;
const PULSE_MS = 5000;
const STOP_MS = 8_000;
const MOST_LOG = 8 << 20;
/** Bytes a path of a socket may have: 103 on macOS, 107 on Linux. */
const MOST_PATH = 100;
/** Names the folder of `shortWay`. */
const LINK_FILE = 'socket-folder';

const sleep = (ms: number): Promise<void> => new Promise((done) => setTimeout(done, ms));

const leadsTo = (link: string, folder: string): boolean => {
  try {
    return readlinkSync(link) === folder;
  } catch {
    return false;
  }
};

/** A way to the folder that is short enough for a socket, where its own is not. That of a former run, which may have been killed, is removed. */
const shortWay = (dataDir: string, folder: string): string | undefined => {
  const file = join(dataDir, LINK_FILE);
  const former = existsSync(file) ? readFileSync(file, 'utf8') : undefined;
  if (former !== undefined && leadsTo(join(former, 'pg'), folder)) rmSync(former, { recursive: true, force: true });
  rmSync(file, { force: true });
  if (Buffer.byteLength(join(folder, `.s.PGSQL.${SOCKET_PORT}`)) <= MOST_PATH) return undefined;
  const link = mkdtempSync(join(tmpdir(), 'inframirror-'));
  writeFileSync(file, link, { mode: 0o600 });
  symlinkSync(folder, join(link, 'pg'));
  return link;
};

/** Removes what `shortWay` made. */
const endWay = (dataDir: string, link: string | undefined): void => {
  if (link !== undefined) rmSync(link, { recursive: true, force: true });
  rmSync(join(dataDir, LINK_FILE), { force: true });
};

class Embedded implements EmbeddedPostgres {
  readonly connection: PostgresConnection;
  restarts = 0;
  readonly #dataDir: string;
  readonly #folder: string;
  readonly #binaries: string;
  readonly #as: RunAs;
  readonly #link: string | undefined;
  readonly #log: Logger;
  readonly #hungMs: number;
  #child: ChildProcess | undefined;
  #watch: Watch | undefined;
  #stopping: Promise<void> | undefined;
  #restarting: Promise<void> | undefined;

  constructor(dataDir: string, folder: string, binaries: string, as: RunAs, link: string | undefined, log: Logger, hungMs: number) {
    this.#dataDir = dataDir;
    this.#folder = folder;
    this.#binaries = binaries;
    this.#as = as;
    this.#link = link;
    this.#log = log;
    this.#hungMs = hungMs;
    this.connection = { host: link === undefined ? folder : join(link, 'pg'), port: SOCKET_PORT, user: DATABASE_USER, database: 'postgres' };
  }

  get pid(): number | undefined {
    return this.#child?.pid;
  }

  /** Resolves when the server takes connections. */
  async launch(): Promise<void> {
    await endLeftovers(this.#folder);
    writeAccess(this.#folder, this.#as);
    const logPath = join(this.#dataDir, 'postgres.log');
    const isLong = (statSync(logPath, { throwIfNoEntry: false })?.size ?? 0) > MOST_LOG;
    const logFile = openSync(logPath, isLong ? 'w' : 'a', 0o600);
    const place = opened(this.#folder, this.#as);
    const flags = Object.entries(SETTINGS).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
    const child = spawn(join(this.#binaries, 'bin', 'postgres'), ['-D', place.name, ...flags], {
      ...this.#as.ids,
      cwd: '/',
      env: environment(),
      // Its own session: Ctrl-C at our terminal is ours to answer, the server ends after those who use it.
      detached: true,
      stdio: ['ignore', logFile, logFile, ...place.extra],
    });
    place.close();
    closeSync(logFile);
    child.unref();
    const ended = new Promise<string>((tell) => {
      child.once('error', (error) => tell(error.message));
      child.once('exit', (code, signal) => tell(`it ended with ${signal ?? code}`));
    });
    if (child.pid === undefined) throw new CodedError('records.start-failed', { reason: await ended });
    this.#child = child;
    this.#watch = watch(child.pid, this.#as);
    const attempt = { over: false };
    try {
      const reason = await Promise.race([this.#answers(child.pid, attempt), ended]);
      if (reason !== undefined) throw this.#startFailed(logPath, reason);
    } catch (error) {
      attempt.over = true;
      this.#watch.end();
      child.kill('SIGKILL');
      this.#child = undefined;
      throw error;
    }
    const endWatch = this.#watchPulse(child.pid);
    void ended.then((reason) => {
      endWatch();
      this.#onEnd(reason);
    });
  }

  /** A server that hangs is ended, and so started again. */
  #watchPulse(pid: number): () => void {
    const { host, port } = this.connection;
    const hungMs = this.#hungMs;
    return watchPulse({
      ask: (patienceMs) => answersAt(join(host, `.s.PGSQL.${port}`), patienceMs),
      everyMs: Math.min(PULSE_MS, hungMs / 3),
      hungMs,
      silent: () => this.#log.warn('the record store does not answer', { pid, endedAfterMs: hungMs }),
      back: (ms) => this.#log.info('the record store answers again', { silentMs: Math.round(ms) }),
      hung: () => {
        this.#log.error('the record store hangs and is ended', { pid });
        killServers(this.#folder);
      },
    });
  }

  /** The last thing PostgreSQL called fatal, or told in its own name before it had a log, else how it ended. */
  #startFailed(logPath: string, ended: string): CodedError {
    const lines = readFileSync(logPath, 'utf8').trim().split('\n');
    const fatal = lines.findLastIndex((line) => /\b(FATAL|PANIC):/.test(line));
    const own = lines.findLastIndex((line) => /^postgres: /.test(line));
    if (fatal === -1 && own === -1) return new CodedError('records.start-failed', { reason: ended });
    // The lines that follow belong to it.
    const words = fatal > own ? (lines[fatal] ?? '').replace(/^.*?\b(FATAL|PANIC):\s*/, '') : lines.slice(own).join(' ').replace('postgres: ', '');
    const reason = words.slice(0, 600).replaceAll(HANDED, this.#folder);
    return new CodedError(saysDamage(reason) ? 'records.damaged' : 'records.start-failed', { reason });
  }

  /** The server itself tells in its pid file that it takes connections. */
  async #answers(pid: number, attempt: { readonly over: boolean }): Promise<undefined> {
    for (const end = performance.now() + START_MS; !attempt.over; ) {
      if (isReady(this.#folder, pid)) return undefined;
      if (performance.now() > end || this.#stopping !== undefined) throw new CodedError('records.start-failed', { reason: 'it is not ready' });
      await sleep(10);
    }
    return undefined;
  }

  #onEnd(reason: string): void {
    this.#watch?.end();
    this.#child = undefined;
    if (this.#stopping !== undefined) return;
    this.#log.warn('the embedded record store ended and is started again', { reason });
    this.restarts++;
    this.#restarting = this.#restart();
  }

  async #restart(): Promise<void> {
    for (let wait = 50; this.#stopping === undefined; wait = Math.min(5_000, wait * 2)) {
      try {
        await this.launch();
        this.#log.info('the embedded record store runs again');
        return;
      } catch (error) {
        this.#log.error('the embedded record store did not start again', { error });
      }
      await sleep(wait);
    }
  }

  stop(): Promise<void> {
    this.#stopping ??= this.#stop();
    return this.#stopping;
  }

  async #stop(): Promise<void> {
    await this.#restarting;
    const child = this.#child;
    if (child !== undefined) {
      child.ref();
      const exited = new Promise<void>((done) => child.once('exit', () => done()));
      // Fast shutdown; immediate shutdown when that takes too long, which costs a recovery at the next start.
      if (child.exitCode === null && child.signalCode === null) {
        child.kill('SIGINT');
        const timer = setTimeout(() => child.kill('SIGQUIT'), STOP_MS);
        await exited;
        clearTimeout(timer);
      }
    }
    endWay(this.#dataDir, this.#link);
  }
}

/**
 * Rejects with `records.start-failed`. The caller must hold the folder: a server that still runs there is a former one, and is ended.
 * After a crash of the server it is started again by itself; calls wait for it as `openPostgres` is patient.
 */
export const startEmbeddedPostgres = async (options: EmbeddedOptions): Promise<EmbeddedPostgres> => {
  const dataDir = resolve(options.dataDir);
  const folder = join(dataDir, 'pg');
  mkdirSync(dataDir, { recursive: true, mode: 0o700 });
  const link = shortWay(dataDir, folder);
  try {
    const as = await runAs(folder);
    const packaged = options.binaries ?? packagedBinaries();
    const binaries = as.ids === undefined ? packaged : reachableBinaries(packaged, options.copyPlaces);
    await ensureCluster(folder, binaries, as);
    if (as.ids !== undefined) handOver(folder, as.ids);
    const embedded = new Embedded(dataDir, folder, binaries, as, link, options.log ?? silentLogger, options.hungMs ?? HUNG_MS);
    await embedded.launch();
    return embedded;
  } catch (error) {
    endWay(dataDir, link);
    throw error;
  }
};
