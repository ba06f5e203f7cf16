// The insert protocol: whatever dies and whenever, each row of a round stands once. An insert is one table, one day, one block and has a
// number in every row; it is planned in the progress record before it begins, and looked for by its number when its end is not known.
import { type Batch, columnOf, type FixedColumn, type Value, valueAt } from '../core/batch/batch.ts';
import { sliceBatch } from '../core/batch/take.ts';
import { hasCode } from '../core/errors.ts';
import { encodeStream } from '../core/ipc/write.ts';
import type { Columns } from '../engines/columns/port.ts';
import type { InsertNumbers } from './insert-number.ts';
import type { PendingInsert } from './progress.ts';
import { checkSignal, retryUntilStopped, type StoreHealth } from './retry.ts';

/** Rows of one table and one UTC day, without the column `insert`, which is the table's last. */
export interface Block {
  readonly table: string;
  readonly day: number;
  readonly batch: Batch;
}

/** One row that the store refuses for its values. */
export interface RefusedRow {
  readonly block: Block;
  readonly row: number;
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
  readonly columns: Pick<Columns, 'insert' | 'kill' | 'query'>;
  readonly numbers: InsertNumbers;
  readonly interrupted: InterruptedRound | undefined;
  readonly signal: AbortSignal;
  readonly health: StoreHealth;
  /** Must be durable on resolve, and reject when the partition is not ours any more. */
  readonly plan: (inserts: readonly PendingInsert[]) => Promise<void>;
  readonly maxExecutionMs: number;
  /** False only for the negative control of the kill test. */
  readonly readBack: boolean;
}

const DAY_MS = 86_400_000;
/** Fewer rows than these are not inserted in parts because the store takes long: then it is slow, not the block too large. */
const SMALL = 1000;
/** Beyond it a block that is refused again and again is given up as a whole: the record must stay small. */
const MOST_PLANNED = 1000;

/**
 * Errors that lie in a row's values (https://github.com/ClickHouse/ClickHouse/blob/master/src/Common/ErrorCodes.cpp). Any other refusal is
 * about the table or the program: no row is to blame for it, so it is waited for like a store that does not answer.
 */
const ROW_ERRORS = new Set([6, 27, 38, 41, 53, 69, 70, 72, 117, 128, 131, 321, 349, 469]);
export const isRowError = (error: unknown): boolean => hasCode(error, 'columns.rejected') && ROW_ERRORS.has(error.parameters.code);

export const queryIdOf = ({ table, number }: Pick<PendingInsert, 'table' | 'number'>): string => `pipeline-${table}-${number}`;

/** Rows without the number of their insert, and with it. */
const numbered = (batch: Batch, number: bigint): Batch => {
  const values = new BigUint64Array(batch.length).fill(number);
  const column: FixedColumn = { layout: 'fixed', type: { kind: 'int', bits: 64, signed: false }, length: batch.length, validity: undefined, values };
  return { length: batch.length, fields: [...batch.fields, { name: 'insert', type: column.type }], columns: [...batch.columns, column] };
};

/** Ends the inserts if they still run, then tells which of them stand. */
export const findStandingInserts = async (inserts: readonly PendingInsert[], columns: Pick<Columns, 'kill' | 'query'>): Promise<ReadonlySet<bigint>> => {
  await columns.kill(inserts.map(queryIdOf));
  const standing = new Set<bigint>();
  const places = new Map<string, PendingInsert[]>();
  for (const insert of inserts) {
    const place = `${insert.table}/${insert.day}`;
    places.set(place, [...(places.get(place) ?? []), insert]);
  }
  for (const [first, ...more] of places.values() as Iterable<[PendingInsert, ...PendingInsert[]]>) {
    const from = first.day * DAY_MS;
    const { batches } = await columns.query(
      `SELECT DISTINCT insert FROM \`${first.table}\`
WHERE time >= fromUnixTimestamp64Milli({from:Int64}, 'UTC') AND time < fromUnixTimestamp64Milli({to:Int64}, 'UTC') AND insert IN ({numbers:Array(UInt64)})`,
      {
        params: { from, to: from + DAY_MS, numbers: [first, ...more].map(({ number }) => number) },
        settings: { max_rows_to_read: 0, max_execution_time: 300 },
      },
    );
    for (const batch of batches) for (let row = 0; row < batch.length; row++) standing.add(valueAt(columnOf(batch, 'insert'), row) as Value as bigint);
  }
  return standing;
};

/** Returns the rows that no retry can save; all others stand, once, when it resolves. */
export const writeBlocks = async (blocks: readonly Block[], options: WriteOptions): Promise<readonly RefusedRow[]> => {
  const { columns, numbers, interrupted, signal, health, maxExecutionMs, readBack } = options;
  const blockOf = ({ table, day }: Pick<PendingInsert, 'table' | 'day'>): Block | undefined =>
    blocks.find((block) => block.table === table && block.day === day);
  const whole = (block: Block): PendingInsert => ({ number: numbers.next(), table: block.table, day: block.day, from: 0, to: block.batch.length });
  let planned: PendingInsert[] = interrupted === undefined ? blocks.map(whole) : [...interrupted.inserts];
  for (const block of blocks) if (!planned.some((insert) => insert.table === block.table && insert.day === block.day)) planned.push(whole(block));
  if (planned.length === 0) return [];
  await options.plan(planned);

  const standing = new Set(interrupted?.standing);
  const refused: RefusedRow[] = [];
  const queue = planned.filter(({ number }) => !standing.has(number));
  for (let insert = queue.shift(); insert !== undefined; insert = queue.shift()) {
    const block = blockOf(insert);
    // Where the stream has lost messages of the round, fewer rows are left than were planned.
    const to = Math.min(insert.to, block?.batch.length ?? 0);
    if (block === undefined || insert.from >= to) continue;
    const rows = sliceBatch(block.batch, insert.from, to);
    const batch = numbered(rows, insert.number);
    const current = insert;
    let uncertain = false;
    try {
      await retryUntilStopped(
        async () => {
          if (uncertain && readBack && (await findStandingInserts([current], columns)).has(current.number)) return;
          checkSignal(signal);
          uncertain = true;
          await columns.insert(current.table, batch, { queryId: queryIdOf(current), signal, maxExecutionMs });
        },
        signal,
        health,
        (error) => isRowError(error) || (hasCode(error, 'columns.limit') && rows.length > SMALL && planned.length <= MOST_PLANNED),
      );
    } catch (error) {
      const isTooLarge = hasCode(error, 'columns.limit');
      if (!isTooLarge && !isRowError(error)) throw error;
      if (isTooLarge && readBack && (await retryUntilStopped(() => findStandingInserts([current], columns), signal, health)).has(current.number)) continue;
      const reason = (error as Error).message;
      if (!isTooLarge && (rows.length === 1 || planned.length > MOST_PLANNED)) {
        for (let row = 0; row < rows.length; row++)
          refused.push({ block, row: current.from + row, value: encodeStream([sliceBatch(rows, row, row + 1)]), error: reason });
        continue;
      }
      const middle = current.from + (rows.length >> 1);
      const halves = [
        { ...current, number: numbers.next(), to: middle },
        { ...current, number: numbers.next(), from: middle, to },
      ];
      planned = [...planned.filter((other) => other !== current), ...halves];
      await options.plan(planned);
      queue.unshift(...halves);
    }
  }
  return refused;
};
