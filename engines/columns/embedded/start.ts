// Starts and keeps the embedded column store: one child process, restarted with growing pauses when it dies by itself or hangs.
// It ends with `stop`, and with its parent, however that dies. It never speaks SQL: that is the client's part.
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { CodedError } from '../../../core/errors.ts';
import type { Logger } from '../../../core/logger.ts';
import { removeSocket, socketPath } from '../../../core/node/socket-path.ts';
import { watchPulse } from '../../../core/pulse.ts';
import { incomingFolder } from '../incoming.ts';
import { defaultLimits, type EngineLimits, NOT_OPENED, threadPoolSize } from './config.ts';
import { LastWords } from './last-words.ts';
import { answersAt } from './ping.ts';
import { emptyDefinitions, mendDefinitions } from './torn-definitions.ts';
import { putTornAside } from './torn-files.ts';

export interface EmbeddedColumns {
  /** What `openClickHouse` needs to reach it; stays the same through restarts. */
  readonly url: string;
  readonly socketPath: string;
  readonly incoming: string;
  /** Statements it takes at once. */
  readonly statements: number;
  /** Of the child that runs now; undefined between two. */
  readonly pid: number | undefined;
  /** How often it was restarted by itself. */
  readonly restarts: number;
  /** Files that lay half written in its way and were put aside; where they are now. */
  readonly aside: readonly string[];
  /** Ends the child; what runs is ended with it. */
  stop(): Promise<void>;
}

export interface EmbeddedOptions {
  /** Made when missing; belongs to the store alone. */
  readonly dataDir: string;
  readonly log: Logger;
  readonly limits?: Partial<EngineLimits>;
  /** Of tables: what stands behind the name when one is made. An empty definition of these is written anew. */
  readonly definitions?: ReadonlyMap<string, string>;
}

const CHILD = fileURLToPath(new URL('child.ts', import.meta.url));
/** Answers and the data of inserts are outside this heap. */
const HEAP = '--max-old-space-size=256';
const LOCK_PAUSE_MS = 100;
const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 10_000;
const STOP_MS = 8000;
/** How often a process that runs is asked whether it answers, where nothing else is said of a hang. */
const PULSE_MS = 2000;

/**
 * Resolves when the store answers. Rejects with `columns.in-use` when another process keeps the folder for longer than it is waited for,
 * and at once with `columns.start-failed` or `columns.empty-definition`, which say what is in the way.
 */
export const startEmbeddedColumns = async ({ dataDir, log, limits, definitions = new Map() }: EmbeddedOptions): Promise<EmbeddedColumns> => {
  const folder = resolve(dataDir);
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
  } catch (error) {
    throw new CodedError('columns.start-failed', { reason: (error as Error).message }, { cause: error });
  }
  const supervisor = new Supervisor(folder, socketPath(folder, 'columns.sock'), { ...defaultLimits(), ...limits }, definitions, log);
  try {
    await supervisor.start();
  } catch (error) {
    await supervisor.stop();
    throw error;
  }
  return supervisor;
};

class Supervisor implements EmbeddedColumns {
  readonly url = 'http://columns.embedded';
  readonly socketPath: string;
  readonly incoming: string;
  readonly statements: number;
  restarts = 0;
  readonly aside: string[] = [];
  readonly #folder: string;
  readonly #limits: EngineLimits;
  readonly #definitions: ReadonlyMap<string, string>;
  readonly #log: Logger;
  #child: ChildProcess | undefined;
  #exited: Promise<void> = Promise.resolve();
  #stopping = false;
  #pauseMs = FIRST_PAUSE_MS;
  #timer: NodeJS.Timeout | undefined;

  constructor(folder: string, socket: string, limits: EngineLimits, definitions: ReadonlyMap<string, string>, log: Logger) {
    this.#folder = folder;
    this.socketPath = socket;
    this.incoming = incomingFolder(folder);
    this.#limits = limits;
    this.#definitions = definitions;
    this.#log = log;
    this.statements = limits.statements;
  }

  get pid(): number | undefined {
    return this.#child?.pid;
  }

  /** Resolves when a child is ready, rejects when it ended before. */
  start(): Promise<void> {
    this.aside.push(...putTornAside(this.#folder, this.#log));
    mendDefinitions(this.#folder, this.#definitions, this.#log);
    const child = spawn(process.execPath, [HEAP, CHILD, this.#folder, this.socketPath, JSON.stringify(this.#limits)], {
      stdio: ['pipe', 'pipe', 'pipe'],
      cwd: this.#folder,
      env: { ...process.env, UV_THREADPOOL_SIZE: String(threadPoolSize(this.#limits)) },
    });
    this.#child = child;
    const said = new LastWords(this.#folder);
    const until = performance.now() + this.#limits.lockMs;
    child.stdin.on('error', () => {});
    createInterface({ input: child.stderr }).on('line', (line) => {
      if (said.isNew(line)) this.#log.warn('column store', { line });
      if (!line.startsWith(NOT_OPENED)) return;
      if (said.isLocked && performance.now() < until && !this.#stopping) {
        setTimeout(() => {
          said.forget();
          child.stdin.write('again\n');
        }, LOCK_PAUSE_MS);
      } else child.stdin.end();
    });
    const ready = Promise.withResolvers<void>();
    let wasReady = false;
    let endWatch = (): void => {};
    child.stdout.setEncoding('utf8').once('data', () => {
      wasReady = true;
      said.forget();
      this.#pauseMs = FIRST_PAUSE_MS;
      endWatch = this.#watch(child);
      ready.resolve();
    });
    const exited = Promise.withResolvers<void>();
    this.#exited = exited.promise;
    child.once('error', (error) => {
      this.#child = undefined;
      exited.resolve();
      ready.reject(new CodedError('columns.start-failed', { reason: error.message }));
    });
    child.once('close', (code, signal) => {
      endWatch();
      this.#child = undefined;
      exited.resolve();
      if (this.#stopping) return ready.reject(new CodedError('columns.unavailable', { reason: 'it was stopped' }));
      const error = said.error(`it ended with ${signal ?? `code ${code}`}`);
      const files = emptyDefinitions(this.#folder);
      ready.reject(files.length === 0 || wasReady || said.isLocked ? error : new CodedError('columns.empty-definition', { files: files.join(', ') }));
      if (wasReady || this.restarts > 0) this.#restartLater(error.parameters.reason);
    });
    return ready.promise;
  }

  /** A process that hangs is ended, and so restarted. */
  #watch(child: ChildProcess): () => void {
    const { hungMs } = this.#limits;
    return watchPulse({
      ask: (patienceMs) => answersAt(this.socketPath, patienceMs),
      everyMs: Math.min(PULSE_MS, hungMs / 3),
      hungMs,
      silent: () => this.#log.warn('the column store does not answer', { pid: child.pid, endedAfterMs: hungMs }),
      back: (ms) => this.#log.info('the column store answers again', { silentMs: Math.round(ms) }),
      hung: () => {
        this.#log.error('the column store hangs and is ended', { pid: child.pid });
        child.kill('SIGKILL');
      },
    });
  }

  #restartLater(reason: string): void {
    this.restarts++;
    this.#log.error('the column store ended and is restarted', { reason, pauseMs: this.#pauseMs });
    this.#timer = setTimeout(() => {
      this.start().then(
        () => this.#log.info('the column store runs again'),
        () => {},
      );
    }, this.#pauseMs);
    this.#pauseMs = Math.min(this.#pauseMs * 2, LONGEST_PAUSE_MS);
  }

  async stop(): Promise<void> {
    this.#stopping = true;
    clearTimeout(this.#timer);
    const child = this.#child;
    child?.stdin?.end();
    const hard = setTimeout(() => child?.kill('SIGKILL'), STOP_MS);
    await this.#exited;
    clearTimeout(hard);
    removeSocket(this.socketPath, this.#folder);
  }
}
