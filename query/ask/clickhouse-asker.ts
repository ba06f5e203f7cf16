// Asks a store that speaks ClickHouse.
import type { Batch } from '../../core/batch/batch.ts';
import type { ColumnStore, Parameters, QueryAnswer } from '../../engines/columns/port.ts';
import { type ClickHouseRequest, parametersIn } from '../4-emit/clickhouse/request.ts';
import type { BoundValue } from '../4-emit/sql-request.ts';
import { batchBytes } from '../run/size.ts';
import type { Asker } from './asker.ts';

export const clickHouseAsker = (store: Pick<ColumnStore, 'query'>): Asker<ClickHouseRequest> => ({
  open: async function* ({ text, beside = [], parameters, slices = [NOTHING], finish, isLarge }, { seconds, signal, read, hold }): AsyncGenerator<Batch> {
    for (const slice of slices) {
      const bound = new Map([...parameters, ...slice]);
      const ask = (sql: string): Promise<QueryAnswer> =>
        store.query(sql, {
          params: Object.fromEntries(parametersIn(sql, bound)) as Parameters,
          ...(seconds === undefined ? {} : { settings: { max_execution_time: seconds } }),
          ...(signal === undefined ? {} : { signal }),
          ...(isLarge === undefined ? {} : { isLarge }),
        });
      const answers = await Promise.all([text, ...beside].map(ask));
      for (const { stats } of answers) read(stats.rowsRead, stats.bytesRead);
      const [batches = [], ...others] = answers.map((answer) => answer.batches);
      if (finish === undefined) yield* batches;
      else {
        const free = hold([batches, ...others].flat().reduce((sum, batch) => sum + batchBytes(batch), 0));
        try {
          yield* finish(batches, others);
        } finally {
          free();
        }
      }
    }
  },
});

const NOTHING: ReadonlyMap<string, BoundValue> = new Map();
