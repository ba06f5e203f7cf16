// Parts of the column store that it could not read when it started and put aside: their rows are missing in every answer until
// someone does something about it, so they are told at each start. It repairs nothing.
import { columnOf, valueAt } from '../core/batch/batch.ts';
import type { ColumnStore } from '../engines/columns/port.ts';
import type { Problem } from '../graphql/service.ts';

const TEXT = `SELECT table, count() AS parts, arrayStringConcat(arraySort(groupUniqArray(partition_id)), ', ') AS days
  FROM system.detached_parts WHERE startsWith(reason, 'broken') GROUP BY table ORDER BY table`;

/** One problem a table. */
export const brokenParts = async (columns: ColumnStore): Promise<readonly Problem[]> => {
  const { batches } = await columns.query(TEXT);
  return batches.flatMap((batch) =>
    Array.from({ length: batch.length }, (_, row): Problem => {
      const [table, parts, days] = ['table', 'parts', 'days'].map((name) => String(valueAt(columnOf(batch, name), row)));
      return {
        part: 'column store',
        message: `of ${table}, ${parts} damaged ${parts === '1' ? 'part was' : 'parts were'} put aside, which could not be read (partitions ${days}): their rows are missing in answers`,
        mend: 'Bring the data folder back from a copy. When the loss is accepted, remove the folders detached/broken-on-start_… below columns/db in the data folder; then this is told no more.',
      };
    }),
  );
};
