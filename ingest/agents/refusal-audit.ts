// Puts into the audit table what was refused, bounded: whoever asks without end fills neither it nor the log. What is left out is counted in the
// next row, or in one of its own at the end. It never rejects: a refusal is answered whether or not it could be written.
import type { Logger } from '../../core/logger.ts';
import { nanosFromMillis } from '../../core/time.ts';
import type { Records } from '../../engines/records/port.ts';
import { writeAudit } from './audit.ts';

/** `agent.refuse`: a join; `agent.quota`: a sender that has sent more than it may. */
export type RefusalKind = 'agent.refuse' | 'agent.quota';

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
  #writing: Promise<void> = Promise.resolve();

  constructor(records: Pick<Records, 'query'>, log: Logger, now: () => number) {
    this.#records = records;
    this.#log = log;
    this.#now = now;
  }

  note(kind: RefusalKind, refusal: Readonly<Record<string, string | number>>): void {
    const now = this.#now();
    this.#left = Math.min(MOST_AT_ONCE, this.#left + Math.max(0, now - this.#counted) / NEXT_MS);
    this.#counted = now;
    if (this.#left < 1) {
      this.#leftOut++;
      return;
    }
    this.#left--;
    this.#write(kind, refusal, 1);
  }

  /** At the end: what was left out until then is written as a count. */
  async stop(): Promise<void> {
    await this.#writing;
    if (this.#leftOut > 0) this.#write('agent.refuse', {}, 0);
    await this.#writing;
  }

  /** `count`: of the refusals that the row is of, beside those left out. */
  #write(kind: RefusalKind, refusal: Readonly<Record<string, string | number>>, count: number): void {
    const leftOut = this.#leftOut;
    this.#leftOut = 0;
    const detail = { ...refusal, ...(leftOut === 0 ? {} : { leftOut }) };
    this.#log.warn(kind === 'agent.quota' ? 'a sender is refused' : 'an agent was refused', detail);
    const written = writeAudit(this.#records, { time: nanosFromMillis(this.#now()), who: 'agent', what: kind, detail }).catch((error: unknown) => {
      this.#leftOut += leftOut + count;
      this.#log.warn('a refusal could not be put into the audit table', { error });
    });
    this.#writing = Promise.all([this.#writing, written]).then(() => undefined);
  }
}
