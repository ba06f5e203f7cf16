// Asks a store that speaks ClickHouse.
import type { Batch } from '../../core/batch/batch.ts';
import type { ColumnStore, Parameters } from '../../engines/columns/port.ts';
import type { ClickHouseRequest } from '../4-emit/clickhouse/request.ts';
import type { Asker } from './asker.ts';

export const clickHouseAsker = (store: Pick<ColumnStore, 'query'>): Asker<ClickHouseRequest> => ({
  open: async function* ({ text, parameters, finish, isLarge }, { seconds, signal, read }): AsyncGenerator<Batch> {
    const { batches, stats } = await store.query(text, {
      params: Object.fromEntries(parameters) as Parameters,
      ...(seconds === undefined ? {} : { settings: { max_execution_time: seconds } }),
      ...(signal === undefined ? {} : { signal }),
      ...(isLarge === undefined ? {} : { isLarge }),
    });
    read(stats.rowsRead, stats.bytesRead);
    yield* finish === undefined ? batches : finish(batches);
  },
});
