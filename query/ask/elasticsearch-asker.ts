// Asks a search store that keeps documents; its answer comes page by page, so that no more is held than one.
import type { DocumentRequest, Search } from '../../engines/search/port.ts';
import type { Asker } from './asker.ts';

export const elasticsearchAsker = (search: Pick<Search, 'stream'>): Asker<DocumentRequest> => ({
  open: (request, { seconds, signal, read }) =>
    search.stream(JSON.stringify(request), {
      read,
      ...(seconds === undefined ? {} : { settings: { max_execution_time: seconds } }),
      ...(signal === undefined ? {} : { signal }),
    }),
});
