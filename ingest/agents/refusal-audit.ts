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

const MOST_A_MINUTE = 30;
const MINUTE_MS = 60_000;

export class RefusalAudit {
  readonly #records: Pick<Records, 'query'>;
  readonly #log: Logger;
  readonly #now: () => number;
  #minute = 0;
  #written = 0;
  #leftOut = 0;
  #writing: Promise<unknown> = Promise.resolve();

  constructor(records: Pick<Records, 'query'>, log: Logger, now: () => number) {
    this.#records = records;
    this.#log = log;
    this.#now = now;
  }

  note(refusal: Refusal): void {
    const now = this.#now();
    const minute = Math.floor(now / MINUTE_MS);
    if (minute !== this.#minute) this.#written = 0;
    this.#minute = minute;
    if (this.#written >= MOST_A_MINUTE) {
      this.#leftOut++;
      return;
    }
    this.#written++;
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
