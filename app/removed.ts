// Up to when data was removed, as the keeper has written it down, whichever process that is: read every few seconds, so that questions
// that reach further back are told. It removes nothing.
import type { Logger } from '../core/logger.ts';
import type { Records } from '../engines/records/port.ts';
import { LEDGER_READ_MS, type RetentionLedger, readLedger } from '../pipeline/retention/ledger.ts';

export class Removed {
  readonly #records: Pick<Records, 'query'>;
  readonly #log: Logger;
  #ledger: RetentionLedger = { gone: {} };
  #timer: NodeJS.Timeout | undefined;

  constructor(records: Pick<Records, 'query'>, log: Logger) {
    this.#records = records;
    this.#log = log;
  }

  /** Resolves when it was read once, or could not be. */
  async start(): Promise<void> {
    await this.#read();
    this.#timer = setInterval(() => void this.#read(), LEDGER_READ_MS);
    this.#timer.unref();
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  async #read(): Promise<void> {
    try {
      this.#ledger = await readLedger(this.#records);
    } catch (error) {
      this.#log.debug('it cannot be read up to when data was removed', { error });
    }
  }

  /** ns; undefined: nothing of the table was removed. */
  before(table: string): bigint | undefined {
    const ms = this.#ledger.gone[table];
    return ms === undefined ? undefined : BigInt(ms) * 1_000_000n;
  }
}
