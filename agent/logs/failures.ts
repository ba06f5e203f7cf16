// What went wrong with log lines, by reason and source: counted for the agent's own metrics, named once among what is left out,
// and logged at most every ten minutes a source. It decides nothing about the lines themselves.
import type { Logger } from '../../core/logger.ts';

export interface LogFailure {
  /** Of a format that threw its name; `read`: the file itself. `future`, `old`: an own time that the door would refuse. */
  readonly reason: string;
  /** The file; `other` beyond the first so many. */
  readonly source: string;
  count: number;
}

/** Sources that are counted apart. */
const MOST_SOURCES = 32;
const QUIET_MS = 600_000;

export class LogFailures {
  readonly #log: Logger;
  readonly #leftOut: (what: string) => void;
  readonly #failures = new Map<string, LogFailure>();
  readonly #sources = new Set<string>();
  /** When a source was logged last, ms. */
  readonly #logged = new Map<string, number>();

  constructor(log: Logger, leftOut: (what: string) => void) {
    this.#log = log;
    this.#leftOut = leftOut;
  }

  get all(): readonly LogFailure[] {
    return [...this.#failures.values()];
  }

  /** A format threw: the line is kept as plain text. `now` in ms. */
  format(source: string, format: string, error: unknown, now: number): void {
    this.#count(source, format);
    this.#leftOut(`the fields of log lines whose reader failed (${format})`);
    this.#tell(source, 'a reader of log lines failed; they are kept as plain text', { format, error }, now);
  }

  /** A file, or another source of lines, cannot be read now: it is tried again. */
  read(source: string, error: unknown, now: number): void {
    this.#count(source, 'read');
    this.#leftOut(`log files that cannot be read (${(error as NodeJS.ErrnoException).code ?? (error as Error).message})`);
    this.#tell(source, 'a log file cannot be read; it is tried again', { error }, now);
  }

  /** An entry tells a time that the door would refuse: it has the time it was read, and its own as an attribute. */
  retimed(source: string, future: boolean): void {
    this.#count(source, future ? 'future' : 'old');
    this.#leftOut(future ? 'the times of log lines that are in the future (kept as log.time)' : 'the times of log lines older than 30 days (kept as log.time)');
  }

  #count(source: string, reason: string): void {
    if (this.#sources.size < MOST_SOURCES) this.#sources.add(source);
    const shown = this.#sources.has(source) ? source : 'other';
    const key = `${reason}\0${shown}`;
    const known = this.#failures.get(key);
    if (known === undefined) this.#failures.set(key, { reason, source: shown, count: 1 });
    else known.count++;
  }

  #tell(source: string, message: string, fields: Readonly<Record<string, unknown>>, now: number): void {
    const shown = this.#sources.has(source) ? source : 'other';
    if (now - (this.#logged.get(shown) ?? Number.NEGATIVE_INFINITY) < QUIET_MS) return;
    this.#logged.set(shown, now);
    this.#log.warn(message, { path: source, ...fields });
  }
}
