// A join token made without labels leaves the host those that it has; one made with none of them takes them away.
import type { Migration } from './apply.ts';

export const keptLabels: Migration = {
  name: 'kept labels',
  sql: `
-- null: the host keeps what was assigned to it.
ALTER TABLE join_tokens ALTER labels DROP NOT NULL, ALTER labels DROP DEFAULT;
`,
};
