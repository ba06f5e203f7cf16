// What the child has said on stderr about the attempt in hand, and what follows from it: is another process in the way, or what else.
// It neither starts nor ends anything.
import { CodedError } from '../../../core/errors.ts';
import { NOT_OPENED } from './config.ts';

/** ClickHouse's text when `flock` of the folder's file is refused. */
const LOCKED = /Cannot lock file .* already running/;
const EXCEPTION = /DB::\w*Exception/;
/** Beyond it the library repeats the whole definition of a table. */
const LONGEST = 600;

export class LastWords {
  readonly #folder: string;
  #last = '';
  #exception: string | undefined;
  #notOpened: string | undefined;

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** Takes a line; false when it only repeats the one before. */
  isNew(line: string): boolean {
    if (line.startsWith(NOT_OPENED)) {
      this.#notOpened = line.slice(NOT_OPENED.length);
      return false;
    }
    if (EXCEPTION.test(line)) this.#exception = line;
    if (line.trim() === '' || line === this.#last) return false;
    this.#last = line;
    return true;
  }

  get isLocked(): boolean {
    return this.#exception !== undefined && LOCKED.test(this.#exception);
  }

  /** Another attempt begins, or it runs. */
  forget(): void {
    this.#exception = undefined;
    this.#notOpened = undefined;
  }

  error(otherwise: string): CodedError<'columns.in-use'> | CodedError<'columns.start-failed'> {
    const words = this.#exception ?? this.#notOpened ?? (this.#last || otherwise);
    const reason = words.length > LONGEST ? `${words.slice(0, LONGEST)}…` : words;
    return this.isLocked ? new CodedError('columns.in-use', { folder: this.#folder, reason }) : new CodedError('columns.start-failed', { reason });
  }
}
