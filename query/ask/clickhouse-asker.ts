// Asks a store that speaks ClickHouse. What a request supposes is looked up beside it, where it nearly always holds.
import type { Batch } from '../../core/batch/batch.ts';
import type { ColumnStore, Parameters, QueryAnswer } from '../../engines/columns/port.ts';
import type { ClickHouseRequest, Question } from '../4-emit/clickhouse/request.ts';
import type { SqlRequest } from '../4-emit/sql-request.ts';
import type { Asker, OpenOptions } from './asker.ts';

export const clickHouseAsker = (store: Pick<ColumnStore, 'query'>): Asker<ClickHouseRequest> => ({
  open: async function* (request, options): AsyncGenerator<Batch> {
    const { batches, stats } = await inTime(options.signal, (signal) => supposed(request, (asked) => ask(store, asked, { ...options, signal })));
    options.read(stats.rowsRead, stats.bytesRead);
    for (const batch of batches) yield request.finish === undefined ? batch : request.finish(batch);
  },
});

/** When one question fails the others asked with it are ended too. */
const inTime = async <T>(signal: AbortSignal | undefined, work: (signal: AbortSignal) => Promise<T>): Promise<T> => {
  const own = new AbortController();
  try {
    return await work(signal === undefined ? own.signal : AbortSignal.any([signal, own.signal]));
  } catch (error) {
    own.abort();
    throw error;
  }
};

const supposed = async (request: ClickHouseRequest, put: (asked: SqlRequest) => Promise<QueryAnswer>): Promise<QueryAnswer> => {
  const { supposes } = request;
  if (supposes === undefined) return put(request);
  const isFound = async (question: Question): Promise<boolean> => (await put(question)).batches.some(({ length }) => length > 0);
  const [open, sure] = [supposes.questions.filter(({ isOpen }) => isOpen === true), supposes.questions.filter(({ isOpen }) => isOpen !== true)];
  if ((await Promise.all(open.map(isFound))).includes(true)) return put(supposes.otherwise);
  const [answer, ...found] = await Promise.all([put(request), ...sure.map(isFound)]);
  return found.includes(true) ? put(supposes.otherwise) : answer;
};

const ask = (store: Pick<ColumnStore, 'query'>, { text, parameters }: SqlRequest, { seconds, signal }: OpenOptions): Promise<QueryAnswer> =>
  store.query(text, {
    params: Object.fromEntries(parameters) as Parameters,
    ...(seconds === undefined ? {} : { settings: { max_execution_time: seconds } }),
    ...(signal === undefined ? {} : { signal }),
  });
