// The hosts of series by the definitions that the column store has, for the door.
import { columnOf, valueAt } from '../core/batch/batch.ts';
import type { ColumnStore } from '../engines/columns/port.ts';

const HOSTS = "SELECT id, any(labels['host']) AS host FROM series WHERE metric IN ({metrics:Array(UInt32)}) AND id IN ({ids:Array(UInt64)}) GROUP BY id";
const AT_ONCE = 10_000;

export const storedSeriesHosts =
  (columns: Pick<ColumnStore, 'query'>) =>
  async (series: ReadonlyMap<bigint, number>): Promise<ReadonlyMap<bigint, string>> => {
    const hosts = new Map<bigint, string>();
    const all = [...series];
    for (let from = 0; from < all.length; from += AT_ONCE) {
      const some = all.slice(from, from + AT_ONCE);
      const { batches } = await columns.query(HOSTS, { params: { metrics: [...new Set(some.map(([, metric]) => metric))], ids: some.map(([id]) => id) } });
      for (const batch of batches)
        for (let row = 0; row < batch.length; row++)
          hosts.set(BigInt(valueAt(columnOf(batch, 'id'), row) as bigint), String(valueAt(columnOf(batch, 'host'), row) ?? ''));
    }
    return hosts;
  };
