// The port `Search` over the column store: documents are rows of its table `logs`, found by its text index.
// It stands on the port `Columns` alone and never on what is behind it. One writer at a time may use a table.
import { randomUUID } from 'node:crypto';
import { type Batch, columnOf } from '../../../core/batch/batch.ts';
import { takeRows } from '../../../core/batch/take.ts';
import { CodedError, hasCode } from '../../../core/errors.ts';
import type { Columns, QueryAnswer, QueryOptions } from '../../columns/port.ts';
import type { Search, WriteOutcome } from '../port.ts';
import { type DayBlock, documentIds, type RejectedRow, splitByDay } from './rows.ts';

/** `columns` stays its owner's: `close` here leaves it open. */
export const openColumnSearch = (columns: Columns): Search => new ColumnSearch(columns);

const STANDING = `SELECT sender, boot, seq, row FROM logs
WHERE time >= fromUnixTimestamp64Nano({from:Int64}, 'UTC') AND time <= fromUnixTimestamp64Nano({to:Int64}, 'UTC') AND message IN ({messages:Array(UInt64)})`;
/** Beyond any batch; the caller's own limits are not for this. */
const LOOK_UP = { max_execution_time: 60, max_rows_to_read: 0 };

/**
 * Errors that lie in a row's values (https://github.com/ClickHouse/ClickHouse/blob/master/src/Common/ErrorCodes.cpp): type,
 * range, size, missing where nothing may be. Any other refusal is about the table, and no row is to blame for it.
 */
const ROW_ERRORS = new Set([6, 27, 38, 41, 53, 69, 70, 72, 117, 128, 131, 321, 349, 469]);

class ColumnSearch implements Search {
  readonly dialect = 'clickhouse';
  readonly #columns: Columns;
  /** Writes follow each other: two that look before they insert could both insert. */
  #last: Promise<unknown> = Promise.resolve();
  /** Inserts whose outcome is unknown: they must have ended before anyone looks again. */
  readonly #uncertain = new Set<string>();

  constructor(columns: Columns) {
    this.#columns = columns;
  }

  migrate(): Promise<void> {
    return this.#columns.migrate();
  }

  write(batch: Batch, options: { readonly signal?: AbortSignal } = {}): Promise<WriteOutcome> {
    const outcome = this.#last.then(() => this.#write(batch, options.signal));
    this.#last = outcome.catch(() => {});
    return outcome;
  }

  async query(request: string, options?: QueryOptions): Promise<QueryAnswer> {
    return this.#columns.query(request, options).catch(rethrow);
  }

  ping(): Promise<void> {
    return this.#columns.ping().catch(rethrow);
  }

  async close(): Promise<void> {
    await this.#last;
  }

  async #write(batch: Batch, signal: AbortSignal | undefined): Promise<WriteOutcome> {
    const { days, rejected } = splitByDay(batch);
    const idOf = documentIds(batch);
    const refused: RejectedRow[] = [...rejected];
    let created = 0;
    let existing = 0;
    try {
      if (this.#uncertain.size > 0) {
        await this.#columns.kill([...this.#uncertain]);
        this.#uncertain.clear();
      }
      for (const day of days) {
        const standing = await this.#standing(batch, day, signal);
        const missing = day.rows.filter((row) => {
          const id = idOf(row);
          const stands = standing.has(id);
          // A repeat within the batch stands as soon as the first one is written.
          standing.add(id);
          return !stands;
        });
        existing += day.rows.length - missing.length;
        const bad = await this.#insert(batch, missing, signal);
        refused.push(...bad);
        created += missing.length - bad.length;
      }
    } catch (error) {
      return rethrow(error);
    }
    return { created, existing, rejected: refused.sort((a, b) => a.row - b.row) };
  }

  /** Ids among those of the day's messages that stand already. */
  async #standing(batch: Batch, { rows, from, to }: DayBlock, signal: AbortSignal | undefined): Promise<Set<string>> {
    const all = (columnOf(batch, 'message') as { readonly values: BigUint64Array }).values;
    const messages = [...new Set(Array.from(rows, (row) => all[row] as bigint))];
    const params = { from, to, messages };
    const { batches } = await this.#columns.query(STANDING, { params, settings: LOOK_UP, ...(signal === undefined ? {} : { signal }) });
    const standing = new Set<string>();
    for (const found of batches) {
      const idOf = documentIds(found);
      for (let row = 0; row < found.length; row++) standing.add(idOf(row));
    }
    return standing;
  }

  /** Inserts the rows of one day; what the store refuses is found by halving, and the others are written. */
  async #insert(batch: Batch, rows: Int32Array, signal: AbortSignal | undefined): Promise<readonly RejectedRow[]> {
    if (rows.length === 0) return [];
    const queryId = randomUUID();
    try {
      await this.#columns.insert('logs', rows.length === batch.length ? batch : takeRows(batch, rows), {
        queryId,
        ...(signal === undefined ? {} : { signal }),
      });
      return [];
    } catch (error) {
      if (!hasCode(error, 'columns.rejected')) {
        this.#uncertain.add(queryId);
        throw error;
      }
      if (!ROW_ERRORS.has(error.parameters.code)) throw new CodedError('search.unavailable', { reason: error.parameters.reason }, { cause: error });
      if (rows.length === 1) return [{ row: rows[0] as number, reason: error.parameters.reason }];
      const half = rows.length >> 1;
      return [...(await this.#insert(batch, rows.subarray(0, half), signal)), ...(await this.#insert(batch, rows.subarray(half), signal))];
    }
  }
}

const rethrow = (error: unknown): never => {
  if (hasCode(error, 'columns.unavailable')) throw new CodedError('search.unavailable', { reason: error.parameters.reason }, { cause: error });
  throw error;
};
