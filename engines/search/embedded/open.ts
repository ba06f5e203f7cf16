// The port `Search` over the column store: lines are rows of its table `logs`, found by its patterns and a filter of words.
// It stands on the port `ColumnStore` alone and never on what is behind it; writing is the column store's own.
import { CodedError, hasCode } from '../../../core/errors.ts';
import type { ColumnStore } from '../../columns/port.ts';
import type { Search } from '../port.ts';

/** `columns` stays its owner's: `close` here leaves it open. */
export const openColumnSearch = (columns: ColumnStore): Search => ({
  dialect: 'clickhouse',
  migrate: () => columns.migrate(),
  query: (request, options) => columns.query(request, options).catch(rethrow),
  stream: async function* (request, { read, ...options } = {}) {
    const { batches, stats } = await columns.query(request, options).catch(rethrow);
    read?.(stats.rowsRead, stats.bytesRead);
    yield* batches;
  },
  ping: () => columns.ping().catch(rethrow),
  close: () => Promise.resolve(),
});

const rethrow = (error: unknown): never => {
  if (hasCode(error, 'columns.unavailable')) throw new CodedError('search.unavailable', { reason: error.parameters.reason }, { cause: error });
  throw error;
};
