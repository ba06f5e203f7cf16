// Puts refused joins into the audit table, bounded: whoever asks without end fills neither it nor the log. What is left out is counted in the
// next row. It never rejects: a refusal is answered whether or not it could be written.
import type { Logger } from '../../core/logger.ts';
import { nanosFromMillis } from '../../core/time.ts';
import type { Records } from '../../engines/records/port.ts';

export interface Refusal {
  readonly code: string;
  readonly token: string;
  readonly host: string;
}

/** So many at once, then one each two minutes: 750 rows in a day of somebody who asks without end. */
const MOST_AT_ONCE = 30;
const NEXT_MS = 120_000;

export class RefusalAudit {
  readonly #records: Pick<Records, 'query'>;
  readonly #log: Logger;
  readonly #now: () => number;
  /** Rows that may be written, by now. */
  #left = MOST_AT_ONCE;
  /** ms. */
  #counted = 0;
  #leftOut = 0;
  #writing: Promise<unknown> = Promise.resolve();

  constructor(records: Pick<Records, 'query'>, log: Logger, now: () => number) {
    this.#records = records;
    this.#log = log;
    this.#now = now;
  }

  note(refusal: Refusal): void {
    const now = this.#now();
    this.#left = Math.min(MOST_AT_ONCE, this.#left + Math.max(0, now - this.#counted) / NEXT_MS);
    this.#counted = now;
    if (this.#left < 1) {
      this.#leftOut++;
      return;
    }
    this.#left--;
    const detail = { ...refusal, ...(this.#leftOut === 0 ? {} : { leftOut: this.#leftOut }) };
    this.#leftOut = 0;
    this.#log.warn('an agent was refused', detail);
    const row = [nanosFromMillis(now), 'agent', 'agent.refuse', detail] as const;
    this.#writing = this.#records
      .query('INSERT INTO audit (time, who, what, detail) VALUES ($1, $2, $3, $4)', row)
      .catch((error: unknown) => this.#log.warn('a refusal could not be put into the audit table', { error }));
  }

  async flush(): Promise<void> {
    await this.#writing;
  }
}
