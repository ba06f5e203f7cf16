// The twelfth version: runs of a part rest as floats in fours, as its values do where they are no decimals, so that parts are inserted in the
// types that a batch has. What was put together before is carried over.
import { columnOf, valueAt } from '../../../core/batch/batch.ts';
import type { ColumnStore } from '../port.ts';

const UNBOUNDED = { max_execution_time: 0, max_rows_to_read: 0, mutations_sync: 2, alter_sync: 2 };

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

/** May be run again after a start that died in it. */
export const runsAsFloats = async (columns: Pick<ColumnStore, 'query' | 'command'>): Promise<void> => {
  for (const table of ['rollups_5m', 'rollups_1h']) {
    const alter = (change: string): Promise<void> => columns.command(`ALTER TABLE ${table} ${change}`, { settings: UNBOUNDED });
    const before = await typesOf(columns, table);
    if (before.get('runs')?.includes('Tuple')) {
      await alter('ADD COLUMN IF NOT EXISTS runs_next Array(Float64) CODEC(ZSTD(1)) AFTER last_start');
      await alter('UPDATE runs_next = arrayFlatten(arrayMap(r -> [toFloat64(r.1), toFloat64(r.2), r.3, toFloat64(r.4)], runs)) WHERE notEmpty(runs)');
      await alter('DROP COLUMN runs');
    }
    if ((await typesOf(columns, table)).has('runs_next')) await alter('RENAME COLUMN runs_next TO runs');
  }
};
