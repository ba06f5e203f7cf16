// Asks a store that speaks ClickHouse.
import type { Batch } from '../../core/batch/batch.ts';
import type { ColumnStore, Parameters, QueryAnswer } from '../../engines/columns/port.ts';
import { type ClickHouseRequest, parametersIn } from '../4-emit/clickhouse/request.ts';
import type { Asker } from './asker.ts';

export const clickHouseAsker = (store: Pick<ColumnStore, 'query'>): Asker<ClickHouseRequest> => ({
  open: async function* ({ text, beside = [], parameters, finish, isLarge }, { seconds, signal, read }): AsyncGenerator<Batch> {
    const ask = (sql: string): Promise<QueryAnswer> =>
      store.query(sql, {
        params: Object.fromEntries(parametersIn(sql, parameters)) as Parameters,
        ...(seconds === undefined ? {} : { settings: { max_execution_time: seconds } }),
        ...(signal === undefined ? {} : { signal }),
        ...(isLarge === undefined ? {} : { isLarge }),
      });
    const answers = await Promise.all([text, ...beside].map(ask));
    for (const { stats } of answers) read(stats.rowsRead, stats.bytesRead);
    const [batches = [], ...others] = answers.map((answer) => answer.batches);
    yield* finish === undefined ? batches : finish(batches, others);
  },
});
