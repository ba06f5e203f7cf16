// All log lines of a host: its files and, where no file repeats it, systemd's journal. Runs them in their turn and says how they are.
// It keeps nothing of its own: lines and how far they were read go to `deliver` in one record.
import type { Logger } from '../../core/logger.ts';
import type { AgentConfig } from '../config.ts';
import type { HostFiles } from '../host-files.ts';
import type { Mask } from '../mask/mask.ts';
import { type LogFailure, LogFailures } from './failures.ts';
import { Journal } from './journal.ts';
import { LogBatch } from './log-batch.ts';
import type { Position } from './position.ts';
import { type DeliverLines, Tailer } from './tailer.ts';

export interface LogsOptions {
  readonly config: AgentConfig;
  readonly host: string;
  readonly files: HostFiles;
  readonly log: Logger;
  readonly leftOut: (what: string) => void;
  readonly mask: Mask;
  /** The agent's own folder was put back from a copy. */
  readonly isPutBack: boolean;
  /** While it is true, lines wait where they are. */
  readonly pressed: () => boolean;
}

export interface LogsStatus {
  readonly logFiles: number;
  readonly logLines: number;
  /** Older than what the server keeps, when their file was met for the first time. */
  readonly logLinesSkipped: number;
  /** Of lines too long to be kept whole. */
  readonly logBytesCut: number;
  /** Of zero bytes that are holes in files. */
  readonly logBytesOfHoles: number;
  /** Of files without a name that could not be read to their end. */
  readonly logBytesLost: number;
  /** That files hold beyond what was read. */
  readonly logBytesBehind: number;
  readonly logFailures: readonly LogFailure[];
}

const QUIET_MS = 30_000;
/** A program writes a stack trace at once: what comes later is another entry. */
const JOIN_MS = 500;
/** A look for changed folders takes a hundredth of the time at most. */
const GLANCE_SPARE = 100;
/** What stops has a few seconds before it is killed. */
const STOP_MS = 1500;
/** Files of syslog, which hold what the journal holds, and after how long without a line they no longer do, ms. */
const SYSLOG = ['/var/log/syslog', '/var/log/messages'];
const SYSLOG_FRESH_MS = 86_400_000;

export class Logs {
  readonly #options: LogsOptions;
  readonly #failures: LogFailures;
  readonly #mask: Mask;
  readonly #deliver: DeliverLines;
  readonly #positions: readonly Position[];
  readonly #tailer: Tailer;
  /** Undefined where it is not wanted or a file repeats it. */
  #journal: Journal | undefined;
  /** Until then folders are not looked at again, ms of `performance.now()`. */
  #nextGlance = 0;

  /** `positions` as of the last record. */
  constructor(options: LogsOptions, deliver: DeliverLines, positions: Iterable<Position>) {
    const { config, host, log, leftOut, isPutBack } = options;
    this.#options = options;
    this.#deliver = deliver;
    this.#positions = [...positions];
    this.#failures = new LogFailures(log, leftOut);
    this.#mask = options.mask;
    const tailing = { globs: config.logs, root: config.root, backlogBytes: config.logBacklogBytes, quietMs: QUIET_MS, joinMs: JOIN_MS };
    const lines = new LogBatch(host, this.#failures, this.#mask);
    this.#tailer = new Tailer({ ...tailing, isPutBack, log, failures: this.#failures, leftOut }, lines, deliver, this.#positions);
  }

  get status(): LogsStatus {
    const { fileCount, linesRead, linesSkipped, bytesCut, bytesOfHoles, bytesLost, bytesBehind } = this.#tailer;
    return {
      logFiles: fileCount,
      logLines: linesRead + (this.#journal?.linesRead ?? 0),
      logLinesSkipped: linesSkipped + (this.#journal?.linesSkipped ?? 0),
      logBytesCut: bytesCut + (this.#journal?.bytesCut ?? 0),
      logBytesOfHoles: bytesOfHoles,
      logBytesLost: bytesLost,
      logBytesBehind: bytesBehind,
      logFailures: this.#failures.all,
    };
  }

  /** Looks for the files, then whether the journal is to be followed. */
  start(now: number): void {
    this.discover(now);
    const { config, host, files, leftOut } = this.#options;
    if (!config.journal) return;
    const repeats = SYSLOG.find((path) => this.#tailer.follows(files.path(path)) && now - (files.stat(path)?.mtimeMs ?? 0) < SYSLOG_FRESH_MS);
    if (repeats !== undefined) {
      leftOut(`the systemd journal (its entries are in ${repeats})`);
      return;
    }
    const options = { root: config.root, joinMs: JOIN_MS, failures: this.#failures, leftOut };
    this.#journal = new Journal(options, new LogBatch(host, this.#failures, this.#mask), this.#deliver, this.#positions);
    this.#journal.start();
  }

  /** Looks for files again. */
  discover(now: number): void {
    this.#tailer.discover(now);
  }

  /** Looks for what came into folders or went, where that does not take too much of the time. */
  glance(now: number): void {
    const began = performance.now();
    if (began < this.#nextGlance) return;
    this.#tailer.glance(now);
    const ended = performance.now();
    this.#nextGlance = ended + (ended - began) * GLANCE_SPARE;
  }

  /** A turn of each source; true where there is more. */
  async read(last = false, pressed = this.#options.pressed): Promise<boolean> {
    this.#journal?.poll(Date.now(), pressed, last);
    return this.#tailer.poll(Date.now(), pressed, last);
  }

  /** Takes what is there, as far as that is quickly done, without waiting for what may go on with it. The rest is read by the next run. */
  async stop(): Promise<void> {
    await this.#journal?.stop();
    const until = performance.now() + STOP_MS;
    const pressed = (): boolean => performance.now() > until || this.#options.pressed();
    while (await this.read(true, pressed));
  }

  close(): void {
    this.#tailer.close();
  }
}
