// Whose each series is, in rows of bounded size that belong to nobody but the start of a server that wrote them.
import type { Migration } from './apply.ts';

export const seriesHostsByWriter: Migration = {
  name: 'series hosts by writer',
  sql: `
-- One row of each sender was as large as its hosts were long, and lost what the sender had not sent since the last start.
ALTER TABLE series_hosts DROP COLUMN sender;
`,
};
