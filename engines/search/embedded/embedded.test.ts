// The column store's table of log lines held to the contract of search, on the embedded column store.
import { randomUUID } from 'node:crypto';
import { TABLE_FIELDS } from '../../../schemas/tables.ts';
import { openTemporaryStore } from '../../columns/testing/temporary-store.ts';
import { searchConformance } from '../conformance.ts';
import { openColumnSearch } from './open.ts';

const quoted = (text: string): string => `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;

searchConformance('the column store’s log lines', async () => {
  const { columns, engine, close } = await openTemporaryStore({ migrated: false });
  const search = openColumnSearch(columns);
  return {
    search,
    write: (batch) => columns.insert('logs', batch, { queryId: randomUUID() }),
    phrase: (sender, words) =>
      `SELECT body FROM logs WHERE sender = ${quoted(sender)} AND hasPhrase(words, lowerUTF8(${quoted(words)})) ORDER BY time, position`,
    all: (sender) => `SELECT ${TABLE_FIELDS.logs.map((f) => `\`${f.name}\``).join(', ')} FROM logs WHERE sender = ${quoted(sender)} ORDER BY file, position`,
    crash: () => {
      if (engine.pid !== undefined) process.kill(engine.pid, 'SIGKILL');
    },
    dispose: async () => {
      await search.close();
      await close();
    },
  };
});
