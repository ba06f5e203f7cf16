// The twelfth version: runs of a part rest as floats in fours, as its values do where they are no decimals, so that parts are inserted in the
// types that a batch has. What was put together before is carried over.
import { setTimeout as sleep } from 'node:timers/promises';
import { columnOf, valueAt } from '../../../core/batch/batch.ts';
import { hasCode } from '../../../core/errors.ts';
import type { ColumnStore } from '../port.ts';

const UNBOUNDED = { max_execution_time: 0, max_rows_to_read: 0, mutations_sync: 2, alter_sync: 2 };

/** BAD_ARGUMENTS: what it says of a column that another program's UPDATE is at work on. */
const AT_WORK = 36;
const WAIT_MS = 500;
const MOST_WAITS = 240;

const typesOf = async (columns: Pick<ColumnStore, 'query'>, table: string): Promise<ReadonlyMap<string, string>> => {
  const { batches } = await columns.query(
    'SELECT toString(name) AS name, toString(type) AS type FROM system.columns WHERE database = currentDatabase() AND table = {table:String}',
    { params: { table } },
  );
  return new Map(
    batches.flatMap((batch) =>
      Array.from({ length: batch.length }, (_, row) => [String(valueAt(columnOf(batch, 'name'), row)), String(valueAt(columnOf(batch, 'type'), row))] as const),
    ),
  );
};

/**
 * May be run again after a start that died in it, and by two programs at once: one statement drops the old column and puts the new one in its
 * place, and fails whole where the other program has done that before.
 */
export const runsAsFloats = async (columns: Pick<ColumnStore, 'query' | 'command'>): Promise<void> => {
  for (const table of ['rollups_5m', 'rollups_1h']) {
    const alter = async (change: string): Promise<void> => {
      for (let waits = 0; ; waits++) {
        try {
          return await columns.command(`ALTER TABLE ${table} ${change}`, { settings: UNBOUNDED });
        } catch (error) {
          if (!hasCode(error, 'columns.rejected') || error.parameters.code !== AT_WORK || waits === MOST_WAITS) throw error;
          await sleep(WAIT_MS);
        }
      }
    };
    const typeOf = async (column: string): Promise<string | undefined> => (await typesOf(columns, table)).get(column);
    const isToDo = async (): Promise<boolean> => (await typeOf('runs'))?.includes('Tuple') === true;
    const carryOver = async (): Promise<void> => {
      await alter('ADD COLUMN IF NOT EXISTS runs_next Array(Float64) CODEC(ZSTD(1)) AFTER last_start');
      await alter('UPDATE runs_next = arrayFlatten(arrayMap(r -> [toFloat64(r.1), toFloat64(r.2), r.3, toFloat64(r.4)], runs)) WHERE notEmpty(runs)');
      await alter('DROP COLUMN runs, RENAME COLUMN runs_next TO runs');
    };
    if (await isToDo())
      await carryOver().catch(async (error: unknown) => {
        if (await isToDo()) throw error;
      });
    // A start of an earlier program died between the two.
    if ((await typeOf('runs')) === undefined) await alter('RENAME COLUMN IF EXISTS runs_next TO runs');
    else {
      // Of a program that came when the other was done: what it added, and its UPDATE, which can never end and would hold up all that come after it.
      await columns.command(
        `KILL MUTATION WHERE database = currentDatabase() AND table = '${table}' AND NOT is_done AND command LIKE '%UPDATE runs_next = %' SYNC`,
      );
      await alter('DROP COLUMN IF EXISTS runs_next');
    }
  }
};
