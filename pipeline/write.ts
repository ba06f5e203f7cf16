// The insert protocol: whatever dies and whenever, each row of a round stands once. An insert is one table, one day, one block and has a
// number in every row; it is planned in the progress record before it begins, with the moment up to which it may begin by the store's own
// clock, and looked for by its number when its end is not known.
import { CodedError, hasCode } from '../core/errors.ts';
import { encodeStream } from '../core/ipc/write.ts';
import type { ColumnStore } from '../engines/columns/port.ts';
import { type Block, halvesOf, messagesAt, rowsOf, type Share, uncoveredOf } from './block.ts';
import { writeInHalves } from './halving.ts';
import type { InsertNumbers } from './insert-number.ts';
import { type PendingInsert, RecordTooLong } from './progress.ts';
import { checkSignal, retryUntilStopped, type StoreHealth } from './retry.ts';
import { findStandingInserts, queryIdOf, type StoreClock } from './standing.ts';

/** One row that the store refuses for its values. */
export interface RefusedRow {
  readonly offset: bigint;
  /** An Arrow stream of the row. */
  readonly value: Uint8Array;
  readonly error: string;
}

/** What an earlier owner of the partition had planned for the same messages, and the numbers of it that stand. */
export interface InterruptedRound {
  readonly inserts: readonly PendingInsert[];
  readonly standing: ReadonlySet<bigint>;
}

export interface WriteOptions {
  readonly columns: Pick<ColumnStore, 'insert' | 'kill' | 'query' | 'now'>;
  readonly clock: Pick<StoreClock, 'now' | 'forget'>;
  readonly numbers: InsertNumbers;
  readonly interrupted: InterruptedRound | undefined;
  readonly signal: AbortSignal;
  readonly health: StoreHealth;
  /** See `InsertOptions`. */
  readonly route?: number;
  /** For how long the partition is surely still ours, ms. */
  readonly owned: () => number;
  /** Must be durable on resolve, and reject when the partition is not ours any more. */
  readonly plan: (inserts: readonly PendingInsert[]) => Promise<void>;
  readonly maxExecutionMs: number;
  /** False only for negative controls: nothing is looked for, nothing has a deadline. */
  readonly readBack: boolean;
  readonly fence: boolean;
}

/** How long after it was planned an insert may begin; twice as long each time that was too short. */
const START_MS = 5000;
const LONGEST_START_MS = 60_000;
/** Fewer rows than these are not inserted in parts because the store takes long: then it is slow, not the block too large. */
const SMALL = 1000;
/** Smaller blocks make a store without memory only busier: they wait for it first, about a minute. */
const LARGE = 200_000;
const TRIES = { large: 2, small: 12 };
/** Beyond it a block that is refused again and again is given up as a whole: the record must stay small. */
const MOST_PLANNED = 1000;

/** The call has left nothing behind. Of a statement that was refused with whatever code this is not known. */
const leftNothing = (error: unknown): boolean => hasCode(error, 'columns.refused-rows') || hasCode(error, 'columns.late');
const isOfTheStore = (error: unknown): boolean => error instanceof CodedError && error.code.startsWith('columns.');

/** Returns the rows that no retry can save; all others stand, once, when it resolves. */
export const writeBlocks = (blocks: readonly Block[], options: WriteOptions): Promise<readonly RefusedRow[]> => new RoundWriter(blocks, options).write();

class RoundWriter {
  readonly #blocks: readonly Block[];
  readonly #options: WriteOptions;
  readonly #planned = new Map<bigint, PendingInsert>();
  readonly #refused: RefusedRow[] = [];
  #startMs = START_MS;

  constructor(blocks: readonly Block[], options: WriteOptions) {
    this.#blocks = blocks;
    this.#options = options;
  }

  async write(): Promise<readonly RefusedRow[]> {
    const { interrupted } = this.#options;
    for (const insert of interrupted?.inserts ?? []) this.#planned.set(insert.number, insert);
    for (const block of this.#blocks) for (const share of uncoveredOf(block, interrupted?.inserts ?? [])) this.#add(share);
    if (this.#planned.size === 0) return [];
    await this.#plan();
    const open = [...this.#planned.keys()].filter((number) => interrupted?.standing.has(number) !== true);
    await writeInHalves(open, {
      write: (number) => this.#insert(number),
      isRefusal: (error) => hasCode(error, 'columns.refused-rows') || hasCode(error, 'columns.limit'),
      halve: (number) => this.#halve(number),
      refused: (number, error) => this.#refuse(number, (error as Error).message),
    });
    return this.#refused;
  }

  #add(share: Share): bigint {
    const number = this.#options.numbers.next();
    this.#planned.set(number, { ...share, number, deadline: 0 });
    return number;
  }

  /** Gives every insert time to begin, and puts that into the record first. */
  async #plan(): Promise<void> {
    const { clock, route, fence, signal, health, owned, plan } = this.#options;
    if (fence) {
      const now = await retryUntilStopped(() => clock.now(route), signal, health);
      // Asked for behind the clock: nothing begins when the partition may be another's.
      const until = Math.floor(now + Math.min(this.#startMs, owned()));
      for (const [number, insert] of this.#planned) this.#planned.set(number, { ...insert, deadline: Math.max(insert.deadline, until) });
    }
    await plan([...this.#planned.values()]);
  }

  /** Where in the block the rows of the insert are; undefined: the stream has not kept its messages. */
  #rowsOf(number: bigint) {
    const insert = this.#planned.get(number) as PendingInsert;
    const block = this.#blocks.find(({ table, day }) => table === insert.table && day === insert.day);
    const ranges = block === undefined ? [] : rowsOf(block, insert);
    return block === undefined || ranges.length === 0 ? undefined : { block, ranges };
  }

  async #insert(number: bigint): Promise<void> {
    const { columns, clock, route, signal, health, maxExecutionMs, readBack, fence } = this.#options;
    const found = this.#rowsOf(number);
    if (found === undefined) return;
    const batch = found.block.rows(found.ranges, number);
    const current = (): PendingInsert => this.#planned.get(number) as PendingInsert;
    const stands = async (): Promise<boolean> => readBack && (await findStandingInserts([current()], columns, signal, fence)).has(number);
    const canBeHalved = batch.length > SMALL && this.#planned.size <= MOST_PLANNED;
    let uncertain = false;
    let limits = 0;
    const attempt = async (): Promise<void> => {
      if (uncertain && (await stands())) return;
      uncertain = false;
      if (fence && (await clock.now(route)) > current().deadline - this.#startMs / 2) await this.#plan();
      checkSignal(signal);
      uncertain = true;
      const { table, deadline } = current();
      try {
        const options = { queryId: queryIdOf(current()), signal, maxExecutionMs, ...(fence ? { deadline } : {}), ...(route === undefined ? {} : { route }) };
        await columns.insert(table, batch, options);
      } catch (error) {
        uncertain = !leftNothing(error);
        if (hasCode(error, 'columns.limit')) limits++;
        if (hasCode(error, 'columns.late')) {
          clock.forget();
          this.#startMs = Math.min(this.#startMs * 2, LONGEST_START_MS);
        }
        throw error;
      }
    };
    try {
      await retryUntilStopped(attempt, signal, health, (error) => {
        if (hasCode(error, 'columns.limit')) return canBeHalved && limits >= (batch.length > LARGE ? TRIES.large : TRIES.small);
        return hasCode(error, 'columns.refused-rows') || !isOfTheStore(error);
      });
    } catch (error) {
      if (hasCode(error, 'columns.limit') && (await retryUntilStopped(stands, signal, health))) return;
      throw error;
    }
  }

  async #halve(number: bigint): Promise<readonly [bigint, bigint] | undefined> {
    const found = this.#rowsOf(number);
    const halves = found === undefined || this.#planned.size > MOST_PLANNED ? undefined : halvesOf(found.block, this.#planned.get(number) as PendingInsert);
    if (halves === undefined) return undefined;
    const before = [...this.#planned];
    this.#planned.delete(number);
    const numbers = [this.#add(halves[0]), this.#add(halves[1])] as const;
    try {
      await this.#plan();
    } catch (error) {
      if (!(error instanceof RecordTooLong)) throw error;
      // Also the deadlines that no record has.
      this.#planned.clear();
      for (const [each, insert] of before) this.#planned.set(each, insert);
      return undefined;
    }
    return numbers;
  }

  #refuse(number: bigint, error: string): void {
    const found = this.#rowsOf(number);
    if (found === undefined) return;
    const { block, ranges } = found;
    const offsetOf = messagesAt(block);
    for (const { from, to } of ranges)
      for (let row = from; row < to; row++)
        this.#refused.push({ offset: offsetOf(row), value: encodeStream([block.rows([{ from: row, to: row + 1 }], number)]), error });
  }
}
